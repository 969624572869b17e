/** SQLite files as files: read and written whole, looked into, and drivers that watch or break what is done to them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { LogSync } from "../../src/storage/sql/log-sync.ts";
import type { SqliteDriver } from "../../src/storage/sql/sqlite.ts";

/** What is on the disk at one moment; the shared memory file is made anew by whoever opens the database after a crash. */
export interface Snapshot {
  readonly database: Buffer;
  readonly wal: Buffer | null;
  readonly journal: Buffer | null;
}

export function readSnapshot(file: string): Snapshot {
  const read = (path: string) => (existsSync(path) ? readFileSync(path) : null);
  return { database: read(file) ?? Buffer.alloc(0), wal: read(`${file}-wal`), journal: read(`${file}-journal`) };
}

export function writeSnapshot(file: string, { database, wal, journal }: Snapshot): void {
  mkdirSync(dirname(file), { recursive: true });
  for (const ending of ["", "-wal", "-shm", "-journal"]) rmSync(file + ending, { force: true });
  writeFileSync(file, database);
  if (wal !== null) writeFileSync(`${file}-wal`, wal);
  if (journal !== null) writeFileSync(`${file}-journal`, journal);
}

/** "ok", or what SQLite's own checks say. */
export function integrity(file: string): string {
  return withDatabase(file, (db) => {
    const found = db.prepare("pragma integrity_check").all();
    const foreign = db.prepare("pragma foreign_key_check").all();
    return [...found.map((row) => String(row.integrity_check)), ...foreign.map((row) => JSON.stringify(row))].join(
      "; ",
    );
  });
}

export function withDatabase<T>(file: string, use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file);
  try {
    // Whoever only looks need not wait for the disk.
    db.exec("pragma synchronous = 0");
    return use(db);
  } finally {
    db.close();
  }
}

export interface Watch {
  /** May change the statement, or throw in its place. */
  readonly before?: (sql: string, db: DatabaseSync) => string;
  readonly after?: (sql: string, db: DatabaseSync) => void;
  /** In place of `sync`, which brings the log to the disk. */
  readonly onSync?: (sync: () => Promise<void>) => Promise<void>;
}

/** A driver that tells of every statement as it begins and as it ends. */
export function watched({
  before = (sql) => sql,
  after = () => {},
  onSync = (sync) => sync(),
}: Watch): (path: string) => SqliteDriver {
  return (path) => {
    const db = new DatabaseSync(path);
    const log = new LogSync(path);
    const run = <T>(sql: string, act: (sql: string) => T): T => {
      const result = act(before(sql, db));
      after(sql, db);
      return result;
    };
    return {
      exec: (sql) => run(sql, (changed) => db.exec(changed)),
      prepare: (sql) => {
        let prepared: StatementSync | undefined;
        const statement = (changed: string) => {
          if (changed !== sql) return db.prepare(changed);
          prepared ??= db.prepare(sql);
          return prepared;
        };
        return {
          all: (...values) => run(sql, (changed) => statement(changed).all(...values)),
          run: (...values) => run(sql, (changed) => statement(changed).run(...values)),
        };
      },
      close: () => {
        void log.close();
        db.close();
      },
      sync: () => onSync(() => log.sync()),
    };
  };
}

/** Leaves the log's syncs out. */
export const unsynced: Watch = { onSync: async () => {} };
