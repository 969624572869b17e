/**
 * The storage in SQL, whatever the database: each operation is one piece of work in one transaction. What differs between
 * databases (how to connect, who is dead) is the engine's.
 */
import type { FrozenTrial, Json, Report, TrialState } from "../../trial/trial.ts";
import { isFinal } from "../../trial/trial.ts";
import { writeJson } from "../exact-json.ts";
import {
  checkOutcome,
  checkReportable,
  checkStudyName,
  finishedAlready,
  isNextNumber,
  nameTaken,
  noStudy,
  noTrial,
  storageClosed,
} from "../rules.ts";
import type {
  Owner,
  Storage,
  StoredStudy,
  StudyDefinition,
  TrialChanges,
  TrialDraft,
  TrialOutcome,
} from "../storage.ts";
import { attributesOf, studyOf, trialOf, writeMetrics } from "./rows.ts";
import type { ReportRow, Statements, StudyRow } from "./statements.ts";
import type { Work } from "./work.ts";

/** A database that can hold studies. */
export interface SqlEngine {
  /** Opens the database and brings its schema up to date. Called at first use, and again if that failed. */
  connect(): Promise<SqlConnection>;
  /** See `Storage.newOwner`. */
  newOwner(): Owner;
  /** Whether this owner is known to be dead. */
  isDead(owner: Owner): boolean;
}

export interface SqlConnection {
  readonly statements: Statements;
  /** Runs work in a transaction: one that writes has the right to from its beginning, one that reads sees one snapshot. */
  run<T>(access: "read" | "write", work: Work<T>): T | Promise<T>;
  close(): void | Promise<void>;
}

export function sqlStorage(engine: SqlEngine): Storage {
  return new SqlStorage(engine);
}

class SqlStorage implements Storage {
  readonly #engine: SqlEngine;
  #connection: Promise<SqlConnection> | null = null;
  #closed = false;

  constructor(engine: SqlEngine) {
    this.#engine = engine;
  }

  async createStudy(definition: StudyDefinition): Promise<StoredStudy> {
    checkStudyName(definition.name);
    return this.#run("write", (sql) => createStudy(sql, definition));
  }

  findStudy(name: string): Promise<StoredStudy | null> {
    return this.#run("read", function* (sql) {
      const [row] = yield* sql.studyByName({ name });
      return row === undefined ? null : studyOf(row);
    });
  }

  listStudies(): Promise<readonly StoredStudy[]> {
    return this.#run("read", function* (sql) {
      return (yield* sql.allStudies({})).map(studyOf);
    });
  }

  deleteStudy(studyId: string): Promise<void> {
    return this.#run("write", function* (sql) {
      const [deleted] = yield* sql.deleteStudy({ study: keyOf(studyId) });
      if (deleted === undefined) throw noStudy(studyId);
    });
  }

  updateStudy(studyId: string, change: Parameters<Storage["updateStudy"]>[1]): Promise<void> {
    return this.#run("write", (sql) => updateStudy(sql, studyId, change));
  }

  createTrial(studyId: string, draft: TrialDraft): Promise<FrozenTrial | null> {
    return this.#run("write", (sql) => createTrial(sql, studyId, draft));
  }

  claimTrial(
    studyId: string,
    number: number,
    claim: Parameters<Storage["claimTrial"]>[2],
  ): Promise<FrozenTrial | null> {
    return this.#run("write", (sql) => claimTrial(sql, studyId, number, claim));
  }

  reportTrial(studyId: string, number: number, report: Report): Promise<void> {
    return this.#run("write", (sql) => reportTrial(sql, studyId, number, report));
  }

  setTrialAttribute(studyId: string, number: number, key: string, value: Json): Promise<void> {
    return this.#run("write", (sql) => setTrialAttribute(sql, studyId, number, key, value));
  }

  finishTrial(studyId: string, number: number, outcome: TrialOutcome): Promise<FrozenTrial> {
    return this.#run("write", (sql) => finishTrial(sql, studyId, number, outcome));
  }

  trialsSince(studyId: string, revision: number): Promise<TrialChanges> {
    return this.#run("read", (sql) => trialsSince(sql, studyId, revision));
  }

  async releaseDead(studyId: string): Promise<readonly number[]> {
    const owners = await this.#run("read", (sql) => runningOwners(sql, studyId));
    // Whether a process lives is asked outside the transaction; an owner's name is never given twice, so a dead one stays dead.
    const dead = owners.filter((owner) => this.#engine.isDead(owner));
    return dead.length === 0 ? [] : this.#run("write", (sql) => releaseOwners(sql, studyId, dead));
  }

  releaseTrial(studyId: string, number: number, owner: Owner): Promise<void> {
    return this.#run("write", (sql) => releaseTrial(sql, studyId, number, owner));
  }

  newOwner(): Owner {
    return this.#engine.newOwner();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // What could not be opened need not be closed, and whoever used it has been told.
    const connection = await this.#connection?.catch(() => null);
    await connection?.close();
  }

  async #run<T>(access: "read" | "write", work: (sql: Statements) => Work<T>): Promise<T> {
    if (this.#closed) throw storageClosed();
    this.#connection ??= this.#engine.connect();
    const connection = await this.#connection.catch((error: unknown) => {
      this.#connection = null;
      throw error;
    });
    if (this.#closed) throw storageClosed();
    return connection.run(access, work(connection.statements));
  }
}

