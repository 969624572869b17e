/**
 * A table with its labels as a search holds it: checked once, on shared memory, so that every worker reads the one copy and
 * takes out the rows of its fold.
 */
import { show, ValidationError } from "../errors.ts";
import type { Inputs, Matrix } from "../nn/data.ts";

export interface Dataset {
  readonly x: Matrix;
  /** [rows] */
  readonly y: Float64Array;
}

/**
 * Copies X and y to shared memory, in the precision they have.
 *
 * @throws ValidationError for X and y of different lengths, rows of different lengths, and labels that are not numbers
 */
export function shareDataset(x: Inputs, y: ArrayLike<number>): Dataset {
  const shared = shareMatrix(x);
  checkLabels(shared, y);
  const labels = new Float64Array(new SharedArrayBuffer(8 * y.length));
  for (let i = 0; i < y.length; i++) {
    const label = y[i];
    if (typeof label !== "number" || !Number.isFinite(label)) {
      throw new ValidationError(
        `y must hold finite numbers, but y[${i}] is ${show(label)}. Encode classes as 0, 1, … first.`,
      );
    }
    labels[i] = label;
  }
  return { x: shared, y: labels };
}

/** A matrix on shared memory; itself if it lies there already. */
export function shareMatrix(x: Inputs): Matrix {
  const { rows, columns } = shapeOf(x);
  if (isMatrix(x) && x.data.buffer instanceof SharedArrayBuffer) return x;
  const single = isMatrix(x) && x.data instanceof Float32Array;
  const memory = new SharedArrayBuffer(rows * columns * (single ? 4 : 8));
  const data = single ? new Float32Array(memory) : new Float64Array(memory);
  if (isMatrix(x)) data.set(x.data);
  else for (let row = 0; row < rows; row++) data.set(x[row]!, row * columns);
  return { data, rows, columns };
}

/** Rows of numbers as a matrix; a matrix as it is. @throws ValidationError for a table that is none */
export function toMatrix(x: Inputs): Matrix {
  const { rows, columns } = shapeOf(x);
  if (isMatrix(x)) return x;
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) data.set(x[row]!, row * columns);
  return { data, rows, columns };
}

/**
 * What an estimator is to learn from, in one form.
 *
 * @throws ValidationError for a table that is none, and for labels or weights that are not one a row
 */
export function toTrainingTable(x: Inputs, y: ArrayLike<number>, options: object = {}): Matrix {
  const table = toMatrix(x);
  checkLabels(table, y);
  checkSampleWeight((options as { readonly sampleWeight?: ArrayLike<number> }).sampleWeight, table.rows);
  return table;
}

function checkLabels({ rows }: Matrix, y: ArrayLike<number>): void {
  if (typeof y?.length !== "number" || typeof y === "string") {
    throw new ValidationError(`y must be an array of numbers, but got ${show(y)}.`);
  }
  if (y.length !== rows) {
    throw new ValidationError(`X and y must have the same number of rows, but X has ${rows} and y has ${y.length}.`);
  }
}

export function checkSampleWeight(sampleWeight: ArrayLike<number> | undefined, rows: number): void {
  if (sampleWeight === undefined || sampleWeight?.length === rows) return;
  throw new ValidationError(
    `\`sampleWeight\` must have one number for each of the ${rows} rows, but has ${show(sampleWeight?.length)}.`,
  );
}

/** X and y of different lengths would fail every trial, so it is said at once; other kinds of data are the model's to check. */
export function checkLengths({ x, y }: { readonly x: unknown; readonly y: unknown }): void {
  const rows = rowsOf(x);
  const labels = rowsOf(y);
  if (rows === undefined || labels === undefined || rows === labels) return;
  throw new ValidationError(`X and y must have the same number of rows, but X has ${rows} and y has ${labels}.`);
}

function rowsOf(data: unknown): number | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { rows, length } = data as { readonly rows?: unknown; readonly length?: unknown };
  return typeof rows === "number" ? rows : typeof length === "number" ? length : undefined;
}

/** The data of a tuner's trainings, tables and labels on shared memory where they are of a kind that can lie there. */
export function shareTraining<T extends { readonly x: unknown; readonly y: unknown }>(data: T): T {
  const pair = (x: unknown, y: unknown) => [shareTable(x), shareNumbers(y)] as const;
  const [x, y] = pair(data.x, data.y);
  const { validationData } = data as { readonly validationData?: unknown };
  if (!Array.isArray(validationData)) return { ...data, x, y };
  return { ...data, x, y, validationData: [...pair(validationData[0], validationData[1]), ...validationData.slice(2)] };
}

function shareTable(x: unknown): unknown {
  // Rows of rows, such as images, are no table; they are copied to each worker as they are.
  const rows = Array.isArray(x) && typeof x[0]?.[0] === "number";
  return rows || (typeof x === "object" && x !== null && "data" in x) ? shareMatrix(x as Inputs) : x;
}

function shareNumbers(y: unknown): unknown {
  const isList = Array.isArray(y) ? typeof y[0] === "number" : ArrayBuffer.isView(y) && !(y instanceof DataView);
  if (!isList) return shareTable(y);
  const numbers = y as ArrayLike<number>;
  const shared = new Float64Array(new SharedArrayBuffer(8 * numbers.length));
  shared.set(numbers);
  return shared;
}

/** The rows with these numbers, in that order, as a dataset of its own. */
export function takeRows(dataset: Dataset, rows: Uint32Array): Dataset {
  const { columns, data } = dataset.x;
  const taken =
    data instanceof Float32Array ? new Float32Array(rows.length * columns) : new Float64Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    taken.set(data.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
  }
  return { x: { data: taken, rows: rows.length, columns }, y: takeNumbers(dataset.y, rows) };
}

export function takeNumbers(values: ArrayLike<number>, rows: Uint32Array): Float64Array {
  return Float64Array.from(rows, (row) => values[row]!);
}

function shapeOf(x: Inputs): { readonly rows: number; readonly columns: number } {
  if (isMatrix(x)) {
    const { data, rows, columns } = x;
    if (!(rows >= 1 && columns >= 1) || data?.length !== rows * columns) {
      throw new ValidationError(
        `X as a matrix must have data.length = rows × columns, all at least 1, but got length ${show(data?.length)}, rows ${show(rows)}, columns ${show(columns)}.`,
      );
    }
    return { rows, columns };
  }
  const first: unknown = Array.isArray(x) ? x[0] : undefined;
  if (typeof first !== "object" || first === null) {
    throw new ValidationError(
      `X must be an array of at least one row, or { data, rows, columns }, but got ${show(x)}.`,
    );
  }
  const columns = (first as ArrayLike<number>).length;
  const ragged = (x as readonly ArrayLike<number>[]).findIndex((row) => row?.length !== columns);
  if (ragged >= 0) {
    throw new ValidationError(
      `Every row of X must have as many columns as the first, ${columns}, but row ${ragged} has ${show(x[ragged]?.length)}.`,
    );
  }
  return { rows: x.length, columns };
}

function isMatrix(x: Inputs): x is Matrix {
  return typeof x === "object" && x !== null && "data" in x;
}
