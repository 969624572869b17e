/**
 * What the maximiser climbs: an acquisition function of a surrogate's posterior, as a function of the surrogate's input, in
 * batches and with its gradient; times the probability that a configuration does not fail, where some have failed.
 */
import { type Gp, posterior, posteriorGradient } from "../gp/regression.ts";
import { normalLogCdf, normalLogPdf } from "../math/normal.ts";
import { exp } from "../math/special.ts";
import type { Acquisition } from "./acquisition.ts";

export interface Target {
  /** Values at m rows, [m, width] → [m]; larger is better. */
  values(rows: Float64Array, m: number): Float64Array;
  /** The value at one row, [width]; its gradient goes to `gradient`, [width]. */
  gradient(row: Float64Array, gradient: Float64Array): number;
}

/** The surrogate of losses, the loss to improve on, and, if trials have failed, the surrogate of success. */
export interface Belief {
  readonly loss: Gp;
  /** f*, in the unit of the surrogate's y. */
  readonly best: number;
  /** A process whose value is above −1 where a configuration runs and below where it fails: 0 says "runs", −2 "fails". */
  readonly success?: Gp;
}

/** @param acquisition its `climbed` form is used where it has one */
export function createTarget(acquisition: Acquisition, belief: Belief): Target {
  const { at } = acquisition.climbed ?? acquisition;
  const { loss, best, success } = belief;
  return {
    values(rows, m) {
      const { mean, sigma } = posterior(loss, rows);
      const values = new Float64Array(m);
      for (let i = 0; i < m; i++) values[i] = at(mean[i]!, sigma[i]!, best).value;
      if (success !== undefined) {
        const chance = posterior(success, rows);
        for (let i = 0; i < m; i++) values[i]! += normalLogCdf(margin(chance.mean[i]!, chance.sigma[i]!).z);
      }
      return values;
    },
    gradient(row, gradient) {
      const p = posteriorGradient(loss, row);
      const utility = at(p.mean, p.sigma, best);
      for (let j = 0; j < row.length; j++) {
        gradient[j] = utility.byMean * p.meanGradient[j]! + utility.bySigma * p.sigmaGradient[j]!;
      }
      if (success === undefined) return utility.value;
      const chance = posteriorGradient(success, row);
      const { z, width } = margin(chance.mean, chance.sigma);
      const logChance = normalLogCdf(z);
      const hazard = exp(normalLogPdf(z) - logChance);
      const byMean = hazard / width;
      const bySigma = (-hazard * z * chance.sigma) / (width * width);
      for (let j = 0; j < row.length; j++) {
        gradient[j]! += byMean * chance.meanGradient[j]! + bySigma * chance.sigmaGradient[j]!;
      }
      return utility.value + logChance;
    },
  };
}

/** Scatter of the outcome around the process of success; a probit link of this width, squared. */
const LINK_VARIANCE = 0.1;

/** P(success) = Φ(z), z = (1 + μ)/√(s² + w²): by how many standard deviations the process lies above the boundary −1. */
function margin(mean: number, sigma: number): { readonly z: number; readonly width: number } {
  const width = Math.sqrt(sigma * sigma + LINK_VARIANCE);
  return { z: (1 + mean) / width, width };
}
