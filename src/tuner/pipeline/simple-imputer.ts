/** Missing values, which are NaN, replaced by one value a column. */
import { show, ValidationError } from "../../errors.ts";
import { median } from "../scorer/regression.ts";
import { checkChoice, columnwise, type Transformer } from "./transformer.ts";

const STRATEGIES = ["mean", "median", "most_frequent", "constant"] as const;

export interface SimpleImputerParams {
  /** What replaces a missing value: of the training rows the mean (default), the median, the most frequent value, or `fillValue`. */
  readonly strategy?: (typeof STRATEGIES)[number];
  /** For "constant". Default 0. */
  readonly fillValue?: number;
  /** Whether a column with missing values in training gets a second one that tells where they were, 0 or 1. Default false. */
  readonly addIndicator?: boolean;
}

/**
 * Of equally frequent values the smallest is taken. A column without any value in the training rows is left out, unless it
 * is filled with a constant. Unlike scikit-learn's, an indicator stands beside its column and not at the end.
 *
 * @throws ValidationError for a param that it does not have
 */
export function simpleImputer({
  strategy = "mean",
  fillValue = 0,
  addIndicator = false,
}: SimpleImputerParams = {}): Transformer {
  const check = (params: Required<SimpleImputerParams>) => {
    checkChoice(KIND, "strategy", params.strategy, STRATEGIES);
    checkChoice(KIND, "addIndicator", params.addIndicator, [true, false]);
    if (Number.isFinite(params.fillValue)) return;
    throw new ValidationError(`\`fillValue\` of ${KIND} must be a finite number, but got ${show(params.fillValue)}.`);
  };
  return columnwise(KIND, { strategy, fillValue, addIndicator }, check, (params, values) => {
    const present = values.filter((value) => !Number.isNaN(value));
    if (present.length === 0 && params.strategy !== "constant") return { width: 0, write: () => {} };
    const replacement = params.strategy === "constant" ? params.fillValue : STATISTICS[params.strategy](present);
    const tells = params.addIndicator && present.length < values.length;
    return {
      width: tells ? 2 : 1,
      write: (value, out, offset) => {
        const missing = Number.isNaN(value);
        out[offset] = missing ? replacement : value;
        if (tells) out[offset + 1] = Number(missing);
      },
    };
  });
}

const KIND = "simpleImputer";

const STATISTICS = {
  mean: (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length,
  median,
  most_frequent: (values: Float64Array) => {
    const counts = new Map<number, number>();
    for (const value of values.slice().sort()) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
  },
};
