// A process that keeps a PostgreSQL server for the one that forked it, and stops it and deletes its folder when that one
// disconnects or dies, however it dies. Started by `PostgresServer`, which sends the commands.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Binaries, findBinaries, freePort } from "./binaries.ts";

/** How to stop: `fast` ends all sessions and writes everything back, `immediate` is as good as a crash. */
export type StopMode = "fast" | "immediate";

export type Command =
  | { readonly name: "initialise"; readonly password: string; readonly settings: Readonly<Record<string, string>> }
  | { readonly name: "start" }
  | { readonly name: "stop"; readonly mode: StopMode };

export interface Answer {
  /** The port, where the command was to start. */
  readonly port?: number;
  readonly error?: string;
}

const scratch = mkdtempSync(join(tmpdir(), "assay-postgres-"));
const data = join(scratch, "data");
const SIGNALS = { fast: "SIGINT", immediate: "SIGQUIT" } as const;
let binaries: Binaries;
let settings: string[] = [];
let port = 0;
let server: ChildProcess | null = null;

/** Commands are answered one after the other. */
let queue: Promise<unknown> = Promise.resolve();
process.on("message", (command: Command) => {
  queue = queue
    .then(() => run(command))
    .then(
      (answer) => process.send?.(answer),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
});
process.on("disconnect", () => void end());
process.on("SIGTERM", () => void end());
// Ctrl+C reaches the whole group; whether it ends the tests is for the one that runs them to say.
process.on("SIGINT", () => {});

async function end(): Promise<void> {
  if (server !== null) await stop("immediate");
  rmSync(scratch, { recursive: true, force: true });
  process.exit();
}

async function run(command: Command): Promise<Answer> {
  if (command.name === "initialise") initialise(command.password, command.settings);
  else if (command.name === "start") await start();
  else await stop(command.mode);
  return { port };
}

function initialise(password: string, given: Readonly<Record<string, string>>): void {
  binaries = findBinaries(scratch);
  const { uid, gid } = binaries.user;
  mkdirSync(data, { mode: 0o700 });
  const passwordFile = join(scratch, "password");
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (uid !== undefined) for (const path of [scratch, data, passwordFile]) chownSync(path, uid, gid!);
  const { status, stdout, stderr } = spawnSync(
    binaries.initdb,
    [
      `--pgdata=${data}`,
      "--username=postgres",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--no-locale",
      "--no-sync",
    ],
    { ...binaries.user, cwd: scratch, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`initdb failed:\n${stdout}${stderr}`);
  settings = Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

async function start(): Promise<void> {
  // The same port after a restart, as a server of one's own has.
  if (port === 0) port = await freePort();
  const child = spawn(
    binaries.postgres,
    ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", ...settings],
    { ...binaries.user, cwd: scratch, stdio: ["ignore", "ignore", "pipe"] },
  );
  server = child;
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-10_000);
      if (log.includes("database system is ready to accept connections")) resolve();
    });
    child.once("exit", () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
    child.once("error", reject);
  });
}

async function stop(mode: StopMode): Promise<void> {
  const child = server;
  server = null;
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill(SIGNALS[mode]);
  await exited;
}
