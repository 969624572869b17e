/**
 * Reports on their way to the storage. An objective that reports each epoch need not wait for a disk or a server each time, and goes
 * on computing while its database is away: the first report is sent at once, what follows within a second together, and what has
 * not arrived when the trial ends goes with its result.
 */
import type { Report } from "../trial/trial.ts";

/** How long reports are gathered, and how long an objective waits at most for one to be sent. */
const GATHER_MS = 1000;

export class Outbox {
  readonly #send: (reports: readonly Report[]) => Promise<void>;
  readonly #all: Report[] = [];
  /** How many of all have arrived. */
  #arrived = 0;
  #sending: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(send: (reports: readonly Report[]) => Promise<void>) {
    this.#send = send;
  }

  /** Reports that have not arrived. */
  get unsent(): readonly Report[] {
    return this.#all.slice(this.#arrived);
  }

  /** Takes a report, and resolves when it has been sent, or will be with others. */
  async push(report: Report): Promise<void> {
    this.#all.push(report);
    if (this.#timer !== undefined || this.#sending !== null) return;
    await within(this.flush(), GATHER_MS);
  }

  /** Sends what has not arrived. */
  flush(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /** Sends nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#stopWaiting();
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #sendAll(): Promise<void> {
    this.#stopWaiting();
    const count = this.#all.length;
    if (count > this.#arrived) {
      try {
        await this.#send(this.unsent);
        this.#arrived = count;
      } catch {
        // They stay here and go with the result, whose error nobody can overlook.
      }
    }
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.unsent.length > 0) void this.flush();
    }, GATHER_MS);
    (this.#timer as { unref?: () => void }).unref?.();
  }
}

/** Waits for a promise, but no longer than `ms`. */
export async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
