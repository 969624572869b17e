// PgBouncer in transaction mode, where the machine has it (Debian: apt-get install pgbouncer): each transaction may run in
// another session of the server, so that nothing may be left in one.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort, nobody } from "./binaries.ts";

/** Where the program is, or undefined. */
export function findPgBouncer(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, "pgbouncer")).find((file) => existsSync(file));
}

export function versionOf(program: string): string {
  return execFileSync(program, ["--version"], { encoding: "utf8" }).split("\n")[0]!;
}

export class PgBouncer {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  /** Before the server of `url`, with so many sessions there. */
  static async before(url: string, program: string, sessions: number): Promise<PgBouncer> {
    const { hostname, port: serverPort, username, password } = new URL(url);
    const folder = mkdtempSync(join(tmpdir(), "assay-pgbouncer-"));
    const port = await freePort();
    const users = join(folder, "users.txt");
    writeFileSync(users, `"${username}" "${decodeURIComponent(password).replaceAll('"', '""')}"\n`);
    const configuration = join(folder, "pgbouncer.ini");
    writeFileSync(
      configuration,
      `[databases]
* = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${sessions}
max_client_conn = 200
`,
    );
    const user = process.getuid?.() === 0 ? nobody() : {};
    if (user.uid !== undefined) for (const path of [folder, users, configuration]) chownSync(path, user.uid, user.gid!);
    const child = spawn(program, [configuration], { ...user, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (log.includes("process up")) resolve();
      });
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`PgBouncer did not start:\n${log}`)));
    });
    return new PgBouncer(port, child, folder);
  }

  /** `url` with PgBouncer in place of its server. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.port}`;
    return changed.href;
  }

  async close(): Promise<void> {
    const exited = once(this.#process, "exit");
    this.#process.kill("SIGTERM");
    await exited;
    rmSync(this.#folder, { recursive: true });
  }
}
