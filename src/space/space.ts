/**
 * A space of configurations: its parameters in an order in which parents come before their children, each with the
 * conditions under which it is active. Every space, however it was declared (nested objects, branches, lists, or one
 * parameter at a time by a running objective), is this one flat list; `path` says where a value stands in the nested
 * `params` that an objective receives.
 */
import { SpaceInfeasibleError, show, ValidationError } from "../errors.ts";
import { type ConstrainOptions, type Constraint, createConstraint, keeps, readsOf } from "./constraint.ts";
import type { FlatParams, Parameter, ParameterJson, ParamValue } from "./parameter.ts";

/** A child is active when its parent is, and the parent's value is one of `values`, or at least `atLeast`. */
export type Condition =
  | { readonly parent: string; readonly values: readonly ParamValue[] }
  | { readonly parent: string; readonly atLeast: number };

/** One parameter in its place. */
export interface Dimension {
  /** Unique in the space: "model.units". */
  readonly name: string;
  /** Where the value stands in nested params; a number is an index into a list. */
  readonly path: readonly (string | number)[];
  readonly parameter: Parameter;
  /** All must hold for the parameter to be active; none for one that always is. */
  readonly conditions: readonly Condition[];
  /** The value is the length of the list at `path` and not written there. */
  readonly listLength?: true;
}

/** A dimension as JSON. */
export interface DimensionJson {
  readonly name: string;
  /** Left out where it is just the name. */
  readonly path?: readonly (string | number)[];
  readonly parameter: ParameterJson;
  readonly when?: readonly Condition[];
  readonly listLength?: true;
}

export type SpaceJson = readonly DimensionJson[];

/** A point of the unit cube, with what it leaves open. */
export interface Encoded {
  /** [d], in [0, 1]; 0.5 where the parameter is inactive. */
  readonly x: Float64Array;
  /** [d], 1 where the parameter is active. */
  readonly active: Uint8Array;
}

/** `P` is the type of the nested params of a configuration. */
export class Space<out P = unknown> {
  /** Only for type inference; never set. */
  declare readonly params: P;
  /** All parameters, parents before children. */
  readonly dimensions: readonly Dimension[];
  /** The dimensions that have a coordinate (more than one value): `x[j]` belongs to `coordinates[j]`; d of them. */
  readonly coordinates: readonly Dimension[];
  /** Rules that configurations must keep besides. */
  readonly constraints: readonly Constraint<P>[];
  /** Number of distinct configurations whether they keep the constraints or not. */
  readonly #combinations: number;
  #feasible: number | undefined;
  readonly #byName: ReadonlyMap<string, Dimension>;
  readonly #coordinate: ReadonlyMap<Dimension, number>;
  readonly #keys = new WeakMap<FlatParams, string>();

  /** @throws ValidationError for duplicate or unusable names, and for conditions on a parent that is missing or comes later */
  constructor(dimensions: readonly Dimension[], constraints: readonly Constraint<P>[] = []) {
    const byName = new Map<string, Dimension>();
    for (const dimension of dimensions) {
      checkName(dimension.name);
      if (byName.has(dimension.name)) {
        throw new ValidationError(
          `Parameter names must be unique in a space, but ${show(dimension.name)} stands twice.`,
        );
      }
      for (const condition of dimension.conditions) checkCondition(dimension.name, condition, byName);
      byName.set(dimension.name, dimension);
    }
    this.dimensions = dimensions;
    this.coordinates = dimensions.filter((dimension) => dimension.parameter.width > 0);
    this.#coordinate = new Map(this.coordinates.map((dimension, j) => [dimension, j]));
    this.#byName = byName;
    this.constraints = constraints;
    this.#combinations = countConfigurations(this);
  }

