/** Different columns prepared in different ways, and put side by side again. */
import { show, ValidationError } from "../../errors.ts";
import type { Matrix } from "../../nn/data.ts";
import { toMatrix } from "../dataset.ts";
import { prefixed } from "../param-path.ts";
import { checkTransformer, stepsWith } from "./chain.ts";
import { checkChoice, checkColumns, type FittedTransformer, type Transformer } from "./transformer.ts";

export interface ColumnGroup {
  /** Numbers of columns, from 0, in the order in which they are to stand. */
  readonly columns: readonly number[];
  readonly transformer: Transformer;
}

export interface ColumnTransformerOptions {
  /** What becomes of columns that no group names: left out (default), or put after the others as they are. */
  readonly remainder?: "drop" | "passthrough";
}

/**
 * Params are addressed by the group's name: "numbers.impute.strategy".
 *
 * @throws ValidationError for no group, one without a transformer or columns, and when fitting, for a column that is not there
 * @example
 * columnTransformer({
 *   numbers: { columns: [0, 2], transformer: chain({ impute: simpleImputer(), scale: standardScaler() }) },
 *   categories: { columns: [1], transformer: oneHotEncoder({ handleUnknown: "ignore" }) },
 * })
 */
export function columnTransformer(
  groups: Readonly<Record<string, ColumnGroup>>,
  options: ColumnTransformerOptions = {},
): Transformer {
  const { remainder = "drop" } = options;
  checkChoice("columnTransformer", "remainder", remainder, ["drop", "passthrough"]);
  const entries = Object.entries(groups ?? {});
  if (entries.length === 0) {
    throw new ValidationError(`columnTransformer needs at least one group of columns, but got ${show(groups)}.`);
  }
  for (const [name, group] of entries) {
    checkTransformer(name, group?.transformer);
    const wrong = Array.isArray(group.columns)
      ? group.columns.find((column) => !(Number.isSafeInteger(column) && column >= 0))
      : group.columns;
    if (wrong === undefined && Array.isArray(group.columns) && group.columns.length > 0) continue;
    throw new ValidationError(
      `Columns of group ${show(name)} must be a list of at least one whole number >= 0, but got ${show(wrong ?? group.columns)}.`,
    );
  }
  const steps = Object.fromEntries(entries.map(([name, { transformer }]) => [name, transformer]));
  return {
    getParams: () =>
      Object.assign({}, ...entries.map(([name, group]) => prefixed(name, group.transformer.getParams()))),
    withParams: (params) => {
      const next = stepsWith("columnTransformer", steps, params);
      return columnTransformer(
        Object.fromEntries(entries.map(([name, { columns }]) => [name, { columns, transformer: next[name]! }])),
        options,
      );
    },
    fit: (given, y) => {
      const x = toMatrix(given);
      const named = new Set(entries.flatMap(([, { columns }]) => columns));
      const missing = [...named].find((column) => column >= x.columns);
      if (missing !== undefined) {
        throw new ValidationError(
          `columnTransformer names column ${missing}, but X has columns 0 to ${x.columns - 1}.`,
        );
      }
      const rest = Array.from({ length: x.columns }, (_, column) => column).filter((column) => !named.has(column));
      const parts = [
        ...entries.map(([, { columns, transformer }]) => ({
          columns,
          fitted: transformer.fit(select(x, columns), y),
        })),
        ...(remainder === "passthrough" && rest.length > 0 ? [{ columns: rest, fitted: asItIs(rest.length) }] : []),
      ];
      return {
        columns: parts.reduce((sum, { fitted }) => sum + fitted.columns, 0),
        transform: (others) => {
          const rows = toMatrix(others);
          checkColumns("columnTransformer", x.columns, rows);
          return sideBySide(parts.map(({ columns, fitted }) => fitted.transform(select(rows, columns))));
        },
      };
    },
  };
}

function asItIs(columns: number): FittedTransformer {
  return { columns, transform: (x) => x };
}

function select({ data, rows, columns }: Matrix, chosen: readonly number[]): Matrix {
  const taken = new Float64Array(rows * chosen.length);
  for (let row = 0; row < rows; row++) {
    for (const [place, column] of chosen.entries()) taken[row * chosen.length + place] = data[row * columns + column]!;
  }
  return { data: taken, rows, columns: chosen.length };
}

function sideBySide(parts: readonly Matrix[]): Matrix {
  const rows = parts[0]!.rows;
  const columns = parts.reduce((sum, part) => sum + part.columns, 0);
  const data = new Float64Array(rows * columns);
  let offset = 0;
  for (const part of parts) {
    for (let row = 0; row < rows; row++) {
      data.set(part.data.subarray(row * part.columns, (row + 1) * part.columns), row * columns + offset);
    }
    offset += part.columns;
  }
  return { data, rows, columns };
}
