/**
 * A Layers model as bytes: a safetensors file with each weight under its name in the model, and the model's Keras JSON as
 * `__metadata__.model`.
 */
import { show, ValidationError } from "../../errors.ts";
import { decodeTensors, encodeTensors } from "../../nn/safetensors.ts";
import { type LayersModel, type Tfjs, toApi, toNetwork } from "./framework.ts";
import { TfjsModel, type TfjsOptions } from "./model.ts";

/** Layers and weights. An optimiser and its memory are not kept. */
export function serializeTfjsModel(model: TfjsModel): Uint8Array<ArrayBuffer> {
  const values = model.getWeights();
  const tensors = toNetwork(model.model).weights.map(({ originalName: name, shape }, index) => ({
    name,
    shape,
    values: values[index]!,
  }));
  const twice = tensors.find(({ name }, index) => tensors.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) {
    throw new ValidationError(
      `Weights in a file must have names of their own, but two are ${show(twice.name)}. Name the layers.`,
    );
  }
  return encodeTensors({ tensors, metadata: { model: JSON.stringify(model.toJSON()) } });
}

/**
 * The model that `serializeTfjsModel` wrote. It predicts at once; to be trained it must be compiled.
 *
 * @throws ValidationError when the bytes are not that
 */
export async function loadTfjsModel(tf: Tfjs, bytes: Uint8Array, options: TfjsOptions = {}): Promise<TfjsModel> {
  const { tensors, metadata } = decodeTensors(bytes);
  if (metadata.model === undefined) {
    throw new ValidationError("A model file must hold the model's JSON in `__metadata__.model`, but has none.");
  }
  const api = toApi(tf);
  const model = new TfjsModel<LayersModel>(api, await api.models.modelFromJSON(JSON.parse(metadata.model)), options);
  model.setWeights(tensors.map(({ values }) => values));
  return model;
}
