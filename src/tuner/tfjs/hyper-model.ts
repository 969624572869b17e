/** Hypermodels whose models are TensorFlow.js's own, for every tuner. */

import { show, ValidationError } from "../../errors.ts";
import { createRng } from "../../math/rng.ts";
import { HyperModel, type TrainingData } from "../hyper-model.ts";
import type { HyperParameters } from "../hyper-parameters.ts";
import { useBackend } from "./backend.ts";
import { type Api, type LayersModel, type Tfjs, toApi } from "./framework.ts";
import { withMetricNames } from "./metric-names.ts";
import { TfjsModel, type TfjsOptions } from "./model.ts";
import { withSeededRandom } from "./seeded-random.ts";

/** What is tuned: an object with `build` and perhaps `fit`, as a `HyperModel` has them, or a build function alone. */
export type TfjsHyperModelLike<M extends LayersModel> =
  | ((hp: HyperParameters) => M | Promise<M>)
  | {
      build(hp: HyperParameters): M | Promise<M>;
      /** Called with the model itself, whose `fit` is the one of `TfjsModel`. */
      fit?(hp: HyperParameters, model: M, data: TrainingData): unknown;
    };

/**
 * A hypermodel that returns a Layers model, as every tuner takes it. While it builds, `compile` knows the metrics of `nn`
 * ("precision", "recall", "auc", …) and initialisers draw from the trial's seed.
 *
 * @param tf  TensorFlow.js 4.22, as the hypermodel imports it
 * @example
 * export const hypermodel = tfjsHyperModel(tf, (hp) => {
 *   const model = tf.sequential();
 *   model.add(tf.layers.dense({ units: hp.Int("units", { min: 8, max: 64 }), activation: "relu", inputShape: [19] }));
 *   model.add(tf.layers.dense({ units: 1, activation: "sigmoid" }));
 *   model.compile({ optimizer: tf.train.adam(1e-3), loss: "binaryCrossentropy", metrics: ["recall", "auc"] });
 *   return model;
 * });
 * const tuner = new BayesianOptimization({ hypermodel, objective: "val_auc", seed: 7 });
 */
export function tfjsHyperModel<M extends LayersModel>(
  tf: Tfjs,
  hypermodel: TfjsHyperModelLike<M>,
  options: TfjsOptions = {},
): HyperModel<TfjsModel<M>> {
  const api = toApi(tf);
  if (typeof hypermodel !== "function" && typeof hypermodel?.build !== "function") {
    throw new ValidationError(
      `\`hypermodel\` must have a method \`build\` or be a function (hp) => model, but got ${show(hypermodel)}.`,
    );
  }
  return new AdaptedHyperModel(api, hypermodel, options);
}

class AdaptedHyperModel<M extends LayersModel> extends HyperModel<TfjsModel<M>> {
  readonly #tf: Api;
  readonly #own: TfjsHyperModelLike<M>;
  readonly #options: TfjsOptions;

  constructor(tf: Api, own: TfjsHyperModelLike<M>, options: TfjsOptions) {
    super();
    this.#tf = tf;
    this.#own = own;
    this.#options = options;
  }

  override build(hp: HyperParameters): Promise<TfjsModel<M>> {
    const own = this.#own;
    return buildModel(this.#tf, hp.seed, this.#options, () => (typeof own === "function" ? own(hp) : own.build(hp)));
  }

  override fit(hp: HyperParameters, model: TfjsModel<M>, data: TrainingData): ReturnType<HyperModel["fit"]> {
    const own = this.#own;
    if (typeof own === "function" || own.fit === undefined || own.fit === HyperModel.prototype.fit) {
      return model.fit(data.x, data.y, data);
    }
    return own.fit(hp, model.model, data) as ReturnType<HyperModel["fit"]>;
  }
}

/** Builds a model from a seed. What a build that fails has left on the device is freed. */
export async function buildModel<M extends LayersModel>(
  tf: Api,
  seed: number | string,
  options: TfjsOptions,
  build: () => M | Promise<M>,
): Promise<TfjsModel<M>> {
  await useBackend(tf, options.backend);
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  try {
    const model = await withMetricNames(tf, () => withSeededRandom(createRng(seed).fork("build"), build));
    return new TfjsModel(tf, model, options);
  } catch (error) {
    const left = Object.entries(tf.engine().registeredVariables).filter(([name]) => !before.has(name));
    tf.dispose(left.map(([, variable]) => variable));
    throw error;
  }
}
