/**
 * What users hand in (tables, nested arrays, tensors) as tensors of the shapes that a model takes, and checked on the way.
 */
import { show, ValidationError } from "../../errors.ts";
import { type ClassWeight, copyRows, type Inputs, readInputs, readTargets, readWeights } from "../../nn/data.ts";
import { type Api, isTensor, type Network, type Tensor } from "./framework.ts";

/**
 * A table, [rows, columns], whose columns are brought into the model's input shape; nested arrays of any depth; a tensor; or
 * for a model with several inputs (outputs) a list of these or a record by the input's (output's) name.
 */
export type TensorLike =
  | Inputs
  | ArrayLike<number>
  | readonly unknown[]
  | { readonly shape: readonly number[]; dataSync(): unknown }
  | { readonly [name: string]: unknown };

/** One number a row: an array, or a tensor as TensorFlow.js declares it. */
export type WeightsLike = ArrayLike<number> | { readonly shape: readonly number[]; dataSync(): unknown };

export interface RowWeights {
  readonly sampleWeight?: WeightsLike | undefined;
  readonly classWeight?: ClassWeight | undefined;
}

/** Rows on the device with what they are compared with. */
export interface Rows {
  readonly count: number;
  readonly inputs: readonly Tensor[];
  /** One for each output; none for prediction. */
  readonly targets: readonly Target[];
  /** [count], where there are weights. */
  readonly weights: Float32Array | undefined;
  /** Frees the tensors that were made here; those of the user stay. */
  dispose(): void;
}

export interface Target {
  readonly tensor: Tensor;
  /** Row-major. */
  readonly values: Float32Array;
}