function* createStudy(sql: Statements, definition: StudyDefinition): Work<StoredStudy> {
  const { name, direction, space, seed, attributes, createdAt } = definition;
  const [row] = yield* sql.insertStudy({
    name,
    direction,
    space: writeJson(space, `space of study '${name}'`),
    seed: writeJson(seed, `seed of study '${name}'`),
    attributes: writeJson(attributes, `attributes of study '${name}'`),
    created_at: createdAt,
  });
  if (row === undefined) throw nameTaken(name);
  return studyOf(row);
}

function* updateStudy(sql: Statements, studyId: string, change: Parameters<Storage["updateStudy"]>[1]): Work<void> {
  const stored = yield* studyRow(sql, studyId);
  const subject = `study '${stored.name}'`;
  const space = change.space === undefined ? stored.space : writeJson(change.space, `space of ${subject}`);
  const attributes =
    change.attributes === undefined
      ? stored.attributes
      : writeJson({ ...attributesOf(stored.attributes, subject), ...change.attributes }, `attributes of ${subject}`);
  yield* sql.updateStudy({ study: stored.id, space, attributes });
}

function* createTrial(sql: Statements, studyId: string, draft: TrialDraft): Work<FrozenTrial | null> {
  const { number, state, params, note, attributes, startedAt, owner } = draft;
  const study = keyOf(studyId);
  const [counted] = yield* sql.countTrial({ study, number });
  if (counted === undefined) {
    isNextNumber(number, (yield* studyRow(sql, studyId)).trial_count);
    return null;
  }
  const [row] = yield* sql.insertTrial({
    study,
    number,
    state,
    revision: counted.revision,
    owner,
    params: writeJson(params, `parameters of trial ${number}`),
    note: writeJson(note, `note of trial ${number}`),
    attributes: writeJson(attributes, `attributes of trial ${number}`),
    metrics: "{}",
    started_at: startedAt,
  });
  return trialOf(row!, []);
}

function* claimTrial(
  sql: Statements,
  studyId: string,
  number: number,
  claim: Parameters<Storage["claimTrial"]>[2],
): Work<FrozenTrial | null> {
  const { study, state } = yield* trialRow(sql, studyId, number);
  if (state !== "waiting") return null;
  const [row] = yield* sql.startTrial({
    study,
    number,
    revision: yield* nextRevision(sql, study),
    owner: claim.owner,
    params: writeJson(claim.params, `parameters of trial ${number}`),
    note: writeJson(claim.note, `note of trial ${number}`),
    started_at: claim.startedAt,
  });
  return trialOf(row!, []);
}

function* reportTrial(sql: Statements, studyId: string, number: number, report: Report): Work<void> {
  const { study, state } = yield* trialRow(sql, studyId, number);
  checkReportable(number, state, report);
  const { step, value } = report;
  yield* sql.insertReport({ study, number, step, value: Number.isNaN(value) ? null : value });
  yield* sql.touchTrial({ study, number, revision: yield* nextRevision(sql, study) });
}

