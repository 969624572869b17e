/** Numbers and times as the commands print them. */
import type { FrozenTrial } from "../trial/trial.ts";

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
