/**
 * Every statement that the SQL storages run, each compiled once. What often happens is one step of several statements, so each of them
 * says in its own conditions when it applies: the first of a step takes the study's row, which is the lock of all that belongs to it,
 * and those after it look at what the first one did. A statement that waited for that lock in PostgreSQL sees other tables as they were
 * before, so the first one has no conditions on them: it is `countTrial` (after `passLine`), `takeStudy` or `lockStudy`.
 */
import { type Expression, type ExpressionBuilder, type Kysely, type Selectable, type SqlBool, sql } from "kysely";
import type { SqlDialect } from "./migrations.ts";
import type { AttemptsTable, ReportsTable, Schema, StudiesTable, TrialsTable } from "./schema.ts";
import { type Statement, statement } from "./work.ts";

export type StudyRow = Selectable<StudiesTable>;
/** What there is to be known of a trial; the rest of its row is the storage's own. */
export type TrialContent = Pick<
  Selectable<TrialsTable>,
  | "number"
  | "state"
  | "revision"
  | "attempt"
  | "params"
  | "note"
  | "attributes"
  | "value"
  | "standard_error"
  | "cost"
  | "metrics"
  | "error"
  | "started_at"
  | "finished_at"
>;
/** The same, with who works on it and the calls that leased it last and ended it. */
export type TrialRow = TrialContent & Pick<Selectable<TrialsTable>, "owner" | "asked_by" | "told_by">;
export type ReportRow = Selectable<Omit<ReportsTable, "study_id">>;
export type AttemptRow = Selectable<Omit<AttemptsTable, "study_id">>;
/** A trial that runs, when its attempt began, and the time at which it was read. */
export type RunningRow = Pick<Selectable<TrialsTable>, "number" | "attempt" | "owner" | "lease_until"> & {
  began_at: number | null;
  now: number;
};

/** The study that a statement is about, and the trial. */
type StudyKey = { study: number };
type TrialKey = StudyKey & { number: number };
/** What an attempt must be to be heard: the trial's last, or any where it is null. */
type AttemptKey = TrialKey & { attempt: number | null };
/** A trial that a call created or started. */
type CallKey = StudyKey & { call: string };

/** The numbers `number` … `number + plans − 1`. */
type PlansKey = TrialKey & { plans: number };

export interface Statements {
  /** No row when the name is taken. */
  readonly insertStudy: Statement<
    Omit<StudyRow, "id" | "trial_count" | "revision" | "began_at" | "cost" | "last_call">,
    StudyRow
  >;
  /** A study that has trials, counted already. */
  readonly restoreStudy: Statement<StudyKey & { count: number; cost: number }, unknown>;
  /** A trial that waits or has ended, as trial `number + 1` to change. */
  readonly restoreTrial: Statement<StudyKey & TrialContent & Pick<Selectable<TrialsTable>, "losses">, unknown>;
  readonly restoreReport: Statement<TrialKey & Omit<ReportRow, "trial_number">, unknown>;
  /** An attempt without an end ends now. */
  readonly restoreAttempt: Statement<TrialKey & Omit<AttemptRow, "trial_number">, unknown>;
  readonly studyByName: Statement<{ name: string }, StudyRow>;
  readonly studyById: Statement<StudyKey, StudyRow>;
  /** A row, if there is such a study. */
  readonly hasStudy: Statement<StudyKey, { id: number }>;
  readonly allStudies: Statement<Record<never, never>, StudyRow>;
  readonly updateStudy: Statement<
    StudyKey & Pick<StudyRow, "space" | "attributes" | "max_trials" | "max_cost" | "max_wall_ms">,
    unknown
  >;
  /** No row when there is no such study. */
  readonly deleteStudy: Statement<StudyKey, { id: number }>;
  /** One row: what of the study's budget is left, null where it is unbounded. */
  readonly budgetLeft: Statement<StudyKey, { trials: number | null; cost: number | null; wall_ms: number | null }>;

