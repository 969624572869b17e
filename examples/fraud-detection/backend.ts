/** What computes the networks: our own trainer, or TensorFlow.js. A module for each exports the same two names. */
import type { Matrix } from "assay/nn";
import type { HyperModel, NnClassifier } from "assay/tuner";
import type { FraudModelOptions, NetworkParams } from "./model.ts";

export const BACKENDS = ["nn", "tfjs"] as const;

export type Backend = (typeof BACKENDS)[number];

/** What a winner must do, whoever trained it. */
export interface TrainedNetwork {
  predict(x: Matrix): Float32Array;
  summary(): string;
}

export interface Networks {
  createHyperModel(options: FraudModelOptions): HyperModel<TrainedNetwork>;
  readonly createEstimator: NnClassifier<NetworkParams, TrainedNetwork>;
}

/** The address of the module, for worker threads. */
export function networksModule(backend: Backend): URL {
  return new URL(backend === "nn" ? "./model.ts" : "./model-tfjs.ts", import.meta.url);
}

export async function loadNetworks(backend: Backend): Promise<Networks> {
  return backend === "nn" ? import("./model.ts") : import("./model-tfjs.ts");
}
