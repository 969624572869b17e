/**
 * A model as bytes: a safetensors file with each weight under `layer/weight`, and the text of `model.toJSON()` as
 * `__metadata__.model`.
 */
import { show, ValidationError } from "../errors.ts";
import { decodeTensors, encodeTensors } from "./safetensors.ts";
import { type ModelJson, modelFromJson, type Sequential, type SequentialOptions } from "./sequential.ts";

/** Layers, settings and weights of a model. An optimiser's memory is not kept. */
export function serializeModel(model: Sequential): Uint8Array<ArrayBuffer> {
  const weights = model.getWeights();
  return encodeTensors({
    tensors: model.weights.map(({ layer, name, shape }, index) => ({
      name: `${layer}/${name}`,
      shape,
      values: weights[index]!,
    })),
    metadata: { model: JSON.stringify(model.toJSON()) },
  });
}

/**
 * The model that `serializeModel` wrote.
 *
 * @throws ValidationError when the bytes are not that, or weights are missing or of another shape
 */
export function loadModel(bytes: Uint8Array, options: Pick<SequentialOptions, "engine"> = {}): Sequential {
  const { tensors, metadata } = decodeTensors(bytes);
  const model = modelFromJson(readModelJson(metadata.model), options);
  const weights = model.weights.map(({ layer, name, shape }) => {
    const key = `${layer}/${name}`;
    const found = tensors.find((tensor) => tensor.name === key);
    if (found === undefined || found.shape.join() !== shape.join()) {
      const got = found === undefined ? "nothing" : `[${found.shape.join(", ")}]`;
      throw new ValidationError(`The model file must hold ${key} as [${shape.join(", ")}], but has ${got} for it.`);
    }
    return found.values;
  });
  model.setWeights(weights);
  return model;
}

function readModelJson(text: string | undefined): ModelJson {
  if (typeof text !== "string") {
    throw new ValidationError("A model file must hold the model's JSON in `__metadata__.model`, but has none.");
  }
  try {
    return JSON.parse(text) as ModelJson;
  } catch (cause) {
    throw new ValidationError(`\`__metadata__.model\` of a model file must be JSON, but got ${show(text)}.`, { cause });
  }
}
