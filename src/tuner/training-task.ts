/**
 * One training of a tuner's trial: the model is built, trained by the hypermodel, and the weights of its best epoch by the
 * objective are kept. The same code runs in process and, as an exported function, in a worker thread.
 */
import type { Callback, Logs } from "../nn/callbacks.ts";
import { spaceFromJson } from "../space/json.ts";
import type { FlatParams, ParameterJson } from "../space/parameter.ts";
import type { SpaceJson } from "../space/space.ts";
import type { Json } from "../trial/trial.ts";
import type { WorkerContext } from "../worker/pool.ts";
import { type CallbackSource, freshCallbacks } from "./callbacks.ts";
import { type Code, load } from "./code.ts";
import { type CompileOverrides, compiledWith } from "./compile-overrides.ts";
import { disposeOf } from "./disposable.ts";
import type { EpochProgress } from "./estimator.ts";
import { FailedTrialError } from "./failed-trial.ts";
import { type HyperModelLike, toHyperModel } from "./hyper-model.ts";
import { HyperParameters, initialValue, type NewEntries } from "./hyper-parameters.ts";
import { kerasTopology } from "./keras-topology.ts";
import { type Objective, type ObjectiveJson, objectiveFromJson } from "./objective.ts";
import { type FitResult, plainResult, scoreTraining, TrainingMisused } from "./training-result.ts";

export interface TrainingTask<M = unknown> {
  readonly hypermodel: Code<HyperModelLike<M>>;
  readonly callbacks: Code<readonly CallbackSource[] | (() => readonly CallbackSource[])>;
  readonly objective: ObjectiveJson;
  readonly compile: CompileOverrides;
  /** The parameters known so far, and the trial's values by full name. */
  readonly space: SpaceJson;
  readonly values: FlatParams;
  readonly overrides: readonly string[];
  readonly newEntries: NewEntries;
  readonly seed: number;
  /** The weights to go on from, where the trial continues another. */
  readonly initialWeights: readonly Float32Array[] | null;
  readonly maxModelSize: number;
  /** Whether anybody is told of batches: a call a batch costs more than a small network's batch. */
  readonly tellsBatches: boolean;
  /** x, y and the other arguments of `search`. */
  readonly data: { readonly x: unknown; readonly y: unknown; readonly [option: string]: unknown };
}

export interface TrainingOutcome {
  /** What `fit` returned, its numbers alone. */
  readonly result: FitResult;
  /** After the best epoch; null for a model that does not say its weights. */
  readonly weights: readonly Float32Array[] | null;
  /** The model without its weights, as Keras reads it; null for one that cannot be written so. */
  readonly topology: Json;
  /** The parameters that the hypermodel asked for, by full name, each with its default said. */
  readonly asked: readonly AskedParameter[];
}

export interface AskedParameter {
  readonly name: string;
  readonly parameter: ParameterJson;
}

/** What is wrong with the hypermodel itself; an error's class would be lost on the way out of a thread. */
export interface Misuse {
  readonly misuse: string;
}

/** The hypermodel said that this trial cannot succeed, or its model is larger than allowed. */
export interface Refused {
  readonly refused: string;
}

export type TrainingEnd = TrainingOutcome | Misuse | Refused;

/** Is told how a training goes on; what returns a promise is awaited. */
export interface TrainingListener<M> {
  epochBegin?(epoch: number, model: M): void | Promise<void>;
  epochEnd?(progress: EpochProgress, model: M): void | Promise<void>;
  /** Only where the task says so. */
  batchBegin?(batch: number, logs: Logs, model: M): void | Promise<void>;
  batchEnd?(batch: number, logs: Logs, model: M): void | Promise<void>;
}

export async function trainOnce<M>(task: TrainingTask<M>, listener: TrainingListener<M>): Promise<TrainingEnd> {
  const objective = objectiveFromJson(task.objective);
  const hypermodel = compiledWith(toHyperModel(await load(task.hypermodel)), task.compile);
  const { values, seed, overrides, newEntries } = task;
  const { dimensions } = spaceFromJson(task.space);
  const hp = new HyperParameters({ dimensions, values, seed, overrides, newEntries });
  const given = await load(task.callbacks);
  let model: M | undefined;
  try {
    const own = freshCallbacks(typeof given === "function" ? given() : given);
    model = await hypermodel.build(hp);
    checkSize(model, task.maxModelSize);
    if (task.initialWeights !== null && isWeighted(model)) model.setWeights(task.initialWeights);
    const best = keepBestEpoch(objective, listener, model, task.tellsBatches);
    const returned = await hypermodel.fit(hp, model, { ...task.data, callbacks: [...own, best], seed });
    scoreTraining(returned, objective);
    return {
      result: plainResult(returned),
      weights: best.weights() ?? weightsOf(model),
      topology: kerasTopology(model),
      asked: askedBy(hp),
    };
  } catch (error) {
    if (error instanceof TrainingMisused) return { misuse: error.message };
    if (error instanceof FailedTrialError) return { refused: error.message };
    throw error;
  } finally {
    disposeOf(model);
  }
}

