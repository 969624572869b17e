/** Candidates drawn at random under cross-validation, in the manner of scikit-learn's `RandomizedSearchCV`. */
import { random } from "../sampler/random.ts";
import type { Code } from "./code.ts";
import { CrossValidationSearch, candidatesAtATime, type SearchOptions } from "./cross-validation-search.ts";
import type { Estimator, EstimatorSource } from "./estimator.ts";
import { type Distributions, type GridParams, gridSpace } from "./parameter-grid.ts";
import { checkCandidates } from "./parameter-sampler.ts";

export interface RandomizedSearchOptions extends SearchOptions {
  /** Candidates in all, scikit-learn's `n_iter`. Default 10. */
  readonly trials?: number;
}

/**
 * No candidate is tried twice; where lists alone allow fewer than `trials`, all of them are tried.
 *
 * @example
 * const search = new RandomizedSearchCV(estimator, { "model.C": loguniform(1e-3, 1e3) }, { scoring: "roc_auc", trials: 20, seed: 7 });
 * await search.fit(x, y);
 */
export class RandomizedSearchCV<
  const G extends Distributions | readonly Distributions[],
  E extends Estimator,
> extends CrossValidationSearch<GridParams<G>, E> {
  /** @throws ValidationError for distributions that are none, and as every search does for its options */
  constructor(
    estimator: Code<EstimatorSource<GridParams<G>, E>>,
    distributions: G,
    options: RandomizedSearchOptions = {},
  ) {
    const { space, names, params } = gridSpace(distributions, true);
    const { trials = 10 } = options;
    checkCandidates(trials, "trials");
    super(
      estimator,
      {
        space,
        sampler: random(),
        trials: Math.min(trials, space.size),
        concurrency: candidatesAtATime(options),
        maxConsecutiveFailures: Number.POSITIVE_INFINITY,
        params: (flat) => params(flat) as GridParams<G>,
        columnNames: names,
        columns: params,
      },
      options,
    );
  }
}
