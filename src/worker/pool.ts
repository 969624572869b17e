/**
 * A pool of worker threads that call exported functions: input in, output out, messages on the way. Threads start when they
 * are first needed and are used again; one that crashes fails its own task only and is replaced. Plain data is copied
 * between threads, a SharedArrayBuffer is shared.
 */
import type { Worker } from "node:worker_threads";
import { AssayError, show, ValidationError, WorkerCrashedError } from "../errors.ts";
import type { Reply } from "./entry.ts";
import type { ModuleRef } from "./module-ref.ts";

/** What a task's function is handed beside its input. */
export interface WorkerContext {
  /** Sends a message to the `onMessage` of the call. */
  post(message: unknown): void;
}

export type WorkerFunction<I, O> = (input: I, context: WorkerContext) => O | Promise<O>;

export interface RunOptions {
  /** Ends the thread at once and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onMessage?: (message: unknown) => void;
}

export interface WorkerPool {
  /** The most threads at a time. */
  readonly workers: number;
  /**
   * Calls the function in a thread, as soon as one is free, in the order of the calls.
   * @throws what the function throws; WorkerCrashedError when its thread ends without a result
   */
  run<I, O>(ref: ModuleRef<WorkerFunction<I, O>>, input: I, options?: RunOptions): Promise<O>;
  /** Ends all threads; tasks that have not ended are rejected. */
  close(): Promise<void>;
}

interface Job {
  readonly ref: ModuleRef<WorkerFunction<never, unknown>>;
  readonly input: unknown;
  readonly options: RunOptions;
  readonly ended: PromiseWithResolvers<unknown>;
  readonly detach: () => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | null;
}

/**
 * A pool of at most `workers` threads; "all": one for each core that this process may use.
 *
 * @throws ValidationError when `workers` is neither an integer >= 1 nor "all"
 */
export function createWorkerPool(options: { readonly workers?: number | "all" } = {}): WorkerPool {
  return new Pool(workerCount(options.workers ?? "all"));
}

/** The number of threads that a `workers` option means. */
export function workerCount(workers: number | "all"): number {
  if (workers === "all") return navigator.hardwareConcurrency;
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new ValidationError(`\`workers\` must be an integer >= 1 or "all", but got ${show(workers)}.`);
  }
  return workers;
}

class Pool implements WorkerPool {
  readonly workers: number;
  readonly #threads = new Set<Thread>();
  readonly #queue: Job[] = [];
  /** Threads on their way that have no worker yet. */
  #starting = 0;
  #closed = false;

  constructor(workers: number) {
    this.workers = workers;
  }

  run<I, O>(ref: ModuleRef<WorkerFunction<I, O>>, input: I, options: RunOptions = {}): Promise<O> {
    const ended = Promise.withResolvers<unknown>();
    const { signal } = options;
    const onAbort = () => this.#abort(job);
    const job: Job = {
      ref: ref as Job["ref"],
      input,
      options,
      ended,
      detach: () => signal?.removeEventListener("abort", onAbort),
    };
    if (this.#closed) ended.reject(closedError());
    else if (signal?.aborted) ended.reject(signal.reason);
    else {
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    }
    return ended.promise as Promise<O>;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#queue.splice(0)) settle(job, () => job.ended.reject(closedError()));
    await Promise.all([...this.#threads].map((thread) => this.#end(thread, closedError())));
  }

  /** Gives waiting jobs to idle threads, starting new ones up to the limit. */
  #dispatch(): void {
    for (const thread of this.#threads) {
      if (this.#queue.length === 0) return;
      if (thread.job === null) this.#assign(thread, this.#queue.shift()!);
    }
    const starting = Math.min(this.#queue.length, this.workers - this.#threads.size - this.#starting);
    for (let i = 0; i < starting; i++) void this.#start();
  }

  async #start(): Promise<void> {
    this.#starting++;
    try {
      const { Worker } = await import("node:worker_threads");
      // The compiler rewrites the ending of imports but not of addresses, so the ending is that of this very file.
      const entry = new URL(`./entry${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
      const thread: Thread = { worker: new Worker(entry), job: null };
      thread.worker.on("message", (reply: Reply) => this.#receive(thread, reply));
      thread.worker.on("error", (error) => void this.#end(thread, crashed(error)));
      thread.worker.on("exit", (code) => void this.#end(thread, crashed(new Error(`exit code ${code}`))));
      thread.worker.unref();
      this.#threads.add(thread);
    } catch (error) {
      const job = this.#queue.shift();
      if (job !== undefined) settle(job, () => job.ended.reject(crashed(error)));
    } finally {
      this.#starting--;
    }
    if (this.#closed) await this.close();
    else this.#dispatch();
  }

  #assign(thread: Thread, job: Job): void {
    thread.job = job;
    // A thread at work keeps the process alive, an idle one does not.
    thread.worker.ref();
    try {
      thread.worker.postMessage({ ref: job.ref, input: job.input });
    } catch (error) {
      thread.job = null;
      thread.worker.unref();
      const problem = new ValidationError(
        "The input of a worker must be plain data that can be copied between threads.",
        { cause: error },
      );
      settle(job, () => job.ended.reject(problem));
    }
  }

  #receive(thread: Thread, reply: Reply): void {
    const { job } = thread;
    if (job === null) return;
    if (reply.type === "message") {
      try {
        job.options.onMessage?.(reply.message);
      } catch (error) {
        void this.#end(thread, error);
      }
      return;
    }
    thread.job = null;
    thread.worker.unref();
    settle(job, () => (reply.type === "done" ? job.ended.resolve(reply.output) : job.ended.reject(reply.error)));
    this.#dispatch();
  }

  #abort(job: Job): void {
    const reason: unknown = job.options.signal?.reason;
    const queued = this.#queue.indexOf(job);
    if (queued >= 0) {
      this.#queue.splice(queued, 1);
      settle(job, () => job.ended.reject(reason));
      return;
    }
    for (const thread of this.#threads) if (thread.job === job) void this.#end(thread, reason);
  }

  /** Ends a thread, rejecting its job, if it has one, with `reason`. */
  async #end(thread: Thread, reason: unknown): Promise<void> {
    if (!this.#threads.delete(thread)) return;
    const { job } = thread;
    thread.job = null;
    if (job !== null) settle(job, () => job.ended.reject(reason));
    await thread.worker.terminate();
    if (!this.#closed) this.#dispatch();
  }
}

function settle(job: Job, end: () => void): void {
  job.detach();
  end();
}

function crashed(cause: unknown): WorkerCrashedError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new WorkerCrashedError(`A worker thread ended before its task did: ${text}.`, { cause });
}

function closedError(): AssayError {
  return new AssayError("WORKER_POOL_CLOSED", "The worker pool was closed before the task ended.");
}
