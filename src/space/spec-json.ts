/**
 * A space written by hand as JSON: what `createSpace` takes, in a file.
 *
 *   { "lr": { "type": "float", "low": 1e-5, "high": 0.1, "log": true },
 *     "optimizer": { "oneOf": { "sgd": { "momentum": { "type": "float", "low": 0, "high": 0.99 } }, "adam": {} } },
 *     "layers": { "list": { "units": { "type": "int", "low": 16, "high": 256 } }, "min": 1, "max": 3 },
 *     "warmup": { "type": "int", "low": 1, "high": 9, "when": { "optimizer": "sgd" } } }
 *
 * An object without "type", "oneOf" or "list" is a group. Nothing is guessed: a setting that a kind does not have is an error,
 * and every error says where it is. The form in which a storage keeps spaces is another: see json.ts.
 */
import { show, ValidationError } from "../errors.ts";
import { createSpace, list, oneOf, type SpaceNode, type SpaceSpec } from "./declare.ts";
import { parameterFromJson } from "./json.ts";
import type { ParameterJson, ParamValue } from "./parameter.ts";
import { type Condition, type Dimension, Space } from "./space.ts";

/** The settings of each kind, besides `type` and `when`. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  float: ["low", "high", "step", "log", "default"],
  int: ["low", "high", "step", "log", "default"],
  categorical: ["choices", "default"],
  ordinal: ["choices", "default"],
  boolean: ["default"],
  fixed: ["value"],
};

/** Far more than anybody writes, and little enough for any stack. */
const MAX_DEPTH = 32;
/** A list has its parameters once for each element that it may have. */
const MAX_LENGTH = 1000;

/** A node of the file: where it stands, by names, and whether it may have a `when`. */
interface Place {
  readonly path: readonly string[];
  readonly canDepend: boolean;
}

/** A `when` as it stands in the file. */
interface Dependence {
  readonly path: readonly string[];
  readonly when: unknown;
}

/**
 * The space that parsed JSON describes.
 *
 * @throws ValidationError with the place of the fault
 * @example spaceFromSpecJson({ lr: { type: "float", low: 1e-5, high: 0.1, log: true } })
 */
export function spaceFromSpecJson(json: unknown): Space {
  const dependences: Dependence[] = [];
  const spec = readGroup(json, { path: [], canDepend: true }, dependences);
  const space = createSpace(spec);
  return dependences.length === 0 ? space : withDependences(space, dependences);
}

function readGroup(json: unknown, place: Place, out: Dependence[]): SpaceSpec {
  if (!isObject(json)) {
    throw wrong(place, `A space and each group in it must be an object of parameters, but got ${show(json)}.`);
  }
  if (place.path.length > MAX_DEPTH) throw wrong(place, `A space must not nest deeper than ${MAX_DEPTH} levels.`);
  const nodes = Object.entries(json).map(
    ([key, node]) => [key, readNode(node, { ...place, path: [...place.path, key] }, out)] as const,
  );
  // It defines its properties, so that a key named __proto__ is one like any other, which createSpace refuses by name.
  return Object.fromEntries(nodes);
}

function readNode(json: unknown, place: Place, out: Dependence[]): SpaceNode {
  if (!isObject(json)) {
    throw wrong(
      place,
      `A parameter must be an object such as {"type": "float", "low": 0, "high": 1}, but got ${show(json)}.`,
    );
  }
  if (typeof json.type === "string") return readParameter(json as ParameterJson, place, out);
  if (Object.hasOwn(json, "oneOf")) {
    checkSettings(json, ["oneOf"], place);
    depend(json, place, out);
    if (!isObject(json.oneOf))
      throw wrong(place, `\`oneOf\` must be an object of branches, but got ${show(json.oneOf)}.`);
    const inside = { path: place.path, canDepend: false };
    return located(place, oneOf, readBranches(json.oneOf, inside, out));
  }
  if (Object.hasOwn(json, "list")) {
    checkSettings(json, ["list", "min", "max"], place);
    depend(json, place, out);
    const { min, max } = json;
    if (typeof max === "number" && max > MAX_LENGTH) {
      throw wrong(place, `A list can have at most ${MAX_LENGTH} elements, but got max=${show(max)}.`);
    }
    const group = readGroup(json.list, { path: place.path, canDepend: false }, out);
    return located(place, list, group, { min: min as number, max: max as number });
  }
  return readGroup(json, place, out);
}

