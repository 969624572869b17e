/** One estimator under cross-validation, without a search: what it scores on each fold, and how long that took. */
import { show, ValidationError } from "../errors.ts";
import type { Inputs } from "../nn/data.ts";
import { type Code, checkReachesWorkers, openPool, type Workers } from "./code.ts";
import { checkErrorScore, countsAsClasses, shareFitOptions } from "./cross-validation-search.ts";
import type { FoldScore } from "./cv-results.ts";
import { shareDataset } from "./dataset.ts";
import { checkEstimator, type Estimator, type EstimatorSource } from "./estimator.ts";
import { runFolds } from "./fold-runner.ts";
import { checkScoring, functionsOf, namesOf, type Scoring } from "./scoring.ts";
import { type CrossValidation, toSplitter } from "./splitter/cross-validation.ts";
import type { Fold, Groups } from "./splitter/splitter.ts";

export interface CrossValidateOptions<P = object> {
  /** As for a search. */
  readonly scoring?: Scoring;
  /** As for a search. Default 5. */
  readonly cv?: CrossValidation;
  /** To which group each row belongs, for splitters such as `groupKFold`. */
  readonly groups?: Groups;
  /** The estimator's params. Default: none, that is, its own defaults. */
  readonly params?: P;
  /** Passed to every `fit`; a `sampleWeight` is divided along with the rows. */
  readonly fitOptions?: Readonly<Record<string, unknown>>;
  readonly returnTrainScore?: boolean;
  /** Keep the fitted estimators; only without `workers`. */
  readonly returnEstimator?: boolean;
  /** Keep the row numbers. */
  readonly returnIndices?: boolean;
  /** The score of a training that failed, or "raise" to end with its error. Default NaN. */
  readonly errorScore?: number | "raise";
  readonly workers?: Workers;
  /** Fixes every training. Default 0. */
  readonly seed?: number | string;
  readonly signal?: AbortSignal;
}

/** One value a fold. Where several scores were asked for, their names stand in place of `score`: `test_recall`. */
export interface CrossValidateResult<E extends Estimator = Estimator> {
  readonly fit_time: readonly number[];
  readonly score_time: readonly number[];
  readonly test_score: readonly number[];
  readonly [score: `${"test" | "train"}_${string}`]: readonly number[];
  readonly estimator?: readonly E[];
  readonly indices?: readonly Fold[];
  /** Why trainings failed, where one did. */
  readonly errors?: readonly (string | undefined)[];
}

/**
 * @param estimator as for a search: a function of the params, or an estimator that can be cloned. A search is one too, so
 *   `crossValidate(() => new GridSearchCV(…), x, y)` is nested cross-validation.
 * @throws ValidationError for options outside their range, data that do not fit, and when every training failed
 */
export async function crossValidate<P extends object, E extends Estimator>(
  estimator: Code<EstimatorSource<P, E>>,
  x: Inputs,
  y: ArrayLike<number>,
  options: CrossValidateOptions<P> = {},
): Promise<CrossValidateResult<E>> {
  const { scoring, cv = 5, groups, errorScore = Number.NaN, workers, seed = 0, fitOptions = {} } = options;
  checkEstimator(estimator);
  checkScoring(scoring);
  checkErrorScore(errorScore);
  checkReachesWorkers(workers, "the estimator", estimator);
  for (const scorer of functionsOf(scoring)) checkReachesWorkers(workers, "`scoring`", scorer);
  if (workers !== undefined && options.returnEstimator === true) {
    throw new ValidationError(
      "A fitted estimator cannot leave its worker, but got `returnEstimator` with `workers`. Leave one of them out.",
    );
  }
  const dataset = shareDataset(x, y);
  const folds = toSplitter(cv, countsAsClasses(estimator, dataset.y)).split(dataset.y, groups);
  const shared = shareFitOptions(fitOptions, dataset.y.length);
  const fitted: E[] = [];
  const keep = (fold: number, one: Estimator): void => {
    fitted[fold] = one as E;
  };
  const opened = workers === undefined ? undefined : openPool(workers);
  let scores: FoldScore[];
  try {
    const runner = {
      estimator,
      scoring,
      primary: undefined,
      dataset,
      folds,
      fitOptions: shared,
      returnTrainScore: options.returnTrainScore ?? false,
      seed,
      pool: opened?.pool,
      signal: options.signal ?? new AbortController().signal,
    };
    scores = await runFolds(runner, 0, (options.params ?? {}) as P, errorScore === "raise", {
      epoch: () => {},
      fold: () => {},
      ...(options.returnEstimator === true ? { fitted: keep } : {}),
    });
  } finally {
    await opened?.close();
  }
  const errors = scores.map(({ error }) => error);
  if (errors.every((error) => error !== undefined)) {
    throw new ValidationError(
      `At least one training must succeed, but all ${errors.length} failed. The first one said: ${errors[0]}`,
    );
  }
  return {
    ...columnsOf(scores, Number(errorScore)),
    ...(options.returnEstimator === true ? { estimator: fitted } : {}),
    ...(options.returnIndices === true ? { indices: folds } : {}),
    ...(errors.some((error) => error !== undefined) ? { errors } : {}),
  };
}

/**
 * The test scores of `crossValidate` alone, one a fold.
 *
 * @throws ValidationError for several scores, and as `crossValidate`
 */
export async function crossValScore<P extends object, E extends Estimator>(
  estimator: Code<EstimatorSource<P, E>>,
  x: Inputs,
  y: ArrayLike<number>,
  options: Omit<CrossValidateOptions<P>, "returnTrainScore" | "returnEstimator" | "returnIndices"> = {},
): Promise<readonly number[]> {
  const names = namesOf(options.scoring);
  if (names === undefined) return (await crossValidate(estimator, x, y, options)).test_score;
  throw new ValidationError(
    `crossValScore returns one score a fold, but \`scoring\` has ${names.map(show).join(", ")}. Use crossValidate.`,
  );
}

function columnsOf(
  scores: readonly FoldScore[],
  errorScore: number,
): Pick<CrossValidateResult, "fit_time" | "score_time" | "test_score"> {
  const names = Object.keys(scores.find(({ testScores }) => testScores !== undefined)?.testScores ?? { score: 0 });
  const trained = scores.some(({ trainScore }) => trainScore !== undefined);
  const column = (part: "test" | "train", name: string) =>
    scores.map((fold) =>
      fold.error === undefined ? (fold[`${part}Scores`]?.[name] ?? fold[`${part}Score`]!) : errorScore,
    );
  return {
    fit_time: scores.map(({ fitSeconds }) => fitSeconds),
    score_time: scores.map(({ scoreSeconds }) => scoreSeconds),
    ...(Object.fromEntries(
      names.flatMap((name) => [
        [`test_${name}`, column("test", name)] as const,
        ...(trained ? [[`train_${name}`, column("train", name)] as const] : []),
      ]),
    ) as unknown as { readonly test_score: readonly number[] }),
  };
}
