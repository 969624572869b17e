/**
 * What a tuner tells those who extend it, as methods to be overridden, and how a training's listener or a worker's messages
 * become calls of them.
 */
import type { Logs } from "../nn/callbacks.ts";
import type { EpochProgress } from "./estimator.ts";
import type { TrainingListener, TrainingMessage } from "./training-task.ts";
import type { TrialEnd, TunerTrial } from "./tuner-plan.ts";

/** Hooks do nothing here, and a promise they return is awaited. */
export class TunerHooks<M> {
  /** Before the first trial of a search. */
  onSearchBegin(): void | Promise<void> {}

  /** After the last trial of a search that was not ended by an error. */
  onSearchEnd(): void | Promise<void> {}

  /** Before a trial is run; not before each of its retries. */
  onTrialBegin(_trial: TunerTrial): void | Promise<void> {}

  /** After a trial, its retries included, and before its end is stored; not for one that is given back. */
  onTrialEnd(_trial: TunerTrial, _end: TrialEnd): void | Promise<void> {}

  /** @param _model undefined where it is in a worker */
  onEpochBegin(_trial: TunerTrial, _model: M | undefined, _epoch: number): void | Promise<void> {}

  /** @param _model undefined where it is in a worker */
  onEpochEnd(_trial: TunerTrial, _model: M | undefined, _epoch: number, _logs: Logs): void | Promise<void> {}

  /**
   * Before a step of the optimiser, of models whose trainer calls `onBatchBegin` of its callbacks, as `nn` and TensorFlow.js do.
   * Batches are told only where this or `onBatchEnd` is overridden, for a call a batch takes longer than a small network's batch.
   *
   * @param _model undefined where it is in a worker
   */
  onBatchBegin(_trial: TunerTrial, _model: M | undefined, _batch: number, _logs: Logs): void | Promise<void> {}

  /** See `onBatchBegin`. */
  onBatchEnd(_trial: TunerTrial, _model: M | undefined, _batch: number, _logs: Logs): void | Promise<void> {}
}

/** Whether a tuner overrides a hook for batches. */
export function tellsBatches<M>({ onBatchBegin, onBatchEnd }: TunerHooks<M>): boolean {
  const { prototype } = TunerHooks;
  return onBatchBegin !== prototype.onBatchBegin || onBatchEnd !== prototype.onBatchEnd;
}

/** For a training in this thread. @param told of each epoch, before the hook is */
export function hooksListener<M>(
  hooks: TunerHooks<M>,
  trial: TunerTrial,
  told: (progress: EpochProgress) => void,
): TrainingListener<M> {
  return {
    epochBegin: (epoch, model) => hooks.onEpochBegin(trial, model, epoch),
    epochEnd: (progress, model) => {
      told(progress);
      return hooks.onEpochEnd(trial, model, progress.epoch, progress.logs);
    },
    batchBegin: (batch, logs, model) => hooks.onBatchBegin(trial, model, batch, logs),
    batchEnd: (batch, logs, model) => hooks.onBatchEnd(trial, model, batch, logs),
  };
}

/** For a training in a worker: calls the hook that a message is for. */
export async function hookOfMessage<M>(
  hooks: TunerHooks<M>,
  trial: TunerTrial,
  message: TrainingMessage,
): Promise<void> {
  if ("begun" in message) return hooks.onEpochBegin(trial, undefined, message.begun);
  if ("ended" in message) return hooks.onEpochEnd(trial, undefined, message.ended.epoch, message.ended.logs);
  if ("batchBegun" in message) return hooks.onBatchBegin(trial, undefined, message.batchBegun, message.logs);
  return hooks.onBatchEnd(trial, undefined, message.batchEnded, message.logs);
}
