/**
 * A study at a glance: how many trials came to what, the best of them, whether it still improves, and what should make one
 * look twice.
 */
import type { Space } from "../space/space.ts";
import type { TrialState } from "../trial/index.ts";
import { parameterAxis } from "./axis.ts";
import { type Direction, isBetter } from "./direction.ts";
import { type ConfiguredEvaluation, countedValue, observed } from "./evaluation.ts";
import { median } from "./quantile.ts";

export interface Summary {
  readonly counts: Readonly<Record<TrialState, number>>;
  readonly best: { readonly number: number; readonly value: number } | null;
  /** Of the completed trials. */
  readonly median: number | null;
  /** How much better the best became over the last fifth of the completed trials, >= 0; null with fewer than five. */
  readonly recentGain: number | null;
  /** Numeric parameters whose best value lies at an end of its range: the range may be too narrow. */
  readonly atBoundary: readonly { readonly parameter: string; readonly end: "low" | "high" }[];
  /** Completed trials whose configuration came before. */
  readonly duplicates: number;
  /** Messages of failed trials, the most frequent first. */
  readonly failures: readonly { readonly message: string; readonly count: number }[];
}

export function summary(
  space: Space,
  trials: readonly (ConfiguredEvaluation & { readonly error?: { readonly message: string } | null })[],
  options: { readonly direction: Direction },
): Summary {
  const { direction } = options;
  const counts: Record<TrialState, number> = { waiting: 0, running: 0, completed: 0, pruned: 0, failed: 0, lost: 0 };
  for (const { state = "completed" } of trials) counts[state]++;
  const points = observed(space, trials);
  const best = bestOf(points, direction);
  const earlier = bestOf(points.slice(0, Math.ceil(points.length * 0.8)), direction);
  const messages = Map.groupBy(
    trials.filter(({ state }) => state === "failed").map(({ error }) => error?.message ?? "no message"),
    (message) => message,
  );
  return {
    counts,
    best: best && { number: best.number, value: best.value },
    median: median(points.map(({ value }) => value)),
    recentGain: points.length < 5 ? null : Math.abs(best!.value - earlier!.value),
    atBoundary: best === null ? [] : boundaries(space, best.x, best.active),
    duplicates: points.length - new Set(points.map(({ params }) => space.key(params))).size,
    failures: [...messages].map(([message, all]) => ({ message, count: all.length })).sort((a, b) => b.count - a.count),
  };
}

/** The best of the completed trials, the first of equals; null when there is none. */
export function bestTrial<T extends ConfiguredEvaluation>(
  trials: readonly T[],
  options: { readonly direction: Direction },
): T | null {
  return bestOf(
    trials.filter((trial) => countedValue(trial) !== null) as (T & { readonly value: number })[],
    options.direction,
  );
}

function bestOf<T extends { readonly value: number }>(points: readonly T[], direction: Direction): T | null {
  return points.reduce<T | null>((a, b) => (a === null || isBetter(b.value, a.value, direction) ? b : a), null);
}

/** An end is the outermost hundredth of a range; the few levels of a small set are chosen, not bounded. */
function boundaries(space: Space, x: Float64Array, active: Uint8Array): Summary["atBoundary"] {
  return space.coordinates.flatMap((dimension, j) => {
    const axis = parameterAxis(dimension);
    if (axis.scale === "levels" || !active[j]) return [];
    const share = (x[j]! - axis.from) / (axis.to - axis.from);
    if (share > 0.01 && share < 0.99) return [];
    return [{ parameter: dimension.name, end: share <= 0.01 ? ("low" as const) : ("high" as const) }];
  });
}
