/**
 * The storage in SQL, whatever the database: each operation is one piece of work in one transaction, and may be run again whole when
 * nobody knows whether it arrived, for its call has an id. What differs between databases (how to connect, who is dead, from where
 * leases are renewed) is the engine's.
 */
import { type FrozenTrial, isFinal, type Json, type Report } from "../../trial/trial.ts";
import { writeJson } from "../exact-json.ts";
import {
  budgetSpent,
  checkOutcome,
  checkReportable,
  checkStudyName,
  finishedAlready,
  lostError,
  nameTaken,
  noStudy,
  noTrial,
  planOf,
  storageClosed,
} from "../rules.ts";
import {
  type Attempt,
  type Budget,
  LEASES,
  type Lease,
  type Owner,
  type Storage,
  type StoredStudy,
  type StudyChange,
  type StudyCopy,
  type StudyDefinition,
  type Swept,
  type Teller,
  type Told,
  type TrialChanges,
  type TrialClaim,
  type TrialDraft,
  type TrialOutcome,
} from "../storage.ts";
import { type Restored, type RestoredTrial, restored } from "../transfer/restored.ts";
import { attemptOf, attributesOf, studyOf, trialOf, writeLate, writeMetrics } from "./rows.ts";
import {
  PAGE,
  type ReportRow,
  type RunningRow,
  type Statements,
  type StudyRow,
  type TrialContent,
  type TrialRow,
} from "./statements.ts";
import { type BoundStatement, lastStep, lastStepAndRead, step, type Work } from "./work.ts";

/** A database that can hold studies. */
export interface SqlEngine {
  /** Opens the database and brings its schema up to date. Called at first use, and again if that failed. */
  connect(): Promise<SqlConnection>;
  /** See `Storage.newOwner`. */
  newOwner(): Owner;
  /** Whether this owner is known to be dead. */
  isDead(owner: Owner): boolean;
  /** Begins to renew the leases of an owner every `everyMs` milliseconds, if that has not begun; resolves when it has. */
  keepLeases(owner: Owner, everyMs: number): Promise<void>;
  /** Ends all renewals. */
  dropLeases(): void;
}

export interface SqlConnection {
  readonly statements: Statements;
  /**
   * Runs work in a transaction: one that writes has the right to from its beginning, one that reads sees one snapshot. Work that fails
   * for a reason that may pass is made and run again.
   */
  run<T>(access: "read" | "write", work: () => Work<T>): T | Promise<T>;
  /** Called when a study has so many trials. */
  grown?(trials: number): void;
  close(): void | Promise<void>;
}

