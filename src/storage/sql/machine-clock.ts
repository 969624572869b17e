/**
 * The clock of a SQLite file: milliseconds since 1970 that go on steadily while the machine runs, whatever is done to its system time.
 * All processes of a machine share its monotonic clock, so the file keeps by how much its own clock is ahead of that one. After a
 * restart of the machine, of which the monotonic clock begins anew, the system's time is trusted once.
 */
import { readFileSync } from "node:fs";
import { systemClock } from "../clock.ts";

/** What a file keeps of its clock. */
export interface ClockSetting {
  /** The start of the machine that it is for. */
  readonly boot: string;
  /** Milliseconds from the monotonic clock to the file's. */
  readonly ahead: number;
}

/** Milliseconds since an instant that is the same for all processes of this machine until it is started anew. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The setting for this start of the machine: the one that the file has, if it is for this start, or a new one. */
export function settingFor(stored: ClockSetting | undefined): ClockSetting {
  const boot = bootId();
  if (stored?.boot === boot && boot !== "") return stored;
  return { boot, ahead: systemClock() - monotonicMs() };
}

/** The file's clock. Where the system does not tell one start from another it is the system's time. */
export function clockOf({ boot, ahead }: ClockSetting): () => number {
  return boot === "" ? systemClock : () => ahead + monotonicMs();
}

/** New at each start of the machine; "" where the system does not tell. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}
