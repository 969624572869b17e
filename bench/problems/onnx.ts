/**
 * Evaluates the networks of the recorded surrogates from their ONNX files: the part of the format and the twenty operators that these
 * two use, for batches of rows. A package for all of ONNX is 290 MB of libraries for every platform; this is the plain reading, and
 * agrees with `onnxruntime` to the rounding of float32 (test/bench).
 *
 * Source: onnx.proto3 and the operators' specifications, opset 13.
 */
import { readFileSync } from "node:fs";

/** A dense array, its last dimension running fastest. */
export interface Tensor {
  readonly shape: readonly number[];
  /** Whole numbers as Int32Array. */
  readonly data: Float32Array | Float64Array | Int32Array;
}

export interface OnnxModel {
  /**
   * The graph's first output.
   *
   * @param inputs by name, each [rows, columns]
   * @throws Error for an input that is missing
   */
  run(inputs: Readonly<Record<string, Tensor>>): Tensor;
}

/** @throws Error for a file that is no model, or uses an operator that is not here */
export function readOnnx(file: string): OnnxModel {
  const model = new Message(readFileSync(file));
  const graph = model.message(7);
  const constants = new Map<string, Tensor>();
  for (const initializer of graph.messages(5)) constants.set(initializer.text(8), tensorOf(initializer));
  const steps: Step[] = [];
  for (const node of graph.messages(1)) {
    const step = stepOf(node);
    if (OPERATORS[step.operator] === undefined) {
      throw new Error(
        `An ONNX operator must be one of ${Object.keys(OPERATORS).join(", ")}, but ${file} has ${step.operator}.`,
      );
    }
    // What depends on no input is computed once.
    const inputs = step.inputs.map((name) => constants.get(name));
    if (inputs.every((input) => input !== undefined))
      constants.set(step.output, OPERATORS[step.operator]!(inputs, step));
    else steps.push(step);
  }
  const output = graph.message(12).text(1);
  return {
    run(inputs) {
      const values = new Map(constants);
      for (const [name, tensor] of Object.entries(inputs)) values.set(name, tensor);
      for (const step of steps) {
        const operands = step.inputs.map((name) => {
          const value = values.get(name);
          if (value === undefined) throw new Error(`The model ${file} needs the input ${name}.`);
          return value;
        });
        values.set(step.output, OPERATORS[step.operator]!(operands, step));
      }
      return values.get(output)!;
    },
  };
}

interface Step {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly integers: Readonly<Record<string, number>>;
  readonly floats: Readonly<Record<string, number>>;
  readonly tensor: Tensor | undefined;
}

type Operator = (inputs: readonly Tensor[], step: Step) => Tensor;

const ELEMENT = { float: 1, int64: 7, double: 11 } as const;

/** A result is of the type of its first operand, so that storing it rounds to float32, and cuts off what a division of whole numbers leaves. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  Constant: (_, { tensor }) => tensor!,
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: binary((a, b) => a / b),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Neg: unary((a) => -a),
  Relu: unary((a) => Math.max(0, a)),
  Sigmoid: unary((a) => 1 / (1 + Math.exp(-a))),
  Cast: ([input], { integers }) => ({
    shape: input!.shape,
    data: integers.to === ELEMENT.float ? Float32Array.from(input!.data) : Float64Array.from(input!.data),
  }),
  Shape: ([input]) => ({ shape: [input!.shape.length], data: Int32Array.from(input!.shape) }),
  Unsqueeze: ([input]) => ({ shape: [...input!.shape, 1], data: input!.data }),
  Gather: gather,
  Slice: slice,
  Concat: concat,
  Gemm: gemm,
  BatchNormalization: batchNormalization,
};

function unary(f: (a: number) => number): Operator {
  return ([input]) => ({ shape: input!.shape, data: input!.data.map(f) });
}

/** Of two arrays of one shape, or of one and a single number. */
function binary(f: (a: number, b: number) => number): Operator {
  return ([a, b]) => {
    if (b!.data.length === 1) return { shape: a!.shape, data: a!.data.map((value) => f(value, b!.data[0]!)) };
    return { shape: a!.shape, data: a!.data.map((value, i) => f(value, b!.data[i]!)) };
  };
}

/** Along axis 0, whole rows by a list of numbers; along axis 1, one column. */
function gather([input, indices]: readonly Tensor[], { integers }: Step): Tensor {
  const { shape, data } = input!;
  const width = shape.at(-1)!;
  if ((integers.axis ?? 0) === 1) {
    const column = indices!.data[0]!;
    const picked = data.slice(0, shape[0]!);
    for (let row = 0; row < picked.length; row++) picked[row] = data[row * width + column]!;
    return { shape: [shape[0]!], data: picked };
  }
  if (shape.length === 1) return { shape: [1], data: data.slice(-1) };
  const picked = new Float32Array(indices!.data.length * width);
  indices!.data.forEach((index, i) => {
    picked.set(data.subarray(index * width, (index + 1) * width), i * width);
  });
  return { shape: [indices!.data.length, width], data: picked };
}

/** Columns `starts` to `ends`. */
function slice([input, starts, ends]: readonly Tensor[]): Tensor {
  const { shape, data } = input!;
  const [rows, width] = shape as [number, number];
  const from = starts!.data[0]!;
  const count = ends!.data[0]! - from;
  const picked = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    picked.set(data.subarray(row * width + from, row * width + from + count) as Float32Array, row * count);
  }
  return { shape: [rows, count], data: picked };
}

