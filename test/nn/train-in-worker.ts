/** The worker of training.test.ts: trains on a table that it shares and hands its weights over. */
import { parentPort, workerData } from "node:worker_threads";
import { type Matrix, modelFromJson } from "../../src/nn/index.ts";

const { json, x, y, epochs } = workerData as { json: never; x: Matrix; y: Uint8Array; epochs: number };
const model = modelFromJson(json);
await model.fit(x, y, { epochs });
const weights = model.getWeights();
parentPort!.postMessage(
  weights,
  weights.map((values) => values.buffer as ArrayBuffer),
);
