/**
 * A storage in a PostgreSQL database, for workers on any number of machines. Each operation is a transaction of its own that
 * leaves no setting behind in the session, so that PgBouncer may stand between in transaction mode; most are one round trip.
 * What a session keeps are statements that it has parsed; where another session answers, they are sent whole again.
 * Whatever the server or the network cannot do just now is tried again, for a worker is to outlive its database's restarts.
 */
import { randomUUID } from "node:crypto";
import type { ClientConfig, Pool } from "pg";
import { StorageError, show, ValidationError } from "../../errors.ts";
import { createRng } from "../../math/rng.ts";
import type { Clock } from "../clock.ts";
import type { Storage } from "../storage.ts";
import { postgresCompiler } from "./compilers.ts";
import { createLeaseKeeper } from "./lease-keeper.ts";
import { analyze, bare, dialectOf, isUpToDate, migrate } from "./postgres-schema.ts";
import { checkSchema, checkUrl, explain, isTransient, type Target } from "./postgres-target.ts";
import { isForgotten, send } from "./postgres-wire.ts";
import { newProcessOwner } from "./process-owner.ts";
import { retry, systemTimer } from "./retry.ts";
import { type SqlConnection, sqlStorage } from "./sql-storage.ts";
import { createStatements, type Statements } from "./statements.ts";
import type { BoundStatement, Work } from "./work.ts";

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`; what it leaves out is taken from the options below, then from PGHOST and its kin. */
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  /** Encrypts the connection and checks the server's certificate, as `?sslmode=verify-full` in the URL does. */
  readonly ssl?: boolean | TlsOptions;
  /** The schema of the database that holds the tables, created when there is none; by default `assay`. */
  readonly schema?: string;
  /** The most connections that are open at a time; by default 4. */
  readonly connections?: number;
  /** Milliseconds since 1970, by which leases are judged, the same in all processes; by default the server's clock. With one, leases are renewed by `renewLeases` only. */
  readonly clock?: () => number;
  /** For how long an operation that the database cannot do just now is tried again; by default 15 minutes. */
  readonly patienceMs?: number;
}

/** As `connect` of node:tls takes them. */
export interface TlsOptions {
  /** The authorities that are trusted, in PEM. */
  readonly ca?: string | readonly string[];
  /** Certificate and key of the client, in PEM. */
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/**
 * Keeps studies in a PostgreSQL database (14 or later), which must exist; its tables are created at first use. Needs the
 * package `pg`. Over a network end the URL with `?sslmode=verify-full`, which encrypts and checks whom one speaks to.
 *
 * @throws ValidationError when an option cannot be used
 *
 * @example const study = await createStudy({ storage: postgres("postgres://ada:secret@db.example/studies"), name: "churn", space })
 */
export function postgres(connection: string | PostgresOptions): Storage {
  const options: PostgresOptions = typeof connection === "string" ? { url: connection } : { ...connection };
  const { url, schema = "assay", connections = 4, patienceMs = 15 * 60_000 } = options;
  if (url !== undefined) checkUrl(url);
  checkSchema(schema);
  if (!Number.isInteger(connections) || connections < 1) {
    throw new ValidationError(`\`connections\` must be an integer of at least 1, but got ${show(connections)}.`);
  }
  if (!(patienceMs >= 0) || patienceMs > MAX_TIMER_MS) {
    throw new ValidationError(`\`patienceMs\` must be between 0 and ${MAX_TIMER_MS}, but got ${show(patienceMs)}.`);
  }
  const { clock: _, ...forThread } = options;
  const keeper = createLeaseKeeper({ kind: "postgres", options: { ...forThread, connections: 1 } });
  return sqlStorage({
    connect: () => connect({ ...options, schema, connections, patienceMs }),
    newOwner: newProcessOwner,
    // A worker on another machine cannot be asked; its leases tell.
    isDead: () => false,
    // A thread has no clock that was handed in.
    keepLeases: async (owner, everyMs) => {
      if (options.clock === undefined) await keeper.keep(owner, everyMs);
    },
    dropLeases: () => keeper.close(),
  });
}

/** What a timer of Node can wait for. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** The first connection is given up sooner than later ones, for a wrong host looks like one that is down. */
const OPENING_PATIENCE_MS = 15_000;
/** How long a connection may take, a free place in the pool included. */
const CONNECT_MS = 15_000;

