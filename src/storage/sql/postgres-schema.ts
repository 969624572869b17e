/**
 * The tables of a PostgreSQL storage: they live in a schema of their own, beside a table with their version. They are made
 * and brought up to date in one transaction, under a lock that lets one process do it while others wait.
 */
import { type Kysely, sql } from "kysely";
import type { Clock } from "../clock.ts";
import { migrations, SCHEMA_VERSION, type SqlDialect } from "./migrations.ts";
import { refusal, type Target } from "./postgres-target.ts";
import type { Schema } from "./schema.ts";
import { lastStep, NOW, type Query, type SqlValue, step, type Work } from "./work.ts";

/** With the server's clock, or with `NOW` where another is given. */
export function dialectOf(clock: Clock | undefined): SqlDialect {
  const now =
    clock === undefined
      ? sql<number>`(extract(epoch from clock_timestamp()) * 1000)::double precision`
      : sql<number>`cast(${sql.val(NOW)} as double precision)`;
  return { key: "bigserial", double: "double precision", now };
}

/** The oldest that is tested against; older ones get no fixes from their makers either. */
const OLDEST_SERVER = 140_000;

/** Whether the tables are as this library needs them. @throws StorageError when server or database are none that can be used */
export function* isUpToDate(target: Target): Work<boolean> {
  return (yield* examine(target)).version === SCHEMA_VERSION;
}

/** Brings the tables up to date, unless another process has just done so. */
export function* migrate(target: Target, db: Kysely<Schema>): Work<void> {
  const { schema } = target;
  yield* step(bare("select pg_advisory_xact_lock(hashtextextended($1, 0))", `assay ${schema}`));
  const { version, hasSchema } = yield* examine(target);
  if (version === SCHEMA_VERSION) return;
  const table = `${quote(schema)}.schema_version`;
  const changes = migrations
    .slice(version)
    .flatMap((migration) => migration(db.withSchema(schema), dialectOf(undefined)));
  yield* step(
    ...(hasSchema ? [] : [bare(`create schema ${quote(schema)}`)]),
    ...(version > 0
      ? []
      : [bare(`create table ${table} (version integer not null)`), bare(`insert into ${table} values (0)`)]),
    ...changes.map(({ sql }) => bare(sql)),
    bare(`update ${table} set version = $1`, SCHEMA_VERSION),
  );
}

function* examine(target: Target): Work<{ hasSchema: boolean; version: number }> {
  const { schema } = target;
  const [[found]] = yield* step(
    bare<{ server: number; encoding: string; schemas: number; versions: number }>(
      "select current_setting('server_version_num')::integer as server, current_setting('server_encoding') as encoding, " +
        "exists (select from pg_catalog.pg_namespace where nspname = $1) as schemas, " +
        "exists (select from pg_catalog.pg_tables where schemaname = $1 and tablename = 'schema_version') as versions",
      schema,
    ),
  );
  const { server, encoding, schemas, versions } = found!;
  if (server < OLDEST_SERVER) {
    const version = `${Math.floor(server / 10_000)}`;
    throw refusal(target, `its server must be PostgreSQL 14 or later, but is ${version}`, "Use a newer server.");
  }
  if (encoding !== "UTF8") {
    throw refusal(
      target,
      `its encoding must be UTF8, but is ${encoding}`,
      `Create another database: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8';`,
    );
  }
  const hasSchema = schemas === 1;
  if (versions === 0) return { hasSchema, version: 0 };
  const [[row]] = yield* step(bare<{ version: number }>(`select version from ${quote(schema)}.schema_version`));
  const { version } = row!;
  if (version > SCHEMA_VERSION) {
    throw refusal(
      target,
      `its schema version must be at most ${SCHEMA_VERSION}, but is ${version}: a newer version of this library wrote it`,
      "Update the library, or name another schema in the option `schema`.",
    );
  }
  return { hasSchema, version };
}

/** Has the server look at what the tables hold, for its plans. Whoever does not own them is passed over. */
export function* analyze({ schema }: Target): Work<void> {
  yield* lastStep(
    ...["trials", "attempts", "reports"].map((table) => bare(`analyze (skip_locked) ${quote(schema)}.${table}`)),
  );
}

/** A statement that is not Kysely's to write; `R` is what it returns. */
export function bare<R = never>(sql: string, ...parameters: readonly SqlValue[]): Query<R> {
  return { sql, parameters, returnsRows: sql.startsWith("select") };
}

function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
