/** The subpath's front: models of TensorFlow.js 4.22 in every tuner and search. */
export { type BuildLayersModel, type TfjsClassifier, tfjsClassifier } from "./classifier.ts";
export type { LayersModel, Tfjs } from "./framework.ts";
export { type TfjsHyperModelLike, tfjsHyperModel } from "./hyper-model.ts";
export { type TfjsModel, type TfjsOptions, tfjsModel } from "./model.ts";
export { loadTfjsModel, serializeTfjsModel } from "./model-file.ts";
export type { TfjsValidationData } from "./parts.ts";
export type { TensorLike, WeightsLike } from "./rows.ts";
export type { TfjsCallback, TfjsFitOptions } from "./training.ts";