/** @throws ValidationError when there are not as many tables as inputs and outputs, or they differ in rows or shape */
export function loadRows(tf: Api, network: Network, x: unknown, y?: unknown, weighting: RowWeights = {}): Rows {
  const made: Tensor[] = [];
  const own = (tensor: Tensor): Tensor => {
    made.push(tensor);
    return tensor;
  };
  const dispose = () => tf.dispose(made);
  try {
    const xs = divide("X", x, network.inputNames);
    const inputs = xs.map((given, index) =>
      isTensor(given) ? given : own(toInput(tf, given, network.inputs[index]!.shape)),
    );
    const count = inputs[0]!.shape[0]!;
    checkCount("every input of X", inputs, count);
    if (y === undefined) return { count, inputs, targets: [], weights: undefined, dispose };

    const ys = divide("y", y, network.outputNames);
    const tensors = ys.map((given, index) => toTarget(tf, network, index, given, count, own));
    checkCount("y", tensors, count);
    const targets = tensors.map((tensor) => ({ tensor, values: Float32Array.from(tensor.dataSync()) }));
    return { count, inputs, targets, weights: toWeights(targets, count, weighting), dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** One of each name, in their order. */
function divide(subject: string, given: unknown, names: readonly string[]): readonly unknown[] {
  if (names.length === 1 && Array.isArray(given) && given.length === 1 && isTensor(given[0])) return given;
  const isRecord = typeof given === "object" && given !== null && names.every((name) => name in given);
  if (isRecord) return names.map((name) => (given as Readonly<Record<string, unknown>>)[name]);
  if (names.length === 1) return [given];
  if (Array.isArray(given) && given.length === names.length) return given;
  throw new ValidationError(
    `${subject} must have one table or tensor for each of ${names.join(", ")}, as a list or by these names, but got ${show(given)}.`,
  );
}

function toInput(tf: Api, given: unknown, [, ...inner]: readonly (number | null)[]): Tensor {
  if (isNested(given)) return tf.tensor(given, undefined, "float32");
  // What a row has when one size is left open, such as the steps of a sequence, is the table's to say.
  const known = inner.reduce<number>((product, size) => product * (size ?? 1), 1);
  const open = inner.filter((size) => size === null).length;
  const columns = open === 1 ? widthOf(given) : known;
  if (open > 1 || columns % known !== 0) {
    throw new ValidationError(
      `A table for an input of shape [${inner.map((size) => size ?? "any").join(", ")}] must have a multiple of ${known} columns and one size that is open at most, but has ${columns}. Give a tensor.`,
    );
  }
  const table = readInputs(given as Inputs, columns);
  const values = new Float32Array(table.rows * columns);
  copyRows(table, 0, table.rows, values, 0, columns);
  return tf.tensor(values, [table.rows, ...inner.map((size) => size ?? columns / known)], "float32");
}

function toTarget(
  tf: Api,
  network: Network,
  index: number,
  given: unknown,
  count: number,
  own: (tensor: Tensor) => Tensor,
): Tensor {
  const [, ...inner] = network.outputs[index]!.shape;
  const loss = lossOf(network, index);
  const isIndices = loss === "sparseCategoricalCrossentropy";
  const shape = isIndices ? [count, ...inner.slice(0, -1), 1] : [count, ...inner];
  let tensor: Tensor;
  if (isTensor(given)) tensor = given;
  else if (isNested(given) || inner.slice(0, -1).includes(null)) tensor = own(tf.tensor(given, undefined, "float32"));
  else {
    const units = shape.slice(1).reduce<number>((product, size) => product * size!, 1);
    const rule = loss === "categoricalCrossentropy" && isFlat(given) ? loss : "meanSquaredError";
    const values = readTargets(given as ArrayLike<number>, rule, count, units);
    tensor = own(tf.tensor(values, shape as number[], "float32"));
  }
  if (tensor.shape.length === shape.length && shape.every((size, i) => size === null || size === tensor.shape[i])) {
    return tensor;
  }
  // Losses broadcast, so that [rows] against [rows, 1] would compare every row with every other without a word.
  if (tensor.shape[0] === count && tensor.shape.length === 1 && shape.slice(1).every((size) => size === 1)) {
    return own(tf.reshape(tensor, shape as number[]));
  }
  throw new ValidationError(
    `y must have the shape of the output ${network.outputNames[index]}, [${shape.map((size) => size ?? "any").join(", ")}], but has [${tensor.shape.join(", ")}].`,
  );
}

function toWeights(
  targets: readonly Target[],
  count: number,
  { sampleWeight, classWeight }: RowWeights,
): Float32Array | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  if (classWeight !== undefined && targets.length > 1) {
    throw new ValidationError(
      `\`classWeight\` is for a model with one output, but this one has ${targets.length}. Give \`sampleWeight\`.`,
    );
  }
  const { values } = targets[0]!;
  return readWeights(values, values.length / count, sampleWeight && numbersOf(sampleWeight), classWeight);
}

export function numbersOf(weights: WeightsLike): ArrayLike<number> {
  return isTensor(weights) ? weights.dataSync() : (weights as ArrayLike<number>);
}

/** The name of an output's loss; undefined for a function. */
function lossOf({ loss, outputNames }: Network, index: number): string | undefined {
  const own = Array.isArray(loss) ? loss[index] : loss;
  const named = typeof own === "object" && own !== null ? own[outputNames[index] as keyof typeof own] : own;
  return typeof named === "string" ? named : undefined;
}

function checkCount(subject: string, tensors: readonly Tensor[], count: number): void {
  const other = tensors.find(({ shape }) => shape[0] !== count);
  if (other === undefined) return;
  throw new ValidationError(
    `X and y must have the same number of rows, but X has ${count} and ${subject} has ${other.shape[0]}.`,
  );
}

/** Arrays in arrays in arrays: more than a table. */
function isNested(given: unknown): boolean {
  return Array.isArray(given) && Array.isArray(given[0]) && typeof given[0][0] === "object";
}

function isFlat(given: unknown): boolean {
  return Array.isArray(given) ? typeof given[0] === "number" : ArrayBuffer.isView(given);
}

function widthOf(given: unknown): number {
  const { columns } = given as { readonly columns?: number };
  return columns ?? (given as readonly ArrayLike<number>[])?.[0]?.length ?? 0;
}
