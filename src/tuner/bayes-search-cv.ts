/** Any sampler under cross-validation: the Bayesian search of a space, or with `sampler: random()` a randomised one. */
import { show, ValidationError } from "../errors.ts";
import { gp } from "../sampler/gp/gp.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { createSpace, type InferParams, type SpaceSpec } from "../space/declare.ts";
import { Space } from "../space/space.ts";
import type { Code } from "./code.ts";
import { CrossValidationSearch, type SearchOptions } from "./cross-validation-search.ts";
import type { Estimator, EstimatorSource } from "./estimator.ts";

export interface BayesSearchOptions extends SearchOptions {
  /** Candidates in all, those of an interrupted search included. Default 30. */
  readonly trials?: number;
  /** What proposes candidates. Default `gp()`. */
  readonly sampler?: Sampler;
  /** The search ends with an error after so many candidates in a row that failed. Default 10. */
  readonly maxConsecutiveFailures?: number;
}

/**
 * The scores' standard error over the folds is told to the sampler with every mean.
 *
 * @example
 * const search = new BayesSearchCV(estimator, { learningRate: float(1e-4, 1e-2, { log: true }), units: int(20, 60) }, { scoring: "roc_auc", cv: 3, trials: 20, seed: 7 });
 * await search.fit(x, y);
 */
export class BayesSearchCV<const S extends SpaceSpec, E extends Estimator> extends CrossValidationSearch<
  InferParams<S>,
  E
> {
  /** @throws ValidationError for an empty space, and as every search does for its options */
  constructor(
    estimator: Code<EstimatorSource<InferParams<S>, E>>,
    space: S | Space<InferParams<S>>,
    options: BayesSearchOptions = {},
  ) {
    const { trials = 30, sampler = gp(), concurrency = 1, maxConsecutiveFailures = 10 } = options;
    if (!Number.isSafeInteger(trials) || trials < 1) {
      throw new ValidationError(`\`trials\` must be an integer >= 1, but got ${show(trials)}.`);
    }
    const declared: Space<InferParams<S>> = space instanceof Space ? space : createSpace(space);
    super(
      estimator,
      {
        space: declared,
        sampler,
        trials,
        concurrency,
        maxConsecutiveFailures,
        params: (flat) => declared.nest(flat),
        columnNames: declared.dimensions.map(({ name }) => name),
        columns: (flat) => flat,
      },
      options,
    );
  }
}