  /**
   * Number of distinct configurations; `Infinity` with a continuous parameter. Under constraints those that keep them, counted
   * at the first look; where more than a million would have to be tried, all, as an upper bound.
   */
  get size(): number {
    if (this.constraints.length === 0 || this.#combinations > COUNTED_MOST) return this.#combinations;
    if (this.#feasible === undefined) {
      this.#feasible = 0;
      for (const _ of configurations(this)) this.#feasible++;
    }
    return this.#feasible;
  }

  /** Whether `size` is exact, and all configurations can be listed in a few seconds. */
  get isCountable(): boolean {
    return this.#combinations <= COUNTED_MOST;
  }

  /**
   * This space with one more rule: no sampler suggests a configuration for which `holds` is not true.
   *
   * @param holds given nested params, as the objective receives them; must depend on them alone
   * @throws ValidationError when `holds` is no function, or another constraint has the same name
   * @example createSpace({ min: int(1, 99), max: int(1, 99) }).constrain((p) => p.min <= p.max)
   */
  constrain(holds: (params: P) => boolean, options: ConstrainOptions = {}): Space<P> {
    const constraint = createConstraint(holds, options);
    if (this.constraints.some(({ name }) => name === constraint.name)) {
      throw new ValidationError(
        `The constraints of a space must have different names, but ${show(constraint.name)} stands twice.`,
      );
    }
    return new Space<P>(this.dimensions, [...this.constraints, constraint]);
  }

  /** The constraints that a configuration breaks. @throws ValidationError for a constraint that throws or returns no boolean */
  broken(params: FlatParams): readonly Constraint<P>[] {
    if (this.constraints.length === 0) return NONE;
    const nested = this.nest(params);
    return this.constraints.filter((constraint) => !keeps(constraint, nested));
  }

  /** Whether a configuration keeps all constraints. @throws as `broken` */
  isFeasible(params: FlatParams): boolean {
    if (this.constraints.length === 0) return true;
    const nested = this.nest(params);
    return this.constraints.every((constraint) => keeps(constraint, nested));
  }

  /** The dimension with this name, if there is one. */
  get(name: string): Dimension | undefined {
    return this.#byName.get(name);
  }

  /** Whether a dimension of this space is active, given the values of those before it. */
  isActive(dimension: Dimension, params: FlatParams): boolean {
    return dimension.conditions.every((condition) => {
      if (!Object.hasOwn(params, condition.parent)) return false;
      const value = params[condition.parent]!;
      return "values" in condition ? condition.values.includes(value) : (value as number) >= condition.atLeast;
    });
  }

  /**
   * The configuration that `choose` makes: asked for each active parameter in order, with the values chosen so far.
   * The one loop through which samplers, decoding, enumeration and completion all go.
   */
  build(choose: (dimension: Dimension, chosen: FlatParams) => ParamValue): FlatParams {
    const params: Record<string, ParamValue> = {};
    for (const dimension of this.dimensions) {
      if (this.isActive(dimension, params)) params[dimension.name] = choose(dimension, params);
    }
    return params;
  }

  /** The configuration at a point of the unit cube. @param x [d] */
  decode(x: ArrayLike<number>): FlatParams {
    return this.build((dimension) => {
      const j = this.#coordinate.get(dimension);
      return dimension.parameter.decode(j === undefined ? 0.5 : x[j]!);
    });
  }

  /** The point of the unit cube at which a configuration lies. */
  encode(params: FlatParams): Encoded {
    const d = this.coordinates.length;
    const x = new Float64Array(d).fill(0.5);
    const active = new Uint8Array(d);
    for (let j = 0; j < d; j++) {
      const { name, parameter } = this.coordinates[j]!;
      if (!Object.hasOwn(params, name)) continue;
      x[j] = parameter.encode(params[name]!);
      active[j] = 1;
    }
    return { x, active };
  }

  /** The flat params of a key; undefined where they are no configuration of this space that keeps its constraints. */
  ofKey(key: string): FlatParams | undefined {
    const values = JSON.parse(key) as (ParamValue | readonly [])[];
    const params: Record<string, ParamValue> = {};
    for (const [i, dimension] of this.dimensions.entries()) {
      const value = values[i];
      const isPresent = value !== undefined && !Array.isArray(value);
      const fits = isPresent && dimension.parameter.contains(value);
      if (this.isActive(dimension, params) !== fits || isPresent !== fits) return undefined;
      if (fits) params[dimension.name] = value as ParamValue;
    }
    return this.isFeasible(params) ? params : undefined;
  }

  /** A string that two configurations share exactly when they are the same. Params must not change after they were asked for. */
  key(params: FlatParams): string {
    const known = this.#keys.get(params);
    if (known !== undefined) return known;
    // An empty list, which no parameter can have for a value, stands for one that is not there.
    const key = JSON.stringify(this.dimensions.map(({ name }) => (Object.hasOwn(params, name) ? params[name] : [])));
    this.#keys.set(params, key);
    return key;
  }

  /**
   * Checks flat params against the space: every active parameter present with a value it contains, no other name, no constraint broken.
   * @throws ValidationError naming the parameter, its rule and the value
   */
  check(params: FlatParams): void {
    for (const name of Object.keys(params)) {
      if (!this.#byName.has(name)) {
        throw new ValidationError(
          `A configuration may only have parameters of its space, but got ${show(name)}. The space has: ${[...this.#byName.keys()].join(", ")}.`,
        );
      }
    }
    for (const dimension of this.dimensions) {
      const { name, parameter } = dimension;
      const present = Object.hasOwn(params, name);
      const active = this.isActive(dimension, params);
      if (present && !active) {
        throw new ValidationError(
          `Parameter ${show(name)} is not active in this configuration (${describeConditions(dimension)}), but got ${show(params[name])}. Leave it out.`,
        );
      }
      if (!active) continue;
      if (!present)
        throw new ValidationError(
          `Parameter ${show(name)} (${parameter.describe()}) needs a value, but the configuration has none.`,
        );
      if (!parameter.contains(params[name])) {
        throw new ValidationError(
          `Parameter ${show(name)} must be a value of its range (${parameter.describe()}), but got ${show(params[name])}.`,
        );
      }
    }
    const [broken] = this.broken(params);
    if (broken !== undefined) {
      throw new ValidationError(
        `A configuration must keep the constraint ${show(broken.name)}, but got ${show(this.nest(params))}.`,
      );
    }
  }

  /** Nested params, as an objective receives them. */
  nest(params: FlatParams): P {
    const root: Nested = {};
    for (const dimension of this.dimensions) {
      if (!Object.hasOwn(params, dimension.name)) continue;
      place(root, dimension.path, dimension.listLength ? [] : params[dimension.name]!);
    }
    return root as P;
  }

  /**
   * Flat params of nested ones, which may be partial: what is missing is left out.
   * @throws ValidationError for a name or a value that the space does not have
   */
  flatten(nested: unknown): FlatParams {
    const params: Record<string, ParamValue> = {};
    const used = new Set<string>();
    for (const dimension of this.dimensions) {
      const value = read(nested, dimension.path);
      if (value === undefined || !this.isActive(dimension, params)) continue;
      const flat = dimension.listLength ? (Array.isArray(value) ? value.length : value) : value;
      if (!dimension.parameter.contains(flat)) {
        throw new ValidationError(
          `Parameter ${show(dimension.name)} must be a value of its range (${dimension.parameter.describe()}), but got ${show(flat)}.`,
        );
      }
      params[dimension.name] = flat as ParamValue;
      used.add(JSON.stringify(dimension.path));
    }
    checkLeaves(nested, [], used);
    return params;
  }

  toJSON(): SpaceJson {
    return this.dimensions.map(({ name, path, parameter, conditions, listLength }) => ({
      name,
      ...(path.length === 1 && path[0] === name ? {} : { path }),
      parameter: parameter.toJSON(),
      ...(conditions.length === 0 ? {} : { when: conditions }),
      ...(listLength ? { listLength } : {}),
    }));
  }
}

const NONE: readonly never[] = [];

/** Under constraints, a finite space of more combinations is not counted. */
const COUNTED_MOST = 1_000_000;

/** After so many combinations in a row that break a constraint, a grid is not gone through to its end. */
const BARREN_MOST = 2_000_000;

/** All configurations of a finite space that keep its constraints, in the order in which the last parameter changes fastest. */
export function configurations(space: Space): Generator<FlatParams> {
  // A constrained space's size is counted by this very function.
  if (!space.isCountable && !Number.isFinite(space.size)) {
    throw new ValidationError(
      "Only a finite space can be enumerated, but this one has a continuous parameter. Give its floats a step.",
    );
  }
  return combinations(space, function* ({ parameter }) {
    for (let k = 0; k < parameter.levels; k++) yield parameter.level(k);
  });
}

/**
 * All configurations made of the `values` of each dimension that keep the constraints, in the order in which the last parameter
 * changes fastest. Where a constraint is broken, what differs only in parameters that it did not read is passed over.
 *
 * @throws SpaceInfeasibleError when two million in a row break a constraint
 */
export function* combinations(
  space: Space,
  values: (dimension: Dimension) => Iterable<ParamValue>,
): Generator<FlatParams> {
  let barren = 0;
  // Watching costs more than passing over single combinations: where it was of no use, it is tried again later and later.
  let [wait, unwatched] = [0, 0];
  const turn = { last: space.dimensions.length };
  for (const params of product(space, values, 0, {}, turn)) {
    if (space.isFeasible(params)) {
      barren = 0;
      yield params;
    } else {
      if (++barren === BARREN_MOST) {
        throw new SpaceInfeasibleError(
          `${BARREN_MOST} combinations in a row break a constraint of the space (${space.constraints.map(({ name }) => show(name)).join(", ")}). Give the parameters fewer values, or declare them so that the constraint holds more often.`,
        );
      }
      if (unwatched++ < wait) continue;
      turn.last = lastRead(space, params);
      unwatched = 0;
      wait = space.dimensions.some(({ name }, i) => i > turn.last && Object.hasOwn(params, name)) ? 0 : 2 * wait + 1;
    }
  }
}

/** @param turn the last dimension whose next value is of interest; whoever takes a combination may lower it */
function* product(
  space: Space,
  values: (dimension: Dimension) => Iterable<ParamValue>,
  index: number,
  params: FlatParams,
  turn: { last: number },
): Generator<FlatParams> {
  const dimension = space.dimensions[index];
  if (dimension === undefined) {
    yield params;
  } else if (!space.isActive(dimension, params)) {
    yield* product(space, values, index + 1, params, turn);
  } else {
    for (const value of values(dimension)) {
      yield* product(space, values, index + 1, { ...params, [dimension.name]: value }, turn);
      if (turn.last < index) return;
      turn.last = space.dimensions.length;
    }
  }
}

/** The last dimension on which it depends that a constraint is broken: the least over those that are; −1 for one that reads nothing. */
function lastRead(space: Space, params: FlatParams): number {
  const nested = space.nest(params);
  const places = new Map(space.dimensions.map(({ name }, i) => [name, i]));
  const lasts = space.broken(params).map((constraint) => {
    const reads = readsOf(constraint, nested);
    return Math.max(
      -1,
      ...space.dimensions.flatMap(({ path, conditions }, i) => {
        const above = reads.filter((read) => read.path.every((key, at) => key === String(path[at])));
        if (above.length === 0) return [];
        // What lies above a value is there only where the value is active.
        const parents = conditions.map(({ parent }) => places.get(parent)!);
        return above.some((read) => read.whole || read.path.length === path.length) ? [i, ...parents] : parents;
      }),
    );
  });
  return Math.min(...lasts);
}

/** "optimizer.kind in ["sgd"]", for errors and summaries. */
export function describeConditions(dimension: Dimension): string {
  if (dimension.conditions.length === 0) return "always active";
  const parts = dimension.conditions.map((c) =>
    "values" in c ? `${c.parent} in ${show(c.values)}` : `${c.parent} >= ${c.atLeast}`,
  );
  return `active when ${parts.join(" and ")}`;
}

type Nested = { [key: string]: unknown };

/** Writes `value` at `path`, making the objects and arrays on the way. */
function place(root: Nested, path: readonly (string | number)[], value: unknown): void {
  let at = root as Record<string | number, unknown>;
  for (let i = 0; i < path.length - 1; i++) {
    const key = path[i]!;
    at[key] ??= typeof path[i + 1] === "number" ? [] : {};
    at = at[key] as Record<string | number, unknown>;
  }
  at[path[path.length - 1]!] = value;
}

/** What stands at `path` of nested params; undefined where nothing does. */
export function read(nested: unknown, path: readonly (string | number)[]): unknown {
  let at: unknown = nested;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string | number, unknown>)[key];
  }
  return at;
}

