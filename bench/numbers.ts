/** Numbers that stand for many, as all benchmarks mean them. */

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle one, or halfway between the two in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Linear interpolation between order statistics; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/** Unbiased, Σ(x − x̄)² / (n − 1); 0 of a single number. */
export function variance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1);
}

/** Of the mean of independent values. */
export function standardError(values: readonly number[]): number {
  return Math.sqrt(variance(values) / values.length);
}

/** With its sign, always. */
export function signed(value: number, decimals = 4): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(decimals)}`;
}

/** A difference with its sign, and its standard error. */
export function withError(difference: { readonly mean: number; readonly standardError: number }, decimals = 4): string {
  return `${signed(difference.mean, decimals)} ± ${difference.standardError.toFixed(decimals)}`;
}

/** `withError` of the mean of independent differences. */
export function meanWithError(values: readonly number[], decimals = 4): string {
  return withError({ mean: mean(values), standardError: standardError(values) }, decimals);
}
