/**
 * The records that a report is about, and which of them may stand beside each other: samplers may have different tasks, seeds and
 * numbers of trials, since some peers take a thousand times as long as others.
 */
import { familyOf } from "../problems/catalogue.ts";
import { SYNTHETIC } from "../problems/synthetic.ts";
import { namesOf } from "../suite/compare.ts";
import type { RunRecord } from "../suite/run.ts";
import { runKey } from "../suite/summary.ts";

export interface Evidence {
  /** The main one first, then the others by name. */
  readonly samplers: readonly string[];
  /** The sampler whose wins and losses are told. */
  readonly main: string;
  /** One for each sampler, task and seed, the longest of several. */
  readonly records: readonly RunRecord[];
}

/** Kinds of tasks whose scores are not averaged together. */
export type Ground = "tuning" | "synthetic" | "bbob" | "noisy";

export function groundOf(task: string): Ground {
  const family = familyOf(task);
  if (family.startsWith("noisy-")) return "noisy";
  if (family.startsWith("bbob-")) return "bbob";
  return family in SYNTHETIC ? "synthetic" : "tuning";
}

/** Which of ours is told of, by preference. */
const MAIN = ["auto", "gp", "tpe", "cmaEs"] as const;

export function evidenceOf(records: readonly RunRecord[]): Evidence {
  const names = namesOf(records);
  const main = MAIN.find((name) => names.includes(name)) ?? names[0]!;
  const longest = new Map<string, RunRecord>();
  for (const record of records) {
    const key = `${record.sampler} ${runKey(record)}`;
    if ((longest.get(key)?.trials ?? 0) < record.trials) longest.set(key, record);
  }
  return {
    main,
    samplers: [main, ...names.filter((name) => name !== main).sort()],
    records: [...longest.values()],
  };
}

export function onGround(records: readonly RunRecord[], ground: Ground): RunRecord[] {
  return records.filter(({ task }) => groundOf(task) === ground);
}

export function ofSampler(records: readonly RunRecord[], name: string): RunRecord[] {
  return records.filter(({ sampler }) => sampler === name);
}

export function reaching(records: readonly RunRecord[], trials: number): RunRecord[] {
  return records.filter((record) => record.trials >= trials);
}

export function tasksOf(records: readonly RunRecord[]): string[] {
  return [...new Set(records.map(({ task }) => task))];
}

export function familiesOf(records: readonly RunRecord[]): string[] {
  return [...new Set(records.map(({ task }) => familyOf(task)))];
}

/** The runs, each a task and a seed, that all these samplers have. */
export function commonRuns(records: readonly RunRecord[], samplers: readonly string[]): RunRecord[] {
  const chosen = records.filter(({ sampler }) => samplers.includes(sampler));
  const having = new Map<string, Set<string>>();
  for (const record of chosen) {
    const key = runKey(record);
    having.set(key, (having.get(key) ?? new Set<string>()).add(record.sampler));
  }
  return chosen.filter((record) => having.get(runKey(record))!.size === samplers.length);
}

/** Samplers that are compared all with all, on the runs that all of them have. */
export interface Panel {
  readonly samplers: readonly string[];
  readonly records: readonly RunRecord[];
}

/** Samplers whose trials, over all runs, differ by less than this share are in the same panels. */
const ALIKE = 0.2;
/** Ranks over fewer tasks say little. */
const LEAST_TASKS = 8;

/**
 * From those with most trials alone to all samplers: every next panel has more samplers and less in common. What is in no
 * panel, for it has too little, is compared with the main sampler alone.
 */
export function panelsOf(samplers: readonly string[], records: readonly RunRecord[]): Panel[] {
  const present = samplers
    .map((name) => ({ name, reach: reachOf(ofSampler(records, name)) }))
    .filter(({ reach }) => reach > 0)
    .sort((a, b) => b.reach - a.reach);
  const panels: Panel[] = [];
  for (let first = 0, next = 0; first < present.length; first = next) {
    const least = (1 - ALIKE) * present[first]!.reach;
    while (next < present.length && present[next]!.reach >= least) next++;
    const members = present.slice(0, next).map(({ name }) => name);
    const ordered = samplers.filter((name) => members.includes(name));
    panels.push({ samplers: ordered, records: commonRuns(records, ordered) });
  }
  const several = panels.filter((panel) => panel.samplers.length > 1 && panel.records.length > 0);
  const wide = several.filter((panel) => tasksOf(panel.records).length >= LEAST_TASKS);
  if (wide.length > 0) return wide;
  return several.length > 0 ? several.slice(-1) : panels.slice(0, 1);
}

/** Trials of all runs together. */
function reachOf(records: readonly RunRecord[]): number {
  return records.reduce((sum, { trials }) => sum + trials, 0);
}
