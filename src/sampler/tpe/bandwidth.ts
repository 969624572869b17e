/**
 * How wide the kernels of a Parzen estimator are along one coordinate. Gaps between neighbours make narrow kernels where there are
 * many observations, and show single points; but the product of many narrow kernels is next to nothing between the points, so that
 * in several dimensions the prior is all that is left there. One width for all, which falls with the number of observations
 * the slower the more dimensions there are, shows where they are dense.
 */
import { pow } from "../../math/special.ts";

/**
 * The standard deviations of the kernels around n observed values.
 *
 * @param u  the values, [n], in [0, 1]
 * @param d  coordinates of the space
 * @returns  [n]
 */
export type Bandwidth = (u: Float64Array, d: number) => Float64Array;

/** The narrowest kernel has 1/100 of the range. */
const NARROWEST = 100;

/**
 * The larger gap of each observation to its neighbours in order of size, at least 1/min(100, n + 2) ("magic clip") and at most 1;
 * one observation alone has the whole range.
 *
 * Source: Bergstra et al. 2011, §4.2; the clip is hyperopt's, named by Watanabe 2023, arXiv:2304.11127, §3.3.4.
 */
export const neighbourGaps: Bandwidth = (u) => {
  const n = u.length;
  // Value and place in one number: sorting numbers is several times faster than sorting places by value.
  const keys = new Float64Array(n);
  for (let i = 0; i < n; i++) keys[i] = Math.floor(u[i]! * 4294967296) * PLACES + i;
  keys.sort();
  const sigma = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const i = keys[k]! % PLACES;
    const left = k > 0 ? u[i]! - u[keys[k - 1]! % PLACES]! : 0;
    const right = k < n - 1 ? u[keys[k + 1]! % PLACES]! - u[i]! : 0;
    sigma[i] = n === 1 ? Math.max(u[i]!, 1 - u[i]!) : Math.min(1, Math.max(least(n), left, right));
  }
  return sigma;
};

/**
 * The normal reference rule, with the same clip: 1.06 s n^(−1/(d + 4)), where s is the standard deviation of the observations; half the
 * range for one alone.
 *
 * Source: Scott 1992, "Multivariate density estimation", §6.3.1; with this factor in Falkner et al. 2018, arXiv:1807.01774 (BOHB).
 */
export const normalReference: Bandwidth = (u, d) => {
  const n = u.length;
  if (n < 2) return new Float64Array(n).fill(0.5);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += u[i]!;
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (u[i]! - mean) * (u[i]! - mean);
  const sigma = 1.06 * Math.sqrt(squares / (n - 1)) * pow(n, -1 / (d + 4));
  return new Float64Array(n).fill(Math.min(1, Math.max(least(n), sigma)));
};

function least(n: number): number {
  return 1 / Math.min(NARROWEST, n + 2);
}

/** Observations that can be told apart in the low bits of a key. */
const PLACES = 1048576;