/** A lease is renewed so often before it runs out. */
const RENEWALS = 4;

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

  async restoreStudy(copy: StudyCopy): Promise<StoredStudy> {
    checkStudyName(copy.study.name);
    const kept = restored(copy);
    return this.#run("write", (sql) => restoreStudy(sql, copy.study, kept));
  }

  findStudy(name: string): Promise<StoredStudy | null> {
    return this.#run("read", function* (sql) {
      const [[row]] = yield* lastStep(sql.studyByName({ name }));
      return row === undefined ? null : studyOf(row);
    });
  }

  listStudies(): Promise<readonly StoredStudy[]> {
    return this.#run("read", function* (sql) {
      const [rows] = yield* lastStep(sql.allStudies({}));
      return rows.map(studyOf);
    });
  }

  deleteStudy(studyId: string): Promise<void> {
    return this.#run("write", function* (sql) {
      const [[deleted]] = yield* lastStep(sql.deleteStudy({ study: keyOf(studyId) }));
      if (deleted === undefined) throw noStudy(studyId);
    });
  }

  updateStudy(studyId: string, change: StudyChange): Promise<void> {
    return this.#run("write", (sql) => updateStudy(sql, studyId, change));
  }

  async createTrial(studyId: string, draft: TrialDraft): Promise<FrozenTrial | null> {
    const { call = crypto.randomUUID() } = draft;
    return this.#grow(await this.#run("write", (sql) => createTrial(sql, studyId, { ...draft, call })));
  }

  async createNext(
    studyId: string,
    revision: number,
    draft: (changes: TrialChanges) => TrialDraft | null,
  ): Promise<FrozenTrial | null> {
    const call = crypto.randomUUID();
    let attempts = 0;
    const work = (sql: Statements) => createNext(sql, studyId, revision, draft, call, attempts++ > 0);
    return this.#grow(await this.#run("write", work));
  }

  async claimTrial(studyId: string, claim: TrialClaim): Promise<FrozenTrial | null> {
    const { call = crypto.randomUUID() } = claim;
    return this.#keep(await this.#run("write", (sql) => claimTrial(sql, studyId, { ...claim, call })));
  }

  reportTrial(studyId: string, number: number, reports: readonly Report[], attempt?: number): Promise<boolean> {
    return this.#run("write", (sql) => reportTrial(sql, studyId, number, reports, attempt));
  }

  setTrialAttribute(studyId: string, number: number, key: string, value: Json): Promise<void> {
    return this.#run("write", (sql) => setTrialAttribute(sql, studyId, number, key, value));
  }

  async finishTrial(studyId: string, number: number, outcome: TrialOutcome, teller: Teller = {}): Promise<Told> {
    checkOutcome(number, outcome);
    const { call = crypto.randomUUID() } = teller;
    return this.#run("write", (sql) => finishTrial(sql, studyId, number, outcome, { ...teller, call }));
  }

  async trialsSince(studyId: string, revision: number): Promise<TrialChanges> {
    const trials: FrozenTrial[] = [];
    for (let since = revision; ; ) {
      const page = await this.#run("read", (sql) => trialsSince(sql, studyId, since));
      // By number, for a trial that changed meanwhile comes again.
      for (const trial of page.trials) trials[trial.number] = trial;
      since = page.revision;
      // Without the holes.
      if (page.isLast) return { trials: trials.filter(() => true), revision: since };
    }
  }

  releaseTrial(studyId: string, number: number, attempt: number): Promise<void> {
    return this.#run("write", (sql) => releaseTrial(sql, studyId, number, attempt));
  }

  async sweep(studyId: string): Promise<Swept> {
    const { study, running } = await this.#run("read", (sql) => runningTrials(sql, studyId));
    // Whether a process lives is asked outside the transaction; an owner's name is never given twice, so a dead one stays dead.
    const dead = new Set(running.flatMap(({ owner }) => (owner !== null && this.#engine.isDead(owner) ? [owner] : [])));
    const abandoned = running.flatMap((trial) => {
      const isDead = dead.has(trial.owner ?? "");
      return isDead || (trial.lease_until !== null && trial.lease_until <= trial.now) ? [{ ...trial, isDead }] : [];
    });
    return abandoned.length === 0
      ? { requeued: [], lost: [] }
      : this.#run("write", (sql) => revoke(sql, study, abandoned));
  }

  renewLeases(owner: Owner): Promise<void> {
    return this.#run("write", function* (sql) {
      yield* lastStep(sql.renew({ owner }));
    });
  }

  async leases(studyId: string): Promise<readonly Lease[]> {
    const { running } = await this.#run("read", (sql) => runningTrials(sql, studyId));
    return running.map(({ number, attempt, owner, lease_until, began_at, now }) => ({
      number,
      attempt,
      owner: owner ?? "",
      startedAt: began_at ?? now,
      until: lease_until ?? Number.POSITIVE_INFINITY,
      now,
    }));
  }

  attempts(studyId: string): Promise<readonly Attempt[]> {
    return this.#run("read", function* (sql) {
      const study = keyOf(studyId);
      const [[row], attempts] = yield* lastStep(sql.studyById({ study }), sql.attempts({ study }));
      if (row === undefined) throw noStudy(studyId);
      return attempts.map(attemptOf);
    });
  }

  newOwner(): Owner {
    return this.#engine.newOwner();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#engine.dropLeases();
    // What could not be opened need not be closed, and whoever used it has been told.
    const connection = await this.#connection?.catch(() => null);
    await connection?.close();
  }

  /** Begins to renew the lease of a trial that a call created or leased. */
  async #keep(made: Leased | null): Promise<FrozenTrial | null> {
    if (made !== null && made.owner !== null) await this.#engine.keepLeases(made.owner, made.leaseMs / RENEWALS);
    return made?.trial ?? null;
  }

  /** The same of a trial that a call created, by which its study has grown. */
  async #grow(made: Leased | null): Promise<FrozenTrial | null> {
    if (made !== null) (await this.#connection)!.grown?.(made.trial.number + 1);
    return this.#keep(made);
  }

  async #run<T>(access: "read" | "write", work: (sql: Statements) => Work<T>): Promise<T> {
    if (this.#closed) throw storageClosed();
    this.#connection ??= this.#engine.connect();
    const connection = await this.#connection.catch((error: unknown) => {
      this.#connection = null;
      throw error;
    });
    if (this.#closed) throw storageClosed();
    return connection.run(access, () => work(connection.statements));
  }
}

