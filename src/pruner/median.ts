/**
 * The median rule: a trial stops when the best it has reported so far is worse than what half of the completed trials had
 * reported at the same step. Robust and cheap, but it compares at equal steps only, so all trials should report at the same ones.
 *
 * Source: Golovin et al. 2017, "Google Vizier", section 3.5.2 (which compares running averages), in the form that Optuna's
 * MedianPruner gave it (which compares the best so far with the values of that very step).
 */
import { show, ValidationError } from "../errors.ts";
import type { Report } from "../trial/trial.ts";
import type { Pruner } from "./pruner.ts";

export interface MedianOptions {
  /** No trial is stopped before so many have completed. Default 5. */
  readonly startupTrials?: number;
  /** No trial is stopped at a step below this one. Default 0. */
  readonly warmupSteps?: number;
  /** A trial is judged at its first report in each interval of so many steps, counted from `warmupSteps`. Default 1: at every report. */
  readonly intervalSteps?: number;
  /** No trial is stopped at a step that fewer completed trials have reported. Default 1. */
  readonly minTrials?: number;
}

/**
 * Stops a trial whose best report so far is worse than the median of the completed trials at its latest step. See `Pruner`.
 *
 * @throws ValidationError for options outside their range
 * @example createStudy({ space, pruner: median({ warmupSteps: 10 }) })
 */
export function median(options: MedianOptions = {}): Pruner {
  const { startupTrials = 5, warmupSteps = 0, intervalSteps = 1, minTrials = 1 } = options;
  for (const [name, value, least] of [
    ["startupTrials", startupTrials, 0],
    ["warmupSteps", warmupSteps, 0],
    ["intervalSteps", intervalSteps, 1],
    ["minTrials", minTrials, 1],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new ValidationError(`\`${name}\` of median must be an integer >= ${least}, but got ${show(value)}.`);
    }
  }

  /** Whether `step` is the first that was reported in its interval. */
  function opensInterval(reports: readonly Report[], step: number): boolean {
    const from = warmupSteps + Math.floor((step - warmupSteps) / intervalSteps) * intervalSteps;
    return !reports.some((report) => report.step < step && report.step >= from);
  }

  return {
    name: "median",
    toJSON: () => ({ startupTrials, warmupSteps, intervalSteps, minTrials }),
    shouldPrune({ trial, trials }) {
      const completed = trials.filter(({ state }) => state === "completed");
      if (completed.length === 0 || completed.length < startupTrials) return false;
      const step = trial.reports.reduce((most, report) => Math.max(most, report.step), -1);
      if (step < warmupSteps || !opensInterval(trial.reports, step)) return false;
      const rivals = completed.flatMap(({ reports }) => reports.find((report) => report.step === step)?.value ?? []);
      if (rivals.length < minTrials) return false;
      const best = trial.reports.reduce((least, report) => Math.min(least, report.value), Number.POSITIVE_INFINITY);
      return best > medianOf(rivals);
    },
  };
}

/** The middle value, or the mean of the two middle ones. @param values [n], n >= 1 */
function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const [low, high] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!];
  // Halved first, for the sum of two large losses may overflow; equal ones may be infinite.
  return low === high ? low : low / 2 + high / 2;
}
