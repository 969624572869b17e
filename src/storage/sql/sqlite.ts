/**
 * A storage in one SQLite file, for any number of processes of one machine. Every connection is set to write-ahead logging and
 * minutes of patience with other writers, every write takes the lock before it reads, and what is acknowledged is on the disk.
 */
import { randomUUID } from "node:crypto";
import { StorageError } from "../../errors.ts";
import { createRng } from "../../math/rng.ts";
import type { Storage } from "../storage.ts";
import { SQLITE_DIALECT, sqliteCompiler } from "./compilers.ts";
import { createLeaseKeeper } from "./lease-keeper.ts";
import { LogSync } from "./log-sync.ts";
import { type ClockSetting, clockOf, monotonicMs, settingFor } from "./machine-clock.ts";
import { migrations, SCHEMA_VERSION } from "./migrations.ts";
import { isDeadProcess, newProcessOwner } from "./process-owner.ts";
import { retry, systemTimer } from "./retry.ts";
import { type SqlConnection, sqlStorage } from "./sql-storage.ts";
import { backUp } from "./sqlite-backup.ts";
import {
  APPLICATION_ID,
  checkFile,
  checkPath,
  explain,
  type FileChecks,
  foreignDatabase,
  goneFile,
  identityOf,
  newerSchema,
  resultCode,
  unsynced,
} from "./sqlite-file.ts";
import { createStatements, type Statements } from "./statements.ts";
import { type BoundStatement, lastStep, NOW, type Query, type SqlValue, step, type Work } from "./work.ts";

/** A connection to a SQLite file as both `DatabaseSync` of node:sqlite and `Database` of better-sqlite3 are one. */
export interface SqliteDriver {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
  /** Resolves when what was committed is on the disk; by default the file's log is synced. */
  sync?(): Promise<void>;
}

export interface SqliteStatement {
  /** The rows, as objects by column, of a statement that returns some. */
  all(...parameters: SqlValue[]): unknown[];
  /** Runs a statement that returns none. */
  run(...parameters: SqlValue[]): unknown;
}

export interface SqliteOptions {
  /** Opens the file, which it creates when there is none; by default with node:sqlite. */
  readonly open?: (path: string) => SqliteDriver | Promise<SqliteDriver>;
  /** Milliseconds since 1970, by which leases are judged, the same in all processes; by default the file's own clock. */
  readonly clock?: () => number;
  /** Opens a file on a network file system too, which is else refused: right only where one machine alone uses it. Default false. */
  readonly allowNetworkFileSystem?: boolean;
}

/**
 * Keeps studies in a SQLite file, which is created at first use when there is none. A file that cannot be used is refused
 * then, with a StorageError that names it and says why, and is left as it was.
 *
 * @throws ValidationError when `path` is not the path of a file
 *
 * @example const study = await createStudy({ storage: sqlite("studies.db"), name: "churn", space })
 */
export function sqlite(path: string | URL, options: SqliteOptions = {}): Storage {
  const file = checkPath(path);
  const { open = openWithNode, clock, allowNetworkFileSystem = false } = options;
  const keeper = createLeaseKeeper({ kind: "sqlite", file, allowNetworkFileSystem });
  return sqlStorage({
    connect: () => connect(file, open, clock, { allowNetworkFileSystem }),
    newOwner: newProcessOwner,
    isDead: isDeadProcess,
    // A thread has no clock that was handed in.
    keepLeases: async (owner, everyMs) => {
      if (clock === undefined) await keeper.keep(owner, everyMs);
    },
    dropLeases: () => keeper.close(),
  });
}

async function connect(
  file: string,
  open: NonNullable<SqliteOptions["open"]>,
  clock: SqliteOptions["clock"],
  checks: FileChecks,
): Promise<SqlConnection> {
  checkFile(file, checks);
  let driver: SqliteDriver | undefined;
  try {
    driver = await open(file);
    const connection = new SqliteConnection(file, driver);
    connection.set("busy_timeout", BUSY_MS);
    connection.set("foreign_keys", 1);
    // Before the log is switched on, so that the header of the file itself always says whose it is: see `checkFile`.
    const version = connection.transact("read", schemaOf(file));
    if (version > 0 && version < SCHEMA_VERSION) backUp(file, version, (path) => connection.copyTo(path));
    connection.transact("write", migrate(file));
    connection.now = clock ?? clockOf(connection.transact("write", setClock()));
    await switchOnLog(connection);
    connection.identify();
    connection.set("synchronous", 1); // NORMAL: `run` itself waits for the disk, when others may write again.
    return connection;
  } catch (error) {
    driver?.close();
    throw explain(file, error);
  }
}

/**
 * Switches the write-ahead log on. The first process to do so needs the file for itself, and SQLite does not let it wait for that: it
 * says at once that the file is busy, whatever the timeout. So it is asked again until the half minute of other waits is over.
 */
