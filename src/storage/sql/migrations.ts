/**
 * How the schema came to be what it is: migration i takes a database from version i to i + 1, and a new one runs them all.
 * A migration that was released is never changed.
 */
import { type CompiledQuery, type Kysely, sql } from "kysely";
import type { Schema } from "./schema.ts";

/** What databases call the types that they do not agree on. */
export interface ColumnTypes {
  /** An integer key that is never given twice, even after its row was deleted. */
  readonly key: "integer" | "bigserial";
  /** A double that comes back bit for bit. */
  readonly double: "blob" | "double precision";
}

export type Migration = (db: Kysely<Schema>, types: ColumnTypes) => CompiledQuery[];

export const migrations: readonly Migration[] = [createTables];

/** The version that this library reads and writes. */
export const SCHEMA_VERSION: number = migrations.length;

function createTables({ schema }: Kysely<Schema>, types: ColumnTypes): CompiledQuery[] {
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
