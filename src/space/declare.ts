/**
 * Declaring a space as the objective wants to read it: nested objects, `oneOf` for alternatives with parameters of their
 * own, `list` for a variable number of like groups. The type of `params` follows from the declaration.
 */
import { show, ValidationError } from "../errors.ts";
import { categorical, fixed } from "./choice.ts";
import { int } from "./numeric.ts";
import type { Parameter, ParamValue } from "./parameter.ts";
import { type Condition, checkName, type Dimension, Space } from "./space.ts";

/** What can stand in a declaration. */
// biome-ignore lint/suspicious/noExplicitAny: inference needs the widest member types here
export type SpaceNode = Parameter<any> | OneOf<any> | List<any> | SpaceSpec;

/** Named parameters, alternatives, lists and groups. */
export interface SpaceSpec {
  readonly [name: string]: SpaceNode;
}

/** The params that a declaration gives its objective. */
export type InferParams<S> = { -readonly [K in keyof S]: InferNode<S[K]> };

type InferNode<N> =
  N extends Parameter<infer T>
    ? T
    : N extends OneOf<infer B>
      ? { -readonly [K in keyof B]: Flat<{ kind: K } & InferParams<B[K]>> }[keyof B]
      : N extends List<infer G>
        ? InferParams<G>[]
        : InferParams<N>;

/** Shows an intersection as one object type. */
type Flat<T> = { [K in keyof T]: T[K] };

/** Alternatives: exactly one branch is active, and `kind` says which. */
export class OneOf<out B> {
  readonly branches: B;

  constructor(branches: B) {
    this.branches = branches;
  }
}

/** A variable number of groups of the same make. */
export class List<out G> {
  readonly group: G;
  readonly min: number;
  readonly max: number;

  constructor(group: G, min: number, max: number) {
    this.group = group;
    this.min = min;
    this.max = max;
  }
}

/**
 * One of several branches, each with parameters of its own; the objective gets the active branch's values and its name as
 * `kind`. A name that stands in several branches with the same definition is one parameter, active in each of them.
 *
 * @throws ValidationError when there is no branch
 * @example oneOf({ sgd: { momentum: float(0, 0.99) }, adam: {} })
 */
export function oneOf<const B extends { readonly [branch: string]: SpaceSpec }>(branches: B): OneOf<B> {
  if (typeof branches !== "object" || branches === null || Object.keys(branches).length === 0) {
    throw new ValidationError(`\`oneOf\` needs an object with at least one branch, but got ${show(branches)}.`);
  }
  return new OneOf(branches);
}

/**
 * Between `min` and `max` groups of the same make: the objective gets an array of them.
 *
 * @throws ValidationError when `0 <= min <= max` does not hold
 * @example list({ units: int(16, 256), dropout: float(0, 0.5) }, { min: 1, max: 4 })
 */
export function list<const G extends SpaceSpec>(
  group: G,
  size: { readonly min: number; readonly max: number },
): List<G> {
  const { min, max } = size;
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || min < 0 || max < Math.max(min, 1)) {
    throw new ValidationError(
      `\`0 <= min <= max\` and \`max >= 1\` must hold for a list, but got min=${show(min)}, max=${show(max)}.`,
    );
  }
  return new List(group, min, max);
}

/**
 * The space of a declaration.
 *
 * @throws ValidationError for an empty space or group and for names that objects or this notation give a meaning
 * @example createSpace({ lr: float(1e-5, 1e-1, { log: true }), layers: int(1, 3) })
 */
export function createSpace<const S extends SpaceSpec>(spec: S): Space<InferParams<S>> {
  const dimensions: Dimension[] = [];
  group(spec, { name: "", path: [], conditions: [] }, dimensions);
  return new Space<InferParams<S>>(dimensions);
}

/** Where a node stands: the name and path so far, and what must hold for it to be active. */
interface Place {
  readonly name: string;
  readonly path: readonly (string | number)[];
  readonly conditions: readonly Condition[];
}

function group(spec: SpaceSpec, place: Place, out: Dimension[]): void {
  if (typeof spec !== "object" || spec === null || Array.isArray(spec)) {
    throw new ValidationError(
      `A space is declared as an object of parameters, but got ${show(spec)}${inPlace(place)}.`,
    );
  }
  if (Object.keys(spec).length === 0) {
    throw new ValidationError(`A space needs at least one parameter, but got an empty object${inPlace(place)}.`);
  }
  for (const [key, node] of Object.entries(spec)) {
    checkKey(key, place, []);
    visit(node, { ...place, name: join(place.name, key), path: [...place.path, key] }, out);
  }
}

