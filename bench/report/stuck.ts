/** Runs that a search never left a wrong branch in. */
import type { Section } from "assay/chart";
import { familyOf } from "../problems/catalogue.ts";
import { endsOf } from "../problems/ends.ts";
import type { RunRecord } from "../suite/run.ts";
import { regretAfter } from "../suite/summary.ts";
import { table } from "./blocks.ts";
import { type Evidence, ofSampler, reaching, tasksOf } from "./data.ts";

/** A conditional run whose regret is above this after 30 trials is in a wrong branch. */
export const STUCK = 0.5;

/**
 * Tasks on which a run can be stuck: conditional ones, but for those where the best of 20,000 random configurations is above STUCK
 * itself, so that a regret above it says nothing of branches.
 */
export function canStick(task: string): boolean {
  const family = familyOf(task);
  if (family !== "xgboost") return family === "conditional";
  const { best, sampled, median } = endsOf(task);
  return (sampled - best) / (median - best) <= STUCK;
}

/** Each sampler by its own runs, of which there may be more of one than of another. */
export function stuckSection({ samplers }: Evidence, records: readonly RunRecord[]): Section {
  const chosen = reaching(records, 30).filter(({ task }) => canStick(task));
  const rows = samplers.flatMap((name) => {
    const all = ofSampler(chosen, name);
    if (all.length === 0) return [];
    const stuck = all.filter((record) => regretAfter(record, 30) > STUCK);
    const onTask = (task: string): number => stuck.filter((record) => record.task === task).length;
    const tasks = tasksOf(stuck).sort((a, b) => onTask(b) - onTask(a));
    return [
      [
        name,
        tasks.map((task) => `${task} ${onTask(task)}`).join(", "),
        `${stuck.length} of ${all.length}`,
        String(all.filter((record) => regretAfter(record, 30) > 1).length),
      ],
    ];
  });
  return {
    title: "Stuck runs",
    blocks: [
      table(
        `Runs on conditional tasks whose regret is above ${STUCK} after 30 trials (without tasks where the best of 20,000 random configurations is above it too)`,
        ["sampler", "where"],
        ["stuck", "worse than the median of the space"],
        rows,
      ),
    ],
  };
}
