/**
 * The p-quantile of sorted numbers, linear between order statistics (definition 7 of Hyndman & Fan 1996, the one of NumPy
 * and R).
 *
 * @param sorted [n], n >= 1, ascending
 * @param p      in [0, 1]
 */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (at - below) * (high - low);
}

/** The middle of numbers in any order; null of none. */
export function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantile(Float64Array.from(values).sort(), 0.5);
}
