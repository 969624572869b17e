/** What a process of `npm run bench -- durable` is to do, and the study that all of them share. */
import { categorical, createStudy, float, int, random } from "assay";
import { postgres } from "assay/storage/postgres";
import { sqlite } from "assay/storage/sqlite";

/**
 * - `trials`: asks and tells `count` trials, with `reports` reports each; answers with the milliseconds of the processor that each took
 * - `claim`: asks until nothing is left; answers with the numbers
 * - `share`: `connections` workers ask and tell until nothing is left; answers with how many each had
 * - `ask`: `connections` workers ask at once; answers with how long each waited, in milliseconds. The next time they tell
 * - `stream`: optimizes until it is told to stop; says the number of each trial told
 */
export interface Job {
  readonly name: "trials" | "claim" | "share" | "ask" | "stream";
  /** The path of a SQLite file, or the URL of a PostgreSQL database. */
  readonly store: string;
  readonly count?: number;
  readonly reports?: number;
  readonly connections?: number;
}

export const space = {
  learningRate: float(1e-4, 1, { log: true }),
  dropout: float(0, 0.5),
  units: int(8, 256),
  batchSize: categorical([16, 32, 64, 128]),
  activation: categorical(["relu", "tanh", "elu"]),
};

/** A connection to the study of a store, which is made when there is none. */
export async function openStudy(store: string, trials?: number) {
  const storage = isPostgres(store) ? postgres({ url: store, connections: 1 }) : sqlite(store);
  const budget = trials === undefined ? {} : { budget: { trials } };
  return createStudy({ storage, name: "durable", space, sampler: random(), seed: 1, ...budget });
}

export function isPostgres(store: string): boolean {
  return store.startsWith("postgres");
}
