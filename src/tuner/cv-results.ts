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
  /** NaN where the training failed and no `errorScore` was given. Of several scores, the one that decides. */
  readonly testScore: number;
  readonly trainScore?: number;
  /** By name, where several scores were asked for. */
  readonly testScores?: Readonly<Record<string, number>>;
  readonly trainScores?: Readonly<Record<string, number>>;
  readonly fitSeconds: number;
  readonly scoreSeconds: number;
  /** Why the training failed. */
  readonly error?: string;
}

export interface Candidate<P> {
  readonly params: P;
  /** By full parameter name, active ones only: the `param_` columns. */
  readonly flatParams: Readonly<Record<string, ParamValue>>;
  /** Columns of its search alone, such as `iter`. */
  readonly extra?: Readonly<Record<string, number>>;
  /** One a fold. */
  readonly folds: readonly FoldScore[];
}

/**
 * Columns, one value a candidate in the order of trying. Where several scores were asked for, their names stand in place of
 * `score`: `mean_test_recall`.
 */
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
  /** Of a search by successive halving. */
  readonly iter?: readonly number[];
  readonly n_resources?: readonly number[];
  /** One a score. */
  readonly [score: `${"mean" | "std"}_${"test" | "train"}_${string}`]: readonly number[];
  readonly [score: `rank_test_${string}`]: readonly number[];
  /** One a fold: `split0_test_score`, and `split0_train_score` where training scores were asked for. */
  readonly [split: `split${number}_${"test" | "train"}_${string}`]: readonly number[];
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
  const scores = (name: string, of: (fold: FoldScore) => number) => {
    const splits = candidates[0]?.folds.length ?? 0;
    for (let k = 0; k < splits; k++) {
      columns[`split${k}_${name}`] = candidates.map(({ folds }) => of(folds[k]!));
    }
    summarise(name, of);
  };
  summarise("fit_time", (fold) => fold.fitSeconds);
  summarise("score_time", (fold) => fold.scoreSeconds);
  for (const name of parameterNames) {
    columns[`param_${name}`] = candidates.map(({ flatParams }) =>
      Object.hasOwn(flatParams, name) ? flatParams[name] : undefined,
    );
  }
  columns.params = candidates.map(({ params }) => params);
  const folds = candidates.flatMap((candidate) => candidate.folds);
  const names = Object.keys(folds.find(({ testScores }) => testScores !== undefined)?.testScores ?? { score: 0 });
  const trained = folds.some(({ trainScore }) => trainScore !== undefined);
  for (const name of names) {
    scores(`test_${name}`, ({ testScores, testScore }) => testScores?.[name] ?? testScore);
    columns[`rank_test_${name}`] = rank(columns[`mean_test_${name}`] as number[]);
    if (!trained) continue;
    // A training that failed has the error's score on both sides and under all names.
    scores(`train_${name}`, ({ trainScores, trainScore, testScore }) => trainScores?.[name] ?? trainScore ?? testScore);
  }
  for (const name of Object.keys(candidates[0]?.extra ?? {})) {
    columns[name] = candidates.map(({ extra }) => extra?.[name]);
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
