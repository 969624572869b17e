/**
 * Every statement that the SQL storages run, each compiled once. Those that change a trial also give it the study's new
 * revision, which `nextRevision` makes in the same transaction.
 */
import { type Kysely, type Selectable, sql } from "kysely";
import type { ReportsTable, Schema, StudiesTable, TrialsTable } from "./schema.ts";
import { type Statement, statement } from "./work.ts";

export type StudyRow = Selectable<StudiesTable>;
export type TrialRow = Selectable<TrialsTable>;
export type ReportRow = Selectable<Omit<ReportsTable, "study_id">>;

/** The trial that a statement is about. */
type TrialKey = { study: number; number: number };
/** A change of a trial: the columns `K`, and the revision it makes. */
type Change<K extends keyof TrialRow = never> = TrialKey & Pick<TrialRow, "revision" | K>;

export interface Statements {
  /** No row when the name is taken. */
  readonly insertStudy: Statement<Omit<StudyRow, "id" | "trial_count" | "revision">, StudyRow>;
  readonly studyByName: Statement<{ name: string }, StudyRow>;
  readonly studyById: Statement<{ study: number }, StudyRow>;
  readonly allStudies: Statement<Record<never, never>, StudyRow>;
  readonly updateStudy: Statement<{ study: number; space: string; attributes: string }, unknown>;
  /** No row when there is no such study. */
  readonly deleteStudy: Statement<{ study: number }, { id: number }>;

  /** Counts one more trial, if there are `number` of them; no row otherwise. */
  readonly countTrial: Statement<TrialKey, { revision: number }>;
  readonly nextRevision: Statement<{ study: number }, { revision: number }>;
  readonly insertTrial: Statement<
    Change<"state" | "owner" | "params" | "note" | "attributes" | "metrics" | "started_at">,
    TrialRow
  >;
  readonly trial: Statement<TrialKey, Pick<TrialRow, "state" | "owner" | "params" | "attributes">>;
  readonly startTrial: Statement<Change<"owner" | "params" | "note" | "started_at">, TrialRow>;
  readonly touchTrial: Statement<Change, unknown>;
  readonly setAttributes: Statement<Change<"attributes">, unknown>;
  readonly finishTrial: Statement<
    Change<"state" | "params" | "value" | "standard_error" | "cost" | "metrics" | "error" | "finished_at">,
    TrialRow
  >;
  readonly releaseTrial: Statement<Change, unknown>;
  readonly insertReport: Statement<TrialKey & Pick<ReportRow, "step" | "value">, unknown>;
  readonly deleteReports: Statement<TrialKey, unknown>;

  /** By number. */
  readonly trialsSince: Statement<{ study: number; revision: number }, TrialRow>;
  /** Those of the trials of `trialsSince`, by trial and in order. */
  readonly reportsSince: Statement<{ study: number; revision: number }, ReportRow>;
  /** Those of one trial, in order. */
  readonly reportsOf: Statement<TrialKey, ReportRow>;
  readonly runningOwners: Statement<{ study: number }, Pick<TrialRow, "owner">>;
  readonly trialsOfOwner: Statement<{ study: number; owner: string }, Pick<TrialRow, "number">>;
}

