/**
 * What a search combines: lists of values, or with random search distributions, by parameter; or several such groups, one
 * after the other. As a space its enumeration is scikit-learn's: names in alphabetical order, the last one changing fastest.
 */
import { show, ValidationError } from "../errors.ts";
import { categorical, ordinal } from "../space/choice.ts";
import type { FlatParams, Parameter, ParamValue } from "../space/parameter.ts";
import { configurations, type Dimension, Space } from "../space/space.ts";

/** The values to try, by parameter. A name can be a path, such as "model.units". */
export type GridValues = Readonly<Record<string, readonly ParamValue[]>>;

/** The values to draw from, by parameter: a list, or a parameter such as `loguniform(1e-4, 1e-1)`. */
export type Distributions = Readonly<Record<string, readonly ParamValue[] | Parameter>>;

/** The params that a grid, or distributions, give their estimator. */
export type GridParams<G> = G extends readonly (infer Each)[]
  ? Each extends Distributions
    ? GridParams<Each>
    : never
  : { readonly [K in keyof G]: G[K] extends readonly (infer V)[] ? V : G[K] extends Parameter<infer T> ? T : never };

/**
 * All candidates of a grid, in the order in which a grid search tries them.
 *
 * @example [...new ParameterGrid({ a: [1, 2], b: ["x"] })]   // [{ a: 1, b: "x" }, { a: 2, b: "x" }]
 */
export class ParameterGrid<const G extends GridValues | readonly GridValues[]> implements Iterable<GridParams<G>> {
  readonly #grid: GridSpace;

  /** @throws ValidationError for no grid, an empty one, or values that are not a list of at least one different value */
  constructor(grid: G) {
    this.#grid = gridSpace(grid);
  }

  /** How many there are. */
  get length(): number {
    return this.#grid.space.size;
  }

  *[Symbol.iterator](): Iterator<GridParams<G>> {
    for (const flat of configurations(this.#grid.space)) yield this.#grid.params(flat) as GridParams<G>;
  }
}

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

/**
 * @param distributions whether parameters may stand in place of lists
 * @throws ValidationError for no grid, an empty one, or values that are not a list of at least one different value
 */
export function gridSpace(given: Distributions | readonly Distributions[], distributions = false): GridSpace {
  const grids = (Array.isArray(given) ? given : [given]) as readonly Distributions[];
  if (grids.length === 0) throw new ValidationError("A list of grids needs at least one grid, but got an empty list.");
  const several = grids.length > 1;
  const which: Dimension = { name: WHICH, path: [WHICH], parameter: categorical([...grids.keys()]), conditions: [] };
  const own = grids.flatMap((grid, index) =>
    dimensionsOf(grid, distributions).map((dimension) =>
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

function dimensionsOf(grid: Distributions, distributions: boolean): Dimension[] {
  if (typeof grid !== "object" || grid === null || Array.isArray(grid) || Object.keys(grid).length === 0) {
    throw new ValidationError(`A grid needs at least one parameter with its values, but got ${show(grid)}.`);
  }
  return Object.keys(grid)
    .sort()
    .map((name) => ({ name, path: [name], parameter: parameterOf(name, grid[name], distributions), conditions: [] }));
}

function parameterOf(name: string, values: unknown, distributions: boolean): Parameter {
  if (distributions && isParameter(values)) return values;
  if (!Array.isArray(values) || values.length === 0 || name.startsWith("#")) {
    throw new ValidationError(
      `Each parameter of a grid needs a list of at least one value${distributions ? ", or a distribution such as uniform(0, 1)" : ""}, but ${show(name)} has ${show(values)}.${
        isParameter(values) ? " Search distributions with RandomizedSearchCV or BayesSearchCV." : ""
      }`,
    );
  }
  try {
    const numeric = values.every((value) => typeof value === "number");
    return numeric ? ordinal<ParamValue>(values) : categorical<ParamValue>(values);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(`Grid parameter ${show(name)}: ${error.message}`, { cause: error });
  }
}

function isParameter(value: unknown): value is Parameter {
  return typeof (value as Partial<Parameter> | null)?.decode === "function";
}
