/**
 * What prepares a table for an estimator. A transformer knows only its settings: `fit` learns from training rows and returns
 * what applies it to any others, so that nothing can be learned from the rows of a test.
 */
import { show, ValidationError } from "../../errors.ts";
import type { Matrix } from "../../nn/data.ts";
import { toMatrix } from "../dataset.ts";
import { type Params, withParams } from "../param-path.ts";

export interface Transformer {
  /** @param y labels, for transformers that learn from them */
  fit(x: Matrix, y: ArrayLike<number>): FittedTransformer;
  getParams(): Params;
  /** Another one with these params beside those it has. @throws ValidationError for a name or value that it does not take */
  withParams(params: Params): Transformer;
}

export interface FittedTransformer {
  /** Columns of what it returns. */
  readonly columns: number;
  /** @throws ValidationError for another number of columns than was learned from */
  transform(x: Matrix): Matrix;
}

/** What a column becomes: so many columns, written from its value. NaN stands for a missing value. */
export interface FittedColumn {
  readonly width: number;
  write(value: number, out: Float64Array, offset: number): void;
}

/** A transformer that treats each column by itself. @param learn from the values of a column of the training rows */
export function columnwise<P extends object>(
  kind: string,
  params: P,
  check: (params: P) => void,
  learn: (params: P, values: Float64Array, column: number) => FittedColumn,
): Transformer {
  check(params);
  return {
    getParams: () => ({ ...params }) as Params,
    withParams: (more) => columnwise(kind, withParams(kind, params, more), check, learn),
    fit: (x) => {
      const table = toMatrix(x);
      const columns = Array.from({ length: table.columns }, (_, column) =>
        learn(params, valuesOf(table, column), column),
      );
      return { columns: widthOf(columns), transform: (rows) => apply(kind, columns, toMatrix(rows)) };
    },
  };
}

export function valuesOf({ data, rows, columns }: Matrix, column: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => data[row * columns + column]!);
}

export function checkColumns(kind: string, learned: number, { columns }: Matrix): void {
  if (columns === learned) return;
  throw new ValidationError(`${kind} has learned from ${learned} columns, but got a table with ${columns}.`);
}

export function checkChoice(kind: string, name: string, value: unknown, known: readonly unknown[]): void {
  if (known.includes(value)) return;
  throw new ValidationError(`\`${name}\` of ${kind} must be ${known.map(show).join(", ")}, but got ${show(value)}.`);
}

function apply(kind: string, columns: readonly FittedColumn[], x: Matrix): Matrix {
  checkColumns(kind, columns.length, x);
  const width = widthOf(columns);
  const data = new Float64Array(x.rows * width);
  for (let row = 0; row < x.rows; row++) {
    let offset = row * width;
    for (const [column, { width: own, write }] of columns.entries()) {
      write(x.data[row * x.columns + column]!, data, offset);
      offset += own;
    }
  }
  return { data, rows: x.rows, columns: width };
}

function widthOf(columns: readonly FittedColumn[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0);
}
