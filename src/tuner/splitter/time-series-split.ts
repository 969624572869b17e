/** Folds for rows in order of time: what is tested always lies after what was trained on. */
import { show, ValidationError } from "../../errors.ts";
import { checkSplits, type Splitter, toFold } from "./splitter.ts";

export interface TimeSeriesSplitOptions {
  /** Rows a fold tests. Default: the rows divided by `splits + 1`, rounded down. */
  readonly testSize?: number;
  /** Rows a fold trains on, the latest before its gap, at most. Default: all. */
  readonly maxTrainSize?: number;
  /** Rows between training and test that are left out. Default 0. */
  readonly gap?: number;
}

/**
 * The last `splits` stretches of `testSize` rows are tested, each by what was trained on the rows before it.
 *
 * @throws ValidationError when `splits` is no integer >= 2, sizes are no whole numbers, or the rows are too few for them
 */
export function timeSeriesSplit(splits = 5, options: TimeSeriesSplitOptions = {}): Splitter {
  checkSplits(splits);
  const { gap = 0, maxTrainSize = Number.POSITIVE_INFINITY } = options;
  for (const [name, size, least] of [
    ["testSize", options.testSize ?? 1, 1],
    ["maxTrainSize", options.maxTrainSize ?? 1, 1],
    ["gap", gap, 0],
  ] as const) {
    if (Number.isSafeInteger(size) && size >= least) continue;
    throw new ValidationError(`\`${name}\` must be an integer >= ${least}, but got ${show(size)}.`);
  }
  const settings = Object.entries(options).map(([name, size]) => `${name} ${size}`);
  return {
    name: `timeSeriesSplit(${[splits, ...settings].join(", ")})`,
    split: (y) => {
      const rows = y.length;
      const testSize = options.testSize ?? Math.floor(rows / (splits + 1));
      const first = rows - splits * testSize;
      if (testSize < 1 || first - gap <= 0) {
        throw new ValidationError(
          `Before the first test there must be rows to train on, but ${rows} rows are too few for ${splits} tests of ${testSize} rows${gap > 0 ? ` after a gap of ${gap}` : ""}. Use fewer folds or smaller tests.`,
        );
      }
      return Array.from({ length: splits }, (_, k) => {
        const start = first + k * testSize;
        const end = start - gap;
        return toFold(stretch(Math.max(0, end - maxTrainSize), end), stretch(start, start + testSize));
      });
    },
  };
}

function stretch(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