/** A trial that a call created or leased, and for how long. */
interface Leased {
  readonly trial: FrozenTrial;
  readonly owner: Owner | null;
  readonly leaseMs: number;
}

type Called<T> = T & { readonly call: string };

function* createStudy(sql: Statements, definition: StudyDefinition): Work<StoredStudy> {
  const [[row]] = yield* lastStep(insertStudy(sql, definition));
  if (row === undefined) throw nameTaken(definition.name);
  return studyOf(row);
}

function insertStudy(sql: Statements, definition: StudyDefinition): ReturnType<Statements["insertStudy"]> {
  const { name, direction, space, seed, attributes, createdAt, budget = {}, leases = LEASES } = definition;
  return sql.insertStudy({
    name,
    direction,
    space: writeJson(space, `space of study '${name}'`),
    seed: writeJson(seed, `seed of study '${name}'`),
    attributes: writeJson(attributes, `attributes of study '${name}'`),
    created_at: createdAt,
    lease_ms: leases.graceMs,
    retries: leases.retries,
    ...budgetColumns(budget),
  });
}

/** Pages of trials go together; only the last step commits. */
function* restoreStudy(sql: Statements, definition: StudyDefinition, { trials, cost }: Restored): Work<StoredStudy> {
  const [[row]] = yield* step(insertStudy(sql, definition));
  if (row === undefined) throw nameTaken(definition.name);
  for (let at = 0; at < trials.length; at += PAGE) {
    yield* step(...trials.slice(at, at + PAGE).flatMap((it) => restoreTrial(sql, row.id, it)));
  }
  yield* lastStep(sql.restoreStudy({ study: row.id, count: trials.length, cost }));
  return studyOf(row);
}

function restoreTrial(sql: Statements, study: number, { trial, losses, attempts }: RestoredTrial): BoundStatement[] {
  const { number } = trial;
  const key = { study, number };
  return [
    sql.restoreTrial({
      ...key,
      revision: number + 1,
      state: trial.state,
      attempt: trial.attempt,
      losses,
      params: writeJson(trial.params, `parameters of trial ${number}`),
      note: writeJson(trial.note, `note of trial ${number}`),
      attributes: writeJson(trial.attributes, `attributes of trial ${number}`),
      value: trial.value,
      standard_error: trial.standardError ?? null,
      cost: trial.cost ?? null,
      metrics: writeMetrics(trial.metrics, `metrics of trial ${number}`),
      error: trial.error === null ? null : writeJson(trial.error, `error of trial ${number}`),
      started_at: trial.startedAt,
      finished_at: trial.finishedAt,
    }),
    ...trial.reports.map((report, position) => sql.restoreReport({ ...key, position, ...reportColumns(report) })),
    ...attempts.map(({ attempt, owner, startedAt, endedAt, end, late }) =>
      sql.restoreAttempt({
        ...key,
        attempt,
        owner,
        started_at: startedAt,
        ended_at: endedAt,
        cause: end,
        late: late === null ? null : writeLate(late, `outcome of trial ${number}`),
      }),
    ),
  ];
}