function readBranches(json: object, place: Place, out: Dependence[]): { readonly [branch: string]: SpaceSpec } {
  const read = ([branch, group]: [string, unknown]) =>
    [branch, readGroup(group, { ...place, path: [...place.path, branch] }, out)] as const;
  return Object.fromEntries(Object.entries(json).map(read));
}

function readParameter(json: ParameterJson, place: Place, out: Dependence[]): SpaceNode {
  const settings = Object.hasOwn(SETTINGS, json.type) ? SETTINGS[json.type] : undefined;
  if (settings === undefined) {
    throw wrong(
      place,
      `A parameter's type must be one of ${Object.keys(SETTINGS).join(", ")}, but got ${show(json.type)}.`,
    );
  }
  checkSettings(json, ["type", ...settings], place);
  depend(json, place, out);
  return located(place, parameterFromJson, json);
}

function checkSettings(json: object, settings: readonly string[], place: Place): void {
  for (const key of Object.keys(json)) {
    if (key !== "when" && !settings.includes(key)) {
      throw wrong(place, `There is no setting ${show(key)} here. There are: ${[...settings, "when"].join(", ")}.`);
    }
  }
}

function depend(json: Readonly<Record<string, unknown>>, place: Place, out: Dependence[]): void {
  if (json.when === undefined) return;
  if (!place.canDepend) {
    throw wrong(
      place,
      "`when` cannot stand inside `oneOf` or `list`, whose parameters depend on them already. Nest a `oneOf`.",
    );
  }
  out.push({ path: place.path, when: json.when });
}

/** The space with the conditions of each `when`, parents before children. */
function withDependences(space: Space, dependences: readonly Dependence[]): Space {
  const conditions = new Map(
    dependences.map(({ path, when }) => [headOf(space, path.join(".")), readConditions(space, path, when)]),
  );
  const waiting = space.dimensions.map((dimension) => {
    const more = conditions.get(dimension.name);
    return more === undefined ? dimension : { ...dimension, conditions: [...dimension.conditions, ...more] };
  });
  const ordered: Dimension[] = [];
  const placed = new Set<string>();
  while (waiting.length > 0) {
    const next = waiting.findIndex(({ conditions }) => conditions.every(({ parent }) => placed.has(parent)));
    if (next < 0) {
      throw new ValidationError(
        `Parameters must not depend on each other in a circle, but these do: ${waiting.map(({ name }) => name).join(", ")}.`,
      );
    }
    const [dimension] = waiting.splice(next, 1) as [Dimension];
    placed.add(dimension.name);
    ordered.push(dimension);
  }
  return new Space(ordered);
}

function readConditions(space: Space, path: readonly string[], when: unknown): readonly Condition[] {
  const place = { path, canDepend: true };
  if (!isObject(when) || Object.keys(when).length === 0) {
    throw wrong(place, `\`when\` must be an object such as {"optimizer": "sgd"}, but got ${show(when)}.`);
  }
  return Object.entries(when).map(([key, wanted]) => {
    // A sibling first, then a full name.
    const parent = headOf(space, [...path.slice(0, -1), key].join(".")) ?? headOf(space, key);
    if (parent === undefined) {
      const names = space.dimensions.map(({ name }) => name).join(", ");
      throw wrong(place, `\`when\` must name a parameter of the space, but got ${show(key)}. The space has: ${names}.`);
    }
    if (isObject(wanted)) {
      const { atLeast, ...rest } = wanted;
      if (typeof atLeast !== "number" || Object.keys(rest).length > 0) {
        throw wrong(
          place,
          `\`when\` must be a value, a list of values or {"atLeast": number}, but got ${show(wanted)}.`,
        );
      }
      return { parent, atLeast };
    }
    return { parent, values: (Array.isArray(wanted) ? wanted : [wanted]) as ParamValue[] };
  });
}

/** The name of the parameter that stands for a node: its own, or the one that chooses its branch or its length. */
function headOf(space: Space, name: string): string | undefined {
  return [name, `${name}.kind`, `${name}.length`].find((candidate) => space.get(candidate) !== undefined);
}

/** Calls `make`; its error gets the place. */
function located<A extends unknown[], R>(place: Place, make: (...args: A) => R, ...args: A): R {
  try {
    return make(...args);
  } catch (error) {
    if (error instanceof ValidationError) throw wrong(place, error.message);
    throw error;
  }
}

function wrong({ path }: Place, message: string): ValidationError {
  const where = path.length === 0 ? "at its top" : `at ${show(path.join("."))}`;
  return new ValidationError(`The space is wrong ${where}: ${message}`);
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
