/**
 * The training loop: epochs, validation, logs and callbacks. What an epoch computes is in the engines.
 */
import { show, ValidationError } from "../errors.ts";
import type { Rng } from "../math/rng.ts";
import {
  type Callback,
  type CallbackContext,
  type CallbackModel,
  type History,
  history,
  type Logs,
} from "./callbacks.ts";
import { finiteNumber, wholeNumber } from "./choose.ts";
import { type ClassWeight, type Inputs, readInputs, readTargets, readWeights, type Targets } from "./data.ts";
import type { LossName } from "./losses.ts";
import { type Metric, metricDirection } from "./metrics/metric.ts";
import { pauses } from "./pauses.ts";
import type { DataPart, EpochSteps, LoadedData, Session } from "./session.ts";

/** Data to validate on: `[x, y]`, `[x, y, sampleWeight]`, or the same by name. */
export type ValidationData =
  | readonly [x: Inputs, y: Targets, sampleWeight?: ArrayLike<number>]
  | { readonly x: Inputs; readonly y: Targets; readonly sampleWeight?: ArrayLike<number> | undefined };

export interface FitOptions {
  /** Passes over the data, those before `initialEpoch` included; 1 by default. */
  readonly epochs?: number | undefined;
  /** The epoch to begin with, where a training continues another; 0 by default. Order and dropout follow from it. */
  readonly initialEpoch?: number | undefined;
  /** Rows a step; 32 by default. The last step of an epoch takes what is left. */
  readonly batchSize?: number | undefined;
  readonly validationData?: ValidationData | undefined;
  /** Share of the rows, the last ones as they lie, kept for validation; 0 by default. */
  readonly validationSplit?: number | undefined;
  /** Weight of each class by its label; `balancedClassWeights(y)` makes one. Not applied to validation data. */
  readonly classWeight?: ClassWeight | undefined;
  /** One weight a row. */
  readonly sampleWeight?: ArrayLike<number> | undefined;
  readonly callbacks?: readonly Callback[] | undefined;
  /** Take the rows in a new order each epoch; `true` by default. */
  readonly shuffle?: boolean | undefined;
  /** Seed of the order and of dropout; without one they follow from the model's. */
  readonly seed?: number | string | undefined;
  /** Ends the training after the epoch that runs, by throwing its reason; the weights reached so far stay. */
  readonly signal?: AbortSignal | undefined;
}

/** What the loop needs of the model that is trained. */
export interface Trainee {
  readonly model: CallbackModel;
  readonly inputUnits: number;
  readonly outputUnits: number;
  readonly loss: LossName;
  readonly metrics: readonly Metric[];
  /** The stream of this training; a fork an epoch. */
  readonly rng: Rng;
  open(batchSize: number): Session;
}

/** @throws ValidationError for options and data that break a rule, before anything is trained */
export async function train(trainee: Trainee, x: Inputs, y: Targets, options: FitOptions): Promise<History> {
  const epochs = wholeNumber("`epochs`", options.epochs ?? 1, 1);
  const initialEpoch = wholeNumber("`initialEpoch`", options.initialEpoch ?? 0, 0);
  const batchSize = wholeNumber("`batchSize`", options.batchSize ?? 32, 1);
  const shuffle = options.shuffle ?? true;
  const parts = partition(trainee, x, y, options);
  options.signal?.throwIfAborted();

  const session = trainee.open(Math.min(batchSize, parts.training.last - parts.training.first));
  try {
    const training = session.load(parts.training);
    const validation = parts.validation && session.load(parts.validation);
    const kept = history();
    const callbacks = [...(options.callbacks ?? []), kept];
    let isStopped = false;
    let logs: Logs = {};
    const context: CallbackContext = {
      model: trainee.model,
      epochs,
      stop: () => {
        isStopped = true;
      },
      directionOf: (name) =>
        trainee.metrics.find(({ key }) => key === name.replace(/^val_/, ""))?.direction ?? metricDirection(name),
    };
    for (const callback of callbacks) await callback.onTrainBegin?.(context);
    const pause = pauses();
    try {
      for (let epoch = initialEpoch; epoch < epochs && !isStopped; epoch++) {
        for (const callback of callbacks) {
          const begun = callback.onEpochBegin?.(epoch, context);
          if (begun !== undefined) await begun;
        }
        const steps = session.beginEpoch(training, batchSize, shuffle, trainee.rng.fork(epoch));
        const loss = (await trainEpoch(steps, callbacks, context)) / training.rows;
        logs = { loss, ...measured(trainee.metrics, training) };
        if (validation !== undefined) {
          logs.val_loss = session.infer(validation);
          for (const [key, value] of Object.entries(measured(trainee.metrics, validation))) logs[`val_${key}`] = value;
        }
        for (const callback of callbacks) {
          const ended = callback.onEpochEnd?.(epoch, logs, context);
          if (ended !== undefined) await ended;
        }
        await pause.next();
        options.signal?.throwIfAborted();
      }
    } finally {
      pause.end();
    }
    for (const callback of callbacks) await callback.onTrainEnd?.(logs, context);
    return { epoch: kept.epoch, history: kept.history };
  } finally {
    session.close();
  }
}

