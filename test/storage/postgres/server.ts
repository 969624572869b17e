// A PostgreSQL server of one's own, from npm: started in about a second, also by root, and gone with the process that
// started it. `npm test` needs no other; TEST_POSTGRES_URL names another for the tests that do not stop it (see setup.ts).
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { Answer, Command, StopMode } from "./keeper.ts";

export interface PostgresServerOptions {
  /** Whether a commit waits for the disk, as it must where power can fail; without it the tests are faster. */
  readonly fsync?: boolean;
  /** Further settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** With characters that mean something in URLs and SQL, for it must never be seen in an error. */
const PASSWORD = "s3cret'/\"@:%?#& ß";

export class PostgresServer {
  readonly #keeper: ChildProcess;
  readonly #exit: Promise<[Answer]>;
  #port = 0;

  private constructor(keeper: ChildProcess) {
    this.#keeper = keeper;
    this.#exit = once(keeper, "exit").then(() => [
      { error: "The process that keeps the PostgreSQL server has ended." },
    ]);
  }

  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const { fsync = false, settings = {} } = options;
    const keeper = fork(fileURLToPath(new URL("keeper.ts", import.meta.url)), {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: [],
    });
    keeper.unref();
    const server = new PostgresServer(keeper);
    const all = { max_connections: "120", fsync: fsync ? "on" : "off", ...settings };
    await server.#tell({ name: "initialise", password: PASSWORD, settings: all });
    await server.#tell({ name: "start" });
    return server;
  }

  /** Of the superuser, with the password. */
  get url(): string {
    return `postgres://postgres:${encodeURIComponent(PASSWORD)}@127.0.0.1:${this.#port}/postgres`;
  }

  get port(): number {
    return this.#port;
  }

  /** Starts it again after `stop`, on the same port with the same data. */
  async start(): Promise<void> {
    await this.#tell({ name: "start" });
  }

  async stop(mode: StopMode): Promise<void> {
    await this.#tell({ name: "stop", mode });
  }

  async restart(mode: StopMode): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** Stops it for good and deletes its data. */
  async close(): Promise<void> {
    if (!this.#keeper.connected) return;
    this.#keeper.ref();
    this.#keeper.disconnect();
    await this.#exit;
  }

  async #tell(command: Command): Promise<void> {
    this.#keeper.ref();
    this.#keeper.channel?.ref();
    const answered = Promise.race([once(this.#keeper, "message"), this.#exit]);
    this.#keeper.send(command);
    const [answer] = (await answered) as [Answer];
    this.#keeper.channel?.unref();
    this.#keeper.unref();
    if (answer.error !== undefined) throw new Error(answer.error);
    this.#port = answer.port ?? 0;
  }
}

/** Runs SQL as the user of `url` and returns the rows of the last statement. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that is stopped while this waits is reported by the query.
  client.on("error", () => {});
  await client.connect();
  try {
    const results = (await client.query(text)) as pg.QueryResult | pg.QueryResult[];
    return (Array.isArray(results) ? results.at(-1)! : results).rows;
  } finally {
    await client.end();
  }
}