function* updateStudy(sql: Statements, studyId: string, change: StudyChange): Work<void> {
  const study = keyOf(studyId);
  const [, [stored]] = yield* step(sql.lockStudy({ study }), sql.studyById({ study }));
  if (stored === undefined) throw noStudy(studyId);
  const subject = `study '${stored.name}'`;
  yield* lastStep(
    sql.updateStudy({
      study,
      space: change.space === undefined ? stored.space : writeJson(change.space, `space of ${subject}`),
      attributes:
        change.attributes === undefined
          ? stored.attributes
          : writeJson(
              { ...attributesOf(stored.attributes, subject), ...change.attributes },
              `attributes of ${subject}`,
            ),
      ...(change.budget === undefined ? pickBudget(stored) : budgetColumns(change.budget)),
    }),
  );
}

function budgetColumns({ trials, cost, wallMs }: Budget): Pick<StudyRow, "max_trials" | "max_cost" | "max_wall_ms"> {
  return { max_trials: trials ?? null, max_cost: cost ?? null, max_wall_ms: wallMs ?? null };
}

function pickBudget({ max_trials, max_cost, max_wall_ms }: StudyRow): ReturnType<typeof budgetColumns> {
  return { max_trials, max_cost, max_wall_ms };
}

function* createTrial(sql: Statements, studyId: string, draft: Called<TrialDraft>): Work<Leased | null> {
  const { state, call, owner } = draft;
  const study = keyOf(studyId);
  const number = rowNumber(draft.number);
  const all = number === -1 ? [] : [draft, ...(draft.ahead ?? [])];
  const plans = { study, number, plans: all.length, call };
  const [, [counted], [created]] = yield* lastStep(
    sql.passLine({ study }),
    sql.countTrial(plans),
    sql.insertTrial({
      ...plans,
      state,
      owner,
      attempt: state === "running" ? 1 : 0,
      params: JSON.stringify(all.map(({ params }, i) => writeJson(params, `parameters of trial ${number + i}`))),
      notes: JSON.stringify(all.map(({ note }, i) => writeJson(note, `note of trial ${number + i}`))),
      attributes: writeJson(draft.attributes, `attributes of trial ${number}`),
      started_at: draft.startedAt,
    }),
    sql.insertAttempt({ study, call }),
  );
  if (counted !== undefined && created !== undefined) {
    return { trial: trialOf(created, []), owner, leaseMs: counted.lease_ms };
  }
  const [[made], reports, [stored], [left]] = yield* lastStep(
    state === "running" ? sql.leasedTrial({ study, call }) : sql.createdTrial({ study, call }),
    sql.reportsOfCall({ study, call }),
    sql.studyById({ study }),
    sql.budgetLeft({ study }),
  );
  if (stored === undefined || left === undefined) throw noStudy(studyId);
  if (made !== undefined) return { trial: madeTrial(made, reports), owner, leaseMs: stored.lease_ms };
  if (planOf(draft, stored.trial_count) === undefined) return null;
  const { trials, cost, wall_ms: wallMs } = left;
  const spent = budgetSpent({ trials, cost, wallMs }, ["trials", "cost", "wallMs"]);
  if (spent !== undefined) throw spent;
  return null;
}

