/**
 * A model without its weights in Keras's own JSON, which `keras.models.model_from_json` reads. With the weights beside it, a
 * network that was tuned here goes on living in Python: see `docs/load-in-keras.md`.
 *
 * Source: `Model.to_json` of Keras 3.
 */
import type { LayerConfig } from "../nn/layers.ts";
import type { Json } from "../trial/trial.ts";

/** The topology; null for a model that cannot be written so. A model that writes Keras's JSON itself is taken at its word. */
export function kerasTopology(model: unknown): Json {
  const json = jsonOf(model);
  if (json === null) return null;
  if (typeof json.class_name === "string") return json as Json;
  if (json.format !== "assay/nn" || !Array.isArray(json.layers)) return null;
  const layers = (json.layers as readonly LayerConfig[]).map((layer, index) => kerasLayer(layer, index));
  return {
    module: "keras",
    class_name: "Sequential",
    config: { name: String(json.name), trainable: true, layers },
    registered_name: null,
  };
}

function jsonOf(model: unknown): Record<string, unknown> | null {
  const { toJSON } = (model ?? {}) as { readonly toJSON?: unknown };
  if (typeof toJSON !== "function") return null;
  try {
    const written: unknown = toJSON.call(model);
    const json: unknown = typeof written === "string" ? JSON.parse(written) : written;
    return typeof json === "object" ? (json as Record<string, unknown> | null) : null;
  } catch {
    // A metric that is a function cannot be written; the weights are kept all the same.
    return null;
  }
}

function kerasLayer(layer: LayerConfig, index: number): Json {
  const name = layer.name ?? `${SNAKE[layer.type]}_${index}`;
  const of = (className: string, config: Readonly<Record<string, Json>>): Json => ({
    module: "keras.layers",
    class_name: className,
    config: { name, ...config },
    registered_name: null,
  });
  switch (layer.type) {
    case "input":
      return of("InputLayer", { batch_shape: [null, layer.units], dtype: "float32" });
    case "dense":
      return of("Dense", { units: layer.units, activation: layer.activation, use_bias: true });
    case "dropout":
      return of("Dropout", { rate: layer.rate });
    case "batchNormalization":
      return of("BatchNormalization", { momentum: layer.momentum, epsilon: layer.epsilon });
    case "activation":
      return of("Activation", { activation: layer.activation });
  }
}

const SNAKE: Readonly<Record<LayerConfig["type"], string>> = {
  input: "input",
  dense: "dense",
  dropout: "dropout",
  batchNormalization: "batch_normalization",
  activation: "activation",
};
