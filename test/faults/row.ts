/** What a row of the fault suite is: it injects faults into a study at work, and says what came of them. */
import type { Anomaly } from "./history.ts";

export interface Row {
  /** For `--only`. */
  readonly name: string;
  /** For people: which faults, into what. */
  readonly title: string;
  /** What it may take in the short form before it begins no more faults; 45. */
  readonly seconds?: number;
  run(setting: Setting): Promise<Result>;
}

export interface Setting {
  /** The long counts. */
  readonly long: boolean;
  readonly seed: string;
  /** False once the row has had its time, so that a machine under load tries less of it, and says how much. */
  readonly hasTime: () => boolean;
  /** An empty folder, removed after the row. */
  readonly folder: string;
}

/** The result of a row whose fault is a rule left out, which the checker must find out. */
export function foundOut(isFound: boolean, otherwise: string, note: string): Result {
  return {
    injected: 1,
    survived: isFound ? 1 : 0,
    anomalies: isFound ? [] : [{ kind: "wrong", text: otherwise }],
    note,
  };
}

export interface Result {
  readonly injected: number;
  /** Faults after which everything that was promised still held, and work went on. */
  readonly survived: number;
  readonly anomalies: readonly Anomaly[];
  /** What else was counted or measured. */
  readonly note: string;
}
