/** The records that a report is about: the runs that all its samplers have, by family, without noise and with it. */
import { taskOf } from "../problems/catalogue.ts";
import { namesOf } from "../suite/compare.ts";
import type { RunRecord } from "../suite/run.ts";
import { runKey } from "../suite/summary.ts";

export interface Evidence {
  /** Ours first, then the others by name. */
  readonly samplers: readonly string[];
  /** The sampler whose wins and losses are told. */
  readonly main: string;
  readonly quiet: readonly RunRecord[];
  readonly noisy: readonly RunRecord[];
  /** Runs that some sampler lacks, and so all are compared without. */
  readonly leftOut: number;
}

/** Tasks whose measurements are noisy, told by their families' names. */
export function isNoisy(task: string): boolean {
  return taskOf(task).family.startsWith("noisy-");
}

/** Which of ours is told of, by preference. */
const MAIN = ["auto", "gp", "tpe", "cmaEs"] as const;

export function evidenceOf(records: readonly RunRecord[]): Evidence {
  const names = namesOf(records);
  const main = MAIN.find((name) => names.includes(name)) ?? names[0]!;
  const samplers = [main, ...names.filter((name) => name !== main).sort()];
  const having = new Map<string, Set<string>>();
  for (const record of records) {
    const key = runKey(record);
    having.set(key, (having.get(key) ?? new Set<string>()).add(record.sampler));
  }
  const common = records.filter((record) => having.get(runKey(record))!.size === samplers.length);
  return {
    samplers,
    main,
    quiet: common.filter(({ task }) => !isNoisy(task)),
    noisy: common.filter(({ task }) => isNoisy(task)),
    leftOut: records.length - common.length,
  };
}

export function ofSampler(records: readonly RunRecord[], name: string): RunRecord[] {
  return records.filter(({ sampler }) => sampler === name);
}
