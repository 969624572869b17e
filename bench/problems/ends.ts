/**
 * The two ends of the score where nobody knows them: the lowest loss known of a task and the median loss of its space. They were
 * estimated once by `npm run bench -- ends`, which writes `ends.json`: the median of random configurations, and the best of those and of
 * the searches that go on from the best of them.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Ends {
  /** The lowest loss known. */
  readonly best: number;
  /** The lowest of the random configurations. */
  readonly sampled: number;
  readonly median: number;
}

export const ENDS_FILE: string = join(import.meta.dirname, "ends.json");

let read: Readonly<Record<string, Ends>> | undefined;

export function hasEnds(problem: string): boolean {
  return Object.hasOwn(known(), problem);
}

/** @throws Error for a problem of which they were not estimated */
export function endsOf(problem: string): Ends {
  const ends = known()[problem];
  if (ends === undefined) {
    throw new Error(
      `The score of ${problem} needs its ends, which ${ENDS_FILE} has not. Run \`npm run bench -- ends --only ${problem}\`.`,
    );
  }
  return ends;
}

function known(): Readonly<Record<string, Ends>> {
  read ??= existsSync(ENDS_FILE) ? (JSON.parse(readFileSync(ENDS_FILE, "utf8")) as Record<string, Ends>) : {};
  return read;
}
