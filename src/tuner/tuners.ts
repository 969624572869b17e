/** The tuners of KerasTuner: what differs is how they choose their trials. */
import { random } from "../sampler/random.ts";
import { gridOrder } from "./grid-order.ts";
import { hyperbandSampler, stageOf, trialCount } from "./hyperband.ts";
import { type Recipe, recipeSampler } from "./recipe.ts";
import { Tuner } from "./tuner.ts";
import { checkWhole, type TunerOptions } from "./tuner-options.ts";

export interface BayesianOptimizationOptions<M> extends TunerOptions<M> {
  /**
   * Trials before the surrogate takes over. Default 5, the centre of the space first, or 6 where there are categories or
   * conditions; with the recipe "keras-tuner" 3 × parameters, at random, with "tpe" 10. A model that begins early is ahead early: on eight recorded
   * tables mean normalised regret .138, .099, .071, .049 after 10, 20, 30, 50 trials, against .195, .109, .077, .051 with 15 random
   * trials first (`npm run bench -- samplers`, 15 seeds, standard error .003).
   */
  readonly numInitialPoints?: number;
  /**
   * The variance of the noise that the surrogate at least allows for, in variances of the values. Default: the noise is learnt
   * from them. With the recipe "keras-tuner" it is what is added to the kernel matrix's diagonal, 1e-4 by default.
   */
  readonly alpha?: number;
  /**
   * How much is explored: trials are chosen where the mean, β standard deviations the better way, is best. Default: by expected
   * improvement, which needs no such number; with the recipe "keras-tuner" 2.6.
   */
  readonly beta?: number;
  /** "keras-tuner" searches as KerasTuner does, "tpe" with Parzen estimators: see `Recipe`. Default: our own recipe. */
  readonly recipe?: Recipe;
}

/**
 * Bayesian optimisation with a Gaussian process.
 *
 * @example
 * const tuner = new BayesianOptimization({ hypermodel, objective: new Objective("val_recall", "max"), maxTrials: 30, directory: "runs", projectName: "fraud", seed: 7 });
 * await tuner.search(train.x, train.y, { validationData: [val.x, val.y] });
 * const [model] = await tuner.getBestModels(1);
 */
export class BayesianOptimization<M> extends Tuner<M> {
  constructor(options: BayesianOptimizationOptions<M>) {
    const { recipe = "default", maxTrials = 10, numInitialPoints } = options;
    if (numInitialPoints !== undefined) checkWhole("numInitialPoints", numInitialPoints, 1);
    const sampler = recipeSampler(recipe, options);
    super(options, {
      name: "BayesianOptimization",
      maxTrials,
      sampler: () => sampler,
      options: ["numInitialPoints", "alpha", "beta", "recipe"],
    });
  }
}

/** Independent random trials: the baseline. */
export class RandomSearch<M> extends Tuner<M> {
  constructor(options: TunerOptions<M>) {
    super(options, { name: "RandomSearch", maxTrials: options.maxTrials ?? 10, sampler: () => random() });
  }
}

/**
 * Every combination, the last parameter changing fastest and defaults first, so that trial 0 has the defaults alone. A
 * continuous parameter is tried at ten points, and so is an integer in log scale without a step.
 */
export class GridSearch<M> extends Tuner<M> {
  constructor(options: TunerOptions<M>) {
    const sampler = gridOrder({ points: 10, defaultsFirst: true });
    super(options, {
      name: "GridSearch",
      maxTrials: options.maxTrials ?? Number.MAX_SAFE_INTEGER,
      sampler: () => sampler,
    });
  }
}

export interface HyperbandOptions<M> extends Omit<TunerOptions<M>, "maxTrials"> {
  /** The most epochs that a model is trained; a little more than the largest needs. Default 100. */
  readonly maxEpochs?: number;
  /** By which rounds shrink and epochs grow. Default 3. */
  readonly factor?: number;
  /** How often all brackets are gone through, each about maxEpochs · log²(maxEpochs) epochs, log to base factor. Default 1. */
  readonly hyperbandIterations?: number;
}

/**
 * Many models for a few epochs, the best of them for more: each round goes on from the weights of the last one's best epoch.
 * `data.epochs` and `data.initialEpoch` say which epochs a trial trains, and `model.fit` gets them with the rest of `data`.
 *
 * @example
 * const tuner = new Hyperband({ hypermodel, objective: "val_loss", maxEpochs: 27, factor: 3, seed: 7 });
 */
export class Hyperband<M> extends Tuner<M> {
  constructor(options: HyperbandOptions<M>) {
    const { maxEpochs = 100, factor = 3, hyperbandIterations: iterations = 1 } = options;
    checkWhole("maxEpochs", maxEpochs, 1);
    checkWhole("factor", factor, 2);
    checkWhole("hyperbandIterations", iterations, 1);
    const schedule = { maxEpochs, factor, iterations };
    super(options, {
      name: "Hyperband",
      maxTrials: trialCount(schedule),
      sampler: () => hyperbandSampler(schedule),
      stage: stageOf,
      options: ["maxEpochs", "factor", "hyperbandIterations"],
    });
  }
}
