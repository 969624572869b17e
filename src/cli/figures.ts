/** Numbers and times as the commands print them. */
import type { Direction } from "../storage/storage.ts";
import type { FrozenTrial, TrialState } from "../trial/trial.ts";

/** The completed trial with the best finite value, the first of equals. */
export function bestOf<T extends Pick<FrozenTrial, "state" | "value">>(
  trials: readonly T[],
  direction: Direction,
): T | null {
  const sign = direction === "minimize" ? 1 : -1;
  let best: T | null = null;
  for (const trial of trials) {
    if (trial.state !== "completed" || !Number.isFinite(trial.value)) continue;
    if (best === null || sign * trial.value! < sign * best.value!) best = trial;
  }
  return best;
}

/** How many trials are in each state, those that none is in left out. */
export function countStates(trials: readonly Pick<FrozenTrial, "state">[]): Partial<Record<TrialState, number>> {
  const counts: Partial<Record<TrialState, number>> = {};
  for (const state of ["completed", "pruned", "failed", "lost", "running", "waiting"] as const) {
    const count = trials.filter((trial) => trial.state === state).length;
    if (count > 0) counts[state] = count;
  }
  return counts;
}

export function bestText(best: Pick<FrozenTrial, "value" | "number"> | null): string {
  return best === null ? "no result yet" : `best ${short(best.value!)} (trial ${best.number})`;
}

/** Five significant digits. */
export function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}

/** Milliseconds as "4.2 s", "12 min 30 s" or "3 h 5 min". */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const minutes = Math.round(seconds) / 60;
  if (minutes < 60) return `${Math.floor(minutes)} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${Math.floor(minutes) % 60} min`;
}
