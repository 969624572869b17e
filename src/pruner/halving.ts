/**
 * Asynchronous successive halving, in the variant that stops: at the steps r, rη, rη², … (the rungs) a trial goes on only if
 * it is among the best 1/η of the trials that have reached that rung so far, itself included. Nobody waits for anybody, and
 * what has been stopped is not taken up again.
 *
 * A rung keeps a trial's value at its first report at or beyond the rung's step. While fewer than η trials have reached a rung,
 * only the best of them goes on, so the first trial always does.
 *
 * Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", arXiv:1810.05934, algorithm 2. Deviation: a
 * trial is stopped where theirs is paused, to be promoted later; Optuna's SuccessiveHalvingPruner does the same.
 */
import { show, ValidationError } from "../errors.ts";
import type { Observation } from "../trial/history.ts";
import type { Pruner } from "./pruner.ts";

export interface HalvingOptions {
  /** The step r of the first rung, an integer >= 1: no trial is stopped before it. Default 1. */
  readonly minResource?: number;
  /** η, an integer >= 2: one in η goes on at each rung, and the next rung is η times as far. Default 3. */
  readonly reductionFactor?: number;
}

/**
 * Stops a trial at a rung where it is not among the best 1/η. See `Pruner`.
 *
 * @throws ValidationError for options outside their range
 * @example createStudy({ space, pruner: halving({ minResource: 4, reductionFactor: 3 }) }) // rungs at steps 4, 12, 36, …
 */
export function halving(options: HalvingOptions = {}): Pruner {
  const { minResource = 1, reductionFactor = 3 } = options;
  for (const [name, value, least] of [
    ["minResource", minResource, 1],
    ["reductionFactor", reductionFactor, 2],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new ValidationError(`\`${name}\` of halving must be an integer >= ${least}, but got ${show(value)}.`);
    }
  }

  return {
    name: "halving",
    toJSON: () => ({ minResource, reductionFactor }),
    shouldPrune({ trial, trials }) {
      const { step, value } = trial.reports.at(-1)!;
      const before = trial.reports.slice(0, -1).reduce((most, report) => Math.max(most, report.step), -1);
      // One report may reach several rungs, and counts at each of them.
      for (let rung = minResource; rung <= step; rung *= reductionFactor) {
        if (rung <= before) continue;
        const values = Float64Array.of(value, ...trials.flatMap((other) => valueAt(other, rung) ?? [])).sort();
        const places = Math.max(1, Math.floor(values.length / reductionFactor));
        if (value > values[places - 1]!) return true;
      }
      return false;
    },
  };
}

/** The loss of a trial's first report at or beyond a rung. */
function valueAt(trial: Observation, rung: number): number | undefined {
  return trial.reports.find((report) => report.step >= rung)?.value;
}
