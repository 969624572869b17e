/**
 * A model's weights as bytes, in the open safetensors layout, which other libraries read as well: the length of the header
 * (u64, little-endian), the header as JSON, and the numbers (f32, little-endian). Tensors are named 0, 1, … in the order of
 * `getWeights()`; their shapes are the model's to know.
 *
 * Source: the safetensors format, as described in the README of huggingface/safetensors.
 */
import { show, ValidationError } from "../errors.ts";

export function encodeWeights(weights: readonly Float32Array[]): Uint8Array {
  const header: Record<string, unknown> = {};
  let size = 0;
  for (const [index, { length }] of weights.entries()) {
    header[index] = { dtype: "F32", shape: [length], data_offsets: [size, size + 4 * length] };
    size += 4 * length;
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

/** @throws ValidationError when the bytes are not what `encodeWeights` wrote */
export function decodeWeights(bytes: Uint8Array): Float32Array[] {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)));
    return Array.from({ length: Object.keys(header).length }, (_, index) => {
      const [begin, end] = header[index].data_offsets as [number, number];
      return Float32Array.from({ length: (end - begin) / 4 }, (_, i) => view.getFloat32(start + begin + 4 * i, true));
    });
  } catch (cause) {
    throw new ValidationError(`A file of weights must be in the safetensors layout, but got ${show(bytes)}.`, {
      cause,
    });
  }
}
