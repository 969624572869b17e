/**
 * What users hand in (rows of numbers, labels, weights) brought into the one form that the engines read, and checked on
 * the way: nothing behind this file meets a NaN, a missing label or a row that is too short.
 */
import { show, ValidationError } from "../errors.ts";
import type { LossName } from "./losses.ts";

/**
 * A row-major table, [rows, columns]. Its numbers may lie on a `SharedArrayBuffer`, so that workers read one table: they are
 * copied once, into the engine's memory, when a training or a prediction starts, and nowhere else.
 */
export interface Matrix {
  readonly data: Float32Array | Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Rows of numbers: an array of rows or a `Matrix`. */
export type Inputs = Matrix | readonly ArrayLike<number>[];

/**
 * One label, number or class index a row; or a row of numbers a row (one-hot classes, several outputs).
 */
export type Targets = ArrayLike<number> | readonly ArrayLike<number>[] | Matrix;

/** Checked for shape; the numbers themselves are checked as they are copied. */
export interface Table {
  readonly rows: number;
  readonly columns: number;
  at(row: number, column: number): number;
}

/** @throws ValidationError when `x` is no table, or not `columns` wide in every row */
export function readInputs(x: Inputs, columns: number): Table {
  const table = toTable("X", x);
  if (table.columns !== columns) {
    throw new ValidationError(`X must have ${columns} columns, as the model's input says, but has ${table.columns}.`);
  }
  return table;
}

/**
 * Copies rows [first, last) to `target`, row r at offset + (r − first) · stride.
 *
 * @throws ValidationError naming row and column of the first number that is not finite in single precision
 */
export function copyRows(
  table: Table,
  first: number,
  last: number,
  target: Float32Array,
  offset: number,
  stride: number,
): void {
  for (let row = first; row < last; row++) {
    const start = offset + (row - first) * stride;
    for (let column = 0; column < table.columns; column++) {
      const given: unknown = table.at(row, column);
      const value = Math.fround(given as number);
      if (typeof given !== "number" || !Number.isFinite(value)) {
        const got = show(given);
        throw new ValidationError(
          `X must hold finite single-precision numbers, but got ${got} in row ${row}, column ${column}. Impute missing values first.`,
        );
      }
      target[start + column] = value;
    }
  }
}

/**
 * Targets as f32, [rows, units], packed; class indices become one-hot rows.
 *
 * @throws ValidationError when their number is not `rows`, or they are not what the loss compares with
 */
export function readTargets(y: Targets, loss: LossName, rows: number, units: number): Float32Array {
  const nested = isTable(y);
  const table = nested ? toTable("y", y) : undefined;
  const length = table?.rows ?? flatLength(y);
  if (length !== rows)
    throw new ValidationError(`X and y must have the same number of rows, but X has ${rows} and y has ${length}.`);
  const values = new Float32Array(rows * units);
  if (loss === "categoricalCrossentropy" && table === undefined) {
    for (let row = 0; row < rows; row++) {
      const label = (y as ArrayLike<number>)[row]!;
      if (!Number.isInteger(label) || label < 0 || label >= units) {
        throw new ValidationError(
          `Class labels must be whole numbers from 0 to ${units - 1} for a model with ${units} outputs, but y[${row}] is ${show(label)}.`,
        );
      }
      values[row * units + label] = 1;
    }
    return values;
  }
  if ((table?.columns ?? 1) !== units) {
    throw new ValidationError(
      `y must have one column for each of the model's ${units} outputs, but has ${table?.columns ?? 1}.`,
    );
  }
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let unit = 0; unit < units; unit++) {
      const value = table === undefined ? (y as ArrayLike<number>)[row]! : table.at(row, unit);
      checkTarget(value, loss, row);
      values[row * units + unit] = value;
      sum += value;
    }
    if (loss === "categoricalCrossentropy" && Math.abs(sum - 1) > 1e-3) {
      throw new ValidationError(
        `Each row of y must sum to 1 for categoricalCrossentropy, but row ${row} sums to ${sum}.`,
      );
    }
  }
  return values;
}

