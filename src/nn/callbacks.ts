/**
 * Code that runs during a training: plain objects with any of four functions. A function may return a promise, which is
 * awaited; one that does not costs nothing.
 */

/** The numbers of one epoch by name: `loss`, the metrics, and `val_…` of each where there is validation data. */
export type Logs = Record<string, number>;

/** What a callback may do with the model in training. */
export interface CallbackModel {
  readonly name: string;
  getWeights(): Float32Array[];
  setWeights(weights: readonly ArrayLike<number>[]): void;
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
  /** `epoch` counts from 0. What is added to `logs` is seen by the callbacks after this one and by the history. */
  onEpochEnd?(epoch: number, logs: Logs, context: CallbackContext): void | Promise<void>;
  /** `logs` are the last epoch's. */
  onTrainEnd?(logs: Logs, context: CallbackContext): void | Promise<void>;
}

/** Every epoch's logs, by name. `fit` gives one; as a callback of one's own it can be watched while the training runs. */
export interface History extends Callback {
  readonly epoch: readonly number[];
  readonly history: Readonly<Record<string, readonly number[]>>;
}

/** A callback that keeps the logs of every epoch. It begins anew with each training. */
export function history(): History {
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