/** @param isAgain whether the call may have made a trial already: where the answer was lost it is there */
function* createNext(
  sql: Statements,
  studyId: string,
  revision: number,
  draft: (changes: TrialChanges) => TrialDraft | null,
  call: string,
  isAgain: boolean,
): Work<Leased | null> {
  const study = keyOf(studyId);
  if (isAgain) {
    const [, [stored], [made], reports] = yield* step(
      sql.lineUp({ study }),
      sql.studyById({ study }),
      sql.createdTrial({ study, call }),
      sql.reportsOfCall({ study, call }),
    );
    if (stored !== undefined && made !== undefined) {
      // Unless another attempt has followed.
      const isKept = made.attempt === 0 || made.asked_by === call;
      return isKept ? { trial: madeTrial(made, reports), owner: made.owner, leaseMs: stored.lease_ms } : null;
    }
  }
  const trials: FrozenTrial[] = [];
  let since = revision;
  for (let isLast = false; !isLast; ) {
    const page = { study, revision: since };
    const [[inLine], rows, reports] = yield* step(sql.lineUp({ study }), sql.trialsSince(page), sql.reportsSince(page));
    if (inLine === undefined) throw noStudy(studyId);
    const changes = changesOf(since, rows, reports);
    trials.push(...changes.trials);
    since = changes.revision;
    isLast = rows.length < PAGE;
  }
  const next = draft({ trials, revision: since });
  return next === null ? null : yield* createTrial(sql, studyId, { ...next, call });
}

/** A trial that a call made. The same call may have leased another one, though nobody should use an id for two things. */
function madeTrial(row: TrialRow, reports: readonly ReportRow[]): FrozenTrial {
  return trialOf(row, byTrial(reports).get(row.number) ?? []);
}

function* claimTrial(sql: Statements, studyId: string, claim: Called<TrialClaim>): Work<Leased | null> {
  const { owner, params, note, startedAt, call } = claim;
  const study = keyOf(studyId);
  const number = claim.number === undefined ? null : rowNumber(claim.number);
  const subject = number === null ? "a claimed trial" : `trial ${number}`;
  const [, [taken], [started]] = yield* lastStep(
    sql.lockStudy({ study }),
    sql.takeWaiting({ study }),
    sql.startTrial({
      study,
      number,
      owner,
      call,
      params: params === undefined ? null : writeJson(params, `parameters of ${subject}`),
      note: note === undefined ? null : writeJson(note, `note of ${subject}`),
      started_at: startedAt,
    }),
    sql.dropReports({ study, call }),
    sql.insertAttempt({ study, call }),
  );
  if (taken !== undefined && started !== undefined) {
    return { trial: trialOf(started, []), owner, leaseMs: taken.lease_ms };
  }
  const [[leased], reports, [stored], [left], [asked]] = yield* lastStep(
    sql.leasedTrial({ study, call }),
    sql.reportsOfCall({ study, call }),
    sql.studyById({ study }),
    sql.budgetLeft({ study }),
    sql.trial({ study, number: number ?? -1 }),
  );
  if (stored === undefined || left === undefined) throw noStudy(studyId);
  if (leased !== undefined) return { trial: madeTrial(leased, reports), owner, leaseMs: stored.lease_ms };
  if (claim.number !== undefined && asked === undefined) throw noTrial(claim.number, stored.trial_count);
  const spent = budgetSpent({ trials: null, cost: left.cost, wallMs: left.wall_ms }, ["cost", "wallMs"]);
  if (spent !== undefined) throw spent;
  return null;
}