type Settings = PostgresOptions & Required<Pick<PostgresOptions, "schema" | "connections" | "patienceMs">>;

async function connect(settings: Settings): Promise<SqlConnection> {
  const { Client, Pool } = await importPg();
  /** pg keeps a connection that it could not bring about, as without a password, and the server waits for more from it. */
  class TidyClient extends Client {
    constructor(config?: ClientConfig) {
      super(config);
      this.connection.on("error", () => this.connection.stream.destroy());
    }
  }
  const config = configOf(settings);
  let target: Target = { host: "?", port: 0, user: "?", database: "?", schema: settings.schema, password: "" };
  let connection: PostgresConnection | undefined;
  try {
    const { host, port, user = "", database = "", password } = new Client(config);
    target = { ...target, host, port, user, database, password: password ?? "" };
    const pool = new Pool({ ...config, Client: TidyClient });
    connection = new PostgresConnection(pool, target, settings);
    await connection.open(Math.min(settings.patienceMs, OPENING_PATIENCE_MS));
    return connection;
  } catch (error) {
    await connection?.close();
    throw explain(error, target);
  }
}

async function importPg() {
  try {
    return (await import("pg")).default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new StorageError("The PostgreSQL storage needs the package pg, which is not installed: npm install pg", {
      cause: error,
    });
  }
}

/** For pg, which takes what is left out from the environment. */
function configOf({ url, host, port, user, password, database, ssl, connections }: Settings) {
  const given = Object.entries({ connectionString: url, host, port, user, password, database, ssl });
  return {
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    // An idle storage does not keep the process.
    allowExitOnIdle: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    fallback_application_name: "assay",
  };
}

/** What a transaction is for: `migrate` may take its time. */
type Access = "read" | "write" | "migrate";

/**
 * A double is written with as many digits as it needs, whatever the server's settings. Plans are those for any values: for what changed
 * since a revision the server would else plan anew each time, which takes longer than to read it. Rows are found by the indices, for a session
 * keeps its plan while a table that was small when it was made grows, and would go on reading all of it.
 */
const EACH =
  "set_config('extra_float_digits', '1', true), set_config('plan_cache_mode', 'force_generic_plan', true), " +
  "set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)";
// The server gives up before the client does, so that a retry does not wait for its own predecessor.
const LIMITS = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
  .map((setting) => `, set_config('${setting}', '25s', true)`)
  .join("");

/** How a transaction of each access begins, whose commit waits for the disk (`on`) or not (`off`). */
function beginnings(commit: "on" | "off"): Readonly<Record<Access, readonly BoundStatement[]>> {
  const writing = bare("begin isolation level read committed read write");
  const durability = `, set_config('synchronous_commit', '${commit}', true)`;
  return {
    read: [bare("begin isolation level repeatable read read only"), bare(`select ${EACH}`)],
    write: [writing, bare(`select ${EACH}${LIMITS}${durability}`)],
    migrate: [writing, bare(`select ${EACH}${durability}, set_config('statement_timeout', '0', true)`)],
  };
}

/** How transactions are made durable: each as it commits, or after that, when nobody waits for what it held. */
interface Durability {
  readonly begin: Readonly<Record<Access, readonly BoundStatement[]>>;
  /** After each commit. */
  readonly flush: readonly BoundStatement[];
}

const AT_COMMIT: Durability = { begin: beginnings("on"), flush: [] };
/**
 * The log is brought to the disk as far as it goes, with what this call wrote, and with what others did that this call saw. The message is
 * empty; it is there because a transaction that logs nothing waits for no disk.
 */
const AFTER_COMMIT: Durability = {
  begin: beginnings("off"),
  flush: [
    bare(
      "select case when pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn() " +
        "then set_config('synchronous_commit', 'on', true) || pg_logical_emit_message(true, 'assay', '') end",
    ),
  ],
};
/** What a server says that flushes none: to who may not, as one of another make, and as one that only follows another. */
const CANNOT_FLUSH: ReadonlySet<string> = new Set(["42501", "42883", "0A000", "55000"]);
const COMMIT = bare("commit");
const ROLLBACK = bare("rollback");
/** For the building of an index, which says nothing meanwhile. */
const MIGRATION_SILENCE_MS = 60 * 60_000;

