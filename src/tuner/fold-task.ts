/**
 * One training of a search under cross-validation: an estimator made for a candidate, fitted on a fold's training rows and
 * scored on its test rows. The same code runs in process and, as an exported function, in a worker thread.
 */
import { systemClock } from "../storage/clock.ts";
import type { WorkerContext } from "../worker/index.ts";
import type { Code } from "./code.ts";
import type { FoldScore } from "./cv-results.ts";
import { type Dataset, takeNumbers, takeRows } from "./dataset.ts";
import { disposeOf } from "./disposable.ts";
import { type EpochProgress, type Estimator, type EstimatorSource, makeEstimator } from "./estimator.ts";
import type { Scores } from "./scorer/scorer.ts";
import { loadScoring, type Scoring } from "./scoring.ts";
import type { Fold } from "./splitter/splitter.ts";

export interface FoldTask<P = unknown> {
  readonly estimator: Code<EstimatorSource<P, Estimator>>;
  readonly scoring: Scoring | undefined;
  /** Which of several scores decides; undefined for the first. */
  readonly primary: string | undefined;
  readonly params: P;
  readonly dataset: Dataset;
  readonly fold: Fold;
  readonly seed: number;
  /** What the caller of the search gave for `fit`. A `sampleWeight` has a number for each row of the whole dataset. */
  readonly fitOptions: Readonly<Record<string, unknown>>;
  readonly returnTrainScore: boolean;
}

/** @param keep is handed the fitted estimator, where it is wanted */
export async function scoreFold<P>(
  task: FoldTask<P>,
  onEpoch: (progress: EpochProgress) => void,
  keep?: (estimator: Estimator) => void,
): Promise<Omit<FoldScore, "error">> {
  const { fold, fitOptions, seed, primary } = task;
  const score = await loadScoring(task.scoring);
  const train = takeRows(task.dataset, fold.train);
  const test = takeRows(task.dataset, fold.test);
  const { sampleWeight } = fitOptions as { readonly sampleWeight?: ArrayLike<number> };
  const weights = sampleWeight === undefined ? {} : { sampleWeight: takeNumbers(sampleWeight, fold.train) };

  const estimator: Estimator = await makeEstimator(task.estimator, task.params);
  let isKept = false;
  try {
    const begun = systemClock();
    await estimator.fit(train.x, train.y, { ...fitOptions, ...weights, seed, onEpoch });
    const fitted = systemClock();
    const tested = named("test", await score(estimator, test.x, test.y), primary);
    const scored = systemClock();
    const trained = task.returnTrainScore ? named("train", await score(estimator, train.x, train.y), primary) : {};
    if (keep !== undefined) {
      keep(estimator);
      isKept = true;
    }
    return {
      ...(tested as Pick<FoldScore, "testScore">),
      ...trained,
      fitSeconds: (fitted - begun) / 1000,
      scoreSeconds: (scored - fitted) / 1000,
    };
  } finally {
    if (!isKept) disposeOf(estimator);
  }
}

/** `scoreFold` for a worker pool; each epoch is posted as a message. */
export function runFoldTask(task: FoldTask, context: WorkerContext): Promise<Omit<FoldScore, "error">> {
  return scoreFold(task, (progress) => context.post(progress));
}

function named(part: "test" | "train", scores: Scores, primary: string | undefined): Partial<FoldScore> {
  if (typeof scores === "number") return { [`${part}Score`]: scores };
  return { [`${part}Score`]: scores[primary ?? ""] ?? Object.values(scores)[0]!, [`${part}Scores`]: scores };
}
