/** The trainings of a tuner's trial, as they are kept with it. */
import type { FrozenTrial, Json } from "../trial/trial.ts";
import type { EpochLogs, ExecutionResult } from "./training-result.ts";

/** One training as it stands in a trial's attribute `executions`. */
export interface Execution extends ExecutionResult {
  readonly seed: number;
  /** The objective and everything else that was logged, by epoch. */
  readonly history: EpochLogs | null;
}

/** For the attribute. JSON has no NaN: a number that is none is null. */
export function executionsToJson(executions: readonly Execution[]): Json {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return executions.map(({ value, epoch, epochs, metrics, seed, history }) => ({
    value: finite(value),
    epoch,
    epochs,
    metrics: each(metrics, finite),
    seed,
    history: history === null ? null : each(history, (values) => values.map(finite)),
  }));
}

/** The executions of a tuner's trial, in their order; none for a trial that has not been trained. */
export function executionsOf(trial: FrozenTrial<unknown>): readonly Execution[] {
  const number = (value: number | null) => value ?? Number.NaN;
  const stored = (trial.attributes.executions ?? []) as unknown as readonly StoredExecution[];
  return stored.map(({ value, metrics, history, ...rest }) => ({
    ...rest,
    value: number(value),
    metrics: each(metrics, number),
    history: history === null ? null : each(history, (values) => values.map(number)),
  }));
}

interface StoredExecution extends Omit<Execution, "value" | "metrics" | "history"> {
  readonly value: number | null;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly history: Readonly<Record<string, readonly (number | null)[]>> | null;
}

function each<T, R>(record: Readonly<Record<string, T>>, of: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, of(value)]));
}
