/**
 * The rules that every storage keeps, and the errors with which it keeps them: one wording, whatever lies beneath.
 */
import {
  BudgetSpentError,
  DuplicateError,
  NotFoundError,
  StorageError,
  show,
  TrialFinishedError,
  ValidationError,
} from "../errors.ts";
import type { Report, TrialError, TrialState } from "../trial/trial.ts";
import type { TrialDraft, TrialOutcome, TrialPlan } from "./storage.ts";

/** In UTF-16 code units. More would not fit into the index of every database. */
const MAX_NAME = 256;

/**
 * A study's name is a non-empty string that every database can keep: well-formed Unicode, for a lone surrogate would be
 * stored as another character, and without NUL, at which some of them end a text.
 *
 * @throws ValidationError
 */
export function checkStudyName(name: string): void {
  if (
    typeof name !== "string" ||
    name === "" ||
    name.length > MAX_NAME ||
    name.includes("\0") ||
    !name.isWellFormed()
  ) {
    throw new ValidationError(
      `A study's name must be a string of 1 to ${MAX_NAME} characters of well-formed Unicode without NUL, but got ${show(name)}.`,
    );
  }
}

/** NaN is no result: a study makes it a failed trial. Costs add up, which infinite ones of both signs would not. @throws ValidationError */
export function checkOutcome(number: number, outcome: Pick<TrialOutcome, "value" | "standardError" | "cost">): void {
  for (const key of ["value", "standardError", "cost"] as const) {
    if (Number.isNaN(outcome[key])) {
      throw new ValidationError(
        `A trial's ${key} must not be NaN, but trial ${number} has it. Tell the trial as failed instead.`,
      );
    }
  }
  if (outcome.cost !== undefined && outcome.cost < 0) {
    throw new ValidationError(`A trial's cost must be at least 0, but that of trial ${number} is ${outcome.cost}.`);
  }
}

/** The plan that a draft has for the next trial, when there are `count`; undefined where others took its numbers. @throws ValidationError when it would leave a gap */
export function planOf(draft: TrialDraft, count: number): TrialPlan | undefined {
  const { number, ahead = [] } = draft;
  if (!Number.isInteger(number) || number < 0 || number > count) {
    throw new ValidationError(
      `Trial numbers must be 0, 1, 2, … without gaps, but a trial ${show(number)} is to follow ${count} trials.`,
    );
  }
  return [draft, ...ahead][count - number];
}

/** @throws TrialFinishedError or ValidationError when a trial in this state cannot take a report */
export function checkReportable(number: number, state: TrialState, report: Report): void {
  if (state === "running") return;
  const what = `report ${show(report.value)} at step ${report.step} of trial ${number}`;
  if (state === "waiting") {
    throw new ValidationError(`Only a running trial takes reports, but ${what} came while it waits to be started.`);
  }
  throw new TrialFinishedError(`Only a running trial takes reports, but ${what} came after it had ${ended(state)}.`);
}

/** What is left of a study's budget; null where it has no bound. */
export interface BudgetLeft {
  readonly trials: number | null;
  readonly cost: number | null;
  readonly wallMs: number | null;
}

/** The error for a budget that is spent; undefined where it is not. `kinds` are those that matter. */
export function budgetSpent(left: BudgetLeft, kinds: readonly (keyof BudgetLeft)[]): BudgetSpentError | undefined {
  const spent = kinds.find((kind) => left[kind] !== null && left[kind] <= 0);
  if (spent === undefined) return undefined;
  const what = { trials: "number of trials", cost: "cost", wallMs: "time" }[spent];
  return new BudgetSpentError(`The study's budget is spent: its ${what} is used up. Raise it to go on.`);
}

/** How a trial ends whose worker was lost too often. */
export function lostError(losses: number): TrialError {
  return {
    message: `The trial's worker was lost ${losses} times: no process renewed its lease. It is not tried again.`,
  };
}

export function finishedAlready(number: number, state: TrialState): TrialFinishedError {
  return new TrialFinishedError(
    `A trial is told once, but trial ${number} has already ${ended(state)}. Ask for a new trial instead.`,
  );
}

export function nameTaken(name: string): DuplicateError {
  return new DuplicateError(`Study names must be unique in a storage, but there is already a study ${show(name)}.`);
}

export function noStudy(studyId: string): NotFoundError {
  return new NotFoundError(`There is no study with id ${show(studyId)} in this storage; it may have been deleted.`);
}

export function noTrial(number: number, count: number): NotFoundError {
  return new NotFoundError(`There is no trial ${show(number)}; the study has ${count} trials, counted from 0.`);
}

export function storageClosed(): StorageError {
  return new StorageError("The storage is closed. Open a new one to go on.");
}

function ended(state: TrialState): string {
  return state === "pruned" ? "been pruned" : state;
}
