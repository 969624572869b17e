/**
 * Code that runs during a training: plain objects with any of six functions. A function may return a promise, which is
 * awaited; one that does not costs nothing.
 */
import type { Inputs, Targets } from "./data.ts";

/** The numbers of one epoch by name: `loss`, the metrics, and `val_…` of each where there is validation data. */
export type Logs = Record<string, number>;

/** What a callback may do with the model in training. */
export interface CallbackModel {
  readonly name: string;
  getWeights(): Float32Array[];
  setWeights(weights: readonly ArrayLike<number>[]): void;
  predict(x: Inputs): Float32Array;
  evaluate(x: Inputs, y: Targets): Logs;
}

/** The training that a callback is called from. */
export interface CallbackContext {
  readonly model: CallbackModel;
  /** Number of epochs that the training will run unless it is stopped. */
  readonly epochs: number;
  /** Lets the epoch that runs be the last. */
  stop(): void;
  /** Which way a name in the logs is better; `undefined` for a name that is neither a loss nor a metric of the model. */
  directionOf(name: string): "min" | "max" | undefined;
}

export interface Callback {
  onTrainBegin?(context: CallbackContext): void | Promise<void>;
  onEpochBegin?(epoch: number, context: CallbackContext): void | Promise<void>;
  /** Before a step of the optimiser. `batch` counts from 0 in each epoch; `logs` has `batch` and `size`, its rows. */
  onBatchBegin?(batch: number, logs: Logs, context: CallbackContext): void | Promise<void>;
  /** After the step; `logs` has the batch's `loss` besides, of the weights before the step. */
  onBatchEnd?(batch: number, logs: Logs, context: CallbackContext): void | Promise<void>;
  /** `epoch` counts from 0. What is added to `logs` is seen by the callbacks after this one and by the history. */
  onEpochEnd?(epoch: number, logs: Logs, context: CallbackContext): void | Promise<void>;
  /** `logs` are the last epoch's. */
  onTrainEnd?(logs: Logs, context: CallbackContext): void | Promise<void>;
}

/** Every epoch's logs by name: what `fit` gives. */
export interface History {
  readonly epoch: readonly number[];
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/**
 * A history that can be watched while the training runs; `fit` gives the same at its end. It begins anew with each
 * training.
 */
export function history(): History & Callback {
  const epochs: number[] = [];
  const byName: Record<string, number[]> = {};
  return {
    epoch: epochs,
    history: byName,
    onTrainBegin: () => {
      epochs.length = 0;
      for (const name of Object.keys(byName)) delete byName[name];
    },
    onEpochEnd: (epoch, logs) => {
      epochs.push(epoch);
      for (const [name, value] of Object.entries(logs)) {
        byName[name] ??= [];
        byName[name].push(value);
      }
    },
  };
}