/** Every leaf of nested params must have been read as the value of some dimension. */
function checkLeaves(at: unknown, path: (string | number)[], used: ReadonlySet<string>): void {
  if (used.has(JSON.stringify(path)) && !Array.isArray(at)) return;
  if (typeof at !== "object" || at === null) {
    throw new ValidationError(
      `Nested params may only have active parameters of the space, but got ${path.length === 0 ? show(at) : `${show(path.join("."))}: ${show(at)}`}.`,
    );
  }
  for (const [key, value] of Object.entries(at))
    checkLeaves(value, [...path, Array.isArray(at) ? Number(key) : key], used);
}

const UNUSABLE_NAMES = new Set(["__proto__", "constructor", "prototype"]);

/** A name must be usable as a property, a column and a line of text. */
export function checkName(name: string): void {
  if (typeof name !== "string" || name.length === 0 || name.length > 256) {
    throw new ValidationError(`A parameter name must be a string of 1 to 256 characters, but got ${show(name)}.`);
  }
  if (name.split(".").some((part) => UNUSABLE_NAMES.has(part))) {
    throw new ValidationError(
      `A parameter cannot be named ${show(name)}, for objects give that name a meaning of its own. Choose another name.`,
    );
  }
  if (/\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw new ValidationError(
      `A parameter name must have no control characters or broken surrogates, but got ${JSON.stringify(name)}.`,
    );
  }
}

