/**
 * The score of a training. A history is scored at the best of its epochs, as KerasTuner does; that is optimistic, so the epoch
 * is kept with the score.
 */
import { show, ValidationError } from "../errors.ts";
import { mean } from "./cv-results.ts";
import { DEFAULT_OBJECTIVE, type Objective } from "./objective.ts";

/** Numbers by name and epoch, as `model.fit` returns them under `history`. */
export type EpochLogs = Readonly<Record<string, readonly number[]>>;

/**
 * What `HyperModel.fit` and `Tuner.runTrial` may return: the training's history, its final logs, the objective's value alone,
 * or a list of these, of which the mean counts.
 */
export type FitResult =
  | number
  | { readonly history: EpochLogs }
  | Readonly<Record<string, number>>
  | readonly FitResult[];

/** One training, scored. */
export interface ExecutionResult {
  /** The objective at `epoch`; NaN when no epoch had a number. */
  readonly value: number;
  /** The epoch of the score, from 0; null where the result was not a history. */
  readonly epoch: number | null;
  /** Epochs that were trained, where that is known. */
  readonly epochs: number | null;
  /** What was logged at `epoch`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * The hypermodel cannot be scored, whatever its parameters: no trial would end otherwise, so the search ends instead of
 * counting failures.
 */
export class TrainingMisused extends ValidationError {}

/**
 * Scores what a training returned: for a history the first epoch with the objective's best value, for a list the mean of each
 * number over those that have it.
 *
 * @param source who returned it, for the error
 * @throws TrainingMisused when the result is of another kind or lacks what the objective is made of
 */
export function scoreTraining(
  result: FitResult,
  objective: Objective,
  source = "`fit` of a hypermodel",
): ExecutionResult {
  if (typeof result === "number") {
    return { value: result, epoch: null, epochs: null, metrics: { [objective.name]: result } };
  }
  if (isList(result) && result.length > 0) {
    return average(result.map((one) => scoreTraining(one, objective, source)));
  }
  if (typeof result !== "object" || result === null || isList(result)) {
    const forgotten = result === undefined || result === null ? " Did you forget to return it?" : "";
    throw new TrainingMisused(
      `${source} must return the training's history, an object with ${names(objective)}, a number, or a list of these, but returned ${show(result)}.${forgotten} Return what \`model.fit\` returns.`,
    );
  }
  if (isHistory(result)) return scoreHistory(result.history, objective, source);
  const logs = result as Readonly<Record<string, number>>;
  const wrong = objective.names.find((name) => Object.hasOwn(logs, name) && !isNumber(logs[name]));
  if (wrong !== undefined) {
    throw new TrainingMisused(`The objective ${show(wrong)} must be a number, but got ${show(logs[wrong])}.`);
  }
  const value = objective.valueIn(logs);
  if (value === undefined) throw missing(Object.keys(logs), objective, source);
  return { value, epoch: null, epochs: null, metrics: withSum(numbersOf(Object.entries(logs)), value, objective) };
}

function scoreHistory(history: EpochLogs, objective: Objective, source: string): ExecutionResult {
  const epochs = Math.max(0, ...Object.values(history).map(({ length }) => length));
  const logsAt = (epoch: number) => numbersOf(Object.entries(history).map(([name, values]) => [name, values[epoch]]));
  if (!objective.names.every((name) => Object.hasOwn(history, name))) {
    throw missing(Object.keys(history), objective, source);
  }
  const values = Array.from({ length: epochs }, (_, epoch) => objective.valueIn(logsAt(epoch)) ?? Number.NaN);
  const epoch = bestEpoch(values, objective);
  const value = epoch === null ? Number.NaN : values[epoch]!;
  return { value, epoch, epochs, metrics: withSum(logsAt(epoch ?? 0), value, objective) };
}

/** A sum of objectives stands among the metrics too, under its name. */
function withSum(metrics: Record<string, number>, value: number, objective: Objective): Record<string, number> {
  return objective.names.length > 1 ? { ...metrics, [objective.name]: value } : metrics;
}

/** As KerasTuner has it: the mean of every number, and the mean of the best epochs, rounded down. */
function average(results: readonly ExecutionResult[]): ExecutionResult {
  const keys = new Set(results.flatMap(({ metrics }) => Object.keys(metrics)));
  const epochs = results.flatMap(({ epoch }) => (epoch === null ? [] : [epoch]));
  return {
    value: mean(results.map(({ value }) => value)),
    epoch: epochs.length === 0 ? null : Math.floor(mean(epochs)),
    epochs: results[0]!.epochs,
    metrics: meanMetrics(results, [...keys]),
  };
}

/** The mean of each metric over those trainings that have it. */
export function meanMetrics(
  results: readonly ExecutionResult[],
  keys: readonly string[] = [...new Set(results.flatMap(({ metrics }) => Object.keys(metrics)))],
): Record<string, number> {
  const entries = keys.map((key) => {
    const present = results.flatMap(({ metrics }) => (Object.hasOwn(metrics, key) ? [metrics[key]!] : []));
    return [key, mean(present)] as const;
  });
  return Object.fromEntries(entries);
}

/** The first epoch with the best value; null when none has a number. */
export function bestEpoch(values: readonly number[], objective: Objective): number | null {
  let best: number | null = null;
  for (const [epoch, value] of values.entries()) {
    if (!Number.isNaN(value) && (best === null || objective.isBetter(value, values[best]!))) best = epoch;
  }
  return best;
}

/** The result with its numbers alone, which can leave a thread. */
export function plainResult(result: FitResult): FitResult {
  if (typeof result === "number") return result;
  if (isList(result)) return result.map(plainResult);
  if (!isHistory(result)) return numbersOf(Object.entries(result));
  return { history: Object.fromEntries(Object.entries(result.history).map(([name, values]) => [name, [...values]])) };
}

/** Of all epochs; null where the training returned none. */
export function historyOf(result: FitResult): EpochLogs | null {
  return typeof result === "object" && !isList(result) && isHistory(result) ? result.history : null;
}

function missing(logged: readonly string[], objective: Objective, source: string): TrainingMisused {
  if (objective.name === DEFAULT_OBJECTIVE) {
    return new TrainingMisused(
      `Without \`objective\`, ${source} must return one number to minimise, but returned ${logged.join(", ")}. Name one of them: \`objective: ${show(logged.at(-1) ?? "val_loss")}\`.`,
    );
  }
  const absent = objective.names.filter((name) => !logged.includes(name));
  const hint =
    absent.some((name) => name.startsWith("val_")) && !logged.some((name) => name.startsWith("val_"))
      ? " A name with val_ needs `validationData`."
      : " Name one of them, or compile the model with that metric.";
  return new TrainingMisused(
    `The objective must be a number that the training logs, but ${absent.map(show).join(", ")} is not among them: ${logged.join(", ") || "none"}.${hint}`,
  );
}

function names(objective: Objective): string {
  return objective.names.map(show).join(" and ");
}

function isList(result: unknown): result is readonly FitResult[] {
  return Array.isArray(result);
}

function isHistory(result: object): result is { readonly history: EpochLogs } {
  return "history" in result && typeof result.history === "object" && result.history !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function numbersOf(entries: readonly (readonly [string, unknown])[]): Record<string, number> {
  return Object.fromEntries(entries.filter((entry): entry is readonly [string, number] => isNumber(entry[1])));
}