  /** Waits for all who did so before. In PostgreSQL it is no lock of the study's row, so that others may tell meanwhile. No row when there is no such study. */
  readonly lineUp: Statement<StudyKey, { id: number }>;
  /** Waits for those who line up or do already, but not for others who pass as well: none of them is overtaken for ever. */
  readonly passLine: Statement<StudyKey, unknown>;
  /** Counts one more trial, if its number is one of the plans', the budget allows it and the call has made none: a row then. */
  readonly countTrial: Statement<PlansKey & CallKey, Pick<StudyRow, "lease_ms">>;
  /** Inserts the trial that `countTrial` counted, and gives it. `params` and `notes` are JSON arrays of texts, one for each plan. */
  readonly insertTrial: Statement<
    PlansKey &
      CallKey &
      Pick<TrialRow, "state" | "owner" | "params" | "attributes" | "started_at"> & { notes: string; attempt: number },
    TrialRow
  >;
  /** Holds the study against all others until the transaction ends. */
  readonly lockStudy: Statement<StudyKey, unknown>;
  /** A new revision. */
  readonly takeStudy: Statement<StudyKey, unknown>;
  /** A new revision, if a trial waits: a row then. */
  readonly takeWaiting: Statement<StudyKey, Pick<StudyRow, "lease_ms">>;
  /** Starts trial `number`, or where it is null the first that waits, and gives it. */
  readonly startTrial: Statement<
    CallKey & { number: number | null; owner: string; params: string | null; note: string | null; started_at: number },
    TrialRow
  >;
  /** Deletes what earlier attempts reported to the trial that `startTrial` has just started. */
  readonly dropReports: Statement<CallKey, unknown>;
  readonly insertAttempt: Statement<CallKey, unknown>;
  /** The trial that a call created. */
  readonly createdTrial: Statement<CallKey, TrialRow>;
  /** The trial that a call leased. */
  readonly leasedTrial: Statement<CallKey, TrialRow>;

  readonly trial: Statement<TrialKey, TrialRow>;
  readonly setAttributes: Statement<TrialKey & Pick<TrialRow, "attributes">, unknown>;

  /** A new revision, and a cost more, if the attempt may report to the trial and end it. */
  readonly takeUnended: Statement<AttemptKey & { cost: number }, unknown>;
  /** If the attempt may report to the trial, which has no report of this step. */
  readonly insertReport: Statement<AttemptKey & Pick<ReportRow, "step" | "value">, unknown>;
  /** A row, if so. */
  readonly touchTrial: Statement<AttemptKey, { number: number }>;
  /** Ends the trial, if the attempt may: a row then. */
  readonly finishTrial: Statement<
    AttemptKey &
      Pick<TrialRow, "state" | "value" | "standard_error" | "cost" | "metrics" | "error" | "finished_at"> & {
        call: string;
        params: string | null;
      },
    { number: number }
  >;
  /** Ends the trial's last attempt, if the attempt that tells may end the trial: one that had ended otherwise only if it tells itself. */
  readonly endAttempt: Statement<AttemptKey, unknown>;
  /** Keeps a result with its attempt, if the call that told it did not end the trial. */
  readonly keepLate: Statement<AttemptKey & { call: string; late: string }, unknown>;

  /** A new revision, if the attempt runs the trial. */
  readonly takeRunning: Statement<AttemptKey, unknown>;
  /** Makes a running trial wait, as a worker's that gave it back. */
  readonly release: Statement<AttemptKey, unknown>;
  /** Makes a running trial wait, or ends it as lost, if its lease ran out or `dead` is 1. */
  readonly revoke: Statement<AttemptKey & { dead: number; finished_at: number; error: string }, unknown>;
  /** Ends an attempt whose trial runs no more. */
  readonly closeAttempt: Statement<AttemptKey & { cause: string }, unknown>;
  readonly renew: Statement<{ owner: string }, unknown>;

  /** The next changes by revision, a page of them. */
  readonly trialsSince: Statement<StudyKey & { revision: number }, TrialContent>;
  /** The reports of the trials of `trialsSince`, by trial and in order. */
  readonly reportsSince: Statement<StudyKey & { revision: number }, ReportRow>;
  /** Those of one trial, in order. */
  readonly reportsOf: Statement<TrialKey, ReportRow>;
  /** Those of the trial that a call created or leased: some, where the call is made again. */
  readonly reportsOfCall: Statement<CallKey, ReportRow>;
  readonly running: Statement<StudyKey, RunningRow>;
  /** All, by trial and attempt. */
  readonly attempts: Statement<StudyKey, AttemptRow>;
}

