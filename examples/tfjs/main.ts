/**
 * A network of TensorFlow.js, tuned as it is: which network tells an upright stroke from a lying one under noise? Trials run
 * in worker processes, repeat from their seed, and leave nothing behind, for what TensorFlow.js holds on to goes with its process;
 * one that runs out of memory is the only one that fails. The winner is written to bytes and read back.
 */
import * as tf from "@tensorflow/tfjs";
import { createRng } from "assay";
import { rocAuc } from "assay/nn";
import { BayesianOptimization } from "assay/tuner";
import { loadTfjsModel, serializeTfjsModel } from "assay/tuner/tfjs";
import { createWorkerPool, fromModule } from "assay/worker";
import type { callbacks, hypermodel } from "./model.ts";

const model = new URL("./model.ts", import.meta.url);
const train = strokes(160, "train");
const validation = strokes(120, "validation");

const pool = createWorkerPool({ workers: 2, kind: "process", heapLimitMb: 512 });
const tuner = new BayesianOptimization({
  hypermodel: fromModule<typeof hypermodel>(model, "hypermodel"),
  objective: "val_auc",
  maxTrials: 6,
  numInitialPoints: 3,
  workers: pool,
  seed: 7,
});
await tuner.search(train.x, train.y, {
  validationData: [validation.x, validation.y],
  epochs: 6,
  callbacks: fromModule<typeof callbacks>(model, "callbacks"),
});
await pool.close();
console.log(await tuner.resultsSummary(3));

const [winner] = await tuner.getBestModels(1);
const bytes = serializeTfjsModel(winner!);
const loaded = await loadTfjsModel(tf, bytes);
const test = strokes(200, "test");
console.log(`AUC on images kept aside: ${rocAuc(test.y, loaded.predict(test.x)).toFixed(3)}`);
console.log(`The model is ${bytes.length} bytes in the safetensors layout.`);

/** Images of 8 × 8 points, each a row of the table: a stroke of five points, and noise over all. */
function strokes(count: number, seed: string) {
  const rng = createRng(seed);
  const y = Array.from({ length: count }, () => rng.int(2));
  const x = y.map((label) => {
    const image = Array.from({ length: 64 }, () => 0.35 * rng.normal());
    const across = rng.int(8);
    const begin = rng.int(4);
    for (let k = begin; k < begin + 5; k++) image[label === 1 ? across * 8 + k : k * 8 + across]! += 1;
    return image;
  });
  return { x, y };
}
