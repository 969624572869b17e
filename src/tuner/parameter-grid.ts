/**
 * A grid, or a list of grids, as a space whose enumeration is scikit-learn's `ParameterGrid`: names in alphabetical order,
 * the last one changing fastest, one grid after the other.
 */
import { show, ValidationError } from "../errors.ts";
import { categorical, ordinal } from "../space/choice.ts";
import type { FlatParams, ParamValue } from "../space/parameter.ts";
import { type Dimension, Space } from "../space/space.ts";

/** The values to try, by parameter. */
export type ParameterGrid = Readonly<Record<string, readonly ParamValue[]>>;

/** The params that a grid gives its estimator. */
export type GridParams<G> = G extends readonly (infer Each)[]
  ? Each extends ParameterGrid
    ? GridParams<Each>
    : never
  : { readonly [K in keyof G]: G[K] extends readonly (infer V)[] ? V : never };

/** The space of one or several grids, and the way back from its flat params. */
export interface GridSpace {
  readonly space: Space;
  /** Names of all parameters, without those that only tell the grids apart. */
  readonly names: readonly string[];
  /** The candidate's params by the names in the grid. */
  params(flat: FlatParams): Readonly<Record<string, ParamValue>>;
}

/** Tells several grids apart; a name that no grid can use. */
const WHICH = "#grid";

/** @throws ValidationError for no grid, an empty one, or values that are not a list of at least one different value */
export function gridSpace(given: ParameterGrid | readonly ParameterGrid[]): GridSpace {
  const grids = (Array.isArray(given) ? given : [given]) as readonly ParameterGrid[];
  if (grids.length === 0) throw new ValidationError("A list of grids needs at least one grid, but got an empty list.");
  const several = grids.length > 1;
  const which: Dimension = { name: WHICH, path: [WHICH], parameter: categorical([...grids.keys()]), conditions: [] };
  const own = grids.flatMap((grid, index) =>
    dimensionsOf(grid).map((dimension) =>
      several
        ? { ...dimension, name: `${index}.${dimension.name}`, conditions: [{ parent: WHICH, values: [index] }] }
        : dimension,
    ),
  );
  const space = new Space(several ? [which, ...own] : own);
  const nameOf = new Map(own.map((dimension) => [dimension.name, String(dimension.path[0])]));
  return {
    space,
    names: [...new Set(nameOf.values())].sort(),
    params: (flat) =>
      Object.fromEntries(
        Object.entries(flat).flatMap(([name, value]) =>
          nameOf.has(name) ? [[nameOf.get(name)!, value] as const] : [],
        ),
      ),
  };
}

function dimensionsOf(grid: ParameterGrid): Dimension[] {
  if (typeof grid !== "object" || grid === null || Object.keys(grid).length === 0) {
    throw new ValidationError(`A grid needs at least one parameter with its values, but got ${show(grid)}.`);
  }
  return Object.keys(grid)
    .sort()
    .map((name) => {
      const values = grid[name]!;
      if (!Array.isArray(values) || values.length === 0 || name === WHICH) {
        throw new ValidationError(
          `Each parameter of a grid needs a list of at least one value, but ${show(name)} has ${show(values)}.`,
        );
      }
      try {
        const numeric = values.every((value) => typeof value === "number");
        const parameter = numeric ? ordinal<ParamValue>(values) : categorical<ParamValue>(values);
        return { name, path: [name], parameter, conditions: [] };
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        throw new ValidationError(`Grid parameter ${show(name)}: ${error.message}`, { cause: error });
      }
    });
}
