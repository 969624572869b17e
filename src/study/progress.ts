/**
 * One line at the foot of a terminal while `optimize` runs: how many trials have ended, the best so far, what runs and how
 * long it will take. It is drawn only where somebody looks: on a terminal, and not more often than an eye can follow.
 */

import type { Clock } from "../storage/clock.ts";
import type { FrozenTrial } from "../trial/trial.ts";

/** The part of a stream such as `process.stderr` that is needed here. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress {
  began(): void;
  ended(trial: FrozenTrial<unknown>, best: FrozenTrial<unknown> | null): void;
  /** Gives the line back to the terminal. */
  close(): void;
}

const REDRAW_MS = 100;
const ERASE_LINE = "\r\u001b[2K";

/** The process's error stream, where there is a process and somebody looks at it. */
export function terminal(): TerminalStream | null {
  const stream = (globalThis as { process?: { stderr?: TerminalStream } }).process?.stderr;
  return stream?.isTTY ? stream : null;
}

/**
 * Progress on a stream.
 *
 * @param ended  trials that have ended already
 * @param budget trials in all
 */
export function lineProgress(stream: TerminalStream, ended: number, budget: number, clock: Clock): Progress {
  const from = { ended, at: clock() };
  let running = 0;
  let best: FrozenTrial<unknown> | null = null;
  let drawnAt = Number.NEGATIVE_INFINITY;

  function draw(): void {
    if (clock() - drawnAt < REDRAW_MS) return;
    drawnAt = clock();
    const perTrial = (drawnAt - from.at) / (ended - from.ended);
    const parts = [
      `trial ${ended} of ${budget}`,
      best === null ? "no result yet" : `best ${Number(best.value!.toPrecision(5))} (trial ${best.number})`,
      `${running} running`,
      ...(ended > from.ended ? [`${duration(perTrial * (budget - ended))} left`] : []),
    ];
    stream.write(ERASE_LINE + parts.join("  ").slice(0, (stream.columns || 80) - 1));
  }

  return {
    began() {
      running++;
      draw();
    },
    ended(_trial, incumbent) {
      running--;
      ended++;
      best = incumbent;
      draw();
    },
    close() {
      stream.write(ERASE_LINE);
    },
  };
}

/** Milliseconds as "0:07", "12:30" or "3:05:00". */
function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
