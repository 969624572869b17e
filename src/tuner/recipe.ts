/** How a tuner's Bayesian optimisation searches, under a name. */
import { ucb } from "../acquisition/ucb.ts";
import { show, ValidationError } from "../errors.ts";
import { gp } from "../sampler/gp/gp.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { tpe } from "../sampler/tpe/tpe.ts";
import type { History } from "../trial/history.ts";
import { kerasTunerGp } from "./keras-tuner-gp.ts";

/**
 * - "default": our own, the `gp` sampler as it is, but for the settings that are given.
 * - "keras-tuner": KerasTuner's `BayesianOptimization` again, for comparison: see `kerasTunerGp`. Its surrogate, of one
 *   length-scale and fixed noise, collapses on noisy objectives, and the search is random from then on.
 * - "tpe": the tree-structured Parzen estimator in place of the Gaussian process: see `tpe`.
 */
export type Recipe = "default" | "keras-tuner" | "tpe";

/** KerasTuner's settings of Bayesian optimisation. */
export interface RecipeOptions {
  readonly numInitialPoints?: number;
  /** The least variance of the noise, in variances of the losses. */
  readonly alpha?: number;
  /** The upper confidence bound's κ, which then takes the place of the expected improvement. */
  readonly beta?: number;
}

/** @throws ValidationError for another name, and settings outside their range */
export function recipeSampler(recipe: Recipe, options: RecipeOptions = {}): Sampler {
  const { numInitialPoints: count, alpha, beta } = options;
  for (const [name, value] of [
    ["alpha", alpha],
    ["beta", beta],
  ] as const) {
    if (value !== undefined && !(typeof value === "number" && value >= 0 && Number.isFinite(value))) {
      throw new ValidationError(`\`${name}\` must be a finite number >= 0, but got ${show(value)}.`);
    }
  }
  switch (recipe) {
    case "default": {
      const sampler = gp({
        ...(count === undefined ? {} : { initialPoints: { count } }),
        ...(beta === undefined ? {} : { acquisition: ucb({ kappa: beta }) }),
      });
      return alpha === undefined ? sampler : withNoise(sampler, alpha);
    }
    case "keras-tuner":
      return kerasTunerGp(options);
    case "tpe":
      if (alpha !== undefined || beta !== undefined) {
        throw new ValidationError(
          `\`alpha\` and \`beta\` are settings of a Gaussian process, but the recipe is "tpe". Leave them out.`,
        );
      }
      return tpe(count === undefined ? {} : { startup: count });
    default:
      throw new ValidationError(`\`recipe\` must be "default", "keras-tuner" or "tpe", but got ${show(recipe)}.`);
  }
}

/** The sampler, told that every loss has at least this variance, in variances of the losses so far. */
function withNoise(sampler: Sampler, alpha: number): Sampler {
  return {
    ...sampler,
    toJSON: () => ({ ...(sampler.toJSON() as object), alpha }),
    sample: (request) => sampler.sample({ ...request, trials: withLeastVariance(request.trials, alpha) }),
    expect: (request) => sampler.expect?.({ ...request, trials: withLeastVariance(request.trials, alpha) }) ?? null,
  };
}

function withLeastVariance(trials: History, alpha: number): History {
  const losses = trials.flatMap(({ loss }) => (loss === null ? [] : [loss]));
  const centre = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const spread = losses.reduce((sum, loss) => sum + (loss - centre) * (loss - centre), 0) / losses.length;
  const least = losses.length === 0 ? 0 : alpha * spread;
  return trials.map((trial) =>
    trial.loss === null ? trial : { ...trial, variance: Math.max(least, trial.variance ?? 0) },
  );
}
