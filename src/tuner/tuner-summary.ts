/** A tuner's results and space as text. Numbers are shown to six digits, which is more than a validation set can tell apart. */
import { type Dimension, describeConditions } from "../space/space.ts";
import type { FrozenTrial } from "../trial/trial.ts";
import { executionsOf } from "./executions.ts";
import { initialValue } from "./hyper-parameters.ts";
import { nothingLearned } from "./nothing-learned.ts";
import type { Objective } from "./objective.ts";
import { meanMetrics } from "./training-result.ts";

export function describeSpace(dimensions: readonly Dimension[]): string {
  const lines = dimensions.map((dimension) => {
    const { parameter, conditions } = dimension;
    const when = conditions.length === 0 ? "" : `, ${describeConditions(dimension)}`;
    return `  ${String(dimension.path[0])}: ${parameter.describe()}, default ${shown(initialValue(parameter))}${when}`;
  });
  return [`Search space of ${dimensions.length} parameter${dimensions.length === 1 ? "" : "s"}`, ...lines].join("\n");
}

export interface Results {
  readonly place: string;
  readonly objective: Objective;
  readonly trials: readonly FrozenTrial<unknown>[];
  /** Those to list, the best first. */
  readonly best: readonly FrozenTrial<unknown>[];
}

export function describeResults({ place, objective, trials, best }: Results): string {
  const failed = trials.filter(({ state }) => state === "failed").length;
  const completed = trials.filter(({ state }) => state === "completed").length;
  const head = [
    `Results ${place === "in memory" ? place : `in ${place}`}`,
    `Objective: ${objective.name}, ${objective.direction}, at the best epoch of each training`,
    `Trials: ${completed} completed${failed === 0 ? "" : `, ${failed} failed`}; the best ${best.length}:`,
  ];
  const doubt = best[0] === undefined ? null : nothingLearned(meanMetrics(executionsOf(best[0])), objective);
  const warned = doubt === null ? [] : [`The best trial may have learned nothing: ${doubt}.`];
  return [...head, ...warned, ...best.flatMap(describeTrial)].join("\n");
}

function describeTrial(trial: FrozenTrial<unknown>): string[] {
  const executions = executionsOf(trial);
  const spread = trial.standardError === undefined ? "" : ` ± ${rounded(trial.standardError)}`;
  const epochs = executions.flatMap(({ epoch, epochs }) => (epoch === null ? [] : [`${epoch + 1} of ${epochs}`]));
  const from = [
    executions.length > 1 ? `${executions.length} executions` : "",
    epochs.length === 0 ? "" : `epoch ${epochs.join(", ")}`,
  ].filter((part) => part !== "");
  return [
    "",
    `Trial ${trial.number}: ${rounded(trial.value ?? Number.NaN)}${spread}${from.length === 0 ? "" : ` (${from.join("; ")})`}`,
    ...Object.entries(trial.params as Record<string, unknown>).map(([name, value]) => `  ${name}: ${shown(value)}`),
  ];
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(rounded(value)) : String(value);
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
