/**
 * The margin of CMA-ES with Margin: where a coordinate is discrete, the distribution is kept from falling into a single cell, so that
 * every generation goes on trying neighbours. The mean is moved, and the coordinate scaled, until at least the share α/2 of draws
 * leaves the mean's cell to each side (α to the only side there is).
 *
 * Source: Hamano et al. 2022, "CMA-ES with margin", arXiv:2205.13482, §4.2 and §4.3. A scale is a factor of the step from the mean,
 * used where a draw is made into a value; the update of the distribution sees the draw without it.
 */
import { normalCdf, normalQuantile } from "../../math/normal.ts";
import type { Parameter } from "../../space/parameter.ts";
import { type Distribution, variances } from "./distribution.ts";

/** A discrete parameter of more levels is treated as continuous: its cells are too fine to be caught in. */
const LEVELS_MOST = 65_536;
/** Halvings that place a cell's end; its coordinate has no more bits. */
const HALVINGS = 53;

export interface Margin {
  readonly distribution: Distribution;
  /** A, [n]: the scale of each coordinate; 1 for continuous ones. */
  readonly scales: Float64Array;
}

/** Whether draws of this parameter fall into cells that a distribution can be caught in. */
export function isDiscrete(parameter: Parameter): boolean {
  return parameter.levels <= LEVELS_MOST;
}

/**
 * The distribution and the scales, corrected.
 *
 * @param scales  A of the generation before, [n]
 * @param alpha   in (0, 1); Hamano et al. use 1/(nλ)
 */
export function keepMargin(
  distribution: Distribution,
  scales: Float64Array,
  parameters: readonly Parameter[],
  alpha: number,
): Margin {
  const mean = distribution.mean.slice();
  const A = scales.slice();
  const variance = variances(distribution);
  for (const [j, parameter] of parameters.entries()) {
    if (!isDiscrete(parameter)) continue;
    const deviation = distribution.sigma * Math.sqrt(Math.max(variance[j]!, 0));
    const { low, high } = cellAt(parameter, mean[j]!);
    if (low === undefined || high === undefined) {
      mean[j] = nearOnlyEnd(mean[j]!, (low ?? high)!, A[j]! * deviation, alpha);
    } else {
      const between = betweenEnds(mean[j]!, low, high, A[j]! * deviation, alpha);
      mean[j] = between.mean;
      if (deviation > 0) A[j] = between.deviation / deviation;
    }
  }
  return { distribution: { ...distribution, mean }, scales: A };
}

/** The mean in an outermost cell, at most so far from its only inner end that the share α of draws lies beyond it. */
function nearOnlyEnd(mean: number, end: number, deviation: number, alpha: number): number {
  const most = -normalQuantile(alpha) * deviation;
  return Math.abs(mean - end) <= most ? mean : mean > end ? end + most : end - most;
}

/**
 * The mean and the deviation with which the shares p_low and p_high of draws leave the cell: at least α/2 each, what is added being
 * taken from where there is more than α/2.
 */
function betweenEnds(
  mean: number,
  low: number,
  high: number,
  deviation: number,
  alpha: number,
): { readonly mean: number; readonly deviation: number } {
  const least = alpha / 2;
  const pLow = normalCdf((low - mean) / deviation);
  const pHigh = normalCdf((mean - high) / deviation);
  if (pLow >= least && pHigh >= least) return { mean, deviation };
  const pMiddle = 1 - pLow - pHigh;
  const [wantLow, wantHigh] = [Math.max(pLow, least), Math.max(pHigh, least)];
  const excess = 1 - wantLow - wantHigh - pMiddle;
  const share = excess / (wantLow + pMiddle + wantHigh - 3 * least);
  const zLow = -normalQuantile(clip(wantLow + share * (wantLow - least)));
  const zHigh = -normalQuantile(clip(wantHigh + share * (wantHigh - least)));
  return { mean: (low * zHigh + high * zLow) / (zLow + zHigh), deviation: (high - low) / (zLow + zHigh) };
}

/** A probability below one half, so that its quantile is not 0, nor infinite. */
function clip(p: number): number {
  return Math.min(0.5 - 1e-10, Math.max(1e-10, p));
}

/** Where the value that u decodes to begins and ends, in the unit interval; undefined at the ends of the range. */
function cellAt(
  parameter: Parameter,
  u: number,
): { readonly low: number | undefined; readonly high: number | undefined } {
  const value = parameter.decode(u);
  const middle = parameter.encode(value);
  const endTowards = (far: number): number | undefined => {
    if (parameter.decode(far) === value) return undefined;
    let [inside, outside] = [middle, far];
    for (let i = 0; i < HALVINGS; i++) {
      const half = (inside + outside) / 2;
      if (parameter.decode(half) === value) inside = half;
      else outside = half;
    }
    return outside;
  };
  return { low: endTowards(0), high: endTowards(1) };
}
