/** How far a number is from a reference value. */

const DOUBLE = new Float64Array(1);
const BITS = new BigInt64Array(DOUBLE.buffer);

/** How many doubles `got` is away from `want`: 0 for the same number, ∞ where only one of them is NaN or infinite. */
export function ulps(got: number, want: number): number {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(want)) return Infinity;
  return Math.abs(Number(ordinal(got) - ordinal(want)));
}

/** |got − want|/|want|. */
export function relativeError(got: number, want: number): number {
  return got === want ? 0 : Math.abs(got - want) / Math.abs(want);
}

function ordinal(x: number): bigint {
  DOUBLE[0] = x;
  return BITS[0]! < 0n ? -(BITS[0]! & 0x7fffffffffffffffn) : BITS[0]!;
}