/**
 * Trains an epoch. Without a callback for batches it is one call of the engine; with one it is a call a batch, of the same bits.
 *
 * @returns Σ over its batches of (rows × loss)
 */
async function trainEpoch(
  steps: EpochSteps,
  callbacks: readonly Callback[],
  context: CallbackContext,
): Promise<number> {
  const told = callbacks.filter(
    ({ onBatchBegin, onBatchEnd }) => onBatchBegin !== undefined || onBatchEnd !== undefined,
  );
  if (told.length === 0) return steps.train(0, steps.batches);
  let total = 0;
  for (let batch = 0; batch < steps.batches; batch++) {
    const size = steps.rowsOf(batch);
    for (const callback of told) {
      const begun = callback.onBatchBegin?.(batch, { batch, size }, context);
      if (begun !== undefined) await begun;
    }
    const sum = steps.train(batch, batch + 1);
    total += sum;
    for (const callback of told) {
      const ended = callback.onBatchEnd?.(batch, { batch, size, loss: sum / size }, context);
      if (ended !== undefined) await ended;
    }
  }
  return total;
}

/** The metrics of the data's last predictions, by key. */
export function measured(metrics: readonly Metric[], data: LoadedData): Logs {
  if (metrics.length === 0) return {};
  const predictions = data.predictions();
  return Object.fromEntries(metrics.map(({ key, evaluate }) => [key, evaluate(data.targets, predictions)]));
}

function partition(
  trainee: Trainee,
  x: Inputs,
  y: Targets,
  options: FitOptions,
): { training: DataPart; validation?: DataPart } {
  const { loss, inputUnits, outputUnits } = trainee;
  const table = readInputs(x, inputUnits);
  const targets = readTargets(y, loss, table.rows, outputUnits);
  const weights = readWeights(targets, outputUnits, options.sampleWeight, options.classWeight);
  const split = finiteNumber(
    "`validationSplit`",
    options.validationSplit ?? 0,
    "at least 0 and below 1",
    (share) => share >= 0 && share < 1,
  );
  if (split > 0 && options.validationData !== undefined) {
    throw new ValidationError("Give `validationData` or `validationSplit`, not both.");
  }
  const last = split > 0 ? Math.floor(table.rows * (1 - split)) : table.rows;
  if (last === 0 || (split > 0 && last === table.rows)) {
    throw new ValidationError(
      `\`validationSplit\` must leave rows on both sides, but ${split} of ${table.rows} rows leaves ${last} to train on.`,
    );
  }
  const training = {
    table,
    first: 0,
    last,
    targets: targets.subarray(0, last * outputUnits),
    weights: weights.subarray(0, last),
  };
  if (split > 0) {
    const own = readWeights(targets, outputUnits, options.sampleWeight, undefined);
    const rest = { targets: targets.subarray(last * outputUnits), weights: own.subarray(last) };
    return { training, validation: { table, first: last, last: table.rows, ...rest } };
  }
  if (options.validationData === undefined) return { training };
  return { training, validation: evaluationPart(trainee, ...validationParts(options.validationData)) };
}

/** Rows with targets and weights to evaluate on. */
export function evaluationPart(
  { loss, inputUnits, outputUnits }: Pick<Trainee, "loss" | "inputUnits" | "outputUnits">,
  x: Inputs,
  y: Targets,
  sampleWeight?: ArrayLike<number>,
): DataPart {
  const table = readInputs(x, inputUnits);
  const targets = readTargets(y, loss, table.rows, outputUnits);
  return {
    table,
    first: 0,
    last: table.rows,
    targets,
    weights: readWeights(targets, outputUnits, sampleWeight, undefined),
  };
}

function validationParts(data: ValidationData): [Inputs, Targets, ArrayLike<number>?] {
  if (Array.isArray(data) && (data.length === 2 || data.length === 3)) return data as unknown as [Inputs, Targets];
  if (typeof data === "object" && data !== null && "x" in data && "y" in data) {
    return data.sampleWeight === undefined ? [data.x, data.y] : [data.x, data.y, data.sampleWeight];
  }
  throw new ValidationError(
    `\`validationData\` must be [x, y], [x, y, sampleWeight] or { x, y }, but got ${show(data)}.`,
  );
}
