/**
 * Fantasies: what a process would believe once observations that are still to come have come in. Their values are drawn jointly
 * from the posterior, and each draw conditions the process anew. The draws differ in the data alone, so they share one factor:
 * a fantasy costs a vector of weights, not a factorisation.
 *
 *   y_p⁽ˢ⁾ = μ_p + C z⁽ˢ⁾,   C Cᵀ = Σ_p + σ² I,   α⁽ˢ⁾ = [K_{n+p}]⁻¹ (y; y_p⁽ˢ⁾),   μ⁽ˢ⁾(x) = k(x, X_{n+p}) α⁽ˢ⁾
 *
 * The posterior variance does not depend on the values, so it is the same in all of them.
 *
 * Source: Snoek, Larochelle & Adams 2012, arXiv:1206.2944, §3.2, with quasi-random z as in Balandat et al. 2020, arXiv:1910.06403, §4.
 */
import { solveCholesky } from "../math/cholesky.ts";
import { normalQuantile } from "../math/normal.ts";
import type { Rng } from "../math/rng.ts";
import { sobol } from "../math/sobol.ts";
import { crossCovariance, inverseSquares } from "./kernel.ts";
import { append, type Gp, posterior, residuals } from "./regression.ts";

export interface Fantasies {
  /** The process with the p points taken in at their posterior means; its variances are those of every fantasy. */
  readonly gp: Gp;
  /** α⁽ˢ⁾, [s, n + p]. */
  readonly alphas: Float64Array;
  /** The values drawn at the p points, [s, p], in units of y. */
  readonly values: Float64Array;
}

/**
 * Draws fantasies at p points.
 *
 * @param points [p, d]
 * @param count  s, the number of fantasies
 * @param rng    its key scrambles the Sobol points; nothing is drawn from it
 * @throws NumericalError when a point is too close to another for the noise
 */
export function fantasize(gp: Gp, points: Float64Array, count: number, rng: Rng): Fantasies {
  const { n, d } = gp;
  const p = points.length / d;
  let extended = gp;
  for (let i = 0; i < p; i++) {
    const row = points.subarray(i * d, (i + 1) * d);
    extended = append(extended, row, posterior(extended, row).mean[0]!);
  }
  // The last p rows and columns of the factor of K_{n+p} are the factor C of the joint posterior covariance at the p points.
  const size = n + p;
  const base = sobol(p, rng);
  const z = new Float64Array(p);
  const y = extended.y.slice();
  const alphas = new Float64Array(count * size);
  const values = new Float64Array(count * p);
  for (let s = 0; s < count; s++) {
    base.point(s, z);
    for (let i = 0; i < p; i++) z[i] = normalQuantile(z[i]!);
    for (let i = 0; i < p; i++) {
      let value = extended.y[n + i]!;
      for (let k = 0; k <= i; k++) value += extended.L[(n + i) * size + n + k]! * z[k]!;
      y[n + i] = value;
      values[s * p + i] = value;
    }
    const about = extended.trend === undefined ? y : residuals({ ...extended, y });
    solveCholesky(extended.L, size, about, alphas.subarray(s * size, (s + 1) * size));
  }
  return { gp: extended, alphas, values };
}

/**
 * μ⁽ˢ⁾ at m points, [s, m].
 *
 * @param x [m, d]
 */
export function fantasyMeans({ gp, alphas }: Fantasies, x: Float64Array): Float64Array {
  const { n, d, nominal, parameters } = gp;
  const m = x.length / d;
  const count = alphas.length / n;
  const weights = inverseSquares(parameters.lengthScales);
  const k = new Float64Array(n * m);
  crossCovariance(gp.x, n, x, m, nominal, weights, parameters.signalVariance, k);
  const means = new Float64Array(count * m);
  const trend = gp.trend?.values(x);
  for (let s = 0; trend !== undefined && s < count; s++) means.set(trend, s * m);
  for (let s = 0; s < count; s++) {
    for (let i = 0; i < n; i++) {
      const alpha = alphas[s * n + i]!;
      for (let c = 0; c < m; c++) means[s * m + c]! += alpha * k[i * m + c]!;
    }
  }
  return means;
}
