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
  let ended = 0;
  for (const trial of trials) if (isCompleted(trial) || isJudged(trial)) ended++;
  const count = goodOf(ended);
  const best = lowest(trials, isCompleted, count, (a, b) => a.loss! - b.loss!);
  // A pruned trial is judged by how far it came, and then by what it had reported there.
  const rest = lowest(trials, isJudged, count - best.length, (a, b) => stepOf(b) - stepOf(a) || a.loss! - b.loss!);
  const good = [...best, ...rest].sort((a, b) => a.number - b.number);
  return {
    good: good.map((trial, i) => ({ trial, weight: weightOf(i, good.length) })),
    bad: others(trials, good),
  };
}

function isCompleted({ state }: Observation): boolean {
  return state === "completed";
}

/** Pruned, and by a loss. */
function isJudged({ state, loss }: Observation): boolean {
  return state === "pruned" && loss !== null;
}

/** The `count` first in an order among those that belong, earlier trials first among equals; without sorting the rest. */
function lowest(
  trials: History,
  belongs: (trial: Observation) => boolean,
  count: number,
  order: (a: Observation, b: Observation) => number,
): Observation[] {
  const kept: Observation[] = [];
  if (count <= 0) return kept;
  for (const trial of trials) {
    if (!belongs(trial)) continue;
    if (kept.length >= count && order(trial, kept[kept.length - 1]!) >= 0) continue;
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

/** The trials that are not good, thinned. Of a long history no more are looked at than are kept. */
function others(trials: History, good: readonly Observation[]): Weighted[] {
  let before = 0;
  return thinned(trials.length - good.length).map(({ place, weight }) => {
    // A trial's number is its place among the others and how many good ones come before it.
    while (before < good.length && good[before]!.number <= place + before) before++;
    return { trial: trials[place + before]!, weight };
  });
}

/** The weight of trial `place` of n: it rises linearly from 1/n to 1, which the latest 25 have. */
function weightOf(place: number, n: number): number {
  const rising = n - FULL_WEIGHT;
  if (place >= rising) return 1;
  return rising === 1 ? 1 / n : 1 / n + (place / (rising - 1)) * (1 - 1 / n);
}

/** Of n trials all, or the latest and of the older ones every so manieth, which then stands for those left out. */
function thinned(n: number): { readonly place: number; readonly weight: number }[] {
  const all = (count: number, from: number) =>
    Array.from({ length: count }, (_, k) => ({ place: from + k, weight: weightOf(from + k, n) }));
  if (n <= BAD_MOST) return all(n, 0);
  const older = n - FULL_WEIGHT;
  const places = BAD_MOST - FULL_WEIGHT;
  const share = older / places;
  const kept = Array.from({ length: places }, (_, k) => {
    const place = Math.floor((k + 0.5) * share);
    return { place, weight: weightOf(place, n) * share };
  });
  return [...kept, ...all(FULL_WEIGHT, older)];
}
