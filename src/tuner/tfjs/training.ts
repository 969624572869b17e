/**
 * The training loop for Layers models, in place of TensorFlow.js's own: the same steps, computed by its losses and
 * optimisers, with what it lacks. Metrics come from whole predictions and stand in the logs before callbacks read them;
 * rows may be weighted; and with a seed the order of rows, dropout and noise are the same again. The order of rows is that
 * of `nn` under the same seed.
 */
import type { Rng } from "../../math/rng.ts";
import {
  type Callback,
  type CallbackContext,
  type CallbackModel,
  type History,
  history,
  type Logs,
} from "../../nn/callbacks.ts";
import { wholeNumber } from "../../nn/choose.ts";
import { metricDirection } from "../../nn/metrics/metric.ts";
import { pauses } from "../../nn/pauses.ts";
import type { FitOptions } from "../../nn/training.ts";
import { type BackendFallback, backendFallback } from "./backend.ts";
import { type Evaluation, evaluateRows, forward, lossOf, type Values } from "./evaluation.ts";
import type { Api, Network, Tensor } from "./framework.ts";
import { type KeyedDraws, keyedDraws } from "./keyed-draws.ts";
import { measure, type OutputMetric } from "./metrics.ts";
import { loadParts, type Part, type TfjsValidationData, targetsOf } from "./parts.ts";
import type { WeightsLike } from "./rows.ts";

/** A callback in the manner of TensorFlow.js: an object of functions, or one of its own such as `tf.callbacks.earlyStopping()`. */
export interface TfjsCallback {
  setParams?(params: never): void;
  setModel?(model: never): void;
  onTrainBegin?(logs: never): unknown;
  onTrainEnd?(logs: never): unknown;
  onEpochBegin?(epoch: number, logs: never): unknown;
  onEpochEnd?(epoch: number, logs: never): unknown;
  onBatchBegin?(batch: number, logs: never): unknown;
  onBatchEnd?(batch: number, logs: never): unknown;
}

/** The options of `nn`'s `fit`, with data of every shape and the callbacks of either library. */
export interface TfjsFitOptions extends Omit<FitOptions, "validationData" | "callbacks" | "sampleWeight"> {
  readonly sampleWeight?: WeightsLike | undefined;
  readonly validationData?: TfjsValidationData | undefined;
  readonly callbacks?: readonly (Callback | TfjsCallback)[] | Callback | TfjsCallback | undefined;
}

/** What the loop needs of the model that is trained. */
export interface Trainee {
  readonly tf: Api;
  readonly network: Network;
  readonly metrics: readonly OutputMetric[];
  /** What callbacks see. */
  readonly model: CallbackModel;
  /** The stream of this training; a fork an epoch. */
  readonly rng: Rng;
  readonly warn: (message: string) => void;
}

/** @throws ValidationError for options and data that break a rule, before anything is trained */
export async function train(trainee: Trainee, x: unknown, y: unknown, options: TfjsFitOptions): Promise<History> {
  const { tf, network, metrics } = trainee;
  const epochs = wholeNumber("`epochs`", options.epochs ?? 1, 1);
  const initialEpoch = wholeNumber("`initialEpoch`", options.initialEpoch ?? 0, 0);
  const batchSize = wholeNumber("`batchSize`", options.batchSize ?? 32, 1);
  options.signal?.throwIfAborted();
  const parts = loadParts(tf, network, x, y, options);
  const kept = history();
  const callbacks = [options.callbacks ?? [], kept].flat() as EveryCallback[];
  const course: Course = {
    batchSize,
    shuffle: options.shuffle ?? true,
    signal: options.signal,
    callbacks,
    fallback: backendFallback(tf, trainee.warn),
    draws: keyedDraws(network),
    pause: pauses(),
  };
  const context: CallbackContext = {
    model: trainee.model,
    epochs,
    stop: () => {
      network.stopTraining = true;
    },
    directionOf: (name) =>
      metrics.find(({ key }) => key === name.replace(/^val_/, ""))?.direction ?? metricDirection(name),
  };
  try {
    network.stopTraining = false;
    for (const callback of callbacks) {
      callback.setParams?.({ epochs, samples: parts.training.count, batchSize });
      callback.setModel?.(network);
      await callback.onTrainBegin?.(context);
    }
    let logs: Logs = {};
    for (let epoch = initialEpoch; epoch < epochs && !network.stopTraining; epoch++) {
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, context);
      const { loss, predictions } = await trainEpoch(trainee, parts.training, course, context, trainee.rng.fork(epoch));
      logs = { loss, ...measure(metrics, targetsOf(parts.training), predictions) };
      if (parts.validation !== undefined) Object.assign(logs, validate(trainee, parts.validation));
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, context);
    }
    for (const callback of callbacks) await callback.onTrainEnd?.(logs, context);
    return { epoch: kept.epoch, history: kept.history };
  } finally {
    course.draws.end();
    course.pause.end();
    parts.dispose();
    await course.fallback.end();
  }
}

