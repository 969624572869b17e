/**
 * The history as TPE sees it: the few best trials and the rest, each trial with a weight that fades with its age.
 *
 * Source: Bergstra et al. 2011, §4; the order of pruned trials and the weights are those of Optuna 5 and of hyperopt.
 */
import type { History, Observation } from "../../trial/history.ts";

export interface Split {
  /** The best trials, by number. */
  readonly good: readonly Weighted[];
  /** Those that are not, those that failed, and those that still run, which count as bad until they are known ("constant liar"). */
  readonly bad: readonly Weighted[];
}

export interface Weighted {
  readonly trial: Observation;
  readonly weight: number;
}

/** So many latest trials have full weight. */
const FULL_WEIGHT = 25;

/**
 * Kernels of the bad trials at most. A ratio of densities needs of the denominator no more than its shape; and an ask after a
 * hundred thousand trials costs little more than one after a thousand.
 */
const BAD_MOST = 400;

/** @param goodOf how many of n trials that ended are good */
export function split(trials: History, goodOf: (ended: number) => number): Split {
  const completed = trials.filter(({ state }) => state === "completed");
  const pruned = trials.filter(({ state, loss }) => state === "pruned" && loss !== null);
  const count = goodOf(completed.length + pruned.length);
  const best = new Set(lowest(completed, count, (a, b) => a.loss! - b.loss!));
  // A pruned trial is judged by how far it came, and then by what it had reported there.
  for (const trial of lowest(pruned, count - best.size, (a, b) => stepOf(b) - stepOf(a) || a.loss! - b.loss!)) {
    best.add(trial);
  }
  return {
    good: weighted(trials.filter((trial) => best.has(trial))),
    bad: thinned(weighted(trials.filter((trial) => !best.has(trial)))),
  };
}

/** The `count` first in an order, earlier trials first among equals; without sorting the rest. */
function lowest(trials: History, count: number, order: (a: Observation, b: Observation) => number): Observation[] {
  const kept: Observation[] = [];
  for (const trial of trials) {
    if (kept.length >= count && (count <= 0 || order(trial, kept.at(-1)!) >= 0)) continue;
    let at = kept.length;
    while (at > 0 && order(trial, kept[at - 1]!) < 0) at--;
    kept.splice(at, 0, trial);
    if (kept.length > count) kept.pop();
  }
  return kept;
}

function stepOf({ reports }: Observation): number {
  return reports.reduce((last, { step }) => Math.max(last, step), -1);
}

/** Weights rise linearly from 1/n to 1, the latest 25 having 1. */
function weighted(trials: History): Weighted[] {
  const n = trials.length;
  const rising = n - FULL_WEIGHT;
  return trials.map((trial, i) => {
    if (i >= rising) return { trial, weight: 1 };
    return { trial, weight: rising === 1 ? 1 / n : 1 / n + (i / (rising - 1)) * (1 - 1 / n) };
  });
}

/** All, or the latest and of the older ones every so manieth, which then stands for those left out. */
function thinned(all: readonly Weighted[]): readonly Weighted[] {
  if (all.length <= BAD_MOST) return all;
  const older = all.length - FULL_WEIGHT;
  const places = BAD_MOST - FULL_WEIGHT;
  const share = older / places;
  const kept = Array.from({ length: places }, (_, k) => {
    const { trial, weight } = all[Math.floor((k + 0.5) * share)]!;
    return { trial, weight: weight * share };
  });
  return [...kept, ...all.slice(older)];
}
