/** A driver of SQLite to which something happens in the middle of a migration. */
import { DatabaseSync } from "node:sqlite";
import type { SqliteDriver } from "../../src/storage/sql/sqlite.ts";

/** A driver that does `strike` before the `at`-th statement that follows the first to change the schema. */
export function struckAt(at: number, strike: () => void, counted = { statements: 0 }): (path: string) => SqliteDriver {
  return (path) => {
    const db = new DatabaseSync(path);
    let migrating = false;
    return {
      exec: (sql) => db.exec(sql),
      close: () => db.close(),
      prepare(sql) {
        migrating ||= /^(alter|create) table/.test(sql);
        if (migrating && counted.statements++ === at) strike();
        return db.prepare(sql) as never;
      },
    };
  };
}
