/**
 * What the records of several samplers say together. Families count alike, whatever the number of their tasks, and within a family
 * its tasks; a difference is judged by its scatter between seeds within the tasks, since the tasks are always the same.
 */
import { mean, standardError } from "../numbers.ts";
import { familyOf } from "../problems/catalogue.ts";
import type { RunRecord } from "./run.ts";

/** A number and its standard error. */
export interface Measured {
  readonly mean: number;
  readonly standardError: number;
}

/** A score by task, one number for each seed. */
export type ByTask = ReadonlyMap<string, readonly number[]>;

/** The score of a record after a number of trials. */
export type Score = (record: RunRecord, trials: number) => number;

/** Regret of the best so far; 1, the median of the space, before any trial has completed. */
export const regretAfter: Score = ({ regrets }, trials) => regrets[trials - 1] ?? 1;

/** Regret of the recommended point. */
export const recommendedAfter: Score = ({ recommended }, trials) => recommended[trials] ?? 1;

/** A sampler's scores by task, in the order of the seeds. */
export function scores(records: readonly RunRecord[], trials: number, score: Score = regretAfter): ByTask {
  const byTask = new Map<string, number[]>();
  for (const record of records.toSorted((a, b) => a.seed - b.seed)) {
    byTask.set(record.task, [...(byTask.get(record.task) ?? []), score(record, trials)]);
  }
  return byTask;
}

/** The difference of two samplers over the runs that both have, first minus second. */
export function pairedScores(
  first: readonly RunRecord[],
  second: readonly RunRecord[],
  trials: number,
  score: Score = regretAfter,
): ByTask {
  const other = new Map(second.map((record) => [runKey(record), record]));
  const byTask = new Map<string, number[]>();
  for (const record of first) {
    const partner = other.get(runKey(record));
    if (partner === undefined) continue;
    byTask.set(record.task, [...(byTask.get(record.task) ?? []), score(record, trials) - score(partner, trials)]);
  }
  return byTask;
}

export function runKey({ task, seed }: { readonly task: string; readonly seed: number }): string {
  return `${task} ${seed}`;
}

/** The tasks of each family. */
export function byFamily(byTask: ByTask): Map<string, ByTask> {
  const families = new Map<string, Map<string, readonly number[]>>();
  for (const [task, values] of byTask) {
    const family = families.get(familyOf(task)) ?? new Map<string, readonly number[]>();
    families.set(familyOf(task), family.set(task, values));
  }
  return families;
}

/** Mean over the tasks. */
export function overTasks(byTask: ByTask): Measured {
  return average([...byTask.values()].map((values) => ({ mean: mean(values), standardError: standardError(values) })));
}

/** Mean over the families of the mean over their tasks. */
export function overFamilies(byTask: ByTask): Measured {
  return average([...byFamily(byTask).values()].map(overTasks));
}

/** Of independent figures. */
function average(parts: readonly Measured[]): Measured {
  const variance = parts.reduce((sum, { standardError }) => sum + standardError ** 2, 0);
  return { mean: mean(parts.map((part) => part.mean)), standardError: Math.sqrt(variance) / parts.length };
}