function* reportTrial(
  sql: Statements,
  studyId: string,
  number: number,
  reports: readonly Report[],
  attempt: number | undefined,
): Work<boolean> {
  const key = { study: keyOf(studyId), number: rowNumber(number), attempt: attempt ?? null };
  const [first] = reports;
  // Without an attempt the state must be known before anything is written; see `Storage.reportTrial`.
  if (attempt === undefined && first !== undefined) {
    const [[row], [study]] = yield* step(sql.trial(key), sql.studyById(key));
    checkReportable(number, known(row, study, studyId, number).state as FrozenTrial["state"], first);
  }
  const rows = yield* lastStep(
    sql.lockStudy(key),
    sql.takeUnended({ ...key, cost: 0 }),
    ...reports.map((report) => sql.insertReport({ ...key, ...reportColumns(report) })),
    sql.touchTrial(key),
  );
  if (rows.at(-1)!.length > 0) return true;
  const [[row], [study]] = yield* lastStep(sql.trial(key), sql.studyById(key));
  known(row, study, studyId, number);
  return false;
}

function reportColumns({ step, value }: Report): Pick<ReportRow, "step" | "value"> {
  return { step, value: Number.isNaN(value) ? null : value };
}

function* setTrialAttribute(sql: Statements, studyId: string, number: number, key: string, value: Json): Work<void> {
  const trialKey = { study: keyOf(studyId), number: rowNumber(number) };
  const [, [row], [stored]] = yield* step(sql.takeStudy(trialKey), sql.trial(trialKey), sql.studyById(trialKey));
  const trial = known(row, stored, studyId, number);
  const merged = { ...attributesOf(trial.attributes, `trial ${number}`), [key]: value };
  yield* lastStep(
    sql.setAttributes({ ...trialKey, attributes: writeJson(merged, `attribute '${key}' of trial ${number}`) }),
  );
}

function* finishTrial(
  sql: Statements,
  studyId: string,
  number: number,
  outcome: TrialOutcome,
  teller: Called<Teller>,
): Work<Told> {
  const { attempt, reports = [], since, call } = teller;
  const { state, params, value, standardError, cost, metrics, error, finishedAt } = outcome;
  const key = { study: keyOf(studyId), number: rowNumber(number), attempt: attempt ?? null };
  const page = { study: key.study, revision: since ?? 0 };
  const [ended, changed = [], changedReports = []]: readonly [
    readonly unknown[],
    (readonly TrialContent[])?,
    (readonly ReportRow[])?,
  ] = yield* lastStepAndRead(
    [
      sql.lockStudy(key),
      sql.takeUnended({ ...key, cost: cost ?? 0 }),
      ...reports.map((report) => sql.insertReport({ ...key, ...reportColumns(report) })),
      sql.endAttempt(key),
      sql.finishTrial({
        ...key,
        call,
        state,
        params: params === undefined ? null : writeJson(params, `parameters of trial ${number}`),
        value,
        standard_error: standardError ?? null,
        cost: cost ?? null,
        metrics: writeMetrics(metrics, `metrics of trial ${number}`),
        error: error === null ? null : writeJson(error, `error of trial ${number}`),
        finished_at: finishedAt,
      }),
    ],
    ...(since === undefined ? [] : ([sql.trialsSince(page), sql.reportsSince(page)] as const)),
  );
  const changes = since === undefined ? undefined : changesOf(since, changed, changedReports);
  // A trial that has just ended is among what changed, unless that is more than a page.
  const told = ended.length === 0 ? undefined : changes?.trials.find((it) => it.number === number);
  if (changes !== undefined && told !== undefined) return { trial: told, accepted: true, changes };
  const late = writeLate(outcome, `outcome of trial ${number}`);
  const [[row], reportRows, [study]] = (yield* lastStep(
    ...(attempt === undefined ? [] : [sql.keepLate({ ...key, call, late })]),
    sql.trial(key),
    sql.reportsOf(key),
    sql.studyById(key),
  )).slice(-3) as [readonly TrialRow[], readonly ReportRow[], readonly StudyRow[]];
  const stored = known(row, study, studyId, number);
  const trial = trialOf(stored, reportRows);
  const accepted = stored.told_by === call;
  if (!accepted && attempt === undefined && isFinal(trial.state)) throw finishedAlready(number, trial.state);
  return { trial, accepted, changes: changes ?? { trials: [], revision: study!.revision } };
}