/** What stays the same from epoch to epoch. */
interface Course {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly signal: AbortSignal | undefined;
  readonly callbacks: readonly EveryCallback[];
  readonly fallback: BackendFallback;
  readonly draws: KeyedDraws;
  readonly pause: ReturnType<typeof pauses>;
}

/** One pass over the rows. The loss is the mean over them, and the predictions those of each row's own step. */
async function trainEpoch(
  trainee: Trainee,
  part: Part,
  course: Course,
  context: CallbackContext,
  rng: Rng,
): Promise<Evaluation> {
  const { batchSize, callbacks, signal } = course;
  const order = rng.fork("shuffle").permutation(part.count);
  if (!course.shuffle) order.sort();
  const predictions = trainee.metrics.length === 0 ? undefined : collector(part.count);
  // What a forward pass changes by itself, such as the means of a batch normalisation, is put back for a second attempt.
  let before = trainee.tf.getBackend() === "cpu" ? undefined : trainee.model.getWeights();
  let loss = 0;
  for (let begin = 0, batch = 0; begin < part.count; begin += batchSize, batch++) {
    const rows = order.subarray(begin, begin + batchSize);
    for (const callback of callbacks) await callback.onBatchBegin?.(batch, { batch, size: rows.length }, context);
    const batchLoss = await course.fallback.run(
      () => course.draws.with(rng.fork("dropout").fork(batch), () => step(trainee, part, rows, predictions)),
      () => before && trainee.model.setWeights(before),
    );
    before = undefined;
    loss += (batchLoss * rows.length) / part.count;
    const logs = { batch, size: rows.length, loss: batchLoss };
    for (const callback of callbacks) await callback.onBatchEnd?.(batch, logs, context);
    await course.pause.next();
    signal?.throwIfAborted();
  }
  return { loss, predictions: predictions?.values() ?? [] };
}

function validate({ tf, network, metrics }: Trainee, part: Part): Logs {
  const { loss, predictions } = evaluateRows(tf, network, part.rows, part.first, part.first + part.count);
  const logs = { loss, ...measure(metrics, targetsOf(part), predictions) };
  return Object.fromEntries(Object.entries(logs).map(([key, value]) => [`val_${key}`, value]));
}

/** Both kinds of callbacks as they are called here. */
interface EveryCallback {
  setParams?(params: object): void;
  setModel?(model: Network): void;
  onTrainBegin?(context: CallbackContext): unknown;
  onTrainEnd?(logs: Logs, context: CallbackContext): unknown;
  onEpochBegin?(epoch: number, context: CallbackContext): unknown;
  onEpochEnd?(epoch: number, logs: Logs, context: CallbackContext): unknown;
  onBatchBegin?(batch: number, logs: Logs, context: CallbackContext): unknown;
  onBatchEnd?(batch: number, logs: Logs, context: CallbackContext): unknown;
}

/** One step of the optimiser. @returns the batch's loss, penalties included */
function step({ tf, network }: Trainee, part: Part, rows: Uint32Array, predictions: Collector | undefined): number {
  return tf.tidy(() => {
    const picked = tf.tensor(Int32Array.from(rows), [rows.length], "int32");
    const inputs = part.rows.inputs.map((tensor) => tf.gather(tensor, picked));
    const targets = part.rows.targets.map(({ tensor }) => tf.gather(tensor, picked));
    const { weights } = part.rows;
    const rowWeights = weights && tf.tensor(Float32Array.from(rows, (row) => weights[row]!));
    const loss = network.optimizer!.minimize(
      () => {
        const outputs = forward(network, inputs, true);
        predictions?.keep(rows, outputs);
        return lossOf(tf, network, outputs, targets, rowWeights);
      },
      true,
      network.trainableWeights.map((weight) => weight.read()),
    );
    return loss.dataSync()[0]!;
  });
}

/** Gathers the outputs of an epoch's steps, each row at its place. */
interface Collector {
  keep(rows: Uint32Array, outputs: readonly Tensor[]): void;
  values(): readonly Values[];
}

function collector(count: number): Collector {
  const kept: Values[] = [];
  return {
    keep: (rows, outputs) => {
      for (const [index, output] of outputs.entries()) {
        const [, ...shape] = output.shape;
        const width = output.size / rows.length;
        kept[index] ??= { shape: [count, ...shape], values: new Float32Array(count * width) };
        const values = output.dataSync();
        for (const [place, row] of rows.entries()) {
          kept[index].values.set(values.subarray(place * width, (place + 1) * width), row * width);
        }
      }
    },
    values: () => kept,
  };
}