function checkCondition(child: string, condition: Condition, before: ReadonlyMap<string, Dimension>): void {
  const parent = before.get(condition.parent);
  if (parent === undefined) {
    throw new ValidationError(
      `A condition needs a parent that is declared before its child, but ${show(child)} depends on ${show(condition.parent)}.`,
    );
  }
  if (!("values" in condition)) return;
  for (const value of condition.values) {
    if (!parent.parameter.contains(value)) {
      throw new ValidationError(
        `A condition must name values of the parent (${show(condition.parent)}: ${parent.parameter.describe()}), but ${show(child)} asks for ${show(value)}.`,
      );
    }
  }
}

/**
 * The number of configurations. Only parents need to be enumerated: under each of their joint values the other parameters
 * multiply. Groups of parameters that no condition connects are counted apart.
 */
function countConfigurations(space: Space): number {
  const group = new Map<string, Set<Dimension>>();
  const parents = new Set<string>();
  for (const dimension of space.dimensions) {
    const merged = new Set([dimension]);
    for (const { parent } of dimension.conditions) {
      parents.add(parent);
      for (const member of group.get(parent)!) merged.add(member);
    }
    for (const member of merged) group.set(member.name, merged);
  }
  let total = 1;
  for (const members of new Set(group.values())) {
    const ordered = space.dimensions.filter((dimension) => members.has(dimension));
    total *= count(ordered, 0, {});
  }
  return total;

  function count(members: readonly Dimension[], index: number, chosen: FlatParams): number {
    const dimension = members[index];
    if (dimension === undefined) return 1;
    if (!space.isActive(dimension, chosen)) return count(members, index + 1, chosen);
    const { levels } = dimension.parameter;
    if (!parents.has(dimension.name)) return levels * count(members, index + 1, chosen);
    if (!Number.isFinite(levels)) return levels;
    let sum = 0;
    for (let k = 0; k < levels; k++)
      sum += count(members, index + 1, { ...chosen, [dimension.name]: dimension.parameter.level(k) });
    return sum;
  }
}
