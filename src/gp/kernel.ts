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
import { exp } from "../math/special.ts";

/** What the fit chooses. */
export interface KernelParameters {
  /** lⱼ, [d], > 0, in units of the coordinates. */
  readonly lengthScales: Float64Array;
  /** s², > 0, squared unit of y. */
  readonly signalVariance: number;
  /** σ², >= 0, squared unit of y: what repeated evaluations at one point would scatter. */
  readonly noiseVariance: number;
}

/** m(r²): the Matérn-5/2 correlation at squared scaled distance r² >= 0; 1 at 0. */
export function matern52(r2: number): number {
  const a = Math.sqrt(5 * r2);
  return (1 + a + (a * a) / 3) * exp(-a);
}

/** dm/dr² = −(5/6)(1 + a) e^−a. */
export function matern52Slope(r2: number): number {
  const a = Math.sqrt(5 * r2);
  return (-5 / 6) * (1 + a) * exp(-a);
}

/** 1/lⱼ², [d]. */
export function inverseSquares(lengthScales: Float64Array): Float64Array {
  return lengthScales.map((l) => 1 / (l * l));
}

/**
 * Dⱼ for every pair of rows, pair by pair: (1,0), (2,0), (2,1), (3,0), …; what a fit needs at every step and what never
 * changes with the length-scales.
 *
 * @param x       [n, d]
 * @param nominal [d], 1 where a coordinate has unordered levels
 * @returns       [n(n−1)/2, d]
 */
export function pairDistances(x: Float64Array, n: number, d: number, nominal: Uint8Array): Float64Array {
  const distances = new Float64Array(((n * (n - 1)) / 2) * d);
  let at = 0;
  for (let i = 1; i < n; i++) {
    for (let k = 0; k < i; k++) {
      for (let j = 0; j < d; j++) {
        const difference = x[i * d + j]! - x[k * d + j]!;
        distances[at++] = nominal[j] ? Number(difference !== 0) : difference * difference;
      }
    }
  }
  return distances;
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
  const d = nominal.length;
  for (let i = 0; i < m; i++) {
    const ai = i * d;
    for (let k = 0; k < n; k++) {
      const bk = k * d;
      let r2 = 0;
      for (let j = 0; j < d; j++) {
        const difference = a[ai + j]! - b[bk + j]!;
        if (nominal[j] === 0) r2 += difference * difference * weights[j]!;
        else if (difference !== 0) r2 += weights[j]!;
      }
      out[i * n + k] = signalVariance * matern52(r2);
    }
  }
}