function checkTarget(value: number, loss: LossName, row: number): void {
  if (loss === "binaryCrossentropy") {
    if (value === 0 || value === 1) return;
    throw new ValidationError(`Labels must be 0 or 1 for binaryCrossentropy, but y[${row}] is ${show(value)}.`);
  }
  if (loss === "categoricalCrossentropy") {
    if (value >= 0 && value <= 1) return;
    throw new ValidationError(
      `Rows of y must be class probabilities for categoricalCrossentropy, but row ${row} has ${show(value)}.`,
    );
  }
  if (Number.isFinite(Math.fround(value))) return;
  throw new ValidationError(`y must hold finite single-precision numbers, but y[${row}] is ${show(value)}.`);
}

/** Weight of each class by its label. Classes that are not named weigh 1, as in Keras. */
export type ClassWeight = Readonly<Record<number, number>>;

/**
 * One weight a row: sample weight × weight of the row's class, f32, [rows].
 *
 * @param targets  packed, [rows, units]
 */
export function readWeights(
  targets: Float32Array,
  units: number,
  sampleWeight: ArrayLike<number> | undefined,
  classWeight: ClassWeight | undefined,
): Float32Array {
  const rows = targets.length / units;
  const weights = new Float32Array(rows).fill(1);
  if (sampleWeight !== undefined) {
    if (sampleWeight.length !== rows) {
      throw new ValidationError(
        `\`sampleWeight\` must have one number for each of the ${rows} rows, but has ${sampleWeight.length}.`,
      );
    }
    for (let row = 0; row < rows; row++) weights[row] = checkWeight(`sampleWeight[${row}]`, sampleWeight[row]!);
  }
  if (classWeight === undefined) return weights;
  const byLabel = new Map(
    Object.entries(classWeight).map(([label, weight]) => [Number(label), checkWeight(`classWeight[${label}]`, weight)]),
  );
  for (let row = 0; row < rows; row++) weights[row]! *= byLabel.get(labelOf(targets, row, units)) ?? 1;
  return weights;
}

/** The class of a row: its value where there is one output, else the place of the largest. */
export function labelOf(values: ArrayLike<number>, row: number, units: number): number {
  if (units === 1) return values[row]!;
  let label = 0;
  for (let unit = 1; unit < units; unit++) if (values[row * units + unit]! > values[row * units + label]!) label = unit;
  return label;
}

function checkWeight(subject: string, weight: number): number {
  if (typeof weight === "number" && Number.isFinite(weight) && weight >= 0) return weight;
  throw new ValidationError(`Weights must be finite and >= 0, but ${subject} is ${show(weight)}.`);
}

function isTable(y: Targets): y is readonly ArrayLike<number>[] | Matrix {
  return isMatrix(y) || (Array.isArray(y) && typeof y[0] === "object" && y[0] !== null);
}

function isMatrix(x: unknown): x is Matrix {
  return typeof x === "object" && x !== null && "data" in x && "rows" in x && "columns" in x;
}

function flatLength(y: unknown): number {
  if (Array.isArray(y) || (ArrayBuffer.isView(y) && !(y instanceof DataView))) return (y as ArrayLike<number>).length;
  throw new ValidationError(`y must be an array of labels, a typed array or a table, but got ${show(y)}.`);
}

function toTable(subject: string, x: readonly ArrayLike<number>[] | Matrix): Table {
  if (isMatrix(x)) {
    const { data, rows, columns } = x;
    if (
      !Number.isInteger(rows) ||
      !Number.isInteger(columns) ||
      rows < 1 ||
      columns < 1 ||
      data.length !== rows * columns
    ) {
      throw new ValidationError(
        `${subject} as a matrix must have data.length = rows × columns, all at least 1, but got length ${data?.length}, rows ${show(rows)}, columns ${show(columns)}.`,
      );
    }
    return { rows, columns, at: (row, column) => data[row * columns + column]! };
  }
  const first = Array.isArray(x) ? (x as readonly ArrayLike<number>[])[0] : undefined;
  if (typeof first !== "object" || first === null) {
    const got = Array.isArray(x) && x.length === 0 ? "an array without rows" : show(x);
    throw new ValidationError(`${subject} must be an array of rows or { data, rows, columns }, but got ${got}.`);
  }
  const ragged = x.findIndex((row) => row?.length !== first.length);
  if (ragged >= 0) {
    throw new ValidationError(
      `Every row of ${subject} must have as many columns as the first, ${first.length}, but row ${ragged} has ${x[ragged]?.length}.`,
    );
  }
  return { rows: x.length, columns: first.length, at: (row, column) => x[row]![column]! };
}