class PostgresConnection implements SqlConnection {
  readonly statements: Statements;
  readonly #pool: Pool;
  readonly #target: Target;
  readonly #patienceMs: number;
  readonly #clock: Clock | undefined;
  readonly #random = createRng(randomUUID());
  /** Whether sessions keep statements: until one has not. */
  #prepares = true;
  /** After each commit, unless the server cannot. */
  #durability = AFTER_COMMIT;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(pool: Pool, target: Target, { patienceMs, clock }: Settings) {
    this.#pool = pool;
    this.#target = target;
    this.#patienceMs = patienceMs;
    this.#clock = clock;
    this.statements = createStatements(postgresCompiler().withSchema(target.schema), dialectOf(clock));
    // A connection that is lost is reported by the work that needs it; without listeners it would end the process.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
  }

  async open(patienceMs: number): Promise<void> {
    const isReady = await this.#examine(patienceMs).catch((error: { cause?: { code?: string } }) => {
      if (!CANNOT_FLUSH.has(error.cause?.code ?? "")) throw error;
      this.#durability = AT_COMMIT;
      return this.#examine(patienceMs);
    });
    if (!isReady) await this.#run("migrate", () => migrate(this.#target, postgresCompiler()), patienceMs);
  }

  #examine(patienceMs: number): Promise<boolean> {
    return this.#run("read", () => isUpToDate(this.#target), patienceMs);
  }

  run<T>(access: "read" | "write", work: () => Work<T>): Promise<T> {
    return this.#run(access, work, this.#patienceMs);
  }

  /**
   * Sessions keep the plans that they made for tables of which the server knew nothing, and by which it reads all trials of a study to find one. It
   * looks at the tables by itself once a minute, if at all, so it is told to when a study has 64 trials, 256, 1,024, ….
   */
  grown(trials: number): void {
    const isTime = trials >= 64 && Number.isInteger(Math.log2(trials) / 2);
    if (isTime) this.#run("write", () => analyze(this.#target), 0).catch(() => {});
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // A pool that ends forgets who waits for a connection.
    await Promise.allSettled(this.#running);
    await this.#pool.end();
  }

  async #run<T>(access: Access, work: () => Work<T>, patienceMs: number): Promise<T> {
    const running = retry(() => this.#transact(access, work()), {
      isTransient: (error) => isForgotten(error) || isTransient(error),
      patienceMs,
      random: () => this.#random.next(),
      timer: systemTimer,
      closing: this.#closing.signal,
    });
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw explain(error, this.#target);
    } finally {
      this.#running.delete(running);
    }
  }

  async #transact<T>(access: Access, work: Work<T>): Promise<T> {
    const client = await this.#pool.connect();
    let isBroken = false;
    try {
      const options = {
        ...(access === "migrate" ? { silenceMs: MIGRATION_SILENCE_MS } : { prepare: this.#prepares }),
        ...(this.#clock === undefined ? {} : { clock: this.#clock }),
      };
      return await transact(
        (statements) => send(client, statements, options),
        access,
        this.#durability,
        work,
        () => {
          isBroken = true;
        },
      );
    } catch (error) {
      if (isForgotten(error)) this.#prepares = false;
      throw error;
    } finally {
      client.release(isBroken);
    }
  }
}

/** Runs the work between BEGIN, which goes with the first step of a transaction, and COMMIT, which goes with its last. */
async function transact<T>(
  ask: (statements: readonly BoundStatement[]) => ReturnType<typeof send>,
  access: Access,
  { begin, flush }: Durability,
  work: Work<T>,
  lose: () => void,
): Promise<T> {
  let isOpen = false;
  try {
    let step = work.next();
    while (!step.done) {
      const { statements, isLast, reads } = step.value;
      const before = isOpen ? [] : begin[access];
      isOpen = true;
      const between = reads.length === 0 ? [] : [COMMIT, ...begin.read];
      const after = isLast ? [COMMIT, ...flush] : [];
      const all = await ask([...before, ...statements, ...between, ...reads, ...after]);
      isOpen = !isLast;
      const [first, next] = [before.length, before.length + statements.length];
      const read = next + between.length;
      step = work.next([...all.slice(first, next), ...all.slice(read, read + reads.length)]);
    }
    if (isOpen) await ask([COMMIT, ...flush]);
    return step.value;
  } catch (error) {
    if (isOpen) await ask([ROLLBACK]).catch(lose);
    throw error;
  }
}