function visit(node: SpaceNode, place: Place, out: Dimension[]): void {
  if (isParameter(node)) out.push({ ...place, parameter: node });
  else if (node instanceof OneOf) branches(node.branches, place, out);
  else if (node instanceof List) elements(node, place, out);
  else group(node as SpaceSpec, place, out);
}

function branches(all: { readonly [branch: string]: SpaceSpec }, place: Place, out: Dimension[]): void {
  const names = Object.keys(all);
  const kind = `${place.name}.kind`;
  out.push({
    name: kind,
    path: [...place.path, "kind"],
    conditions: place.conditions,
    parameter: names.length === 1 ? fixed(names[0]!) : categorical(names),
  });
  for (const [name, entry] of shared(all, place)) {
    const condition: Condition = { parent: kind, values: entry.branches };
    visit(entry.node, { name, path: [...place.path, entry.key], conditions: [condition] }, out);
  }
}

/** What the branches declare, by full name: an entry that all its branches define alike is one, with those branches. */
function shared(
  all: { readonly [branch: string]: SpaceSpec },
  place: Place,
): Map<string, { key: string; node: SpaceNode; branches: string[] }> {
  const byKey = new Map<string, { node: SpaceNode; text: string; branch: string }[]>();
  for (const [branch, spec] of Object.entries(all)) {
    checkKey(branch, place, []);
    if (typeof spec !== "object" || spec === null || isParameter(spec)) {
      throw new ValidationError(
        `A branch of \`oneOf\` is declared as an object of parameters (empty for none), but got ${show(spec)}${inPlace({ ...place, name: join(place.name, branch) })}.`,
      );
    }
    for (const [key, node] of Object.entries(spec)) {
      checkKey(key, place, ["kind"]);
      const entries = byKey.get(key) ?? [];
      entries.push({ node, text: describe(node), branch });
      byKey.set(key, entries);
    }
  }
  const result = new Map<string, { key: string; node: SpaceNode; branches: string[] }>();
  for (const [key, entries] of byKey) {
    const alike = entries.every((entry) => entry.text === entries[0]!.text);
    if (alike)
      result.set(join(place.name, key), {
        key,
        node: entries[0]!.node,
        branches: entries.map((entry) => entry.branch),
      });
    else
      for (const { node, branch } of entries)
        result.set(`${place.name}.${branch}.${key}`, { key, node, branches: [branch] });
  }
  return result;
}

function elements(node: List<SpaceSpec>, place: Place, out: Dimension[]): void {
  const length = `${place.name}.length`;
  out.push({ ...place, name: length, parameter: int(node.min, node.max), listLength: true });
  for (let i = 0; i < node.max; i++) {
    const condition: Condition = { parent: length, atLeast: i + 1 };
    group(node.group, { name: `${place.name}.${i}`, path: [...place.path, i], conditions: [condition] }, out);
  }
}

/** Two nodes with the same text are the same definition. */
function describe(node: SpaceNode): string {
  const plain = (at: SpaceNode): unknown => {
    if (isParameter(at)) return ["parameter", at.toJSON()];
    if (at instanceof OneOf)
      return [
        "oneOf",
        Object.entries(at.branches as Record<string, SpaceSpec>).map(([name, spec]) => [name, plain(spec)]),
      ];
    if (at instanceof List) return ["list", at.min, at.max, plain(at.group)];
    return ["group", Object.entries(at).map(([name, child]) => [name, plain(child)])];
  };
  return JSON.stringify(plain(node));
}

function isParameter(node: SpaceNode): node is Parameter<ParamValue> {
  return typeof (node as Partial<Parameter>)?.decode === "function";
}

function checkKey(key: string, place: Place, reserved: readonly string[]): void {
  checkName(key);
  if (key.includes(".")) {
    throw new ValidationError(
      `A name in a declared space must have no dot, which joins the levels of a full name, but got ${show(key)}${inPlace(place)}. Nest an object instead.`,
    );
  }
  if (reserved.includes(key)) {
    throw new ValidationError(
      `A parameter in a branch of \`oneOf\` cannot be named ${show(key)}, which tells the branches apart${inPlace(place)}. Choose another name.`,
    );
  }
}

function join(prefix: string, key: string): string {
  return prefix === "" ? key : `${prefix}.${key}`;
}

function inPlace(place: Place): string {
  return place.name === "" ? "" : ` at ${show(place.name)}`;
}
