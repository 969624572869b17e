import { show, ValidationError } from "../errors.ts";
import type { Callback, CallbackContext, Logs } from "./callbacks.ts";
import { choose, finiteNumber, wholeNumber } from "./choose.ts";

export interface EarlyStoppingOptions {
  /** The name in the logs to watch; `"val_loss"` by default. */
  readonly monitor?: string | undefined;
  /** Epochs without an improvement after which the training stops; 0 by default. */
  readonly patience?: number | undefined;
  /** An improvement must be larger than this; 0 by default. */
  readonly minDelta?: number | undefined;
  /** Which way is better; `"auto"`, the default, knows it for losses and the model's metrics. */
  readonly mode?: "auto" | "min" | "max" | undefined;
  /** At the end give the model the weights of the best epoch, also when it was not stopped early; `false` by default. */
  readonly restoreBestWeights?: boolean | undefined;
  /** Epochs before this one are not looked at; 0 by default. */
  readonly startFromEpoch?: number | undefined;
  /** While this value is not beaten, improvements do not reset the patience. */
  readonly baseline?: number | undefined;
}

/** What it found out in the last training; `best` is NaN and the epochs −1 before. */
export interface EarlyStopping extends Callback {
  readonly options: EarlyStoppingOptions;
  readonly best: number;
  readonly bestEpoch: number;
  /** The epoch after which it stopped the training, −1 when it did not. */
  readonly stoppedEpoch: number;
  /** A new one with the same options: two trainings at a time cannot share one. */
  copy(): EarlyStopping;
}

/**
 * Stops a training when a number in the logs no longer improves, with the semantics of Keras 3, but for two points: a name
 * that is not in the logs is an error instead of a warning, and NaN is never an improvement.
 *
 * @example earlyStopping({ monitor: "val_loss", patience: 10, restoreBestWeights: true })
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): EarlyStopping {
  const { monitor = "val_loss", patience = 0, minDelta = 0, mode = "auto", restoreBestWeights = false } = options;
  const { startFromEpoch = 0, baseline } = options;
  wholeNumber("`patience` of earlyStopping", patience, 0);
  wholeNumber("`startFromEpoch` of earlyStopping", startFromEpoch, 0);
  finiteNumber("`minDelta` of earlyStopping", minDelta);
  if (baseline !== undefined) finiteNumber("`baseline` of earlyStopping", baseline);
  choose("`mode` of earlyStopping", mode, ["auto", "min", "max"]);

  let best = Number.NaN;
  let bestEpoch = -1;
  let bestWeights: Float32Array[] | undefined;
  let stoppedEpoch = -1;
  let waited = 0;

  /** Whether `value` is better than `other` by more than `minDelta`; anything is better than no number. */
  const improves = (value: number, other: number, sign: number): boolean =>
    !Number.isNaN(value) && (Number.isNaN(other) || sign * value + Math.abs(minDelta) < sign * other);

  return {
    options,
    get best() {
      return best;
    },
    get bestEpoch() {
      return bestEpoch;
    },
    get stoppedEpoch() {
      return stoppedEpoch;
    },
    copy: () => earlyStopping(options),

    onTrainBegin: () => {
      best = Number.NaN;
      bestEpoch = -1;
      bestWeights = undefined;
      stoppedEpoch = -1;
      waited = 0;
    },

    onEpochEnd: (epoch, logs, context) => {
      const sign = signOf(mode, monitor, context);
      const current = monitored(logs, monitor);
      if (epoch < startFromEpoch) return;
      // Without any improvement the first epoch that was looked at is the one to go back to.
      if (restoreBestWeights && bestWeights === undefined) {
        bestWeights = context.model.getWeights();
        bestEpoch = epoch;
      }
      waited += 1;
      if (improves(current, best, sign)) {
        best = current;
        bestEpoch = epoch;
        if (restoreBestWeights) bestWeights = context.model.getWeights();
        if (baseline === undefined || improves(current, baseline, sign)) waited = 0;
        return;
      }
      if (waited >= patience && epoch > 0) {
        stoppedEpoch = epoch;
        context.stop();
      }
    },

    onTrainEnd: (_logs, context) => {
      if (bestWeights !== undefined) context.model.setWeights(bestWeights);
      bestWeights = undefined;
    },
  };
}

function monitored(logs: Logs, monitor: string): number {
  const value = logs[monitor];
  if (value !== undefined) return value;
  const hint = monitor.startsWith("val_") && !("val_loss" in logs) ? " Give `fit` validation data." : "";
  throw new ValidationError(
    `\`monitor\` of earlyStopping must be a name in the logs (${Object.keys(logs).join(", ")}), but got ${show(monitor)}.${hint}`,
  );
}

/** 1 when less is better, −1 when more is. */
function signOf(mode: "auto" | "min" | "max", monitor: string, context: CallbackContext): number {
  const direction = mode === "auto" ? context.directionOf(monitor) : mode;
  if (direction !== undefined) return direction === "min" ? 1 : -1;
  throw new ValidationError(
    `earlyStopping cannot know which way ${show(monitor)} is better; give \`mode: "min"\` or \`mode: "max"\`.`,
  );
}
