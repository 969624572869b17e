/**
 * Where studies and trials are kept. A storage keeps what it is given, bit for bit, and guards four rules: a study's name is
 * unique, trial numbers are 0 … n−1 without gaps, a final trial changes no more, and what a resolved promise acknowledged
 * survives the process. It knows nothing of directions, samplers or losses.
 *
 * Everything that is handed in or out is a copy. Numbers are IEEE doubles and come back bit for bit, −0 and ±Infinity
 * included, in JSON too; NaN is kept in reports and metrics and refused elsewhere, as is all that JSON would change in silence.
 */
import type { FlatParams } from "../space/parameter.ts";
import type { SpaceJson } from "../space/space.ts";
import type { FrozenTrial, Json, Report, TrialError } from "../trial/trial.ts";

export type Direction = "minimize" | "maximize";

/** What a study is created with; `space` alone may change later, for it can grow. */
export interface StudyDefinition {
  readonly name: string;
  readonly direction: Direction;
  readonly space: SpaceJson;
  /** Seeds the study's random numbers. */
  readonly seed: number | string;
  readonly attributes: Readonly<Record<string, Json>>;
  readonly createdAt: number;
}

export interface StoredStudy extends StudyDefinition {
  readonly id: string;
}

/** A trial to be created. Its number is part of the draft: see `Storage.createTrial`. */
export interface TrialDraft {
  readonly number: number;
  /** `waiting` for an enqueued trial, `running` for one that the caller starts at once. */
  readonly state: "waiting" | "running";
  readonly params: FlatParams;
  readonly note: Json;
  readonly attributes: Readonly<Record<string, Json>>;
  /** When it was started; null for a waiting trial. */
  readonly startedAt: number | null;
  /** Who runs it: see `Storage.releaseDead`. */
  readonly owner: Owner | null;
}

/** Who works on a running trial: any string that is new for each `Study` object of each process. */
export type Owner = string;

/** How a trial ended. */
export interface TrialOutcome {
  readonly state: "completed" | "pruned" | "failed";
  /** Replaces the trial's parameters where the objective chose some of them while it ran. */
  readonly params?: FlatParams;
  readonly value: number | null;
  readonly standardError?: number;
  readonly cost?: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly error: TrialError | null;
  readonly finishedAt: number;
}

/** Trials that changed, and the revision up to which they are complete. */
export interface TrialChanges {
  readonly trials: readonly FrozenTrial[];
  readonly revision: number;
}

export interface Storage {
  /** @throws DuplicateError when a study has this name, ValidationError when no database could keep it (empty, NUL, lone surrogates) */
  createStudy(definition: StudyDefinition): Promise<StoredStudy>;
  /** The study with this name, or null. */
  findStudy(name: string): Promise<StoredStudy | null>;
  /** All studies, oldest first. */
  listStudies(): Promise<readonly StoredStudy[]>;
  /** Removes a study and all its trials. @throws NotFoundError */
  deleteStudy(studyId: string): Promise<void>;
  /** Replaces the space or adds attributes. @throws NotFoundError */
  updateStudy(
    studyId: string,
    change: { readonly space?: SpaceJson; readonly attributes?: Readonly<Record<string, Json>> },
  ): Promise<void>;

  /**
   * Creates the trial if its number is the next one, and returns null, creating nothing, if another trial has taken that
   * number. The caller then reads the changes and suggests again: no number is reserved without its parameters, so there
   * are no gaps and no half-made trials.
   *
   * @throws ValidationError when the number would leave a gap, NotFoundError
   */
  createTrial(studyId: string, draft: TrialDraft): Promise<FrozenTrial | null>;
  /** Starts a waiting trial for `owner`, with these parameters; null if it waits no longer. @throws NotFoundError */
  claimTrial(
    studyId: string,
    number: number,
    claim: { readonly owner: Owner; readonly params: FlatParams; readonly note: Json; readonly startedAt: number },
  ): Promise<FrozenTrial | null>;
  /** Appends a report to a running trial. @throws ValidationError when it waits, TrialFinishedError, NotFoundError */
  reportTrial(studyId: string, number: number, report: Report): Promise<void>;
  /** Sets an attribute of a trial in any state. @throws NotFoundError */
  setTrialAttribute(studyId: string, number: number, key: string, value: Json): Promise<void>;
  /** Ends a running or waiting trial. Durable when resolved. @throws ValidationError for NaN, TrialFinishedError, NotFoundError */
  finishTrial(studyId: string, number: number, outcome: TrialOutcome): Promise<FrozenTrial>;
  /** The trials that changed after `revision` (0: all), ascending by number. A reader that keeps the revision never reads a trial twice unchanged. */
  trialsSince(studyId: string, revision: number): Promise<TrialChanges>;
  /**
   * Takes running trials from owners that are known to be dead and makes them wait again, with their numbers, parameters and
   * notes (reports are dropped, for the trial starts anew). Returns their numbers. Which owner is dead is the storage's to
   * know: a file on one machine asks the operating system, a server its leases.
   */
  releaseDead(studyId: string): Promise<readonly number[]>;
  /** Takes a running trial back from its owner, as `releaseDead` does, because that owner gives it up; nothing when it is not that owner's. */
  releaseTrial(studyId: string, number: number, owner: Owner): Promise<void>;
  /** A name for a new owner that this storage can judge dead or alive. */
  newOwner(): Owner;
  /** Whatever is called after it rejects with a StorageError; closing again does nothing. */
  close(): Promise<void>;
}
