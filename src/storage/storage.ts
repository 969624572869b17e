/**
 * Where studies and trials are kept. A storage keeps what it is given, bit for bit, and guards five rules: a study's name is
 * unique, trial numbers are 0 … n−1 without gaps, a running trial has one worker, a final trial changes no more, and what a
 * resolved promise acknowledged survives the process. It knows nothing of directions, samplers or losses.
 *
 * A running trial is leased: its worker renews the lease, and a trial whose lease ran out is given to another worker. The
 * number of the attempt is the fence: whoever reports or tells says for which attempt, and a storage takes nothing from an
 * attempt that another one has followed. All times of leases are the storage's own, whatever the clocks of the workers show.
 *
 * Every call that creates or ends something has an id of its own, made by the caller or by the storage. A call that is made
 * again with its id, because nobody knows whether it arrived, changes nothing and gives what the first one gave.
 *
 * Everything that is handed in or out is a copy. Numbers are IEEE doubles and come back bit for bit, −0 and ±Infinity
 * included, in JSON too; NaN is kept in reports and metrics and refused elsewhere, as is all that JSON would change in silence.
 */
import type { FlatParams } from "../space/parameter.ts";
import type { SpaceJson } from "../space/space.ts";
import type { FrozenTrial, Json, Report, TrialError } from "../trial/trial.ts";

export type Direction = "minimize" | "maximize";

/** What bounds a study, whoever works on it; what is left out is unbounded. */
export interface Budget {
  /** Trials in all. */
  readonly trials?: number;
  /** No trial begins once the told costs reach this sum, in the unit of the costs. */
  readonly cost?: number;
  /** No trial begins when so many milliseconds have passed since the study was created. */
  readonly wallMs?: number;
}

export interface LeaseRules {
  /** For how long a worker that renews its lease no more keeps its trial, in milliseconds. Default 60,000. */
  readonly graceMs: number;
  /** How often a trial whose worker was lost is run again, before it ends as lost. Default 2. */
  readonly retries: number;
}

export const LEASES: LeaseRules = { graceMs: 60_000, retries: 2 };

/** What a study is created with; its space and its budget alone may change later. */
export interface StudyDefinition {
  readonly name: string;
  readonly direction: Direction;
  readonly space: SpaceJson;
  /** Seeds the study's random numbers. */
  readonly seed: number | string;
  readonly attributes: Readonly<Record<string, Json>>;
  readonly createdAt: number;
  /** Default: none. */
  readonly budget?: Budget;
  /** Default: `LEASES`. */
  readonly leases?: LeaseRules;
}

export interface StoredStudy extends Required<StudyDefinition> {
  readonly id: string;
}

export interface StudyChange {
  readonly space?: SpaceJson;
  /** Added to those that are there. */
  readonly attributes?: Readonly<Record<string, Json>>;
  /** In place of the one before. */
  readonly budget?: Budget;
}

/** What is to be tried. */
export interface TrialPlan {
  readonly params: FlatParams;
  readonly note: Json;
}

/** A trial to be created. Its number is part of the draft: see `Storage.createTrial`. */
export interface TrialDraft extends TrialPlan {
  readonly number: number;
  /** `waiting` for an enqueued trial, `running` for one that the caller starts at once. */
  readonly state: "waiting" | "running";
  /** The plans of the numbers that follow, one of which the trial gets with its plan where others have taken those before. */
  readonly ahead?: readonly TrialPlan[];
  readonly attributes: Readonly<Record<string, Json>>;
  /** When it was started; null for a waiting trial. */
  readonly startedAt: number | null;
  /** Who runs it; null for a waiting trial. */
  readonly owner: Owner | null;
  readonly call?: Call;
}

/** To start a waiting trial. */
export interface TrialClaim {
  /** Which; the first that waits, where it is left out. */
  readonly number?: number;
  readonly owner: Owner;
  /** In place of those that it has. */
  readonly params?: FlatParams;
  readonly note?: Json;
  readonly startedAt: number;
  readonly call?: Call;
}

/** Who works on a running trial: any string that is new for each `Study` object of each process. */
export type Owner = string;

/** The id of one call, a UUID, by which a storage knows it again. */
export type Call = string;

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

/** Who tells. */
export interface Teller {
  /** The attempt whose result it is; left out, the result is taken whoever runs the trial. */
  readonly attempt?: number;
  /** Reports to be kept before the trial ends; those whose steps it has already are passed over. */
  readonly reports?: readonly Report[];
  /** A revision of which the teller knows. */
  readonly since?: number;
  readonly call?: Call;
}

export interface Told {
  /** As it is now. */
  readonly trial: FrozenTrial;
  /** Whether its result is the one that was told; one that comes too late is kept with its attempt. */
  readonly accepted: boolean;
  /** What changed since the revision of which the teller knows; nothing where it named none. */
  readonly changes: TrialChanges;
}

/** One worker's try at a trial. */
export interface Attempt {
  /** The trial's. */
  readonly number: number;
  /** 1, 2, … for each trial. */
  readonly attempt: number;
  readonly owner: Owner;
  /** Milliseconds since 1970 by the storage's clock; null while it lasts. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  /** `told`: with a result. `released`: given back. `lapsed`: its lease ran out. `died`: its process is known to have ended. */
  readonly end: "told" | "released" | "lapsed" | "died" | null;
  /** A result that came too late to be the trial's. */
  readonly late: TrialOutcome | null;
}