function* trialsSince(sql: Statements, studyId: string, since: number): Work<TrialChanges & { isLast: boolean }> {
  const study = keyOf(studyId);
  const page = { study, revision: since };
  const [[found], rows, reportRows] = yield* lastStep(
    sql.hasStudy({ study }),
    sql.trialsSince(page),
    sql.reportsSince(page),
  );
  if (found === undefined) throw noStudy(studyId);
  return { ...changesOf(since, rows, reportRows), isLast: rows.length < PAGE };
}

/** A page of changes. */
function changesOf(since: number, rows: readonly TrialContent[], reportRows: readonly ReportRow[]): TrialChanges {
  const reports = byTrial(reportRows);
  return {
    trials: rows.map((row) => trialOf(row, reports.get(row.number) ?? [])).sort((a, b) => a.number - b.number),
    revision: rows.at(-1)?.revision ?? since,
  };
}

function* releaseTrial(sql: Statements, studyId: string, number: number, attempt: number): Work<void> {
  const key = { study: keyOf(studyId), number: rowNumber(number), attempt };
  const [, , , , [row], [study]] = yield* lastStep(
    sql.lockStudy(key),
    sql.takeRunning(key),
    sql.release(key),
    sql.closeAttempt({ ...key, cause: "released" }),
    sql.trial(key),
    sql.studyById(key),
  );
  known(row, study, studyId, number);
}

function* runningTrials(sql: Statements, studyId: string): Work<{ study: StudyRow; running: readonly RunningRow[] }> {
  const key = { study: keyOf(studyId) };
  const [[study], running] = yield* lastStep(sql.studyById(key), sql.running(key));
  if (study === undefined) throw noStudy(studyId);
  return { study, running };
}

/** Takes trials from attempts that were found abandoned, if they still are. */
function* revoke(
  sql: Statements,
  { id: study, retries }: StudyRow,
  abandoned: readonly (RunningRow & { readonly isDead: boolean })[],
): Work<Swept> {
  const error = writeJson(lostError(retries + 1), "the error of a lost trial");
  const rows = yield* lastStep(
    ...abandoned.flatMap(({ number, attempt, isDead, now }) => {
      const key = { study, number, attempt };
      return [
        sql.takeStudy({ study }),
        sql.revoke({ ...key, dead: isDead ? 1 : 0, finished_at: now, error }),
        sql.closeAttempt({ ...key, cause: isDead ? "died" : "lapsed" }),
        sql.trial(key),
      ];
    }),
  );
  const trials = abandoned.map((_, i) => rows[4 * i + 3]![0] as TrialRow);
  const numbers = (state: string) => trials.filter((trial) => trial?.state === state).map(({ number }) => number);
  return { requeued: numbers("waiting"), lost: numbers("lost") };
}

/** A trial's row. @throws NotFoundError when there is none, or no such study */
function known(trial: TrialRow | undefined, study: StudyRow | undefined, studyId: string, number: number): TrialRow {
  if (study === undefined) throw noStudy(studyId);
  if (trial === undefined) throw noTrial(number, study.trial_count);
  return trial;
}

/** A trial's number, or one that no row has. */
function rowNumber(number: number): number {
  return Number.isInteger(number) && number >= 0 && number < 2 ** 31 ? number : -1;
}

/** The key of a study's row, or one that no row has. */
function keyOf(studyId: string): number {
  return /^[1-9]\d{0,8}$/.test(studyId) ? Number(studyId) : -1;
}

function byTrial(rows: readonly ReportRow[]): ReadonlyMap<number, readonly ReportRow[]> {
  const map = new Map<number, ReportRow[]>();
  for (const row of rows) {
    const reports = map.get(row.trial_number);
    if (reports === undefined) map.set(row.trial_number, [row]);
    else reports.push(row);
  }
  return map;
}
