/** Ctrl-C in two steps: once, what runs is finished and nothing more begun; twice, everything stops where it is. */
export interface Interruption {
  /** Whether the program was asked to stop, in either way. */
  readonly asked: boolean;
  /** Aborted when everything should stop where it is. */
  readonly signal: AbortSignal;
  /** Has `stop` called when the program is asked to finish what runs; the function returned takes it off again. */
  onAsked(stop: () => void): () => void;
  /** Stops listening to signals. */
  release(): void;
}

/** Nobody presses twice so fast. */
const SAME_PRESS_MS = 100;

/** @param onFirst is called at the first Ctrl-C, to say what it does */
export function listenForInterruption(onFirst: () => void): Interruption {
  const listeners = new Set<() => void>();
  const abort = new AbortController();
  let asked = false;
  let askedAt = 0;
  const interrupt = () => {
    // A terminal sends Ctrl-C to npm as well, and some versions of npm pass it on: one press, two signals.
    if (asked && performance.now() - askedAt < SAME_PRESS_MS) return;
    if (asked) return abort.abort(new Error("stopped by the user"));
    asked = true;
    askedAt = performance.now();
    onFirst();
    for (const stop of listeners) stop();
  };
  const terminate = () => {
    asked = true;
    abort.abort(new Error("stopped by a signal"));
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", terminate);
  return {
    get asked() {
      return asked;
    },
    signal: abort.signal,
    onAsked(stop) {
      listeners.add(stop);
      return () => listeners.delete(stop);
    },
    release() {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", terminate);
    },
  };
}
