/** How the user, or the machine, stops a command that works on trials. */
import type { Study } from "../study/study.ts";

export interface Stops {
  /** Aborted at the first signal: nothing new is to begin. */
  readonly leaving: AbortSignal;
  /** Aborted when the trials that run are to be given back. */
  readonly stopping: AbortSignal;
  /** That of the last signal; null while there was none. */
  exitCode(): number | null;
}

const HANG_UPS = [
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const;

const SIGNALS = ["SIGINT", ...HANG_UPS.map(([signal]) => signal)] as const;

const endAt = (_: NodeJS.Signals, number: number) => process.exit(128 + number);

/**
 * The first process of a container is not ended by a signal that it has no listener for, so a command that is that process has
 * listeners from its first moment on: for Ctrl-C, and for a worker that is stopped while it waits for its database.
 */
export function endAtSignals(): void {
  if (process.pid !== 1) return;
  for (const signal of SIGNALS) process.on(signal, endAt);
}

/**
 * Ctrl-C: once to let trials finish, twice to stop them, a third time to leave at once. SIGTERM and SIGHUP: trials have `graceMs` to
 * finish, then they are stopped, as they are at a second one.
 */
export function watchSignals(study: Study, say: (message: string) => void, graceMs: number): Stops {
  const leaving = new AbortController();
  const stopping = new AbortController();
  let exitCode: number | null = null;
  let interrupts = 0;
  for (const signal of SIGNALS) process.off(signal, endAt);
  const leave = (code: number) => {
    exitCode = code;
    study.stop();
    leaving.abort();
  };
  process.on("SIGINT", () => {
    interrupts++;
    leave(130);
    if (interrupts === 1) {
      say("Finishing the trials that run. Ctrl-C again stops them; they are run anew next time.");
    } else if (interrupts === 2) {
      say("Stopping the trials that run. Ctrl-C again leaves at once.");
      stopping.abort();
    } else {
      process.exit(130); // What still runs is killed on exit: see command/process.ts.
    }
  });
  for (const [signal, code] of HANG_UPS) {
    process.on(signal, () => {
      const isFirst = exitCode === null;
      leave(code);
      if (!isFirst || graceMs === 0) return stopping.abort();
      say(`${signal}: finishing the trials that run, for ${graceMs / 1000} s at most; then they are given back.`);
      setTimeout(() => stopping.abort(), graceMs).unref();
    });
  }
  return { leaving: leaving.signal, stopping: stopping.signal, exitCode: () => exitCode };
}
