/**
 * What a storage keeps of a copy of a study, the same in every storage: trials that ran elsewhere wait, and what is counted by the
 * storage itself (costs, lost workers) is counted again.
 */
import { show, ValidationError } from "../../errors.ts";
import type { FrozenTrial } from "../../trial/trial.ts";
import { checkOutcome } from "../rules.ts";
import type { Attempt, StudyCopy } from "../storage.ts";

export interface RestoredTrial {
  readonly trial: FrozenTrial;
  /** How often its worker was lost. */
  readonly losses: number;
  /** An end that is null is the time of restoring. */
  readonly attempts: readonly Attempt[];
}

export interface Restored {
  readonly trials: readonly RestoredTrial[];
  /** The sum of all costs. */
  readonly cost: number;
}

/** @throws ValidationError when the trials are not numbered 0, 1, 2, …, or one has NaN for a value */
export function restored(copy: StudyCopy): Restored {
  const attempts = Map.groupBy(copy.attempts, ({ number }) => number);
  let cost = 0;
  const trials = copy.trials.map((trial, count) => {
    if (trial.number !== count) {
      throw new ValidationError(
        `A copy's trials must be numbered 0, 1, 2, …, but trial ${count} is ${show(trial.number)}.`,
      );
    }
    checkOutcome(trial.number, trial);
    cost += trial.cost ?? 0;
    return restoredTrial(trial, attempts.get(trial.number) ?? []);
  });
  return { trials, cost };
}

function restoredTrial(trial: FrozenTrial, attempts: readonly Attempt[]): RestoredTrial {
  const losses = attempts.filter(({ end }) => end === "lapsed" || end === "died").length;
  return {
    trial: trial.state === "running" ? { ...trial, state: "waiting", startedAt: null } : trial,
    losses,
    attempts: attempts.map((attempt) =>
      attempt.end === null ? { ...attempt, end: "released", endedAt: null } : attempt,
    ),
  };
}