function* setTrialAttribute(sql: Statements, studyId: string, number: number, key: string, value: Json): Work<void> {
  const { study, attributes } = yield* trialRow(sql, studyId, number);
  const merged = { ...attributesOf(attributes, `trial ${number}`), [key]: value };
  yield* sql.setAttributes({
    study,
    number,
    revision: yield* nextRevision(sql, study),
    attributes: writeJson(merged, `attribute '${key}' of trial ${number}`),
  });
}

function* finishTrial(sql: Statements, studyId: string, number: number, outcome: TrialOutcome): Work<FrozenTrial> {
  const stored = yield* trialRow(sql, studyId, number);
  if (isFinal(stored.state)) throw finishedAlready(number, stored.state);
  checkOutcome(number, outcome);
  const { state, params, value, standardError, cost, metrics, error, finishedAt } = outcome;
  const { study } = stored;
  const [row] = yield* sql.finishTrial({
    study,
    number,
    revision: yield* nextRevision(sql, study),
    state,
    params: params === undefined ? stored.params : writeJson(params, `parameters of trial ${number}`),
    value,
    standard_error: standardError ?? null,
    cost: cost ?? null,
    metrics: writeMetrics(metrics, `metrics of trial ${number}`),
    error: error === null ? null : writeJson(error, `error of trial ${number}`),
    finished_at: finishedAt,
  });
  return trialOf(row!, yield* sql.reportsOf({ study, number }));
}

function* trialsSince(sql: Statements, studyId: string, since: number): Work<TrialChanges> {
  const { id: study, revision } = yield* studyRow(sql, studyId);
  if (revision <= since) return { trials: [], revision };
  const rows = yield* sql.trialsSince({ study, revision: since });
  const reports = reportsByTrial(yield* sql.reportsSince({ study, revision: since }));
  return { trials: rows.map((row) => trialOf(row, reports.get(row.number) ?? [])), revision };
}

function* runningOwners(sql: Statements, studyId: string): Work<readonly Owner[]> {
  const { id: study } = yield* studyRow(sql, studyId);
  const rows = yield* sql.runningOwners({ study });
  return rows.flatMap(({ owner }) => (owner === null ? [] : [owner]));
}

function* releaseOwners(sql: Statements, studyId: string, owners: readonly Owner[]): Work<readonly number[]> {
  const study = keyOf(studyId);
  const released: number[] = [];
  for (const owner of owners) {
    for (const { number } of yield* sql.trialsOfOwner({ study, owner })) {
      yield* release(sql, study, number);
      released.push(number);
    }
  }
  return released.sort((a, b) => a - b);
}

function* releaseTrial(sql: Statements, studyId: string, number: number, owner: Owner): Work<void> {
  const { study, state, owner: holder } = yield* trialRow(sql, studyId, number);
  if (state === "running" && holder === owner) yield* release(sql, study, number);
}

function* release(sql: Statements, study: number, number: number): Work<void> {
  yield* sql.deleteReports({ study, number });
  yield* sql.releaseTrial({ study, number, revision: yield* nextRevision(sql, study) });
}

function* nextRevision(sql: Statements, study: number): Work<number> {
  const [row] = yield* sql.nextRevision({ study });
  return row!.revision;
}

/** @throws NotFoundError */
function* studyRow(sql: Statements, studyId: string): Work<StudyRow> {
  const [row] = yield* sql.studyById({ study: keyOf(studyId) });
  if (row === undefined) throw noStudy(studyId);
  return row;
}

/** What decides whether a trial may be changed. @throws NotFoundError */
function* trialRow(
  sql: Statements,
  studyId: string,
  number: number,
): Work<{ study: number; state: TrialState; owner: Owner | null; params: string; attributes: string }> {
  const study = keyOf(studyId);
  const [row] = yield* sql.trial({ study, number });
  if (row === undefined) throw noTrial(number, (yield* studyRow(sql, studyId)).trial_count);
  return { ...row, study, state: row.state as TrialState };
}

/** The key of a study's row, or one that no row has. */
function keyOf(studyId: string): number {
  return /^[1-9]\d{0,14}$/.test(studyId) ? Number(studyId) : -1;
}

function reportsByTrial(rows: readonly ReportRow[]): ReadonlyMap<number, readonly ReportRow[]> {
  const byTrial = new Map<number, ReportRow[]>();
  for (const row of rows) {
    const reports = byTrial.get(row.trial_number);
    if (reports === undefined) byTrial.set(row.trial_number, [row]);
    else reports.push(row);
  }
  return byTrial;
}
