/**
 * Covariances in plain TypeScript: what `assembly/covariance.ts` does, one number at a time. The formulas are in
 * src/gp/kernel.ts.
 */
import { exp } from "../special.ts";
import type { Covariance, Points } from "./engine.ts";

/**
 * Squared distances that count alike: there m(r²) is 10⁻³⁰², and no e^−a is below the smallest normal number, which the vectors of
 * `assembly/covariance.ts` would need other operations for.
 */
const FARTHEST = 1e5;

/** m(r²): the Matérn-5/2 correlation at squared scaled distance r² >= 0; 1 at 0. */
export function matern52(r2: number): number {
  const near = r2 > FARTHEST ? FARTHEST : r2;
  const a = Math.sqrt(5 * near);
  return (1 + a + (5 / 3) * near) * exp(-a);
}

/** dm/dr² = −(5/6)(1 + a) e^−a. */
export function matern52Slope(r2: number): number {
  const a = Math.sqrt(5 * (r2 > FARTHEST ? FARTHEST : r2));
  return (-5 / 6) * (1 + a) * exp(-a);
}

/** s² m(r²(aᵢ, bₖ)) for a [m, d] and b [n, d], to out, [m, n]. */
export function crossCovariance(
  a: Float64Array,
  m: number,
  b: Float64Array,
  n: number,
  nominal: Uint8Array,
  { weights, signalVariance }: Covariance,
  out: Float64Array,
): void {
  const d = nominal.length;
  for (let i = 0; i < m; i++) {
    const row = i * n;
    squaredDistances(a, i * d, b, n, nominal, weights, out, row);
    for (let k = row; k < row + n; k++) out[k] = signalVariance * matern52(out[k]!);
  }
}

/**
 * r²(x, bₖ) for one point, at x[offset] …, and n rows of b; written to out[at] ….
 *
 * Four rows at a time: a single sum would wait for each of its additions to end, four of them overlap.
 */
export function squaredDistances(
  x: Float64Array,
  offset: number,
  b: Float64Array,
  n: number,
  nominal: Uint8Array,
  weights: Float64Array,
  out: Float64Array,
  at: number,
): void {
  const d = nominal.length;
  let k = 0;
  for (; k + 3 < n; k += 4) {
    const b0 = k * d;
    const b1 = b0 + d;
    const b2 = b1 + d;
    const b3 = b2 + d;
    let r0 = 0;
    let r1 = 0;
    let r2 = 0;
    let r3 = 0;
    for (let j = 0; j < d; j++) {
      const u = x[offset + j]!;
      const w = weights[j]!;
      const t0 = u - b[b0 + j]!;
      const t1 = u - b[b1 + j]!;
      const t2 = u - b[b2 + j]!;
      const t3 = u - b[b3 + j]!;
      if (nominal[j] === 0) {
        r0 += t0 * t0 * w;
        r1 += t1 * t1 * w;
        r2 += t2 * t2 * w;
        r3 += t3 * t3 * w;
      } else {
        if (t0 !== 0) r0 += w;
        if (t1 !== 0) r1 += w;
        if (t2 !== 0) r2 += w;
        if (t3 !== 0) r3 += w;
      }
    }
    out[at + k] = r0;
    out[at + k + 1] = r1;
    out[at + k + 2] = r2;
    out[at + k + 3] = r3;
  }
  for (; k < n; k++) {
    let sum = 0;
    for (let j = 0; j < d; j++) {
      const t = x[offset + j]! - b[k * d + j]!;
      if (nominal[j] === 0) sum += t * t * weights[j]!;
      else if (t !== 0) sum += weights[j]!;
    }
    out[at + k] = sum;
  }
}

/**
 * The lower triangle of the kernel matrix of points, [n, n], with this diagonal.
 *
 * @param slopes where s² m′(r²) goes, [n, n], below the diagonal
 */
export function fillCovariance(
  { x, n, nominal }: Points,
  { weights, signalVariance }: Covariance,
  diagonal: Float64Array,
  K: Float64Array,
  slopes?: Float64Array,
): void {
  const d = nominal.length;
  for (let i = 0; i < n; i++) {
    const row = i * n;
    squaredDistances(x, i * d, x, i, nominal, weights, K, row);
    for (let k = row; k < row + i; k++) {
      if (slopes !== undefined) slopes[k] = signalVariance * matern52Slope(K[k]!);
      K[k] = signalVariance * matern52(K[k]!);
    }
    K[row + i] = diagonal[i]!;
  }
}