async function switchOnLog(connection: SqliteConnection): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return connection.set("journal_mode", "wal");
    } catch (error) {
      if (resultCode(error) !== "BUSY" || attempt === LOG_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOG_RETRY_MS));
    }
  }
}

const LOG_RETRY_MS = 50;
const LOG_ATTEMPTS = 600;

/** For how long a statement waits for a lock. */
const BUSY_MS = 30_000;
/** For how long the first of a transaction does before the event loop has its turn, how often it looks while such waits last, and its pauses. */
const TURN_MS = 5000;
const LOOKS = 8;
/** Of so many writes the usual wait is about the mean. */
const MEMORY = 8;
const SHORTEST_PAUSE_MS = 0.2;
const LONGEST_PAUSE_MS = 5;

/** For how long a file that another program keeps locked is tried again. */
const PATIENCE_MS = 10 * 60_000;

function isBusy(error: unknown): boolean {
  return error instanceof StorageError && resultCode(error.cause ?? {}) === "BUSY";
}

const asleep = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps, and the event loop with it. */
function pause(ms: number): void {
  Atomics.wait(asleep, 0, 0, Math.min(Math.max(ms, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
}

async function openWithNode(path: string): Promise<SqliteDriver> {
  const { DatabaseSync } = await import("node:sqlite");
  return new DatabaseSync(path);
}

/** The schema's version, 0 for a new database. @throws StorageError when the database is another program's or of a newer version */
function* schemaOf(file: string): Work<number> {
  const [[found]] = yield* step(
    bare<{ application_id: number; user_version: number; tables: number }>(
      "select application_id, user_version, (select count(*) from sqlite_schema) as tables " +
        "from pragma_application_id, pragma_user_version",
    ),
  );
  const { application_id: owner, user_version: version, tables } = found!;
  if (owner !== APPLICATION_ID && (owner !== 0 || tables > 0)) throw foreignDatabase(file, owner);
  if (version > SCHEMA_VERSION) throw newerSchema(file, version);
  return version;
}

/** Brings the schema up to date, in one transaction, so that a migration that was interrupted is as if it had not begun. */
function* migrate(file: string): Work<void> {
  const version = yield* schemaOf(file);
  if (version === SCHEMA_VERSION) return;
  for (const migration of migrations.slice(version)) {
    yield* step(...migration(sqliteCompiler(), SQLITE_DIALECT).map(({ sql }) => bare(sql)));
  }
  yield* step(bare(`pragma application_id = ${APPLICATION_ID}`), bare(`pragma user_version = ${SCHEMA_VERSION}`));
}

/** The file's clock, which the first process after a start of the machine sets. */
function* setClock(): Work<ClockSetting> {
  const [[stored]] = yield* step(bare<ClockSetting>("select boot, ahead from clock"));
  const setting = settingFor(stored);
  if (setting !== stored) {
    yield* lastStep(bare("delete from clock"), {
      sql: "insert into clock (boot, ahead) values (?, ?)",
      parameters: [setting.boot, setting.ahead],
      returnsRows: false,
    });
  }
  return setting;
}

class SqliteConnection implements SqlConnection {
  readonly statements: Statements;
  /** The file's clock. */
  now: () => number = monotonicMs;
  readonly #file: string;
  readonly #driver: SqliteDriver;
  /** Of the file that is open, once it is there. */
  #identity: string | undefined;
  readonly #prepared = new Map<string, SqliteStatement>();
  readonly #random = createRng(randomUUID());
  readonly #closing = new AbortController();
  readonly #log: LogSync;
  /** How long a write has lately waited for others, in milliseconds. */
  #usualWait = 0;

  constructor(file: string, driver: SqliteDriver) {
    this.#file = file;
    this.#driver = driver;
    this.#log = new LogSync(file);
    statements ??= createStatements(sqliteCompiler(), SQLITE_DIALECT);
    this.statements = statements;
  }

  run<T>(access: "read" | "write", work: () => Work<T>): T | Promise<T> {
    if (access === "read") return this.#transactPatiently(access, work);
    return this.#writeDurably(work);
  }

  /** What is acknowledged is on the disk, and with it all that it has seen. */
  async #writeDurably<T>(work: () => Work<T>): Promise<T> {
    const result = await this.#transactPatiently("write", work);
    try {
      await (this.#driver.sync?.() ?? this.#log.sync());
    } catch (error) {
      throw unsynced(this.#file, error);
    }
    return result;
  }

  #transactPatiently<T>(access: "read" | "write", work: () => Work<T>): T | Promise<T> {
    try {
      return this.transact(access, work());
    } catch (error) {
      if (!isBusy(error)) throw error;
      return retry(async () => this.transact(access, work()), {
        isTransient: isBusy,
        patienceMs: PATIENCE_MS,
        random: () => this.#random.next(),
        timer: systemTimer,
        closing: this.#closing.signal,
      });
    }
  }

  transact<T>(access: "read" | "write", work: Work<T>): T {
    // A transaction that begins by reading and goes on to write fails at once where another process wrote in between;
    // one that takes the lock first waits for it.
    let isOpen = false;
    try {
      let turn = work.next();
      while (!turn.done) {
        const { statements, isLast, reads } = turn.value;
        if (!isOpen) {
          isOpen = true;
          this.#begin(access);
        }
        const rows = statements.map((statement) => this.#execute(statement));
        if (isLast) {
          this.#execute(bare("commit"));
          isOpen = false;
        }
        if (reads.length > 0) {
          isOpen = true;
          this.#begin("read");
          rows.push(...reads.map((statement) => this.#execute(statement)));
          this.#execute(bare("commit"));
          isOpen = false;
        }
        turn = work.next(rows);
      }
      if (isOpen) this.#execute(bare("commit"));
      return turn.value;
    } catch (error) {
      if (isOpen) this.#rollBack();
      throw error;
    }
  }

  #begin(access: "read" | "write"): void {
    if (access === "write") this.#beginWriting();
    else this.#execute(bare("begin"));
    // SQLite goes on with a file that has lost its name, and what it writes is gone when it is closed.
    if (this.#identity !== undefined && identityOf(this.#file) !== this.#identity) throw goneFile(this.#file);
  }

  /**
   * Takes the file for writing. SQLite's own waiting looks again after whole milliseconds, in which the file lies idle, and after longer and longer pauses,
   * so that whoever came last takes what others have waited for. Here all look at one pace, a few times while such waits last: in a crowd each does so more
   * seldom, so that the looks of all are as many as those of two.
   */
  #beginWriting(): void {
    const start = monotonicMs();
    let waited = 0;
    this.#waitFor(0);
    try {
      while (!this.#tookFile(waited >= TURN_MS)) {
        pause(Math.max(this.#usualWait, waited) / LOOKS);
        waited = monotonicMs() - start;
      }
      this.#usualWait += (waited - this.#usualWait) / MEMORY;
    } finally {
      this.#waitFor(BUSY_MS);
    }
  }

  /** Whether it has the file now. @throws StorageError when it has not, and this was the last look */
  #tookFile(isLast: boolean): boolean {
    try {
      this.#prepare("begin immediate").run();
      return true;
    } catch (error) {
      if (!isLast && resultCode(error as object) === "BUSY") return false;
      throw explain(this.#file, error);
    }
  }

  /** How long a statement waits for a lock from now on. */
  #waitFor(ms: number): void {
    try {
      this.#driver.exec(`pragma busy_timeout = ${ms}`);
    } catch (error) {
      throw explain(this.#file, error);
    }
  }

  /** From now on the file must be the one that it is now. */
  identify(): void {
    this.#identity = identityOf(this.#file);
  }

  /** Sets a pragma of this connection and reads it back, for SQLite passes over in silence what it cannot do. */
  set(pragma: string, value: string | number): void {
    this.#driver.exec(`pragma ${pragma} = ${value}`);
    const [row] = this.#execute(bare(`pragma ${pragma}`));
    const [got] = Object.values(row as object);
    if (got !== value) {
      throw new StorageError(
        `The SQLite storage ${JSON.stringify(this.#file)} cannot be used: ${pragma} must be ${value}, but stays ${got}. ` +
          "A file system without shared memory or locks, such as a network's, is a usual cause: choose a local folder.",
      );
    }
  }

  /** Writes what is in the database to a new file. */
  copyTo(path: string): void {
    this.#execute({ sql: "vacuum into ?", parameters: [path], returnsRows: false });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#log.close();
    this.#prepared.clear();
    this.#driver.close();
  }

  #execute({ sql, parameters, returnsRows }: BoundStatement): readonly unknown[] {
    try {
      const statement = this.#prepare(sql);
      const values = parameters.map((value) => (value === NOW ? this.now() : value));
      if (returnsRows) return statement.all(...values);
      statement.run(...values);
      return [];
    } catch (error) {
      throw explain(this.#file, error);
    }
  }

  #prepare(sql: string): SqliteStatement {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#driver.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  #rollBack(): void {
    try {
      this.#driver.exec("rollback");
    } catch {
      // Nothing had begun, or after some errors (a full disk) SQLite has already rolled back; the error that led here says more.
    }
  }
}

/** The same for all connections, and compiled only when there is one. */
let statements: Statements | undefined;

/** A statement without parameters that is not Kysely's to write. */
function bare<R>(sql: string): Query<R> {
  return { sql, parameters: [], returnsRows: /^(select|pragma [a-z_]+$)/.test(sql) };
}