export function createStatements(db: Kysely<Schema>): Statements {
  const trial = (key: TrialKey) =>
    db.updateTable("trials").where("study_id", "=", key.study).where("number", "=", key.number);
  const reports = db.selectFrom("reports").select(["trial_number", "position", "step", "value"]);

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
        })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .returningAll(),
    ),
    studyByName: statement(({ name }) => db.selectFrom("studies").selectAll().where("name", "=", name)),
    studyById: statement(({ study }) => db.selectFrom("studies").selectAll().where("id", "=", study)),
    allStudies: statement(() => db.selectFrom("studies").selectAll().orderBy("id")),
    updateStudy: statement(({ study, space, attributes }) =>
      db.updateTable("studies").set({ space, attributes }).where("id", "=", study),
    ),
    deleteStudy: statement(({ study }) => db.deleteFrom("studies").where("id", "=", study).returning("id")),

    countTrial: statement(({ study, number }) =>
      db
        .updateTable("studies")
        .set((eb) => ({ trial_count: eb("trial_count", "+", 1), revision: eb("revision", "+", 1) }))
        .where("id", "=", study)
        .where("trial_count", "=", number)
        .returning("revision"),
    ),
    nextRevision: statement(({ study }) =>
      db
        .updateTable("studies")
        .set((eb) => ({ revision: eb("revision", "+", 1) }))
        .where("id", "=", study)
        .returning("revision"),
    ),
    insertTrial: statement((trial) =>
      db
        .insertInto("trials")
        .values({
          study_id: trial.study,
          number: trial.number,
          state: trial.state,
          revision: trial.revision,
          owner: trial.owner,
          params: trial.params,
          note: trial.note,
          attributes: trial.attributes,
          metrics: trial.metrics,
          started_at: trial.started_at,
        })
        .returningAll(),
    ),
    trial: statement(({ study, number }) =>
      db
        .selectFrom("trials")
        .select(["state", "owner", "params", "attributes"])
        .where("study_id", "=", study)
        .where("number", "=", number),
    ),
    startTrial: statement((p) =>
      trial(p)
        .set({
          state: "running",
          revision: p.revision,
          owner: p.owner,
          params: p.params,
          note: p.note,
          started_at: p.started_at,
        })
        .returningAll(),
    ),
    touchTrial: statement((p) => trial(p).set({ revision: p.revision })),
    setAttributes: statement((p) => trial(p).set({ revision: p.revision, attributes: p.attributes })),
    finishTrial: statement((p) =>
      trial(p)
        .set({
          state: p.state,
          revision: p.revision,
          owner: null,
          params: p.params,
          value: p.value,
          standard_error: p.standard_error,
          cost: p.cost,
          metrics: p.metrics,
          error: p.error,
          finished_at: p.finished_at,
        })
        .returningAll(),
    ),
    releaseTrial: statement((p) =>
      trial(p).set({ state: "waiting", revision: p.revision, owner: null, started_at: null }),
    ),
    insertReport: statement(({ study, number, step, value }) =>
      db.insertInto("reports").values({
        study_id: study,
        trial_number: number,
        position: db
          .selectFrom("reports")
          .select(sql<number>`coalesce(max(position) + 1, 0)`.as("position"))
          .where("study_id", "=", study)
          .where("trial_number", "=", number),
        step,
        value,
      }),
    ),
    deleteReports: statement(({ study, number }) =>
      db.deleteFrom("reports").where("study_id", "=", study).where("trial_number", "=", number),
    ),

    trialsSince: statement(({ study, revision }) =>
      db
        .selectFrom("trials")
        .selectAll()
        .where("study_id", "=", study)
        .where("revision", ">", revision)
        .orderBy("number"),
    ),
    reportsSince: statement(({ study, revision }) =>
      reports
        .where("study_id", "=", study)
        .where("trial_number", "in", (eb) =>
          eb.selectFrom("trials").select("number").where("study_id", "=", study).where("revision", ">", revision),
        )
        .orderBy("trial_number")
        .orderBy("position"),
    ),
    reportsOf: statement(({ study, number }) =>
      reports.where("study_id", "=", study).where("trial_number", "=", number).orderBy("position"),
    ),
    runningOwners: statement(({ study }) =>
      db
        .selectFrom("trials")
        .select("owner")
        .distinct()
        .where("study_id", "=", study)
        .where("state", "=", sql.lit("running")),
    ),
    trialsOfOwner: statement(({ study, owner }) =>
      db
        .selectFrom("trials")
        .select("number")
        .where("study_id", "=", study)
        .where("state", "=", sql.lit("running"))
        .where("owner", "=", owner)
        .orderBy("number"),
    ),
  };
}
