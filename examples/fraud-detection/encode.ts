/**
 * From raw columns to the numbers a network reads. Everything that is learned on the way (means, medians, levels) is
 * learned from the training part alone, so that nothing of the validation and test rows leaks into it.
 */
import type { Matrix } from "assay/nn";
import type { Column, Table } from "./table.ts";

export interface Encoder {
  /** One name an input: `amount`, `channel=online`. */
  readonly inputs: readonly string[];
  /** What was done that the user should know: imputed values, columns left out. */
  readonly notes: readonly string[];
  /** Rows of a table with the same columns as the one that was fitted, [rows, inputs], on shared memory. */
  encode(table: Table): Matrix;
}

/** How one column becomes inputs. */
interface ColumnEncoder {
  readonly inputs: readonly string[];
  readonly notes: readonly string[];
  write(column: Column, row: number, out: Float32Array, offset: number): void;
}

/**
 * Learns from the training table: a numeric column becomes (value − mean) / standard deviation, a 0/1 column stays as it
 * is, a category becomes one 0/1 input for each level. Missing numbers become the training median, missing categories
 * the most frequent level; a level that was never seen in training is all zeros. Columns with a single value carry nothing
 * and are left out.
 */
export function fitEncoder(train: Table): Encoder {
  const encoders = train.columns.map((column) =>
    column.kind === "numeric" ? fitNumeric(column) : fitCategorical(column),
  );
  const inputs = encoders.flatMap((encoder) => encoder.inputs);
  return {
    inputs,
    notes: encoders.flatMap((encoder) => encoder.notes),
    encode: (table) => {
      const data = new Float32Array(new SharedArrayBuffer(4 * table.rows * inputs.length));
      for (let row = 0; row < table.rows; row++) {
        let offset = row * inputs.length;
        table.columns.forEach((column, index) => {
          encoders[index]!.write(column, row, data, offset);
          offset += encoders[index]!.inputs.length;
        });
      }
      return { data, rows: table.rows, columns: inputs.length };
    },
  };
}

const NOTHING: Pick<ColumnEncoder, "inputs" | "write"> = { inputs: [], write: () => {} };

function fitNumeric({ name, values }: Column & { readonly kind: "numeric" }): ColumnEncoder {
  const present = values.filter((value) => !Number.isNaN(value)).sort();
  const distinct = new Set(present);
  if (distinct.size < 2) return { ...NOTHING, notes: [leftOut(name, present.length)] };
  const median = (present[(present.length - 1) >> 1]! + present[present.length >> 1]!) / 2;
  const missing = values.length - present.length;
  const flag = distinct.size === 2 && distinct.has(0) && distinct.has(1);
  const filled = values.map((value) => (Number.isNaN(value) ? median : value));
  const mean = flag ? 0 : filled.reduce((sum, value) => sum + value, 0) / filled.length;
  const variance = filled.reduce((sum, value) => sum + (value - mean) ** 2, 0) / filled.length;
  const scale = flag ? 1 : Math.sqrt(variance);
  return {
    inputs: [name],
    notes: missing === 0 ? [] : [imputed(name, missing, `the training median, ${Number(median.toPrecision(6))}`)],
    write: (column, row, out, offset) => {
      const value = column.values[row] as number;
      out[offset] = ((Number.isNaN(value) ? median : value) - mean) / scale;
    },
  };
}

function fitCategorical({ name, values }: Column & { readonly kind: "categorical" }): ColumnEncoder {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  const levels = [...counts.keys()].sort();
  if (levels.length < 2) return { ...NOTHING, notes: [leftOut(name, levels.length)] };
  const missing = values.filter((value) => value === null).length;
  const mode = levels.reduce((best, level) => (counts.get(level)! > counts.get(best)! ? level : best));
  return {
    inputs: levels.map((level) => `${name}=${level}`),
    notes: missing === 0 ? [] : [imputed(name, missing, `the most frequent training value, ${JSON.stringify(mode)}`)],
    write: (column, row, out, offset) => {
      const place = levels.indexOf((column.values[row] as string | null) ?? mode);
      if (place >= 0) out[offset + place] = 1;
    },
  };
}

function leftOut(name: string, values: number): string {
  return `Column ${JSON.stringify(name)} is left out: it has ${values === 0 ? "no value" : "only one value"} in the training part.`;
}

function imputed(name: string, count: number, by: string): string {
  return `${count} missing training ${count === 1 ? "value" : "values"} of ${JSON.stringify(name)} ${count === 1 ? "is" : "are"} taken as ${by}; so are those of the other parts.`;
}