const CONTENT = [
  "number",
  "state",
  "revision",
  "attempt",
  "params",
  "note",
  "attributes",
  "value",
  "standard_error",
  "cost",
  "metrics",
  "error",
  "started_at",
  "finished_at",
] as const satisfies readonly (keyof TrialContent)[];
const TRIAL = [...CONTENT, "owner", "asked_by", "told_by"] as const satisfies readonly (keyof TrialRow)[];
/** By name, for a newer version may add some while statements that were parsed before are in use. */
const STUDY = [
  "id",
  "name",
  "direction",
  "space",
  "seed",
  "attributes",
  "created_at",
  "trial_count",
  "revision",
  "lease_ms",
  "retries",
  "max_trials",
  "max_cost",
  "max_wall_ms",
  "began_at",
  "cost",
  "last_call",
] as const satisfies readonly (keyof StudyRow)[];

/** Trials that are read at a time, so that their rows are not all in memory beside what is made of them. */
export const PAGE = 500;

export function createStatements(db: Kysely<Schema>, { key, now, double }: SqlDialect): Statements {
  const trial = (key: TrialKey) =>
    db.updateTable("trials").where("study_id", "=", key.study).where("number", "=", key.number);
  const attempt = (key: AttemptKey) =>
    db
      .updateTable("attempts")
      .where("study_id", "=", key.study)
      .where("trial_number", "=", key.number)
      .where("attempt", "=", key.attempt);
  const revisionOf = (key: StudyKey) => db.selectFrom("studies").select("revision").where("id", "=", key.study);
  const nextRevision = (key: StudyKey) =>
    db
      .updateTable("studies")
      .set((eb) => ({ revision: eb("revision", "+", 1) }))
      .where("id", "=", key.study);
  const reports = db.selectFrom("reports").select(["trial_number", "position", "step", "value"]);

  const attempts = db
    .selectFrom("attempts")
    .select(["trial_number", "attempt", "owner", "started_at", "ended_at", "cause", "late"])
    .orderBy("trial_number")
    .orderBy("attempt");

  /** How many is part of the text, so that PostgreSQL plans for few rows, whatever the size of the study. */
  const nextChanges = (p: StudyKey & { revision: number }) =>
    db
      .selectFrom("trials")
      .where("study_id", "=", p.study)
      .where("revision", ">", p.revision)
      .orderBy("revision")
      .limit(sql.lit(PAGE));

  /** The type of a value that stands where the database cannot infer it. */
  const cast = <T>(value: T, type: string) => sql<T>`cast(${value} as ${sql.raw(type)})`;
  const integer = <T extends number | null>(value: T) => cast(value, "integer");
  const text = <T extends string | null>(value: T) => cast(value, "text");
  // SQLite keeps a double that it binds as it is; to cast one to BLOB would make text of it.
  const real = <T extends number | null>(value: T) => cast(value, double === "blob" ? "real" : double);

  /** The text of a JSON array of texts that is for the trial that was counted last. */
  const planned = (texts: string, { number }: TrialKey) =>
    sql<string>`${cast(texts, key === "bigserial" ? "json" : "text")} ->> (trial_count - 1 - ${integer(number)})`;

  /** In SQLite whoever writes waits for the whole file. A number of the table stands for it, since schemas share what such locks are called. */
  const line = ({ study }: StudyKey, lock: string) =>
    db
      .selectFrom("studies")
      .select("id")
      .where("id", "=", study)
      .$if(key === "bigserial", (query) =>
        query.select(sql`${sql.raw(lock)}(tableoid::integer, id::integer)`.as("line")),
      );

  const isWithinBudget = (eb: ExpressionBuilder<Schema, "studies">) =>
    eb.and([
      eb.or([eb("max_cost", "is", null), eb("cost", "<", eb.ref("max_cost"))]),
      eb.or([eb("max_wall_ms", "is", null), sql<SqlBool>`began_at + max_wall_ms > ${now}`]),
    ]);
  /** Whether the attempt is the trial's last, and the trial in one of these states. */
  const hears = (key: AttemptKey, ...states: readonly ("waiting" | "running")[]): Expression<SqlBool> =>
    sql<SqlBool>`exists ${db
      .selectFrom("trials as heard")
      .select(sql.lit(1).as("one"))
      .where("heard.study_id", "=", key.study)
      .where("heard.number", "=", key.number)
      .where("heard.state", "in", sql<never>`(${sql.join(states.map((state) => sql.lit(state)))})`)
      .where("heard.attempt", "=", sql<number>`coalesce(${integer(key.attempt)}, heard.attempt)`)}`;
  /** The trial that a call created, or the one that it leased last. */
  const called = (p: CallKey, as: "created_by" | "asked_by") =>
    db.selectFrom("trials as made").where("made.study_id", "=", p.study).where(`made.${as}`, "=", p.call);
  const madeNone = (p: CallKey, as: "created_by" | "asked_by"): Expression<SqlBool> =>
    sql<SqlBool>`not exists ${called(p, as).select(sql.lit(1).as("one"))}`;
  /** The trial that a call created or leased. */
  const madeBy = (p: CallKey) =>
    db
      .selectFrom("trials as made")
      .where("made.study_id", "=", p.study)
      .where((eb) => eb.or([eb("made.created_by", "=", p.call), eb("made.asked_by", "=", p.call)]));
  const wasToldBy = (key: TrialKey & { call: string }) =>
    db
      .selectFrom("trials as told")
      .select(sql.lit(1).as("one"))
      .where("told.study_id", "=", key.study)
      .where("told.number", "=", key.number)
      .where("told.told_by", "=", key.call);

  return {
    insertStudy: statement((study) =>
      db
        .insertInto("studies")
        .values({
          name: study.name,
          direction: study.direction,
          space: study.space,
          seed: study.seed,
          attributes: study.attributes,
          created_at: study.created_at,
          lease_ms: study.lease_ms,
          retries: study.retries,
          max_trials: study.max_trials,
          max_cost: study.max_cost,
          max_wall_ms: study.max_wall_ms,
          began_at: now,
          cost: sql.lit(0),
        })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .returning(STUDY),
    ),
    restoreStudy: statement((p) =>
      db
        .updateTable("studies")
        .set({ trial_count: p.count, revision: p.count, cost: p.cost })
        .where("id", "=", p.study),
    ),
    restoreTrial: statement((p) =>
      db.insertInto("trials").values({
        study_id: p.study,
        number: p.number,
        revision: p.revision,
        state: p.state,
        attempt: p.attempt,
        losses: p.losses,
        params: p.params,
        note: p.note,
        attributes: p.attributes,
        value: p.value,
        standard_error: p.standard_error,
        cost: p.cost,
        metrics: p.metrics,
        error: p.error,
        started_at: p.started_at,
        finished_at: p.finished_at,
      }),
    ),
    restoreReport: statement((p) =>
      db
        .insertInto("reports")
        .values({ study_id: p.study, trial_number: p.number, position: p.position, step: p.step, value: p.value }),
    ),
    restoreAttempt: statement((p) =>
      db.insertInto("attempts").values({
        study_id: p.study,
        trial_number: p.number,
        attempt: p.attempt,
        owner: p.owner,
        started_at: p.started_at,
        ended_at: sql<number>`coalesce(${real(p.ended_at)}, ${now})`,
        cause: p.cause,
        late: p.late,
      }),
    ),
    studyByName: statement(({ name }) => db.selectFrom("studies").select(STUDY).where("name", "=", name)),
    studyById: statement(({ study }) => db.selectFrom("studies").select(STUDY).where("id", "=", study)),
    hasStudy: statement(({ study }) => db.selectFrom("studies").select("id").where("id", "=", study)),
    allStudies: statement(() => db.selectFrom("studies").select(STUDY).orderBy("id")),
    updateStudy: statement((p) =>
      db
        .updateTable("studies")
        .set({
          space: p.space,
          attributes: p.attributes,
          max_trials: p.max_trials,
          max_cost: p.max_cost,
          max_wall_ms: p.max_wall_ms,
        })
        .where("id", "=", p.study),
    ),
    deleteStudy: statement(({ study }) => db.deleteFrom("studies").where("id", "=", study).returning("id")),
    budgetLeft: statement(({ study }) =>
      db
        .selectFrom("studies")
        .select([
          sql<number | null>`max_trials - trial_count`.as("trials"),
          sql<number | null>`max_cost - cost`.as("cost"),
          sql<number | null>`began_at + max_wall_ms - ${now}`.as("wall_ms"),
        ])
        .where("id", "=", study),
    ),

    lineUp: statement((p) => line(p, "pg_advisory_xact_lock")),
    passLine: statement((p) => line(p, "pg_advisory_xact_lock_shared")),
    countTrial: statement((p) =>
      nextRevision(p)
        .set((eb) => ({ trial_count: eb("trial_count", "+", 1), last_call: p.call }))
        .where("trial_count", ">=", p.number)
        .where(sql<SqlBool>`trial_count - ${integer(p.number)} < ${integer(p.plans)}`)
        .where((eb) => eb.or([eb("max_trials", "is", null), eb("trial_count", "<", eb.ref("max_trials"))]))
        .where(isWithinBudget)
        // An index each, which one condition for both would not do.
        .where(madeNone(p, "created_by"))
        .where(madeNone(p, "asked_by"))
        .returning("lease_ms"),
    ),
    insertTrial: statement((p) =>
      db
        .insertInto("trials")
        .columns([
          "study_id",
          "number",
          "state",
          "revision",
          "owner",
          "attempt",
          "losses",
          "lease_until",
          "created_by",
          "asked_by",
          "params",
          "note",
          "attributes",
          "metrics",
          "started_at",
        ])
        .expression(
          db
            .selectFrom("studies")
            .select([
              "id",
              sql<number>`trial_count - 1`.as("number"),
              text(p.state).as("state"),
              "revision",
              text(p.owner).as("owner"),
              integer(p.attempt).as("attempt"),
              sql.lit(0).as("losses"),
              sql`case when ${integer(p.attempt)} = 1 then ${now} + lease_ms end`.as("lease_until"),
              text(p.call).as("created_by"),
              sql`case when ${integer(p.attempt)} = 1 then ${text(p.call)} end`.as("asked_by"),
              planned(p.params, p).as("params"),
              planned(p.notes, p).as("note"),
              text(p.attributes).as("attributes"),
              sql.lit("{}").as("metrics"),
              real(p.started_at).as("started_at"),
            ])
            .where("id", "=", p.study)
            .where("last_call", "=", p.call)
            .where(sql<SqlBool>`trial_count - ${integer(p.number)} between 1 and ${integer(p.plans)}`)
            .$castTo<never>(),
        )
        .onConflict((conflict) => conflict.columns(["study_id", "number"]).doNothing())
        .returning(TRIAL),
    ),
    lockStudy: statement(({ study }) =>
      db
        .selectFrom("studies")
        .select("id")
        .where("id", "=", study)
        // In SQLite whoever writes holds the whole file.
        .$if(key === "bigserial", (query) => query.forNoKeyUpdate()),
    ),
    takeStudy: statement((p) => nextRevision(p)),
    takeWaiting: statement((p) =>
      nextRevision(p)
        .where((eb) =>
          eb.exists(
            db
              .selectFrom("trials")
              .select(sql.lit(1).as("one"))
              .where("study_id", "=", p.study)
              .where("state", "=", sql.lit("waiting")),
          ),
        )
        .returning("lease_ms"),
    ),
    startTrial: statement((p) =>
      db
        .updateTable("trials")
        .set((eb) => ({
          state: sql.lit("running"),
          revision: revisionOf(p),
          owner: p.owner,
          attempt: eb("attempt", "+", 1),
          lease_until: sql<number>`${now} + ${db.selectFrom("studies").select("lease_ms").where("id", "=", p.study)}`,
          asked_by: p.call,
          params: sql<string>`coalesce(${text(p.params)}, params)`,
          note: sql<string>`coalesce(${text(p.note)}, note)`,
          started_at: p.started_at,
        }))
        .where("study_id", "=", p.study)
        .where("state", "=", sql.lit("waiting"))
        .where(
          "number",
          "=",
          sql<number>`coalesce(${integer(p.number)}, ${db
            .selectFrom("trials as first")
            .select(sql<number>`min(first.number)`.as("number"))
            .where("first.study_id", "=", p.study)
            .where("first.state", "=", sql.lit("waiting"))})`,
        )
        .where(madeNone(p, "asked_by"))
        .where((eb) =>
          eb.exists(
            db.selectFrom("studies").select(sql.lit(1).as("one")).where("id", "=", p.study).where(isWithinBudget),
          ),
        )
        .returning(TRIAL),
    ),
    dropReports: statement((p) =>
      db
        .deleteFrom("reports")
        .where("study_id", "=", p.study)
        .where(
          "trial_number",
          "in",
          db
            .selectFrom("trials as started")
            .select("started.number")
            .where("started.study_id", "=", p.study)
            .where("started.asked_by", "=", p.call)
            .where(
              sql<SqlBool>`not exists ${db
                .selectFrom("attempts")
                .select(sql.lit(1).as("one"))
                .where("attempts.study_id", "=", p.study)
                .where("attempts.trial_number", "=", sql<number>`started.number`)
                .where("attempts.attempt", "=", sql<number>`started.attempt`)}`,
            ),
        ),
    ),
    insertAttempt: statement((p) =>
      db
        .insertInto("attempts")
        .columns(["study_id", "trial_number", "attempt", "owner", "started_at"])
        .expression(
          db
            .selectFrom("trials")
            .select(["study_id", "number", "attempt", "owner", sql<number>`${now}`.as("started_at")])
            .where("study_id", "=", p.study)
            .where("asked_by", "=", p.call)
            .where("state", "=", sql.lit("running"))
            .$castTo<never>(),
        )
        .onConflict((conflict) => conflict.columns(["study_id", "trial_number", "attempt"]).doNothing()),
    ),
    createdTrial: statement((p) => called(p, "created_by").select(TRIAL)),
    leasedTrial: statement((p) => called(p, "asked_by").select(TRIAL)),

    trial: statement((p) =>
      db.selectFrom("trials").select(TRIAL).where("study_id", "=", p.study).where("number", "=", p.number),
    ),
    setAttributes: statement((p) => trial(p).set({ revision: revisionOf(p), attributes: p.attributes })),

    insertReport: statement((p) =>
      db
        .insertInto("reports")
        .columns(["study_id", "trial_number", "position", "step", "value"])
        .expression(
          db
            .selectFrom("trials")
            .select([
              "study_id",
              "number",
              sql<number>`${db
                .selectFrom("reports as before")
                .select(sql<number>`coalesce(max(before.position) + 1, 0)`.as("position"))
                .where("before.study_id", "=", p.study)
                .where("before.trial_number", "=", p.number)}`.as("position"),
              real(p.step).as("step"),
              real(p.value).as("value"),
            ])
            .where("study_id", "=", p.study)
            .where("number", "=", p.number)
            .where(hears(p, "waiting", "running"))
            .where(
              sql<SqlBool>`not exists ${db
                .selectFrom("reports as same")
                .select(sql.lit(1).as("one"))
                .where("same.study_id", "=", p.study)
                .where("same.trial_number", "=", p.number)
                .where("same.step", "=", real(p.step))}`,
            )
            .$castTo<never>(),
        ),
    ),
    touchTrial: statement((p) =>
      trial(p)
        .set({ revision: revisionOf(p) })
        .where(hears(p, "waiting", "running"))
        .returning("number"),
    ),

    takeUnended: statement((p) =>
      nextRevision(p)
        .set({ cost: sql<number>`cost + ${real(p.cost)}` })
        .where(hears(p, "waiting", "running")),
    ),
    finishTrial: statement((p) =>
      trial(p)
        .set({
          state: p.state,
          revision: revisionOf(p),
          owner: null,
          lease_until: null,
          told_by: p.call,
          params: sql<string>`coalesce(${text(p.params)}, params)`,
          value: p.value,
          standard_error: p.standard_error,
          cost: p.cost,
          metrics: p.metrics,
          error: p.error,
          finished_at: p.finished_at,
        })
        .where(hears(p, "waiting", "running"))
        .returning("number"),
    ),
    endAttempt: statement((p) =>
      db
        .updateTable("attempts")
        .set({ ended_at: now, cause: sql.lit("told") })
        .where("study_id", "=", p.study)
        .where("trial_number", "=", p.number)
        .where(
          "attempt",
          "=",
          db
            .selectFrom("trials as told")
            .select("told.attempt")
            .where("told.study_id", "=", p.study)
            .where("told.number", "=", p.number),
        )
        .where(hears(p, "waiting", "running"))
        .where((eb) =>
          eb.or([
            eb("ended_at", "is", null),
            eb("attempt", "=", integer(p.attempt)).and("cause", "!=", sql.lit("told")),
          ]),
        ),
    ),
    keepLate: statement((p) =>
      attempt(p)
        .set({ late: p.late })
        .where("late", "is", null)
        .where(sql<SqlBool>`not exists ${wasToldBy(p)}`),
    ),

    takeRunning: statement((p) => nextRevision(p).where(hears(p, "running"))),
    release: statement((p) =>
      trial(p)
        .set({ state: sql.lit("waiting"), revision: revisionOf(p), owner: null, lease_until: null, started_at: null })
        .where(hears(p, "running")),
    ),
    revoke: statement((p) => {
      const isLost = sql<SqlBool>`losses >= ${db.selectFrom("studies").select("retries").where("id", "=", p.study)}`;
      return trial(p)
        .set((eb) => ({
          state: sql<string>`case when ${isLost} then 'lost' else 'waiting' end`,
          error: sql<string | null>`case when ${isLost} then ${text(p.error)} end`,
          finished_at: sql<number | null>`case when ${isLost} then ${real(p.finished_at)} end`,
          started_at: sql<number | null>`case when ${isLost} then started_at end`,
          losses: eb("losses", "+", 1),
          revision: revisionOf(p),
          owner: null,
          lease_until: null,
        }))
        .where(hears(p, "running"))
        .where((eb) => eb.or([eb("lease_until", "<=", now), sql<SqlBool>`${integer(p.dead)} = 1`]));
    }),
    closeAttempt: statement((p) =>
      attempt(p)
        .set({ ended_at: now, cause: p.cause })
        .where("ended_at", "is", null)
        .where(sql<SqlBool>`not ${hears(p, "running")}`),
    ),
    renew: statement(({ owner }) =>
      db
        .updateTable("trials")
        .set({
          lease_until: sql<number>`${now} + ${db
            .selectFrom("studies")
            .select("studies.lease_ms")
            .where(sql<SqlBool>`${sql.ref("studies.id")} = ${sql.ref("trials.study_id")}`)}`,
        })
        .where("owner", "=", owner)
        .where("state", "=", sql.lit("running")),
    ),

    trialsSince: statement((p) => nextChanges(p).select(CONTENT)),
    reportsSince: statement((p) =>
      reports
        .where("study_id", "=", p.study)
        .where("trial_number", "in", nextChanges(p).select("number"))
        .orderBy("trial_number")
        .orderBy("position"),
    ),
    reportsOf: statement(({ study, number }) =>
      reports.where("study_id", "=", study).where("trial_number", "=", number).orderBy("position"),
    ),
    reportsOfCall: statement((p) =>
      reports
        .where("study_id", "=", p.study)
        .where("trial_number", "in", madeBy(p).select("made.number"))
        .orderBy("position"),
    ),
    running: statement(({ study }) =>
      db
        .selectFrom("trials")
        .leftJoin("attempts", (join) =>
          join
            .onRef("attempts.study_id", "=", "trials.study_id")
            .onRef("attempts.trial_number", "=", "trials.number")
            .onRef("attempts.attempt", "=", "trials.attempt"),
        )
        .select([
          "trials.number",
          "trials.attempt",
          "trials.owner",
          "trials.lease_until",
          "attempts.started_at as began_at",
          sql<number>`${now}`.as("now"),
        ])
        .where("trials.study_id", "=", study)
        .where("trials.state", "=", sql.lit("running"))
        .orderBy("trials.number"),
    ),
    attempts: statement(({ study }) => attempts.where("study_id", "=", study)),
  };
}
