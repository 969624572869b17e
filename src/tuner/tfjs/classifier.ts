/** A network of TensorFlow.js as an estimator, for every search under cross-validation. */
import { type ClassifierData, type NnClassifier, networkClassifier } from "../nn-classifier.ts";
import { checkBuild, type NetworkFitOptions } from "../nn-estimator.ts";
import { type LayersModel, type Tfjs, toApi } from "./framework.ts";
import { buildModel } from "./hyper-model.ts";
import type { TfjsModel, TfjsOptions } from "./model.ts";

/** Builds and compiles the model of one candidate. */
export type BuildLayersModel<P, M extends LayersModel> = (params: P, data: ClassifierData) => M | Promise<M>;

/**
 * `nnClassifier` for models of TensorFlow.js: a classifier that builds a model of its params and trains it. Rows of the table
 * are brought into the model's input shape, such as [28, 28, 1] for 784 columns. While it builds, `compile` knows the metrics
 * of `nn` and initialisers draw from the training's seed.
 *
 * @param fitDefaults options of every training; those given to `fit` go before them, and params before both
 * @example
 * export const createEstimator = tfjsClassifier(tf, ({ units }: Params, { columns }) => {
 *   const model = tf.sequential();
 *   model.add(tf.layers.dense({ units, activation: "relu", inputShape: [columns] }));
 *   model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
 *   model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
 *   return model;
 * }, { epochs: 30, classWeight: "balanced" });
 */
export function tfjsClassifier<P extends object, M extends LayersModel>(
  tf: Tfjs,
  build: BuildLayersModel<P, M>,
  fitDefaults: NetworkFitOptions = {},
  options: TfjsOptions = {},
): TfjsClassifier<P, M> {
  const api = toApi(tf);
  checkBuild(build);
  return networkClassifier<P, TfjsModel<M>>(
    (params, data) => buildModel(api, data.seed, options, () => build(params, data)),
    fitDefaults,
    {} as P,
  );
}

export type TfjsClassifier<P, M extends LayersModel = LayersModel> = NnClassifier<P, TfjsModel<M>>;