/** A trial that runs, and how long its worker may still be silent. */
export interface Lease {
  readonly number: number;
  readonly attempt: number;
  readonly owner: Owner;
  /** By the storage's clock, as `now` is. */
  readonly startedAt: number;
  readonly until: number;
  readonly now: number;
}

/** What a sweep did, by trial number. */
export interface Swept {
  readonly requeued: readonly number[];
  readonly lost: readonly number[];
}

/** A study with all that belongs to it, for `restoreStudy`. */
export interface StudyCopy {
  readonly study: StudyDefinition;
  /** By number: 0, 1, 2, … */
  readonly trials: readonly FrozenTrial[];
  /** By trial and attempt; those of which nobody kept a record are missing. */
  readonly attempts: readonly Attempt[];
}

/** Trials that changed, and the revision up to which they are complete. */
export interface TrialChanges {
  readonly trials: readonly FrozenTrial[];
  readonly revision: number;
}

export interface Storage {
  /** @throws DuplicateError when a study has this name, ValidationError when no database could keep it (empty, over 256 characters, NUL, lone surrogates) */
  createStudy(definition: StudyDefinition): Promise<StoredStudy>;
  /** The study with this name, or null. */
  findStudy(name: string): Promise<StoredStudy | null>;
  /**
   * Creates a study as it was elsewhere, with its trials and attempts, whole or not at all. Nobody works on it here: trials that ran
   * wait again as released ones do, and the time of its budget begins now.
   *
   * @throws DuplicateError and ValidationError as `createStudy`, ValidationError for trials that are not numbered 0, 1, 2, …
   */
  restoreStudy(copy: StudyCopy): Promise<StoredStudy>;
  /** All studies, oldest first. */
  listStudies(): Promise<readonly StoredStudy[]>;
  /** Removes a study and all its trials. @throws NotFoundError */
  deleteStudy(studyId: string): Promise<void>;
  /** @throws NotFoundError */
  updateStudy(studyId: string, change: StudyChange): Promise<void>;

  /**
   * Creates the trial if its number is the next one, or another one is for which the draft has a plan, and returns null, creating nothing, if
   * other trials have taken these numbers. The caller then reads the changes and suggests again: no number is reserved without its
   * parameters, so there are no gaps and no half-made trials. A running trial is leased to its owner, as attempt 1.
   *
   * @throws ValidationError when the number would leave a gap, BudgetSpentError, NotFoundError
   */
  createTrial(studyId: string, draft: TrialDraft): Promise<FrozenTrial | null>;
  /**
   * The same in a line with others who do so, each of whom knows the trials of those before: `draft` is called with what changed after `revision`,
   * again where the database must be asked again, and gives the next trial, or null for none. It is for workers whose numbers others keep
   * taking; null too where one outside of the line took it. Left out by a storage of one process, where asks wait for each other anyway.
   */
  createNext?(
    studyId: string,
    revision: number,
    draft: (changes: TrialChanges) => TrialDraft | null,
  ): Promise<FrozenTrial | null>;
  /** Leases a waiting trial to `owner`, as its next attempt; null if it waits no longer, or none does. @throws BudgetSpentError for a budget of cost or time, NotFoundError */
  claimTrial(studyId: string, claim: TrialClaim): Promise<FrozenTrial | null>;
  /**
   * Appends reports to a running trial, those with steps that it has already excepted. With `attempt`: as long as no other attempt has
   * followed and the trial has not ended; false then. @throws ValidationError when it waits, TrialFinishedError (both without `attempt` only), NotFoundError
   */
  reportTrial(studyId: string, number: number, reports: readonly Report[], attempt?: number): Promise<boolean>;
  /** Sets an attribute of a trial in any state. @throws NotFoundError */
  setTrialAttribute(studyId: string, number: number, key: string, value: Json): Promise<void>;
  /**
   * Ends a running or waiting trial, durably when resolved. The result of an attempt whose lease ran out is taken as long as no
   * other attempt has followed.
   * @throws ValidationError for NaN, TrialFinishedError when it has ended and no `attempt` is given, NotFoundError
   */
  finishTrial(studyId: string, number: number, outcome: TrialOutcome, teller?: Teller): Promise<Told>;
  /** The trials that changed after `revision` (0: all), ascending by number. A reader that keeps the revision never reads a trial twice unchanged. */
  trialsSince(studyId: string, revision: number): Promise<TrialChanges>;

  /** Takes a running trial back from an attempt that gives it up: it waits again, with its number, parameters and note, and its reports until another attempt begins. Nothing when another attempt has followed. */
  releaseTrial(studyId: string, number: number, attempt: number): Promise<void>;
  /**
   * Takes all running trials back whose lease ran out, or whose owner is known to be dead (a file on one machine asks the
   * operating system). They wait again as released ones do, or end as lost where they have been retried often enough.
   */
  sweep(studyId: string): Promise<Swept>;
  /** Renews all leases of an owner. A storage does so by itself for the owners it named, from where a busy event loop cannot keep it from it, until it is closed. */
  renewLeases(owner: Owner): Promise<void>;
  /** All trials that run. @throws NotFoundError */
  leases(studyId: string): Promise<readonly Lease[]>;
  /** All attempts, by trial and attempt. @throws NotFoundError */
  attempts(studyId: string): Promise<readonly Attempt[]>;
  /** A name for a new owner that this storage can judge dead or alive. */
  newOwner(): Owner;
  /** Whatever is called after it rejects with a StorageError; closing again does nothing. */
  close(): Promise<void>;
}
