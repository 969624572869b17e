/**
 * The process of memory.test.ts: a search of so many trials, in this thread, in a worker thread or in a worker process, and what
 * this process and the worker's hold after each trial, in bytes, as JSON. It needs --expose-gc.
 */
import { readFileSync } from "node:fs";
import { createRng } from "../../../src/math/rng.ts";
import { RandomSearch } from "../../../src/tuner/index.ts";
import { createWorkerPool, fromModule } from "../../../src/worker/index.ts";
import { hypermodel } from "./tables.ts";

export interface Held {
  /** Of JavaScript's objects and the buffers beside them, once what nobody holds is collected. */
  readonly used: number;
  /** Of the whole process, its threads included. */
  readonly resident: number;
  /** The most that the worker's process has held at any moment; 0 without one. */
  readonly workerPeak: number;
}

const rng = createRng(3);
const x = Array.from({ length: 4000 }, () => [rng.normal(), rng.normal(), rng.normal()]);
const y = x.map(([a, b]) => (a! * b! > 0 ? 1 : 0));

const [, , trials, where] = process.argv;
const options = { objective: "val_auc", maxTrials: Number(trials), seed: 1 } as const;
const module = new URL("./tables.ts", import.meta.url);
// A worker has a heap that its trials fill within a few of them: its peak would otherwise rise when V8 next puts off a collection.
const inWorkers = fromModule<typeof hypermodel>(module, "hypermodel");
const pool = createWorkerPool({ workers: 1, kind: where === "process" ? "process" : "thread", heapLimitMb: 32 });
const tuner =
  where === "here"
    ? new RandomSearch({ hypermodel, ...options })
    : new RandomSearch({ hypermodel: inWorkers, ...options, workers: pool });
const held: Held[] = [];
tuner.on("tell", () => {
  globalThis.gc!();
  const { heapUsed, external, rss } = process.memoryUsage();
  held.push({ used: heapUsed + external, resident: rss, workerPeak: where === "process" ? peakOfChild() : 0 });
});
await tuner.search(x, y, { validationData: [x, y], batchSize: 256 });
await pool.close();
console.log(JSON.stringify(held));

/** `VmHWM`, the high-water mark of the only child's resident memory, which Linux keeps. */
function peakOfChild(): number {
  const [child] = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ");
  return 1024 * Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${child}/status`, "utf8"))![1]);
}
