/**
 * The table of a search under cross-validation, with scikit-learn's columns and arithmetic, so that what is known of
 * `cv_results_` holds here: unweighted means over folds, population standard deviations, ranks in which equals share the
 * smaller number and a score that is not a number comes last. Times are in seconds.
 *
 * Source: scikit-learn, `BaseSearchCV._format_results`.
 */
import type { ParamValue } from "../space/parameter.ts";

/** One training and its test: a candidate on a fold. */
export interface FoldScore {
  /** NaN where the training failed and no `errorScore` was given. */
  readonly testScore: number;
  readonly trainScore?: number;
  readonly fitSeconds: number;
  readonly scoreSeconds: number;
  /** Why the training failed. */
  readonly error?: string;
}

export interface Candidate<P> {
  readonly params: P;
  /** By full parameter name, active ones only: the `param_` columns. */
  readonly flatParams: Readonly<Record<string, ParamValue>>;
  /** One a fold. */
  readonly folds: readonly FoldScore[];
}

/** Columns, one value a candidate in the order of trying. */
export interface CvResults<P = unknown> {
  readonly params: readonly P[];
  readonly mean_fit_time: readonly number[];
  readonly std_fit_time: readonly number[];
  readonly mean_score_time: readonly number[];
  readonly std_score_time: readonly number[];
  readonly mean_test_score: readonly number[];
  readonly std_test_score: readonly number[];
  readonly rank_test_score: readonly number[];
  readonly mean_train_score?: readonly number[];
  readonly std_train_score?: readonly number[];
  /** One a fold: `split0_test_score`, and `split0_train_score` where training scores were asked for. */
  readonly [split: `split${number}_${"test" | "train"}_score`]: readonly number[];
  /** One a parameter; undefined where it is not active. */
  readonly [parameter: `param_${string}`]: readonly (ParamValue | undefined)[];
}

export function tabulate<P>(candidates: readonly Candidate<P>[], parameterNames: readonly string[]): CvResults<P> {
  const columns: Record<string, readonly unknown[]> = {};
  const summarise = (name: string, of: (fold: FoldScore) => number) => {
    const rows = candidates.map(({ folds }) => folds.map(of));
    columns[`mean_${name}`] = rows.map(mean);
    columns[`std_${name}`] = rows.map(standardDeviation);
  };
  const scores = (name: "test" | "train", of: (fold: FoldScore) => number) => {
    const splits = candidates[0]?.folds.length ?? 0;
    for (let k = 0; k < splits; k++) {
      columns[`split${k}_${name}_score`] = candidates.map(({ folds }) => of(folds[k]!));
    }
    summarise(`${name}_score`, of);
  };
  summarise("fit_time", (fold) => fold.fitSeconds);
  summarise("score_time", (fold) => fold.scoreSeconds);
  for (const name of parameterNames) {
    columns[`param_${name}`] = candidates.map(({ flatParams }) =>
      Object.hasOwn(flatParams, name) ? flatParams[name] : undefined,
    );
  }
  columns.params = candidates.map(({ params }) => params);
  scores("test", (fold) => fold.testScore);
  columns.rank_test_score = rank(columns.mean_test_score as number[]);
  if (candidates.some(({ folds }) => folds.some(({ trainScore }) => trainScore !== undefined))) {
    // A training that failed has the error's score on both sides.
    scores("train", ({ trainScore, testScore }) => trainScore ?? testScore);
  }
  return columns as unknown as CvResults<P>;
}

/** 1 for the greatest; equals share the smaller rank; NaN comes last, and all NaN are all first. */
export function rank(scores: readonly number[]): number[] {
  const ordered = scores.filter((score) => !Number.isNaN(score)).sort((a, b) => b - a);
  return scores.map((score) => (Number.isNaN(score) ? ordered.length : ordered.indexOf(score)) + 1);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** √(mean of squared distances from the mean): of the values themselves, not an estimate for a population behind them. */
export function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) * (value - centre))));
}

/** Standard error of the mean, s/√n with the unbiased s; undefined below two values. */
export function standardError(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  return standardDeviation(values) / Math.sqrt(values.length - 1);
}