/** What a hypermodel asked for, each parameter with its default said. */
export function askedBy(hp: HyperParameters): readonly AskedParameter[] {
  return hp.asked.map(({ name, parameter }) => ({
    name,
    parameter: { ...parameter.toJSON(), default: initialValue(parameter) },
  }));
}

/** A message of a training in a worker. */
export type TrainingMessage =
  | { readonly begun: number }
  | { readonly ended: EpochProgress }
  | { readonly batchBegun: number; readonly logs: Logs }
  | { readonly batchEnded: number; readonly logs: Logs };

/** `trainOnce` for a worker pool; what the listener is told is posted as messages. */
export function runTrainingTask(task: TrainingTask, context: WorkerContext): Promise<TrainingEnd> {
  const post = (message: TrainingMessage) => context.post(message);
  return trainOnce(task, {
    epochBegin: (epoch) => post({ begun: epoch }),
    epochEnd: (progress) => post({ ended: progress }),
    batchBegin: (batch, logs) => post({ batchBegun: batch, logs: { ...logs } }),
    batchEnd: (batch, logs) => post({ batchEnded: batch, logs: { ...logs } }),
  });
}

/** A model whose weights can be read and set. */
export interface Weighted {
  getWeights(): readonly Float32Array[];
  setWeights(weights: readonly Float32Array[]): void;
}

export function isWeighted(model: unknown): model is Weighted {
  const candidate = model as Partial<Weighted> | null | undefined;
  return typeof candidate?.getWeights === "function" && typeof candidate.setWeights === "function";
}

export function weightsOf(model: unknown): readonly Float32Array[] | null {
  return isWeighted(model) ? model.getWeights() : null;
}

/** @throws FailedTrialError */
function checkSize(model: unknown, most: number): void {
  if (!Number.isFinite(most)) return;
  const size = sizeOf(model);
  if (size === null || size <= most) return;
  throw new FailedTrialError(
    `A model may have at most \`maxModelSize\` = ${most} parameters, but this trial's has ${size}. Narrow the ranges that make it large, or allow more.`,
  );
}

/** Numbers in the model's weights; null for a model that does not say. */
function sizeOf(model: unknown): number | null {
  const { countParams } = model as { readonly countParams?: unknown };
  if (typeof countParams === "function") return Number(countParams.call(model));
  return weightsOf(model)?.reduce((sum, { length }) => sum + length, 0) ?? null;
}

/**
 * Comes last among the callbacks, so that it sees what the others add to the logs. Where epochs do not log what the objective
 * is made of, since `fit` computes it at the end, the last epoch counts.
 */
function keepBestEpoch<M>(
  objective: Objective,
  listener: TrainingListener<M>,
  model: M,
  tellsBatches: boolean,
): Callback & { weights(): readonly Float32Array[] | null } {
  let best = Number.NaN;
  let weights: readonly Float32Array[] | null = null;
  return {
    weights: () => weights,
    onTrainBegin: () => {
      best = Number.NaN;
      weights = null;
    },
    onEpochBegin: (epoch) => listener.epochBegin?.(epoch, model),
    onEpochEnd: (epoch, logs: Logs, { model: trained, epochs }) => {
      const value = objective.valueIn(logs);
      if (weights === null || value === undefined || objective.isBetter(value, best)) {
        best = value ?? Number.NaN;
        weights = trained.getWeights();
      }
      return listener.epochEnd?.({ epoch, epochs, logs: { ...logs } }, model);
    },
    ...(tellsBatches
      ? {
          onBatchBegin: (batch, logs = {}) => listener.batchBegin?.(batch, logs, model),
          onBatchEnd: (batch, logs = {}) => listener.batchEnd?.(batch, logs, model),
        }
      : {}),
  };
}
