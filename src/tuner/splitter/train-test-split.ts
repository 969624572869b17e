/** One split of a table into a part to learn from and a part kept aside. */

import { ValidationError } from "../../errors.ts";
import type { Inputs, Matrix } from "../../nn/data.ts";
import { shareDataset, takeRows } from "../dataset.ts";
import { type PartOptions, partSizes, shuffleSplit, stratifiedShuffleSplit } from "./shuffle-split.ts";
import { type Fold, toFold } from "./splitter.ts";

export interface TrainTestSplitOptions extends PartOptions {
  /** Whether rows are drawn at random; otherwise the test rows are the last ones. Default true. */
  readonly shuffle?: boolean;
  /** Labels whose shares both parts keep; `true` for those in `y`. Default: none. */
  readonly stratify?: boolean | ArrayLike<number>;
}

export interface TrainTestSplit {
  readonly xTrain: Matrix;
  readonly xTest: Matrix;
  readonly yTrain: Float64Array;
  readonly yTest: Float64Array;
  /** The row numbers of both parts, to split what else belongs to the rows. */
  readonly rows: Fold;
}

/**
 * A quarter of the rows to test, if nothing else is said, the others to train on. Unlike scikit-learn's, the draw repeats
 * itself unless another `seed` is given.
 *
 * @throws ValidationError for sizes that do not fit the rows, X and y of different lengths, and `stratify` without `shuffle`
 * @example const { xTrain, yTrain, xTest, yTest } = trainTestSplit(x, y, { testSize: 0.2, stratify: true, seed: 7 });
 */
export function trainTestSplit(x: Inputs, y: ArrayLike<number>, options: TrainTestSplitOptions = {}): TrainTestSplit {
  const { shuffle = true, stratify = false, ...parts } = options;
  const dataset = shareDataset(x, y);
  const strata = typeof stratify === "object" ? stratify : dataset.y;
  if (strata.length !== dataset.y.length) {
    throw new ValidationError(
      `\`stratify\` must have one label for each of the ${dataset.y.length} rows, but has ${strata.length}.`,
    );
  }
  if (!shuffle && stratify !== false) {
    throw new ValidationError(
      "A split that keeps shares draws rows at random, but got `stratify` with `shuffle: false`. Leave one of them out.",
    );
  }
  const rows = shuffle ? drawnRows(strata, stratify !== false, parts) : lastRows(dataset.y.length, parts);
  const train = takeRows(dataset, rows.train);
  const test = takeRows(dataset, rows.test);
  return { xTrain: train.x, xTest: test.x, yTrain: train.y, yTest: test.y, rows };
}

const TESTED = 0.25;

function drawnRows(strata: ArrayLike<number>, stratify: boolean, parts: PartOptions): Fold {
  const { train, test } = partSizes(strata.length, parts, TESTED);
  const sizes = { ...parts, trainSize: train, testSize: test };
  return (stratify ? stratifiedShuffleSplit(1, sizes) : shuffleSplit(1, sizes)).split(strata)[0]!;
}

function lastRows(count: number, parts: PartOptions): Fold {
  const { train, test } = partSizes(count, parts, TESTED);
  const all = Array.from({ length: train + test }, (_, row) => row);
  return toFold(all.slice(0, train), all.slice(train));
}
