/** Kyselys that write SQL and run none, for the storages bring it to their databases themselves; and the dialect of SQLite, which has no clock of its own. */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from "kysely";
import type { SqlDialect } from "./migrations.ts";
import type { Schema } from "./schema.ts";
import { NOW } from "./work.ts";

export const SQLITE_DIALECT: SqlDialect = { key: "integer", double: "blob", now: sql<number>`${sql.val(NOW)}` };

export function sqliteCompiler(): Kysely<Schema> {
  return new Kysely({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });
}

export function postgresCompiler(): Kysely<Schema> {
  return new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}
