/**
 * One training of a tuner's trial: the model is built, trained by the hypermodel, and scored at the best of its epochs,
 * whose weights are kept. The same code runs in process and, as an exported function, in a worker thread.
 */
import type { Callback, Logs } from "../nn/callbacks.ts";
import { spaceFromJson } from "../space/json.ts";
import type { FlatParams, ParameterJson } from "../space/parameter.ts";
import type { SpaceJson } from "../space/space.ts";
import type { WorkerContext } from "../worker/pool.ts";
import { type CallbackSource, freshCallbacks } from "./callbacks.ts";
import { type Code, load } from "./code.ts";
import type { EpochProgress } from "./estimator.ts";
import { type HyperModelLike, toHyperModel } from "./hyper-model.ts";
import { HyperParameters, initialValue } from "./hyper-parameters.ts";
import {
  type EpochLogs,
  type ExecutionResult,
  type FitResult,
  logged,
  Objective,
  scoreTraining,
  TrainingMisused,
} from "./objective.ts";

export interface TrainingTask<M = unknown> {
  readonly hypermodel: Code<HyperModelLike<M>>;
  readonly callbacks: Code<readonly CallbackSource[] | (() => readonly CallbackSource[])>;
  readonly objective: { readonly name: string; readonly direction: "min" | "max" };
  /** The parameters known so far, and the trial's values by full name. */
  readonly space: SpaceJson;
  readonly values: FlatParams;
  readonly seed: number;
  /** x, y and the other arguments of `search`. */
  readonly data: { readonly x: unknown; readonly y: unknown; readonly [option: string]: unknown };
}

export interface TrainingOutcome {
  readonly result: ExecutionResult;
  /** Of all epochs, where the training returned them. */
  readonly history: EpochLogs | null;
  /** After the best epoch; null for a model that does not say its weights. */
  readonly weights: readonly Float32Array[] | null;
  /** The parameters that the hypermodel asked for, by full name, each with its default said. */
  readonly asked: readonly { readonly name: string; readonly parameter: ParameterJson }[];
}

/** What is wrong with the hypermodel itself; an error's class would be lost on the way out of a thread. */
export interface Misuse {
  readonly misuse: string;
}

export async function trainOnce<M>(
  task: TrainingTask<M>,
  onEpoch: (progress: EpochProgress) => void,
): Promise<TrainingOutcome | Misuse> {
  const objective = new Objective(task.objective.name, task.objective.direction);
  const hypermodel = toHyperModel(await load(task.hypermodel));
  const hp = new HyperParameters({
    dimensions: spaceFromJson(task.space).dimensions,
    values: task.values,
    seed: task.seed,
  });
  const best = keepBestEpoch(objective, onEpoch);
  const given = await load(task.callbacks);
  try {
    const callbacks = [...freshCallbacks(typeof given === "function" ? given() : given), best];
    const model = await hypermodel.build(hp);
    const returned = await hypermodel.fit(hp, model, { ...task.data, callbacks, seed: task.seed });
    return {
      result: scoreTraining(returned, objective),
      history: historyOf(returned),
      weights: best.weights() ?? weightsOf(model),
      asked: hp.asked.map(({ name, parameter }) => ({
        name,
        parameter: { ...parameter.toJSON(), default: initialValue(parameter) },
      })),
    };
  } catch (error) {
    if (error instanceof TrainingMisused) return { misuse: error.message };
    throw error;
  }
}

/** `trainOnce` for a worker pool; each epoch is posted as a message. */
export function runTrainingTask(task: TrainingTask, context: WorkerContext): Promise<TrainingOutcome | Misuse> {
  return trainOnce(task, (progress) => context.post(progress));
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

function weightsOf(model: unknown): readonly Float32Array[] | null {
  return isWeighted(model) ? model.getWeights() : null;
}

/** Comes last among the callbacks, so that it sees what the others add to the logs. */
function keepBestEpoch(
  objective: Objective,
  onEpoch: (progress: EpochProgress) => void,
): Callback & { weights(): readonly Float32Array[] | null } {
  let best = Number.NaN;
  let weights: readonly Float32Array[] | null = null;
  return {
    weights: () => weights,
    onTrainBegin: () => {
      best = Number.NaN;
      weights = null;
    },
    onEpochEnd: (epoch, logs: Logs, { model, epochs }) => {
      const value = logged(logs, objective);
      if (weights === null || objective.isBetter(value, best)) {
        best = value;
        weights = model.getWeights();
      }
      onEpoch({ epoch, epochs, logs: { ...logs } });
    },
  };
}

function historyOf(result: FitResult): EpochLogs | null {
  if (typeof result !== "object" || !("history" in result)) return null;
  // A history may be an object with functions; only its numbers can leave a thread.
  const { history } = result as { readonly history: EpochLogs };
  return Object.fromEntries(Object.entries(history).map(([name, values]) => [name, [...values]]));
}
