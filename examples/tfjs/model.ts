/** A convolutional network of TensorFlow.js that asks for its hyperparameters, in a module that worker threads can load. */
import * as tf from "@tensorflow/tfjs";
import { type EarlyStopping, earlyStopping, type HyperModel, type HyperParameters } from "assay/tuner";
import { type TfjsModel, tfjsHyperModel } from "assay/tuner/tfjs";

// TensorFlow.js recommends its native back end on the terminal otherwise.
tf.enableProdMode();

/** Images of 8 × 8 points in one colour. */
function build(hp: HyperParameters): tf.Sequential {
  const model = tf.sequential();
  const filters = hp.Int("filters", { min: 2, max: 6 });
  const kernelSize = hp.Choice("kernelSize", [2, 3, 5]);
  model.add(tf.layers.conv2d({ filters, kernelSize, activation: "relu", inputShape: [8, 8, 1] }));
  model.add(tf.layers.globalMaxPooling2d({}));
  model.add(tf.layers.dropout({ rate: hp.Float("dropout", { min: 0, max: 0.4, step: 0.2 }) }));
  model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
  const learningRate = hp.Float("learningRate", { min: 1e-3, max: 1e-1, sampling: "log" });
  // TensorFlow.js itself knows neither recall nor AUC.
  model.compile({ optimizer: tf.train.adam(learningRate), loss: "binaryCrossentropy", metrics: ["recall", "auc"] });
  return model;
}

// The WebAssembly back end is faster, but cannot train convolutions.
export const hypermodel: HyperModel<TfjsModel<tf.Sequential>> = tfjsHyperModel(tf, build, { backend: "cpu" });

export const callbacks = (): EarlyStopping[] => [
  earlyStopping({ monitor: "val_auc", patience: 3, restoreBestWeights: true }),
];
