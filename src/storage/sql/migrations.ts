/**
 * How the schema came to be what it is: migration i takes a database from version i to i + 1, and a new one runs them all.
 * A migration that was released is never changed.
 */
import { type CompiledQuery, type Kysely, type RawBuilder, sql } from "kysely";
import { LEASES } from "../storage.ts";
import type { Schema } from "./schema.ts";

/** What databases do not agree on. */
export interface SqlDialect {
  /** An integer key that is never given twice, even after its row was deleted. */
  readonly key: "integer" | "bigserial";
  /** A double that comes back bit for bit. */
  readonly double: "blob" | "double precision";
  /** Milliseconds since 1970 by the database's own clock, by which leases are judged. */
  readonly now: RawBuilder<number>;
}

export type Migration = (db: Kysely<Schema>, dialect: SqlDialect) => CompiledQuery[];

export const migrations: readonly Migration[] = [createTables, addLeases, tellRevisionsApart];

/** The version that this library reads and writes. */
export const SCHEMA_VERSION: number = migrations.length;

function createTables({ schema }: Kysely<Schema>, types: SqlDialect): CompiledQuery[] {
  const double = sql.raw(types.double);
  return [
    schema
      .createTable("studies")
      .addColumn("id", types.key, (column) =>
        types.key === "integer" ? column.primaryKey().autoIncrement() : column.primaryKey(),
      )
      .addColumn("name", "text", (column) => column.notNull().unique())
      .addColumn("direction", "text", (column) => column.notNull())
      .addColumn("space", "text", (column) => column.notNull())
      .addColumn("seed", "text", (column) => column.notNull())
      .addColumn("attributes", "text", (column) => column.notNull())
      .addColumn("created_at", double, (column) => column.notNull())
      .addColumn("trial_count", "integer", (column) => column.notNull().defaultTo(0))
      .addColumn("revision", "integer", (column) => column.notNull().defaultTo(0))
      .compile(),
    schema
      .createTable("trials")
      .addColumn("study_id", "integer", (column) => column.notNull().references("studies.id").onDelete("cascade"))
      .addColumn("number", "integer", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("revision", "integer", (column) => column.notNull())
      .addColumn("owner", "text")
      .addColumn("params", "text", (column) => column.notNull())
      .addColumn("note", "text", (column) => column.notNull())
      .addColumn("attributes", "text", (column) => column.notNull())
      .addColumn("value", double)
      .addColumn("standard_error", double)
      .addColumn("cost", double)
      .addColumn("metrics", "text", (column) => column.notNull())
      .addColumn("error", "text")
      .addColumn("started_at", double)
      .addColumn("finished_at", double)
      .addPrimaryKeyConstraint("trials_key", ["study_id", "number"])
      .compile(),
    schema.createIndex("trials_by_revision").on("trials").columns(["study_id", "revision"]).compile(),
    schema
      .createIndex("trials_running")
      .on("trials")
      .columns(["study_id", "owner"])
      .where(sql.ref("state"), "=", sql.lit("running"))
      .compile(),
    schema
      .createTable("reports")
      .addColumn("study_id", "integer", (column) => column.notNull())
      .addColumn("trial_number", "integer", (column) => column.notNull())
      .addColumn("position", "integer", (column) => column.notNull())
      .addColumn("step", double, (column) => column.notNull())
      .addColumn("value", double)
      .addPrimaryKeyConstraint("reports_key", ["study_id", "trial_number", "position"])
      .addForeignKeyConstraint(
        "reports_of_trial",
        ["study_id", "trial_number"],
        "trials",
        ["study_id", "number"],
        (constraint) => constraint.onDelete("cascade"),
      )
      .compile(),
  ];
}

/** Leases with their attempts, budgets, and the ids of calls. */
function addLeases(db: Kysely<Schema>, { key, double: type }: SqlDialect): CompiledQuery[] {
  const { schema } = db;
  const double = sql.raw(type);
  const columns = [
    schema.alterTable("studies").addColumn("lease_ms", double, (it) => it.notNull().defaultTo(LEASES.graceMs)),
    schema.alterTable("studies").addColumn("retries", "integer", (it) => it.notNull().defaultTo(LEASES.retries)),
    schema.alterTable("studies").addColumn("max_trials", "integer"),
    schema.alterTable("studies").addColumn("max_cost", double),
    schema.alterTable("studies").addColumn("max_wall_ms", double),
    schema.alterTable("studies").addColumn("began_at", double, (it) => it.notNull().defaultTo(0)),
    schema.alterTable("studies").addColumn("cost", double, (it) => it.notNull().defaultTo(0)),
    schema.alterTable("studies").addColumn("last_call", "text"),
    schema.alterTable("trials").addColumn("attempt", "integer", (it) => it.notNull().defaultTo(0)),
    schema.alterTable("trials").addColumn("lease_until", double),
    schema.alterTable("trials").addColumn("losses", "integer", (it) => it.notNull().defaultTo(0)),
    schema.alterTable("trials").addColumn("created_by", "text"),
    schema.alterTable("trials").addColumn("asked_by", "text"),
    schema.alterTable("trials").addColumn("told_by", "text"),
  ];
  const attempts = schema
    .createTable("attempts")
    .addColumn("study_id", "integer", (column) => column.notNull())
    .addColumn("trial_number", "integer", (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("started_at", double, (column) => column.notNull())
    .addColumn("ended_at", double)
    .addColumn("cause", "text")
    .addColumn("late", "text")
    .addPrimaryKeyConstraint("attempts_key", ["study_id", "trial_number", "attempt"])
    .addForeignKeyConstraint(
      "attempts_of_trial",
      ["study_id", "trial_number"],
      "trials",
      ["study_id", "number"],
      (constraint) => constraint.onDelete("cascade"),
    );
  const clock = schema
    .createTable("clock")
    .addColumn("boot", "text", (column) => column.notNull())
    .addColumn("ahead", double, (column) => column.notNull());
  return [
    ...columns.map((column) => column.compile()),
    attempts.compile(),
    ...(key === "integer" ? [clock.compile()] : []),
    // Trials that were started have one attempt behind them, or are in it.
    db
      .updateTable("trials")
      .set({ attempt: sql.lit(1) })
      .where("state", "!=", sql.lit("waiting"))
      .compile(),
    db
      .insertInto("attempts")
      .columns(["study_id", "trial_number", "attempt", "owner", "started_at"])
      .expression(
        db
          .selectFrom("trials")
          .select(["study_id", "number", "attempt", "owner", "started_at"])
          .where("state", "=", sql.lit("running"))
          .where("owner", "is not", null)
          .$castTo<never>(),
      )
      .compile(),
    schema.dropIndex("trials_running").compile(),
    schema
      .createIndex("trials_running")
      .on("trials")
      .column("owner")
      .where(sql.ref("state"), "=", sql.lit("running"))
      .compile(),
    schema
      .createIndex("trials_waiting")
      .on("trials")
      .columns(["study_id", "number"])
      .where(sql.ref("state"), "=", sql.lit("waiting"))
      .compile(),
    schema.createIndex("trials_by_creation").unique().on("trials").columns(["created_by", "study_id"]).compile(),
    schema.createIndex("trials_by_lease").unique().on("trials").columns(["asked_by", "study_id"]).compile(),
  ];
}

/** A revision is one change of one trial, so that a page of changes may end after any. A sweep had given one to all that it took back. */
function tellRevisionsApart(db: Kysely<Schema>): CompiledQuery[] {
  const studies = db
    .selectFrom("trials as shared")
    .select("shared.study_id")
    .groupBy(["shared.study_id", "shared.revision"])
    .having(sql<number>`count(*)`, ">", sql.lit(1));
  // After all that were given, so that whoever reads on misses none.
  const renumbered = db
    .selectFrom("trials as changed")
    .innerJoin("studies as whose", "whose.id", "changed.study_id")
    .select([
      "changed.study_id",
      "changed.number",
      sql<number>`whose.revision - whose.trial_count + row_number() over (
        partition by changed.study_id order by changed.revision, changed.number)`.as("revision"),
    ])
    .where("changed.study_id", "in", studies);
  return [
    db
      .updateTable("studies")
      .set({ revision: sql<number>`revision + trial_count` })
      .where("id", "in", studies)
      .compile(),
    db
      .updateTable("trials")
      .from(renumbered.as("apart"))
      .set((eb) => ({ revision: eb.ref("apart.revision") }))
      .whereRef("trials.study_id", "=", "apart.study_id")
      .whereRef("trials.number", "=", "apart.number")
      .compile(),
    db.schema.dropIndex("trials_by_revision").compile(),
    db.schema.createIndex("trials_by_revision").unique().on("trials").columns(["study_id", "revision"]).compile(),
  ];
}
