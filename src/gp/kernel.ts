/**
 * The covariance of the surrogate: a Matérn-5/2 with one length-scale a coordinate, over numbers and unordered levels alike.
 * Written as a function of the squared distance, whose derivative has no 0/0 where two points meet.
 *
 *   k(x, x′) = s² m(r²),   m(r²) = (1 + a + a²/3) e^−a,   a = √(5 r²),   r² = Σⱼ Dⱼ(x, x′)/lⱼ²
 *
 * Dⱼ is (xⱼ − x′ⱼ)² for a numeric coordinate and [xⱼ ≠ x′ⱼ] (Hamming) for a nominal one. Both are squared Euclidean
 * distances (a level is a corner of a simplex), so the sum is one, and the kernel is positive definite on mixed spaces.
 *
 * Source: Rasmussen & Williams 2006, eq. 4.17.
 */
import { kernels } from "../math/kernels/index.ts";

export { matern52, matern52Slope, squaredDistances } from "../math/kernels/covariance.ts";

/** What the fit chooses. */
export interface KernelParameters {
  /** lⱼ, [d], > 0, in units of the coordinates. */
  readonly lengthScales: Float64Array;
  /** s², > 0, squared unit of y. */
  readonly signalVariance: number;
  /** σ², >= 0, squared unit of y: what repeated evaluations at one point would scatter. */
  readonly noiseVariance: number;
}

/** 1/lⱼ², [d]. */
export function inverseSquares(lengthScales: Float64Array): Float64Array {
  return lengthScales.map((l) => 1 / (l * l));
}

/**
 * Cross-covariances s² m(r²(aᵢ, bₖ)).
 *
 * @param a       [m, d]
 * @param b       [n, d]
 * @param weights 1/lⱼ², [d]
 * @param out     [m, n], overwritten
 */
export function crossCovariance(
  a: Float64Array,
  m: number,
  b: Float64Array,
  n: number,
  nominal: Uint8Array,
  weights: Float64Array,
  signalVariance: number,
  out: Float64Array,
): void {
  kernels().crossCovariance(a, m, b, n, nominal, { weights, signalVariance }, out);
}
