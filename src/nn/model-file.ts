/**
 * A model as bytes, in the open safetensors layout, which other libraries read as well:
 *
 *   u64, little-endian: length of the header | header, JSON, padded with spaces | weights, f32, little-endian
 *
 * The header gives each weight's place under `layer/weight`; `__metadata__.model` is the text of `model.toJSON()`.
 *
 * Source: the safetensors format, as described in the README of huggingface/safetensors.
 */
import { show, ValidationError } from "../errors.ts";
import { type ModelJson, modelFromJson, type Sequential, type SequentialOptions } from "./sequential.ts";

/** Layers, settings and weights of a model. An optimiser's memory is not kept. */
export function serializeModel(model: Sequential): Uint8Array<ArrayBuffer> {
  const weights = model.getWeights();
  const header: Record<string, unknown> = { __metadata__: { model: JSON.stringify(model.toJSON()) } };
  let size = 0;
  for (const [index, { layer, name, shape }] of model.weights.entries()) {
    const begin = size;
    size += 4 * weights[index]!.length;
    header[`${layer}/${name}`] = { dtype: "F32", shape, data_offsets: [begin, size] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + size).fill(0x20, 8, start);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let at = start;
  for (const values of weights) {
    for (const value of values) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return bytes;
}

/**
 * The model that `serializeModel` wrote.
 *
 * @throws ValidationError when the bytes are not that, or weights are missing or of another shape
 */
export function loadModel(bytes: Uint8Array, options: Pick<SequentialOptions, "engine"> = {}): Sequential {
  const { header, start } = readHeader(bytes);
  const model = modelFromJson(readModelJson(header), options);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const weights = model.weights.map(({ layer, name, shape }) => {
    const key = `${layer}/${name}`;
    const entry = header[key] as TensorEntry | undefined;
    const length = shape.reduce((product, size) => product * size, 1);
    const [begin, end] = entry?.data_offsets ?? [0, 0];
    if (entry?.dtype !== "F32" || end - begin !== 4 * length || begin < 0 || start + end > bytes.length) {
      throw new ValidationError(
        `The model file must hold ${key} as F32 [${shape.join(", ")}], but its header has ${show(entry)} for it.`,
      );
    }
    return Float32Array.from({ length }, (_, index) => view.getFloat32(start + begin + 4 * index, true));
  });
  model.setWeights(weights);
  return model;
}

interface TensorEntry {
  readonly dtype: string;
  readonly data_offsets: readonly [number, number];
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    return { header: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start))), start };
  } catch (cause) {
    throw new ValidationError(`A model file must be in the safetensors layout, but got ${show(bytes)}.`, { cause });
  }
}

function readModelJson(header: Record<string, unknown>): ModelJson {
  const text = (header.__metadata__ as { model?: string } | undefined)?.model;
  if (typeof text !== "string") {
    throw new ValidationError("A model file must hold the model's JSON in `__metadata__.model`, but has none.");
  }
  try {
    return JSON.parse(text) as ModelJson;
  } catch (cause) {
    throw new ValidationError(`\`__metadata__.model\` of a model file must be JSON, but got ${show(text)}.`, { cause });
  }
}
