/** What a model says of a configuration, in the unit of the losses: why it was suggested. */
import { inverseSquares, squaredDistances } from "../../gp/kernel.ts";
import { posterior } from "../../gp/regression.ts";
import { unwarp, type Warped } from "../../gp/warp.ts";
import type { Explanation } from "../sampler.ts";
import type { Evidence } from "./evidence.ts";
import type { Surrogate } from "./surrogate.ts";

/** @param row [width] of the configuration */
export function explain(
  { evidence, warped, loss }: Surrogate,
  row: Float64Array,
  utility: number,
): Required<Explanation> {
  const { mean, sigma } = posterior(loss, row);
  const { trials, observed } = evidence;
  const distances = new Float64Array(trials.length);
  const weights = inverseSquares(loss.parameters.lengthScales);
  squaredDistances(row, 0, observed.rows, trials.length, loss.nominal, weights, distances, 0);
  const nearest = distances.reduce((best, distance, i) => (distance < distances[best]! ? i : best), 0);
  return {
    source: "model",
    ...inLosses(evidence, warped, mean[0]!, sigma[0]!),
    utility: brief(utility),
    nearest: { number: trials[nearest]!.number, distance: brief(Math.sqrt(distances[nearest]!)) },
  };
}

/** A standard deviation of y is that of the loss over the stretch that it covers around the mean. */
export function inLosses(
  { losses }: Evidence,
  warped: Warped,
  mean: number,
  sigma: number,
): { readonly mean: number; readonly deviation: number } {
  const at = (y: number): number => unwarp(losses, warped, y);
  return { mean: brief(at(mean)), deviation: brief(at(mean + sigma) / 2 - at(mean - sigma) / 2) };
}

/** Six digits: more would be kept with every trial and say nothing. */
function brief(value: number): number {
  return Number(value.toPrecision(6));
}
