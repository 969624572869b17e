/** Processes that speak JSON lines with the benchmark: each says once that it is ready, and then works when it is told to. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Job } from "./job.ts";

/** Ours, or Optuna by the Python that has it. */
export type Side = "ours" | { readonly python: string };

export class Process {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<number | null>;
  #complaints = "";

  constructor(side: Side, job: Job) {
    const [command, ...args] =
      side === "ours"
        ? // Without the condition that the sources have: the package as it is built.
          [process.execPath, join(import.meta.dirname, "worker.ts")]
        : [side.python, join(import.meta.dirname, "..", "peers", "durable_peer.py")];
    this.#child = spawn(command!, [...args, JSON.stringify(job)], { env: { ...process.env, OMP_NUM_THREADS: "1" } });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-2000);
    });
    // One that died is reported by whoever waits for its answer.
    this.#child.stdin.on("error", () => {});
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    this.#ended = once(this.#child, "close").then(([code]) => code);
  }

  tell(word: "go" | "stop"): void {
    this.#child.stdin.write(`${word}\n`);
  }

  /** The next thing it says, or null when it has ended. */
  async next<T>(): Promise<T | null> {
    const { value, done } = await this.#lines.next();
    return done ? null : (JSON.parse(value) as T);
  }

  /** The same. @throws Error with its last words when it has ended */
  async answer<T>(): Promise<T> {
    const answer = await this.next<T>();
    if (answer === null) throw new Error(`A process ended with ${await this.#ended}:\n${this.#complaints}`);
    return answer;
  }

  /** Lets it end. @returns whether it ended well */
  async close(): Promise<boolean> {
    this.#child.stdin.end();
    return (await this.#ended) === 0;
  }
}

/** Starts so many processes, and resolves when all are ready. The first one is alone while it makes tables, which Optuna's do not survive. */
export async function startAll(side: Side, count: number, job: Job): Promise<Process[]> {
  const processes: Process[] = [];
  for (const more of [1, count - 1]) {
    const started = Array.from({ length: more }, () => new Process(side, job));
    await Promise.all(started.map((it) => it.answer()));
    processes.push(...started);
  }
  return processes;
}

/** Lets all work at once, and resolves with what each answered and how long the last took. */
export async function workAll<T>(processes: readonly Process[]): Promise<{ answers: T[]; seconds: number }> {
  const start = performance.now();
  for (const it of processes) it.tell("go");
  const answers = await Promise.all(processes.map((it) => it.answer<T>()));
  return { answers, seconds: (performance.now() - start) / 1000 };
}

export async function closeAll(processes: readonly Process[]): Promise<void> {
  for (const it of processes) it.tell("stop");
  await Promise.all(processes.map((it) => it.close()));
}