function concat(inputs: readonly Tensor[]): Tensor {
  const rows = inputs[0]!.shape[0]!;
  const width = inputs.reduce((sum, { shape }) => sum + shape.at(-1)!, 0);
  const joined = new Float32Array(rows * width);
  let at = 0;
  for (const { shape, data } of inputs) {
    const columns = shape.at(-1)!;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        joined[row * width + at + column] = data[row * columns + column]!;
      }
    }
    at += columns;
  }
  return { shape: [rows, width], data: joined };
}

/** x Wᵀ + b, `W` [outputs, inputs]; four outputs at a time, so that each number of x is read once for all four. */
function gemm([x, weights, bias]: readonly Tensor[]): Tensor {
  const [rows, k] = x!.shape as [number, number];
  const n = weights!.shape[0]!;
  const W = weights!.data as Float32Array;
  const X = x!.data as Float32Array;
  const b = bias!.data as Float32Array;
  const out = new Float32Array(rows * n);
  for (let row = 0; row < rows; row++) {
    const at = row * k;
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      let [s0, s1, s2, s3] = [b[j]!, b[j + 1]!, b[j + 2]!, b[j + 3]!];
      const w = j * k;
      for (let i = 0; i < k; i++) {
        const xi = X[at + i]!;
        s0 += xi * W[w + i]!;
        s1 += xi * W[w + k + i]!;
        s2 += xi * W[w + 2 * k + i]!;
        s3 += xi * W[w + 3 * k + i]!;
      }
      out[row * n + j] = s0;
      out[row * n + j + 1] = s1;
      out[row * n + j + 2] = s2;
      out[row * n + j + 3] = s3;
    }
    for (; j < n; j++) {
      let sum = b[j]!;
      for (let i = 0; i < k; i++) sum += X[at + i]! * W[j * k + i]!;
      out[row * n + j] = sum;
    }
  }
  return { shape: [rows, n], data: out };
}

/** (x − mean) / √(variance + ε) · scale + offset, by column. */
function batchNormalization([x, scale, offset, mean, variance]: readonly Tensor[], { floats }: Step): Tensor {
  const width = x!.shape[1]!;
  const factors = scale!.data.map((value, j) => value / Math.sqrt(variance!.data[j]! + (floats.epsilon ?? 1e-5)));
  return {
    shape: x!.shape,
    data: x!.data.map((value, i) => (value - mean!.data[i % width]!) * factors[i % width]! + offset!.data[i % width]!),
  };
}

function stepOf(node: Message): Step {
  const integers: Record<string, number> = {};
  const floats: Record<string, number> = {};
  let tensor: Tensor | undefined;
  for (const attribute of node.messages(5)) {
    const name = attribute.text(1);
    if (attribute.has(2)) floats[name] = attribute.float(2);
    if (attribute.has(3)) integers[name] = attribute.integer(3);
    if (attribute.has(5)) tensor = tensorOf(attribute.message(5));
  }
  return { operator: node.text(4), inputs: node.texts(1), output: node.text(2), integers, floats, tensor };
}

function tensorOf(message: Message): Tensor {
  const shape = message.integers(1);
  // Copied, since the bytes need not begin where a number may.
  const raw = Uint8Array.from(message.bytes(9)).buffer;
  const type = message.integer(2);
  if (type === ELEMENT.float) return { shape, data: new Float32Array(raw) };
  if (type === ELEMENT.double) return { shape, data: new Float64Array(raw) };
  if (type === ELEMENT.int64) return { shape, data: Int32Array.from(new BigInt64Array(raw), Number) };
  throw new Error(`A tensor of an ONNX file must have elements of type 1, 7 or 11, but got ${type}.`);
}

/** A message of protocol buffers, read by the numbers of its fields. */
class Message {
  readonly #fields = new Map<number, (number | Uint8Array)[]>();

  constructor(bytes: Uint8Array) {
    for (let at = 0; at < bytes.length; ) {
      const [tag, after] = varint(bytes, at);
      let value: number | Uint8Array;
      if (tag % 8 === 0) {
        [value, at] = varint(bytes, after);
      } else {
        const [length, from] = tag % 8 === 5 ? [4, after] : tag % 8 === 1 ? [8, after] : varint(bytes, after);
        at = from + length;
        value = bytes.subarray(from, at);
      }
      const field = Math.floor(tag / 8);
      this.#fields.set(field, [...(this.#fields.get(field) ?? []), value]);
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  integer(field: number): number {
    return (this.#fields.get(field)?.[0] ?? 0) as number;
  }

  /** One by one, or packed into one value. */
  integers(field: number): number[] {
    return this.#all(field).flatMap((value) => (typeof value === "number" ? value : varints(value)));
  }

  float(field: number): number {
    const bytes = this.bytes(field);
    return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
  }

  bytes(field: number): Uint8Array {
    return (this.#fields.get(field)?.[0] ?? new Uint8Array()) as Uint8Array;
  }

  text(field: number): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  texts(field: number): string[] {
    return this.#all(field).map((bytes) => new TextDecoder().decode(bytes as Uint8Array));
  }

  message(field: number): Message {
    return new Message(this.bytes(field));
  }

  messages(field: number): Message[] {
    return this.#all(field).map((bytes) => new Message(bytes as Uint8Array));
  }

  #all(field: number): readonly (number | Uint8Array)[] {
    return this.#fields.get(field) ?? [];
  }
}

/** The number at a place, and the place after it. Those of these files are small or −1, so that doubles hold them. */
function varint(bytes: Uint8Array, at: number): [value: number, after: number] {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++]!;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [Number(BigInt.asIntN(64, value)), at];
  }
}

function varints(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, after] = varint(bytes, at);
    values.push(value);
    at = after;
  }
  return values;
}
