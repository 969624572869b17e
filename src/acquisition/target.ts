/**
 * What the maximiser climbs: an acquisition function of a surrogate's posterior, as a function of the surrogate's input, in
 * batches and with its gradient; averaged over fantasies where trials are pending, times the probability that a configuration
 * does not fail, where some have failed.
 */
import { type Fantasies, fantasyMeans } from "../gp/fantasies.ts";
import { type Gp, posterior, posteriorGradient } from "../gp/regression.ts";
import { normalLogCdf, normalLogPdf } from "../math/normal.ts";
import { exp, log } from "../math/special.ts";
import type { Acquisition, Utility } from "./acquisition.ts";

export interface Target {
  /** How far an argument moves for the target to change much, [width]: for the maximiser, which measures steps in it. Default: all alike. */
  readonly lengthScales?: Float64Array;
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
  /** What the trials that still run may turn out to be, and f* in each of these fantasies, [s]. */
  readonly pending?: { readonly fantasies: Fantasies; readonly bests: Float64Array };
  /** A process whose value is above −1 where a configuration runs and below where it fails: 0 says "runs", −2 "fails". */
  readonly success?: Gp;
  /** What is added to the utility of a row, [width], whatever the model says; its gradient is added to `gradient`, if given. */
  readonly bonus?: (row: Float64Array, gradient?: Float64Array) => number;
}

/** @param acquisition its `climbed` form is used where it has one */
export function createTarget(acquisition: Acquisition, belief: Belief): Target {
  const climbed = acquisition.climbed ?? acquisition;
  const loss = belief.pending === undefined ? plainTarget(climbed, belief) : fantasyTarget(climbed, belief.pending);
  const feasible = belief.success === undefined ? loss : timesSuccess(loss, belief.success);
  const whole = belief.bonus === undefined ? feasible : plusBonus(feasible, belief.bonus);
  return { ...whole, lengthScales: belief.loss.parameters.lengthScales };
}

function plainTarget({ at }: Acquisition, { loss, best }: Belief): Target {
  return {
    values(rows, m) {
      const { mean, sigma } = posterior(loss, rows);
      const values = new Float64Array(m);
      for (let i = 0; i < m; i++) values[i] = at(mean[i]!, sigma[i]!, best).value;
      return values;
    },
    gradient(row, gradient) {
      const p = posteriorGradient(loss, row);
      const utility = at(p.mean, p.sigma, best);
      for (let j = 0; j < row.length; j++) {
        gradient[j] = utility.byMean * p.meanGradient[j]! + utility.bySigma * p.sigmaGradient[j]!;
      }
      return utility.value;
    },
  };
}

/** The mean of the utility over fantasies; of a logarithm, the logarithm of the mean of what it is the logarithm of. */
function fantasyTarget(acquisition: Acquisition, { fantasies, bests }: NonNullable<Belief["pending"]>): Target {
  const { gp, alphas } = fantasies;
  const count = bests.length;
  const utilities: Utility[] = new Array(count);
  const means = new Float64Array(count);
  const combined = new Float64Array(gp.n);
  return {
    values(rows, m) {
      const { sigma } = posterior(gp, rows);
      const all = fantasyMeans(fantasies, rows);
      return Float64Array.from({ length: m }, (_, i) => {
        for (let s = 0; s < count; s++) utilities[s] = acquisition.at(all[s * m + i]!, sigma[i]!, bests[s]!);
        return average(
          utilities.map(({ value }) => value),
          acquisition.logarithmic,
        ).value;
      });
    },
    gradient(row, gradient) {
      means.set(fantasyMeans(fantasies, row));
      const sigma = posterior(gp, row).sigma[0]!;
      for (let s = 0; s < count; s++) utilities[s] = acquisition.at(means[s]!, sigma, bests[s]!);
      const { value, weights } = average(
        utilities.map(({ value }) => value),
        acquisition.logarithmic,
      );
      // Σₛ wₛ ∂u/∂μₛ ∇μₛ is the gradient of one mean, whose weights α are the sum of theirs.
      combined.fill(0);
      let byMeans = 0;
      let bySigma = 0;
      for (let s = 0; s < count; s++) {
        const byMean = weights[s]! * utilities[s]!.byMean;
        byMeans += byMean;
        bySigma += weights[s]! * utilities[s]!.bySigma;
        for (let i = 0; i < gp.n; i++) combined[i]! += byMean * alphas[s * gp.n + i]!;
      }
      const { trend, ...residual } = gp;
      const p = posteriorGradient({ ...residual, alpha: combined }, row);
      const slope = trend?.gradient(row);
      for (let j = 0; j < row.length; j++) {
        gradient[j] = p.meanGradient[j]! + bySigma * p.sigmaGradient[j]!;
        if (slope !== undefined) gradient[j]! += byMeans * slope[j]!;
      }
      return value;
    },
  };
}

/** The mean of values, and by how much each counts in its derivative. */
function average(
  values: readonly number[],
  logarithmic = false,
): { readonly value: number; readonly weights: Float64Array } {
  const count = values.length;
  if (!logarithmic) {
    const value = values.reduce((sum, one) => sum + one, 0) / count;
    return { value, weights: new Float64Array(count).fill(1 / count) };
  }
  const top = values.reduce((most, one) => Math.max(most, one), -Infinity);
  const weights = Float64Array.from(values, (one) => exp(one - top));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (let s = 0; s < count; s++) weights[s]! /= total;
  return { value: top + log(total / count), weights };
}

function timesSuccess(target: Target, success: Gp): Target {
  return {
    values(rows, m) {
      const values = target.values(rows, m);
      const chance = posterior(success, rows);
      for (let i = 0; i < m; i++) values[i]! += normalLogCdf(margin(chance.mean[i]!, chance.sigma[i]!).z);
      return values;
    },
    gradient(row, gradient) {
      const value = target.gradient(row, gradient);
      const chance = posteriorGradient(success, row);
      const { z, width } = margin(chance.mean, chance.sigma);
      const logChance = normalLogCdf(z);
      const hazard = exp(normalLogPdf(z) - logChance);
      const byMean = hazard / width;
      const bySigma = (-hazard * z * chance.sigma) / (width * width);
      for (let j = 0; j < row.length; j++) {
        gradient[j]! += byMean * chance.meanGradient[j]! + bySigma * chance.sigmaGradient[j]!;
      }
      return value + logChance;
    },
  };
}

function plusBonus(target: Target, bonus: NonNullable<Belief["bonus"]>): Target {
  return {
    values(rows, m) {
      const values = target.values(rows, m);
      const width = rows.length / Math.max(1, m);
      for (let i = 0; i < m; i++) values[i]! += bonus(rows.subarray(i * width, (i + 1) * width));
      return values;
    },
    gradient(row, gradient) {
      const value = target.gradient(row, gradient);
      return value + bonus(row, gradient);
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
