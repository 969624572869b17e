/**
 * The process of memory.test.ts: a search of so many trials, in this thread or in a worker, and what the process holds after
 * each trial, in bytes, as JSON. It needs --expose-gc.
 */
import { createRng } from "../../../src/math/rng.ts";
import { RandomSearch } from "../../../src/tuner/index.ts";
import { fromModule } from "../../../src/worker/index.ts";
import { hypermodel } from "./tables.ts";

export interface Held {
  /** Of JavaScript's objects and the buffers beside them, once what nobody holds is collected. */
  readonly used: number;
  /** Of the whole process, its threads included. */
  readonly resident: number;
}

const rng = createRng(3);
const x = Array.from({ length: 4000 }, () => [rng.normal(), rng.normal(), rng.normal()]);
const y = x.map(([a, b]) => (a! * b! > 0 ? 1 : 0));

const [, , trials, where] = process.argv;
const options = { objective: "val_auc", maxTrials: Number(trials), seed: 1 } as const;
const module = new URL("./tables.ts", import.meta.url);
const tuner =
  where === "worker"
    ? new RandomSearch({ hypermodel: fromModule<typeof hypermodel>(module, "hypermodel"), ...options, workers: 1 })
    : new RandomSearch({ hypermodel, ...options });
const held: Held[] = [];
tuner.on("tell", () => {
  globalThis.gc!();
  const { heapUsed, external, rss } = process.memoryUsage();
  held.push({ used: heapUsed + external, resident: rss });
});
await tuner.search(x, y, { validationData: [x, y], batchSize: 256 });
console.log(JSON.stringify(held));
