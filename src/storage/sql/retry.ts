/**
 * Trying again what a database could not do just now: with a delay that doubles from 50 ms to 4 s and is drawn at random
 * below it, so that a hundred workers do not come back in step, until patience ends. Whatever is tried must be idempotent, for
 * an attempt may have done its work and lost only the answer.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** Where time comes from; a test hands in its own. */
export interface Timer {
  /** Resolves after `ms`; rejects when `signal` is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Is aborted after `ms`. */
  deadline(ms: number): AbortSignal;
}

export const systemTimer: Timer = {
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
  deadline: (ms) => AbortSignal.timeout(ms),
};

export interface Retry {
  /** Whether the same attempt may succeed a little later. */
  isTransient(error: unknown): boolean;
  /** For how long to try again, from the first failure on. */
  readonly patienceMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly timer: Timer;
  /** Aborted when nobody waits for the result any longer. */
  readonly closing: AbortSignal;
}

const FIRST_DELAY_MS = 50;
/** Short enough that a worker is at work again within 5 s of its database. */
const LONGEST_DELAY_MS = 4000;

/** What `attempt` returns at last. Rejects with the last failure when it is not transient or patience has ended. */
export async function retry<T>(attempt: () => Promise<T>, options: Retry): Promise<T> {
  const { patienceMs, random, timer, closing } = options;
  let patience: AbortSignal | undefined;
  for (let limit = FIRST_DELAY_MS; ; limit = Math.min(2 * limit, LONGEST_DELAY_MS)) {
    try {
      return await attempt();
    } catch (error) {
      patience ??= AbortSignal.any([timer.deadline(patienceMs), closing]);
      if (!options.isTransient(error) || patience.aborted) throw error;
      // Between half of the limit and the whole: never so short that the attempts become a burden of their own.
      await timer.wait((limit * (1 + random())) / 2, patience).catch(() => {
        throw error;
      });
    }
  }
}
