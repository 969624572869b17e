/**
 * Rows as records. A row may have been written by another program or damaged on its disk: a trial that cannot be read is
 * handed out as a failed one that says so, for one bad row must not cost the others; its row is left as it is. A study
 * that cannot be read is an error.
 */
import { StorageError, show } from "../../errors.ts";
import type { FrozenTrial, Json, Report, TrialError, TrialState } from "../../trial/trial.ts";
import { readJson, writeJson } from "../exact-json.ts";
import type { Attempt, Budget, Direction, StoredStudy, TrialOutcome } from "../storage.ts";
import type { AttemptRow, ReportRow, StudyRow, TrialContent } from "./statements.ts";

const STATES: readonly string[] = [
  "waiting",
  "running",
  "completed",
  "pruned",
  "failed",
  "lost",
] satisfies TrialState[];

/** Most trials have no attributes, metrics and reports, and share these. */
const EMPTY: Record<string, never> = Object.freeze({}) as Record<string, never>;
const NO_REPORTS: readonly Report[] = Object.freeze([]);

/** @throws StorageError when the row is damaged */
export function studyOf(row: StudyRow): StoredStudy {
  try {
    const seed = readJson(row.seed);
    if (typeof seed !== "number" && typeof seed !== "string") throw new Error(`its seed is ${show(seed)}`);
    if (row.direction !== "minimize" && row.direction !== "maximize") {
      throw new Error(`its direction is ${show(row.direction)}`);
    }
    const space = readJson(row.space);
    if (!Array.isArray(space)) throw new Error(`its space is ${show(space)}`);
    return {
      id: String(row.id),
      name: row.name,
      direction: row.direction satisfies Direction,
      space,
      seed,
      attributes: readObject(row.attributes, "attributes"),
      createdAt: readNumber(row.created_at, "created_at"),
      budget: budgetOf(row),
      leases: { graceMs: readNumber(row.lease_ms, "lease_ms"), retries: row.retries },
    };
  } catch (error) {
    throw new StorageError(
      `The stored study ${show(row.name)} cannot be read: ${because(error)}. Restore the database from a copy, or delete ` +
        `its row (id ${row.id} of table studies).`,
      { cause: error },
    );
  }
}

function budgetOf({ max_trials: trials, max_cost: cost, max_wall_ms: wallMs }: StudyRow): Budget {
  return {
    ...(trials === null ? {} : { trials }),
    ...(cost === null ? {} : { cost }),
    ...(wallMs === null ? {} : { wallMs }),
  };
}

export function attemptOf(row: AttemptRow): Attempt {
  return {
    number: row.trial_number,
    attempt: row.attempt,
    owner: row.owner,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    end: row.cause as Attempt["end"],
    late: row.late === null ? null : lateOf(row.late),
  };
}

/** A late result as JSON. */
export function writeLate(outcome: TrialOutcome, subject: string): string {
  return writeJson({ ...outcome, metrics: withoutNaN(outcome.metrics) }, subject);
}

function lateOf(text: string): TrialOutcome {
  const outcome = readJson(text) as TrialOutcome;
  return { ...outcome, metrics: withNaN(outcome.metrics) };
}

/** `reports` are those of this trial, in order. */
export function trialOf(row: TrialContent, reports: readonly ReportRow[]): FrozenTrial {
  try {
    return readTrial(row, reports);
  } catch (error) {
    return unreadable(row.number, because(error));
  }
}

/** The same. @throws Error when the row is damaged */
export function readTrial(row: TrialContent, reports: readonly ReportRow[]): FrozenTrial {
  if (!STATES.includes(row.state)) throw new Error(`its state is ${show(row.state)}`);
  return {
    number: row.number,
    state: row.state as TrialState,
    attempt: row.attempt,
    params: readObject(row.params, "params"),
    value: readNullable(row.value, "value"),
    ...(row.standard_error === null ? {} : { standardError: readNumber(row.standard_error, "standard_error") }),
    ...(row.cost === null ? {} : { cost: readNumber(row.cost, "cost") }),
    metrics: readMetrics(row.metrics),
    reports: reports.length === 0 ? NO_REPORTS : reports.map(reportOf),
    attributes: readObject(row.attributes, "attributes"),
    note: readJson(row.note) as Json,
    error: row.error === null ? null : readObject<TrialError & Record<string, string>>(row.error, "error"),
    startedAt: readNullable(row.started_at, "started_at"),
    finishedAt: readNullable(row.finished_at, "finished_at"),
  };
}

/** An attribute column, to be added to. @throws StorageError when it is damaged */
export function attributesOf(text: string, subject: string): Record<string, Json> {
  try {
    return readObject(text, "attributes");
  } catch (error) {
    throw new StorageError(`The stored ${subject} cannot be changed: ${because(error)}.`, { cause: error });
  }
}

/** Metrics as JSON; the one NaN that may be stored is null in it. */
export function writeMetrics(metrics: Readonly<Record<string, number>>, subject: string): string {
  return writeJson(withoutNaN(metrics), subject);
}

function withoutNaN(metrics: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, Number.isNaN(value) ? null : value]));
}

function withNaN(metrics: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, value ?? Number.NaN]));
}

function readMetrics(text: string): Record<string, number> {
  if (text === "{}") return EMPTY;
  return withNaN(readObject<Record<string, number | null>>(text, "metrics"));
}

function reportOf(row: ReportRow): Report {
  return { step: readNumber(row.step, "step"), value: readNullable(row.value, "report") ?? Number.NaN };
}

/** Stands for a trial that cannot be read. */
export function unreadable(number: number, reason: string): FrozenTrial {
  return {
    number,
    state: "failed",
    attempt: 0,
    params: {},
    value: null,
    metrics: {},
    reports: [],
    attributes: {},
    note: null,
    error: { message: `The stored trial ${number} cannot be read: ${reason}.` },
    startedAt: null,
    finishedAt: null,
  };
}

function readObject<T extends Readonly<Record<string, Json>>>(text: string, column: string): T {
  if (text === "{}") return EMPTY as T;
  const value = readJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`its ${column} must be a JSON object, but the row has ${show(text)}`);
  }
  return value as T;
}

function readNumber(value: unknown, column: string): number {
  if (typeof value !== "number") throw new Error(`its ${column} must be a number, but the row has ${show(value)}`);
  return value;
}

function readNullable(value: unknown, column: string): number | null {
  return value === null ? null : readNumber(value, column);
}

function because(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
}
