/** Every combination of a grid under cross-validation, in the manner of scikit-learn's `GridSearchCV`. */
import type { Code } from "./code.ts";
import { CrossValidationSearch, candidatesAtATime, type SearchOptions } from "./cross-validation-search.ts";
import type { Estimator, EstimatorSource } from "./estimator.ts";
import { gridOrder } from "./grid-order.ts";
import { type GridParams, type GridValues, gridSpace } from "./parameter-grid.ts";

/**
 * @example
 * const search = new GridSearchCV(estimator, { learningRate: [1e-3, 1e-4], units: [20, 40] }, { scoring: "recall", cv: 3 });
 * await search.fit(x, y);
 * search.bestParams;   // typed: { learningRate: number, units: number }
 */
export class GridSearchCV<
  const G extends GridValues | readonly GridValues[],
  E extends Estimator,
> extends CrossValidationSearch<GridParams<G>, E> {
  /** Candidates in all. */
  readonly size: number;

  /** @throws ValidationError for an empty grid, and as every search does for its options */
  constructor(estimator: Code<EstimatorSource<GridParams<G>, E>>, grid: G, options: SearchOptions = {}) {
    const { space, names, params } = gridSpace(grid);
    super(
      estimator,
      {
        space,
        sampler: gridOrder(),
        trials: space.size,
        concurrency: candidatesAtATime(options),
        // A whole stretch of a grid can fail, such as all that has one bad learning rate.
        maxConsecutiveFailures: Number.POSITIVE_INFINITY,
        params: (flat) => params(flat) as GridParams<G>,
        columnNames: names,
        columns: params,
      },
      options,
    );
    this.size = space.size;
  }
}
