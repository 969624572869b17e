/**
 * The loop: lanes that ask, run the objective and tell, until the study's budget is used up. What a lane may do at a moment
 * is the study's to say; here are only the lanes, the clock and the ways to stop.
 */
import { show, TooManyFailuresError, ValidationError } from "../errors.ts";
import type { FrozenTrial } from "../trial/trial.ts";
import type { ObjectiveResult } from "./outcome.ts";
import type { Trial } from "./trial.ts";

export type Objective<P> = (trial: Trial<P>) => ObjectiveResult | Promise<ObjectiveResult>;

export interface OptimizeOptions {
  /** The study's trials in all, those of earlier runs and other processes included. Default: the study's budget. */
  readonly trials?: number;
  /** Trials at a time. Default 1. */
  readonly concurrency?: number;
  /** No trial begins after this many milliseconds; those that run are finished. */
  readonly timeoutMs?: number;
  /** Stops at once: running trials are given back, to be run again with the same parameters by the next `optimize`. */
  readonly signal?: AbortSignal;
  /** Whether an error that the objective threw counts as a failed trial, so that the study goes on. Default: every error does. */
  readonly catch?: (error: unknown) => boolean;
  /** A line of progress, where standard error is a terminal. Default true. */
  readonly progress?: boolean;
}

/** What the loop needs of its study. */
export interface OptimizeHost<P> {
  /** The next trial to run, or null when the budget is used up, the space is exhausted or the study was told to stop. */
  next(budget: number, window: number, signal: AbortSignal): Promise<Trial<P> | null>;
  complete(trial: Trial<P>, result: ObjectiveResult): Promise<FrozenTrial<P>>;
  fail(trial: Trial<P>, thrown: unknown): Promise<FrozenTrial<P>>;
  release(trial: Trial<P>): Promise<void>;
  readonly maxConsecutiveFailures: number;
  readonly now: () => number;
}

/**
 * Runs the objective until the study has `trials` trials; infinitely many where its own budget, or the caller, ends it.
 *
 * @throws ValidationError for options outside their range
 * @throws TooManyFailuresError after too many failures in a row
 * @throws the signal's reason when it is aborted, and the objective's error when `catch` refuses it
 */
export async function runLanes<P>(
  host: OptimizeHost<P>,
  objective: Objective<P>,
  options: OptimizeOptions,
  trials: number,
): Promise<void> {
  const { concurrency = 1, timeoutMs = Number.POSITIVE_INFINITY, signal } = options;
  if (typeof objective !== "function") {
    throw new ValidationError(`The objective must be a function of a trial, but got ${show(objective)}.`);
  }
  for (const [name, value, least] of [
    ["trials", options.trials, 0],
    ["concurrency", concurrency, 1],
  ] as const) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < least)) {
      throw new ValidationError(`\`${name}\` must be an integer >= ${least}, but got ${show(value)}.`);
    }
  }
  if (!(typeof timeoutMs === "number" && timeoutMs >= 0)) {
    throw new ValidationError(`\`timeoutMs\` must be a number of milliseconds >= 0, but got ${show(timeoutMs)}.`);
  }
  signal?.throwIfAborted();

  const deadline = host.now() + timeoutMs;
  const stop = new AbortController();
  const abort = () => stop.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const failures: FrozenTrial<P>[] = [];

  async function lane(): Promise<void> {
    while (!stop.signal.aborted && host.now() < deadline) {
      const trial = await host.next(trials, concurrency, stop.signal);
      if (trial === null) return;
      const ended = await runOne(trial);
      if (ended === null) return;
      if (ended.state !== "failed") failures.length = 0;
      else if (failures.push(ended) >= host.maxConsecutiveFailures) throw tooMany(failures);
    }
  }

  /** Runs one trial to its end, or gives it back (null) when everything is stopped first. */
  async function runOne(trial: Trial<P>): Promise<FrozenTrial<P> | null> {
    let settled: { readonly result: ObjectiveResult } | { readonly thrown: unknown } | null;
    try {
      settled = await untilAborted(
        Promise.resolve().then(() => objective(trial)),
        stop.signal,
      );
    } catch (thrown) {
      settled = { thrown };
    }
    if (settled === null || stop.signal.aborted) {
      await host.release(trial);
      return null;
    }
    if ("result" in settled) return host.complete(trial, settled.result);
    const ended = await host.fail(trial, settled.thrown);
    if (ended.state === "failed" && options.catch?.(settled.thrown) === false) throw settled.thrown;
    return ended;
  }

  try {
    // One lane's error stops the others, which give their trials back before it is thrown.
    const lanes = Array.from({ length: concurrency }, () =>
      lane().catch((error: unknown) => {
        stop.abort(error);
        throw error;
      }),
    );
    const ends = await Promise.allSettled(lanes);
    signal?.throwIfAborted();
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** The promise's result, or null as soon as the signal is aborted; what the promise does after that is nobody's concern. */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<{ readonly result: T } | null> {
  const aborted = Promise.withResolvers<null>();
  const onAbort = () => aborted.resolve(null);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  promise.catch(() => {});
  try {
    return await Promise.race([promise.then((result) => ({ result })), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function tooMany(failures: readonly FrozenTrial<unknown>[]): TooManyFailuresError {
  const lines = failures.map((trial) => `  trial ${trial.number}: ${trial.error?.message ?? "no message"}`);
  return new TooManyFailuresError(
    `The study stops after ${failures.length} failed trials in a row:\n${lines.join("\n")}\nMend the objective or the space, or raise \`maxConsecutiveFailures\`; the next \`optimize\` goes on from here.`,
  );
}
