/**
 * The network of `model.ts` in TensorFlow.js, on its WebAssembly back end: the same layers, the same hyperparameters, the same
 * training. Only this file knows the library, and it is loaded with `--backend tfjs` alone.
 */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import type { HyperModel, HyperParameters, TrainingData } from "assay/tuner";
import { type TfjsClassifier, type TfjsModel, tfjsClassifier, tfjsHyperModel } from "assay/tuner/tfjs";
import {
  askForNetwork,
  askForTraining,
  classifierDefaults,
  type FraudModelOptions,
  metricsFor,
  type Network,
  type NetworkParams,
} from "./model.ts";

// TensorFlow.js recommends its native back end on the terminal otherwise, in the midst of the progress.
tf.enableProdMode();

function buildNetwork(network: Network): tf.Sequential {
  const model = tf.sequential({
    name: "fraud_detection",
    layers: [
      tf.layers.dense({ name: "dense", units: network.neurons1, activation: "relu", inputShape: [network.inputs] }),
      tf.layers.dropout({ name: "dropout", rate: network.dropoutRate1 }),
      tf.layers.dense({ name: "dense_1", units: network.neurons2, activation: "relu" }),
      tf.layers.dropout({ name: "dropout_1", rate: network.dropoutRate2 }),
      tf.layers.dense({
        name: "dense_2",
        units: 1,
        activation: "sigmoid",
        biasInitializer: tf.initializers.constant({ value: network.initialBias }),
      }),
    ],
  });
  model.compile({ optimizer: tf.train[network.optimizer](network.learningRate), loss: "binaryCrossentropy" });
  return model;
}

export function createHyperModel(options: FraudModelOptions): HyperModel<TfjsModel<tf.Sequential>> {
  const hypermodel = {
    build: (hp: HyperParameters) => buildNetwork(askForNetwork(hp, options)),
    fit: (hp: HyperParameters, model: tf.Sequential, data: TrainingData) =>
      model.fit(data.x, data.y, { ...data, ...askForTraining(hp, options) } as tf.ModelFitArgs),
  };
  return tfjsHyperModel(tf, hypermodel, { backend: "wasm", metrics: metricsFor(options.objective) });
}

export const createEstimator: TfjsClassifier<NetworkParams, tf.Sequential> = tfjsClassifier(
  tf,
  (params: NetworkParams, { columns, initialBias, seed }) =>
    buildNetwork({ ...params, inputs: columns, initialBias, seed, optimizer: "adam" }),
  classifierDefaults,
  { backend: "wasm", metrics: ["recall", "auc"] },
);
