/**
 * A pool of workers, threads or processes, that call exported functions: input in, output out, messages on the way. Workers start
 * when they are first needed and are used again; one that crashes fails its own task only and is replaced. Plain data is copied
 * to them; a SharedArrayBuffer is shared with threads.
 */
import { AssayError, show, ValidationError, WorkerCrashedError } from "../errors.ts";
import type { Host } from "./host.ts";
import type { ModuleRef } from "./module-ref.ts";
import { startProcess } from "./process.ts";
import type { Reply, Task } from "./task.ts";
import { startThread } from "./thread.ts";

/** What a task's function is handed beside its input. */
export interface WorkerContext {
  /** Sends a message to the `onMessage` of the call. */
  post(message: unknown): void;
}

export type WorkerFunction<I, O> = (input: I, context: WorkerContext) => O | Promise<O>;

export interface RunOptions {
  /** Ends the worker at once and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onMessage?: (message: unknown) => void;
}

export type WorkerKind = "thread" | "process";

export interface WorkerPoolOptions {
  /** The most workers at a time; "all", the default: one for each core that this process may use. */
  readonly workers?: number | "all";
  /**
   * "thread", the default, shares memory and starts quickly. "process" has memory of its own: a task that runs out of it, or is
   * killed, ends nothing else, and what native code has leaked goes with it. What is sent to a process is copied each time.
   */
  readonly kind?: WorkerKind;
  /** The most megabytes that a worker's JavaScript objects may take; a task that needs more fails. Default: V8's own limit. */
  readonly heapLimitMb?: number;
}

export interface WorkerPool {
  readonly kind: WorkerKind;
  /** The most workers at a time. */
  readonly workers: number;
  /**
   * Calls the function in a worker, as soon as one is free, in the order of the calls.
   * @throws what the function throws; WorkerCrashedError when its worker ends without a result
   */
  run<I, O>(ref: ModuleRef<WorkerFunction<I, O>>, input: I, options?: RunOptions): Promise<O>;
  /** Ends all workers; tasks that have not ended are rejected. */
  close(): Promise<void>;
}

interface Job {
  readonly ref: ModuleRef<WorkerFunction<never, unknown>>;
  readonly input: unknown;
  readonly options: RunOptions;
  readonly ended: PromiseWithResolvers<unknown>;
  readonly detach: () => void;
}

interface Worker {
  readonly host: Host;
  job: Job | null;
}

/**
 * A pool of threads or processes.
 *
 * @throws ValidationError for options outside their range
 * @example const pool = createWorkerPool({ workers: 2, kind: "process", heapLimitMb: 1024 })
 */
export function createWorkerPool(options: WorkerPoolOptions = {}): WorkerPool {
  const { workers = "all", kind = "thread", heapLimitMb } = options;
  if (kind !== "thread" && kind !== "process") {
    throw new ValidationError(`\`kind\` of a worker pool must be "thread" or "process", but got ${show(kind)}.`);
  }
  if (heapLimitMb !== undefined && !(Number.isSafeInteger(heapLimitMb) && heapLimitMb >= 8)) {
    throw new ValidationError(`\`heapLimitMb\` must be an integer >= 8, but got ${show(heapLimitMb)}.`);
  }
  return new Pool(workerCount(workers), kind, heapLimitMb);
}

/** The number of workers that a `workers` option means. */
export function workerCount(workers: number | "all"): number {
  if (workers === "all") return navigator.hardwareConcurrency;
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new ValidationError(`\`workers\` must be an integer >= 1 or "all", but got ${show(workers)}.`);
  }
  return workers;
}

class Pool implements WorkerPool {
  readonly workers: number;
  readonly kind: WorkerKind;
  readonly #heapLimitMb: number | undefined;
  readonly #members = new Set<Worker>();
  readonly #queue: Job[] = [];
  /** On their way. */
  #starting = 0;
  #closed = false;

  constructor(workers: number, kind: WorkerKind, heapLimitMb: number | undefined) {
    this.workers = workers;
    this.kind = kind;
    this.#heapLimitMb = heapLimitMb;
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
    await Promise.all([...this.#members].map((worker) => this.#end(worker, closedError())));
  }

  /** Gives waiting jobs to idle workers, starting new ones up to the limit. */
  #dispatch(): void {
    for (const worker of this.#members) {
      if (this.#queue.length === 0) return;
      if (worker.job === null) this.#assign(worker, this.#queue.shift()!);
    }
    const starting = Math.min(this.#queue.length, this.workers - this.#members.size - this.#starting);
    for (let i = 0; i < starting; i++) void this.#start();
  }

  async #start(): Promise<void> {
    this.#starting++;
    try {
      const start = this.kind === "thread" ? startThread : startProcess;
      const listener = {
        reply: (reply: Reply) => this.#receive(worker, reply),
        ended: (cause: Error) => void this.#end(worker, this.#crashed(cause)),
      };
      const worker: Worker = { host: await start(listener, { heapLimitMb: this.#heapLimitMb }), job: null };
      this.#members.add(worker);
    } catch (error) {
      const job = this.#queue.shift();
      if (job !== undefined) settle(job, () => job.ended.reject(this.#crashed(error)));
    } finally {
      this.#starting--;
    }
    if (this.#closed) await this.close();
    else this.#dispatch();
  }

  #assign(worker: Worker, job: Job): void {
    worker.job = job;
    worker.host.setBusy(true);
    try {
      worker.host.send({ ref: job.ref as Task["ref"], input: job.input });
    } catch (error) {
      worker.job = null;
      worker.host.setBusy(false);
      const problem = new ValidationError(
        `The input of a worker must be plain data that can be copied between ${this.kind === "thread" ? "threads" : "processes"}.`,
        { cause: error },
      );
      settle(job, () => job.ended.reject(problem));
    }
  }

  #receive(worker: Worker, reply: Reply): void {
    const { job } = worker;
    if (job === null) return;
    if (reply.type === "message") {
      try {
        job.options.onMessage?.(reply.message);
      } catch (error) {
        void this.#end(worker, error);
      }
      return;
    }
    worker.job = null;
    worker.host.setBusy(false);
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
    for (const worker of this.#members) if (worker.job === job) void this.#end(worker, reason);
  }

  /** Ends a worker, rejecting its job, if it has one, with `reason`. */
  async #end(worker: Worker, reason: unknown): Promise<void> {
    if (!this.#members.delete(worker)) return;
    const { job } = worker;
    worker.job = null;
    if (job !== null) settle(job, () => job.ended.reject(reason));
    await worker.host.end();
    if (!this.#closed) this.#dispatch();
  }

  #crashed(cause: unknown): WorkerCrashedError {
    const text = cause instanceof Error ? cause.message : String(cause);
    return new WorkerCrashedError(`A worker ${this.kind} ended before its task did: ${text.replace(/\.$/, "")}.`, {
      cause,
    });
  }
}

function settle(job: Job, end: () => void): void {
  job.detach();
  end();
}

function closedError(): AssayError {
  return new AssayError("WORKER_POOL_CLOSED", "The worker pool was closed before the task ended.");
}
