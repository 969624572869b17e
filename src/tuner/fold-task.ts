/**
 * One training of a search under cross-validation: an estimator made for a candidate, fitted on a fold's training rows and
 * scored on its test rows. The same code runs in process and, as an exported function, in a worker thread.
 */
import type { Matrix } from "../nn/data.ts";
import { systemClock } from "../study/clock.ts";
import type { WorkerContext } from "../worker/index.ts";
import { type Code, load } from "./code.ts";
import type { FoldScore } from "./cv-results.ts";
import { type Dataset, takeNumbers, takeRows } from "./dataset.ts";
import { type EpochProgress, type Estimator, type EstimatorSource, makeEstimator } from "./estimator.ts";
import { type ScoreFunction, toScorer } from "./scorer.ts";
import type { Fold } from "./splitter/splitter.ts";

export interface FoldTask<P = unknown> {
  readonly estimator: Code<EstimatorSource<P, Estimator>>;
  readonly scoring: string | Code<ScoreFunction> | undefined;
  readonly params: P;
  readonly dataset: Dataset;
  readonly fold: Fold;
  readonly seed: number;
  /** What the caller of the search gave for `fit`. A `sampleWeight` has a number for each row of the whole dataset. */
  readonly fitOptions: Readonly<Record<string, unknown>>;
  readonly returnTrainScore: boolean;
}

export async function scoreFold<P>(
  task: FoldTask<P>,
  onEpoch: (progress: EpochProgress) => void,
): Promise<Omit<FoldScore, "error">> {
  const { fold, fitOptions, seed } = task;
  const score = toScorer(await load(task.scoring as string | ScoreFunction | undefined));
  const train = takeRows(task.dataset, fold.train);
  const test = takeRows(task.dataset, fold.test);
  const { sampleWeight } = fitOptions as { readonly sampleWeight?: ArrayLike<number> };
  const weights = sampleWeight === undefined ? {} : { sampleWeight: takeNumbers(sampleWeight, fold.train) };

  const estimator = await makeEstimator(task.estimator, task.params);
  const begun = systemClock();
  await estimator.fit(train.x, train.y, { ...fitOptions, ...weights, seed, onEpoch });
  const fitted = systemClock();
  const testScore = await scoreOn(score, estimator, test.x, test.y);
  const scored = systemClock();
  return {
    testScore,
    ...(task.returnTrainScore ? { trainScore: await scoreOn(score, estimator, train.x, train.y) } : {}),
    fitSeconds: (fitted - begun) / 1000,
    scoreSeconds: (scored - fitted) / 1000,
  };
}

/** `scoreFold` for a worker pool; each epoch is posted as a message. */
export function runFoldTask(task: FoldTask, context: WorkerContext): Promise<Omit<FoldScore, "error">> {
  return scoreFold(task, (progress) => context.post(progress));
}

async function scoreOn(score: ScoreFunction, estimator: Estimator, x: Matrix, y: Float64Array): Promise<number> {
  return Number(await score(estimator, x, y));
}
