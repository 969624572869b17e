/**
 * Named tensors as bytes, in the open safetensors layout, which other libraries read as well:
 *
 *   u64, little-endian: length of the header | header, JSON, padded with spaces | numbers, f32, little-endian
 *
 * The header gives each tensor's type, shape and place under its name; `__metadata__` has texts by name.
 *
 * Source: the safetensors format, as described in the README of huggingface/safetensors.
 */
import { show, ValidationError } from "../errors.ts";

/** A tensor of single precision, row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Tensors in their order, with texts about them. */
export interface TensorFile {
  readonly tensors: readonly NamedTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

export function encodeTensors({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = Object.keys(metadata).length === 0 ? {} : { __metadata__: metadata };
  let size = 0;
  for (const { name, shape, values } of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [size, size + 4 * values.length] };
    size += 4 * values.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(start + size).fill(0x20, 8, start);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(start - 8), true);
  bytes.set(text, 8);
  let at = start;
  for (const { values } of tensors) {
    for (const value of values) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  return bytes;
}

/**
 * The tensors of a file in the order in which they lie there, whatever program wrote it.
 *
 * @throws ValidationError when the bytes are not in that layout, are cut short, or hold numbers of another type
 */
export function decodeTensors(bytes: Uint8Array): TensorFile {
  const { header, start, view } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header;
  const tensors = Object.entries(entries as Record<string, TensorEntry>).map(([name, entry]) => {
    const { dtype, shape, data_offsets } = entry;
    const length = (shape ?? []).reduce((product, size) => product * size, 1);
    const [begin, end] = data_offsets ?? [0, 0];
    if (dtype !== "F32" || end - begin !== 4 * length || begin < 0 || start + end > bytes.length) {
      throw new ValidationError(
        `A safetensors file must hold each tensor as F32, whole, but has ${show(entry)} for ${name} in ${bytes.length - start} bytes of numbers.`,
      );
    }
    const values = Float32Array.from({ length }, (_, index) => view.getFloat32(start + begin + 4 * index, true));
    return { begin, tensor: { name, shape, values } };
  });
  tensors.sort((a, b) => a.begin - b.begin);
  return { tensors: tensors.map(({ tensor }) => tensor), metadata: metadata as Record<string, string> };
}

interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number; view: DataView } {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = 8 + Number(view.getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)));
    return { header, start, view };
  } catch (cause) {
    throw new ValidationError(`A file of weights must be in the safetensors layout, but got ${show(bytes)}.`, {
      cause,
    });
  }
}
