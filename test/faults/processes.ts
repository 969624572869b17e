/** Worker processes (worker.ts) over one study, to be killed or stopped, and the judgement over what they and the storage say. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Storage } from "../../src/storage/storage.ts";
import { type Engine, storageAt } from "./engines.ts";
import { type Anomaly, checkHistory, type Entry, type Final } from "./history.ts";
import { loggedStorage } from "./logged-storage.ts";
import { program } from "./programs.ts";

export interface WorkerOptions {
  readonly worker: string;
  /** The file of entries. */
  readonly log: string;
  readonly engine: Engine;
  /** An objective waits up to so long, then keeps the event loop busy. */
  readonly waitMs?: number;
  readonly blockMs?: number;
  readonly reports?: number;
  /** By how much the worker's clock is wrong. */
  readonly skewMs?: number;
  /** Waits for a line before it begins. */
  readonly start?: boolean;
  /** So many workers in the one process; 1. */
  readonly studies?: number;
}

export interface WorkerProcess {
  readonly name: string;
  readonly process: ChildProcess;
  /** Resolves when it has printed this word, or has ended. */
  until(word: "ready" | "told"): Promise<unknown>;
  /** Resolves to what became of it. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  output(): string;
  errors(): string;
}

/** The workers of one run. */
export class Crew {
  readonly engine: Engine;
  readonly #script: string;
  readonly #log: string;
  #hired = 0;

  private constructor(engine: Engine, script: string, log: string) {
    this.engine = engine;
    this.#script = script;
    this.#log = log;
  }

  /** Without workers yet; `folder` is for the history, in a file of this name. */
  static async assemble(engine: Engine, folder: string, name = "run"): Promise<Crew> {
    return new Crew(engine, await program("worker"), join(folder, `${name}.jsonl`));
  }

  hire(options: Partial<WorkerOptions> = {}, env: NodeJS.ProcessEnv = {}): WorkerProcess {
    const name = `worker ${this.#hired++}`;
    const given: WorkerOptions = { worker: name, log: this.#log, engine: this.engine, ...options };
    const child = spawn(process.execPath, [this.#script, JSON.stringify(given)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    // A worker that is killed reads no more.
    child.stdin.on("error", () => {});
    const ended = once(child, "close").then(([code, signal]) => ({ code, signal }));
    const output = gather(child.stdout);
    const errors = gather(child.stderr);
    const said = async (word: string) => {
      while (!output().includes(word)) await once(child.stdout, "data");
    };
    return { name, process: child, until: (word) => Promise.race([said(word), ended]), ended, output, errors };
  }

  /** The storage for this process, whose calls are written down too. */
  storage(worker: string): Storage {
    return loggedStorage(storageAt(this.engine), {
      worker,
      write: (entry) => appendFileSync(this.#log, `${JSON.stringify(entry)}\n`),
      now: () => Number(process.hrtime.bigint()) / 1e6,
      newCall: () => crypto.randomUUID(),
    });
  }

  /** Writes down what is done to a worker; before it is done where that must not be missed. */
  note(worker: string, fault: "killed" | "stopped"): void {
    const at = Number(process.hrtime.bigint()) / 1e6;
    appendFileSync(this.#log, `${JSON.stringify({ kind: "fault", worker, at, fault } satisfies Entry)}\n`);
  }

  /** When a worker last saw a result taken; −1 before. */
  lastTellAt(): number {
    const at = this.entries().findLast(isTold)?.at;
    return at ?? -1;
  }

  entries(): Entry[] {
    if (!existsSync(this.#log)) return [];
    const lines = readFileSync(this.#log, "utf8").split("\n");
    // A kill can cut a line off: what it says was not acknowledged, but may have been asked.
    return lines.flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as Entry];
      } catch {
        return [];
      }
    });
  }

  /** Lets no more trials begin than there are, finishes what is left, and judges. */
  async finish(study: string): Promise<{ anomalies: Anomaly[]; final: Final; told: number }> {
    const storage = storageAt(this.engine);
    const { length } = (await storage.trialsSince(study, 0)).trials;
    const stored = (await storage.findStudy("s"))!;
    await storage.updateStudy(study, { budget: { trials: length } });
    // On a server nobody can be asked who is dead; the leases tell.
    const isAnyLeft = (await storage.leases(study)).length > 0;
    if (this.engine.kind === "postgres" && isAnyLeft) await sleep(stored.leases.graceMs + 500);
    const last = this.hire();
    const { code } = await last.ended;
    const anomalies: Anomaly[] = [];
    if (code !== 0) anomalies.push({ kind: "wrong", text: `the last worker ended with ${code}: ${last.errors()}` });
    const { trials } = await storage.trialsSince(study, 0);
    const { budget, leases } = stored;
    const final = { trials, attempts: await storage.attempts(study), budget, ...leases };
    await storage.close();
    const entries = this.entries();
    anomalies.push(...checkHistory(entries, final, { renewalsAreLogged: false, isOver: true }));
    return { anomalies, final, told: entries.filter(isTold).length };
  }
}

/** What went wrong with workers that nobody killed: none may end with an error, or say one. */
export function failures(workers: readonly { worker: WorkerProcess; code: number | null }[]): Anomaly[] {
  return workers.flatMap(({ worker, code }) =>
    code === 0
      ? []
      : [{ kind: "wrong" as const, text: `${worker.name} ended with ${code}: ${worker.errors().slice(-500)}` }],
  );
}

function isTold(entry: Entry): boolean {
  return entry.kind === "return" && (entry.got as { accepted?: boolean } | null)?.accepted === true;
}

function gather(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
