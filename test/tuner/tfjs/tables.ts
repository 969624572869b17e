/** Small tables and models of TensorFlow.js for the adapter's tests; threads load this module too. */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { createRng } from "../../../src/math/rng.ts";
import type { HyperParameters } from "../../../src/tuner/index.ts";
import { tfjsClassifier, tfjsHyperModel } from "../../../src/tuner/tfjs/index.ts";

// Spares the output of tests an advertisement for the native back end.
tf.enableProdMode();

const rng = createRng(29);
export const x: number[][] = Array.from({ length: 60 }, () => [rng.normal(), rng.normal(), rng.normal()]);
export const y: number[] = x.map(([a, b]) => (a! + b! > 0.4 ? 1 : 0));

/** Two dense layers, dropout between them. */
export function dense(units: number, dropoutSeed?: number): tf.Sequential {
  const model = tf.sequential();
  model.add(tf.layers.dense({ units, activation: "relu", inputShape: [3] }));
  model.add(tf.layers.dropout({ rate: 0.2, ...(dropoutSeed === undefined ? {} : { seed: dropoutSeed }) }));
  model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
  return model;
}

/** A build function as one writes it for TensorFlow.js, but for the metrics, which it does not know. */
export function build(hp: HyperParameters): tf.Sequential {
  const model = dense(hp.Int("units", { min: 2, max: 8, step: 2 }));
  model.compile({
    optimizer: tf.train.adam(hp.Float("learningRate", { min: 1e-3, max: 1e-1, sampling: "log" })),
    loss: "binaryCrossentropy",
    metrics: ["recall", "auc"],
  });
  return model;
}

export const hypermodel: ReturnType<typeof tfjsHyperModel<tf.Sequential>> = tfjsHyperModel(tf, build, {
  backend: "wasm",
});

/** Of the first trial's training in a search with seed 5. */
const FIRST_SEED = createRng(5).fork("training").fork(0).fork(0).uint32();

/** The same, but the first trial of a search with seed 5 wants more memory than there is. */
export const greedyAtFirst: typeof hypermodel = tfjsHyperModel(
  tf,
  (hp) => {
    const model = build(hp);
    if (hp.seed === FIRST_SEED) for (const all: object[] = []; ; ) all.push({ text: `number ${all.length}` });
    return model;
  },
  { backend: "wasm" },
);

export const createEstimator: ReturnType<typeof tfjsClassifier<{ units: number }, tf.Sequential>> = tfjsClassifier(
  tf,
  ({ units }: { units: number }) => {
    const model = dense(units);
    model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
    return model;
  },
  { epochs: 2, batchSize: 16, classWeight: "balanced" },
  { backend: "cpu" },
);
