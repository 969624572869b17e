/**
 * Trains and scores the folds of one candidate after the other, in this thread or in workers, and the final fit.
 */
import { createRng } from "../math/rng.ts";
import { systemClock } from "../storage/clock.ts";
import type { ModuleRef } from "../worker/module-ref.ts";
import type { WorkerFunction, WorkerPool } from "../worker/pool.ts";
import { type Code, ownModule } from "./code.ts";
import type { FoldScore } from "./cv-results.ts";
import type { Dataset } from "./dataset.ts";
import { type EpochProgress, type Estimator, type EstimatorSource, makeEstimator } from "./estimator.ts";
import { type FoldTask, scoreFold } from "./fold-task.ts";
import type { Scoring } from "./scoring.ts";
import type { Fold } from "./splitter/splitter.ts";

export interface FoldRunner<P, E extends Estimator> {
  readonly estimator: Code<EstimatorSource<P, E>>;
  readonly scoring: Scoring | undefined;
  /** Which of several scores decides. */
  readonly primary: string | undefined;
  readonly dataset: Dataset;
  readonly folds: readonly Fold[];
  readonly fitOptions: Readonly<Record<string, unknown>>;
  readonly returnTrainScore: boolean;
  /** The study's seed, from which those of all trainings follow. */
  readonly seed: number | string;
  /** None: everything runs in this thread. */
  readonly pool: WorkerPool | undefined;
  readonly signal: AbortSignal;
}

/** What is told on the way. */
export interface FoldListener {
  epoch(fold: number, progress: EpochProgress): void;
  fold(fold: number, score: FoldScore): void;
  /** The fitted estimator of a fold, which only a fold of this thread can hand over. */
  fitted?(fold: number, estimator: Estimator): void;
}

/**
 * A candidate's score on every fold; a training that throws is a score of NaN with the error's message.
 *
 * @param trial  the candidate's number, part of the seed of its trainings
 * @param raise  whether such an error is thrown instead
 */
export async function runFolds<P, E extends Estimator>(
  runner: FoldRunner<P, E>,
  trial: number,
  params: P,
  raise: boolean,
  listener: FoldListener,
): Promise<FoldScore[]> {
  const one = async (index: number): Promise<FoldScore> => {
    const score = await runFold(runner, trial, params, index, raise, listener);
    listener.fold(index, score);
    return score;
  };
  if (runner.pool !== undefined) return Promise.all(runner.folds.map((_, index) => one(index)));
  const scores: FoldScore[] = [];
  for (const index of runner.folds.keys()) scores.push(await one(index));
  return scores;
}

async function runFold<P, E extends Estimator>(
  runner: FoldRunner<P, E>,
  trial: number,
  params: P,
  index: number,
  raise: boolean,
  listener: FoldListener,
): Promise<FoldScore> {
  const { pool, signal } = runner;
  const onEpoch = (progress: EpochProgress) => listener.epoch(index, progress);
  const task: FoldTask<P> = {
    estimator: runner.estimator,
    scoring: runner.scoring,
    primary: runner.primary,
    params,
    dataset: runner.dataset,
    fold: runner.folds[index]!,
    seed: createRng(runner.seed).fork("fold").fork(trial).fork(index).uint32(),
    fitOptions: runner.fitOptions,
    returnTrainScore: runner.returnTrainScore,
  };
  const begun = systemClock();
  try {
    signal.throwIfAborted();
    if (pool === undefined) {
      const { fitted } = listener;
      const keep = fitted && ((estimator: Estimator) => fitted(index, estimator));
      return await scoreFold({ ...task, fitOptions: { ...task.fitOptions, signal } }, onEpoch, keep);
    }
    return await pool.run(FOLD_TASK, task as FoldTask, {
      signal,
      onMessage: (message) => onEpoch(message as EpochProgress),
    });
  } catch (error) {
    if (raise || signal.aborted) throw error;
    const message = error instanceof Error ? error.message : String(error);
    return { testScore: Number.NaN, fitSeconds: (systemClock() - begun) / 1000, scoreSeconds: 0, error: message };
  }
}

const FOLD_TASK: ModuleRef<WorkerFunction<FoldTask, Omit<FoldScore, "error">>> = ownModule("fold-task", "runFoldTask");

/** An estimator with these params, fitted on all rows in this thread, where its caller wants it. */
export async function fitOnAll<P, E extends Estimator>(
  runner: FoldRunner<P, E>,
  params: P,
): Promise<{ readonly estimator: E; readonly seconds: number }> {
  const { dataset, signal } = runner;
  const estimator = await makeEstimator<P, E>(runner.estimator, params);
  const seed = createRng(runner.seed).fork("refit").uint32();
  const begun = systemClock();
  await estimator.fit(dataset.x, dataset.y, { ...runner.fitOptions, seed, signal });
  return { estimator, seconds: (systemClock() - begun) / 1000 };
}
