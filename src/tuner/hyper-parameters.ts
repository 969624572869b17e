/**
 * The parameters of a hypermodel in the manner of KerasTuner: `build(hp)` names each one where it needs its value, and the
 * first time it is named it joins the space. What joins is an ordinary parameter of `space`, under the conditions of the
 * scopes around it, so every sampler can search it.
 *
 * Departures from KerasTuner. The body of a conditional scope runs only while the scope is active, so that its values are
 * never missing; the scopes that have not run are remembered, and `discover` visits each of them. A name means one
 * parameter at a time: inside a scope it finds the parameter of an enclosing scope, and two scopes that are never active
 * together may each have their own.
 */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import { boolean, fixed } from "../space/choice.ts";
import { spaceFromJson } from "../space/json.ts";
import type { FlatParams, Parameter, ParamValue } from "../space/parameter.ts";
import { type Condition, type Dimension, describeConditions, Space, type SpaceJson } from "../space/space.ts";
import { type ChoiceOptions, choice, type NumberRange, named, numeric } from "./hyper-parameter-kinds.ts";
import { TrainingMisused } from "./training-result.ts";

/** For a parameter that no option makes conditional; it always has a value. */
interface Always {
  readonly parentName?: never;
  readonly parentValues?: never;
}

/** The same as a conditional scope around one parameter: it has a value while the parent has one of these. */
export interface WhenParent {
  readonly parentName: string;
  readonly parentValues: ParamValue | readonly ParamValue[];
}

export interface BooleanOptions {
  /** Default false. */
  readonly default?: boolean;
}

/** A `HyperParameters` as JSON; `values` by full name. */
export interface HyperParametersJson {
  readonly space: SpaceJson;
  readonly values: FlatParams;
}

/**
 * What becomes of a parameter that a hypermodel asks for and nobody registered in advance: it is searched, it has its default
 * in every trial, or it is an error.
 */
export type NewEntries = "tune" | "fix" | "refuse";

/** What a `HyperParameters` knows from the start. */
export interface KnownParameters {
  readonly dimensions?: readonly Dimension[];
  /** By full name: those of a trial. */
  readonly values?: FlatParams;
  readonly seed?: number;
  /** Full names of parameters that stand as they are, whatever definition the hypermodel gives when it asks for them. */
  readonly overrides?: readonly string[];
  /** Default "tune". */
  readonly newEntries?: NewEntries;
}

/** A parameter, and the name by which a hypermodel asks for it. */
interface Entry {
  readonly name: string;
  readonly dimension: Dimension;
}

export class HyperParameters {
  /**
   * The seed of this trial and execution. Give it to what draws random numbers in `build`, such as
   * `sequential(layers, { seed: hp.seed })`, and a seeded search trains the same models again.
   */
  readonly seed: number;
  readonly #entries: Entry[];
  /** Values by full name. A parameter without one takes its default when it is asked for. */
  readonly #values: Map<string, ParamValue>;
  /** Full names of the parameters that were asked for. */
  readonly #asked = new Set<string>();
  /** Conditional scopes met so far that have not been active. */
  readonly #unvisited = new Map<string, readonly Condition[]>();
  readonly #visited = new Set<string>();
  readonly #overrides: Set<string>;
  readonly #newEntries: NewEntries;
  #conditions: readonly Condition[] = [];
  #prefix = "";

  constructor(known: KnownParameters = {}) {
    this.seed = known.seed ?? 0;
    this.#overrides = new Set(known.overrides);
    this.#newEntries = known.newEntries ?? "tune";
    this.#entries = (known.dimensions ?? []).map((dimension) => ({ name: String(dimension.path[0]), dimension }));
    this.#values = new Map(Object.entries(known.values ?? {}));
  }

  /**
   * A whole number in [min, max].
   *
   * @throws ValidationError for a range that is none, or when the name stands for a parameter with another definition
   * @example const units = hp.Int("units", { min: 20, max: 60, step: 10 })
   */
  Int(name: string, range: NumberRange & Always): number;
  Int(name: string, range: NumberRange & WhenParent): number | undefined;
  Int(name: string, range: NumberRange & Partial<WhenParent>): number | undefined {
    return this.#ask(name, range, () => numeric("Int", name, range));
  }

  /**
   * A real number in [min, max].
   *
   * @throws ValidationError for a range that is none, or when the name stands for a parameter with another definition
   * @example const rate = hp.Float("rate", { min: 1e-4, max: 1e-1, sampling: "log" })
   */
  Float(name: string, range: NumberRange & Always): number;
  Float(name: string, range: NumberRange & WhenParent): number | undefined;
  Float(name: string, range: NumberRange & Partial<WhenParent>): number | undefined {
    return this.#ask(name, range, () => numeric("Float", name, range));
  }

  /**
   * One of several values of one type.
   *
   * @throws ValidationError for no values, values of several types, or an order among values that are not numbers
   * @example const batchSize = hp.Choice("batchSize", [16, 32, 64])
   */
  Choice<const T extends string | number | boolean>(
    name: string,
    values: readonly T[],
    options?: ChoiceOptions<NoInfer<T>> & Always,
  ): T;
  Choice<const T extends string | number | boolean>(
    name: string,
    values: readonly T[],
    options: ChoiceOptions<NoInfer<T>> & WhenParent,
  ): T | undefined;
  Choice<const T extends string | number | boolean>(
    name: string,
    values: readonly T[],
    options: ChoiceOptions<T> & Partial<WhenParent> = {},
  ): T | undefined {
    return this.#ask(name, options, () => choice(name, values, options));
  }

  /** true or false. */
  Boolean(name: string, options?: BooleanOptions & Always): boolean;
  Boolean(name: string, options: BooleanOptions & WhenParent): boolean | undefined;
  Boolean(name: string, options: BooleanOptions & Partial<WhenParent> = {}): boolean | undefined {
    const initial = options.default === undefined ? {} : { default: options.default };
    return this.#ask(name, options, () => named(`Boolean ${show(name)}`, () => boolean(initial)));
  }

  /** A value that is not searched but stands in every trial. */
  Fixed<const T extends string | number | boolean>(name: string, value: T, options?: Always): T;
  Fixed<const T extends string | number | boolean>(name: string, value: T, options: WhenParent): T | undefined;
  Fixed<const T extends string | number | boolean>(
    name: string,
    value: T,
    options: Partial<WhenParent> = {},
  ): T | undefined {
    return this.#ask(name, options, () => named(`Fixed ${show(name)}`, () => fixed(value)));
  }

  /**
   * Runs `body` while the parent has one of `parentValues`; what it registers is searched only then.
   *
   * @returns what the body returns, or undefined while the scope is not active
   * @throws NotFoundError for a parent that is not registered yet; ValidationError for values it does not have
   * @example const momentum = hp.conditionalScope("optimizer", "sgd", () => hp.Float("momentum", { min: 0, max: 0.99 }))
   */
  conditionalScope<R>(
    parentName: string,
    parentValues: ParamValue | readonly ParamValue[],
    body: () => R,
  ): R | undefined {
    const around = this.#conditions;
    const conditions = [...around, this.#condition(parentName, parentValues)];
    const key = JSON.stringify(conditions);
    if (!this.#holds(conditions)) {
      if (!this.#visited.has(key) && conditions.every(isPossible)) this.#unvisited.set(key, conditions);
      return undefined;
    }
    this.#unvisited.delete(key);
    this.#visited.add(key);
    this.#conditions = conditions;
    try {
      return synchronous("conditionalScope", body());
    } finally {
      this.#conditions = around;
    }
  }

  /** Runs `body` with `scope/` before every name it uses. */
  nameScope<R>(scope: string, body: () => R): R {
    const around = this.#prefix;
    this.#prefix = `${around}${scope}/`;
    try {
      return synchronous("nameScope", body());
    } finally {
      this.#prefix = around;
    }
  }

  /** The value of a registered parameter. @throws NotFoundError, or ValidationError while it is not active */
  get(name: string): ParamValue {
    const entry = this.#find(this.#prefix + name);
    if (!this.#active(entry.dimension)) {
      throw new ValidationError(
        `\`hp.get\` needs a parameter that is active, but ${show(entry.name)} is not (it is ${describeConditions(entry.dimension)}). Ask \`hp.isActive(${show(name)})\` first.`,
      );
    }
    return this.#value(entry.dimension);
  }

  /** Whether a registered parameter has a value under the values of its parents. @throws NotFoundError */
  isActive(name: string): boolean {
    return this.#active(this.#find(this.#prefix + name).dimension);
  }

  /** The values of the active parameters, by the names the hypermodel uses. */
  get values(): Readonly<Record<string, ParamValue>> {
    const active = this.#entries.filter(({ dimension }) => this.#active(dimension));
    return Object.fromEntries(active.map(({ name, dimension }) => [name, this.#value(dimension)]));
  }

  /** The values of the active parameters by full name, as a study keeps them. */
  get flatParams(): FlatParams {
    const active = this.#entries.filter(({ dimension }) => this.#active(dimension));
    return Object.fromEntries(active.map(({ dimension }) => [dimension.name, this.#value(dimension)]));
  }

  /** What has been asked for: a part of what is registered. @internal */
  get asked(): readonly Dimension[] {
    return this.dimensions.filter(({ name }) => this.#asked.has(name));
  }

  /** What is registered, in that order. */
  get dimensions(): readonly Dimension[] {
    return this.#entries.map(({ dimension }) => dimension);
  }

  /** What is registered, as a space. @throws ValidationError when nothing is */
  get space(): Space {
    return new Space(this.dimensions);
  }

  /** An independent object with the same parameters and values. */
  copy(): HyperParameters {
    return new HyperParameters({
      dimensions: this.dimensions,
      values: Object.fromEntries(this.#values),
      seed: this.seed,
      overrides: [...this.#overrides],
      newEntries: this.#newEntries,
    });
  }

  /** A copy in which what is asked for and not registered has its default, and is not searched. @internal */
  untuned(): HyperParameters {
    return new HyperParameters({
      dimensions: this.dimensions,
      values: Object.fromEntries(this.#values),
      seed: this.seed,
      overrides: this.dimensions.map(({ name }) => name),
      newEntries: "fix",
    });
  }

  toJSON(): HyperParametersJson {
    return { space: this.space.toJSON(), values: this.flatParams };
  }

  /** What `toJSON` wrote. @throws ValidationError when it is something else */
  static fromJSON(json: HyperParametersJson): HyperParameters {
    const { dimensions } = spaceFromJson(json?.space);
    const hp = new HyperParameters({ dimensions, values: json.values });
    hp.space.check(hp.flatParams);
    return hp;
  }

  /**
   * Sets the values under which a scope that never ran becomes active, everything else to its default.
   *
   * @returns whether there was such a scope; each is given once
   * @internal
   */
  enterUnvisitedScope(): boolean {
    const [next] = this.#unvisited;
    if (next === undefined) return false;
    const [key, conditions] = next;
    this.#unvisited.delete(key);
    this.#visited.add(key);
    this.#values.clear();
    for (const condition of conditions) {
      if ("values" in condition) this.#values.set(condition.parent, condition.values[0]!);
    }
    return true;
  }

  /** Registers a parameter under parents of these names and values, whether they are active or not. @internal */
  adopt(name: string, parameter: Parameter, parents: readonly WhenParent[]): void {
    const around = this.#conditions;
    this.#conditions = parents.map(({ parentName, parentValues }) => this.#condition(parentName, parentValues));
    try {
      this.#add(
        name,
        parameter,
        this.#entries.some((entry) => entry.name === name),
      );
    } finally {
      this.#conditions = around;
    }
  }

  #ask<T extends ParamValue>(
    name: string,
    parent: Partial<WhenParent>,
    define: () => Parameter<ParamValue>,
  ): T | undefined {
    const { parentName, parentValues } = parent;
    if (parentName === undefined && parentValues === undefined) return this.#register(name, define()) as T;
    if (parentName === undefined || parentValues === undefined) {
      throw new ValidationError(
        `\`parentName\` and \`parentValues\` go together, but parameter ${show(name)} has only one of them.`,
      );
    }
    return this.conditionalScope(parentName, parentValues, () => this.#register(name, define()) as T);
  }

  #register(given: string, parameter: Parameter): ParamValue {
    const name = this.#prefix + given;
    const conditions = this.#conditions;
    const alike = this.#entries.filter((entry) => entry.name === name);
    const found =
      alike.find(({ dimension }) => isSame(dimension.conditions, conditions)) ??
      alike.find(({ dimension }) => this.#active(dimension));
    if (found === undefined) return this.#addNew(name, parameter, alike.length > 0);
    if (!encloses(found.dimension.conditions, conditions)) {
      throw new ValidationError(
        `Two parameters that are active together need different names, but ${show(name)} stands in a conditional scope and also outside it. Rename one of them.`,
      );
    }
    const isOverridden = this.#overrides.has(found.dimension.name);
    if (!isOverridden && definition(found.dimension.parameter) !== definition(parameter)) {
      throw new ValidationError(
        `A name stands for one definition, but ${show(name)} is registered as ${found.dimension.parameter.describe()} and now asked for as ${parameter.describe()}. Use another name, or the same options.`,
      );
    }
    return this.#give(found.dimension);
  }

  #give(dimension: Dimension): ParamValue {
    this.#asked.add(dimension.name);
    return this.#value(dimension);
  }

  #addNew(name: string, parameter: Parameter, taken: boolean): ParamValue {
    switch (this.#newEntries) {
      case "tune":
        return this.#add(name, parameter, taken);
      case "fix": {
        const value = this.#add(name, fixed(initialValue(parameter)), taken);
        this.#overrides.add(this.#entries.at(-1)!.dimension.name);
        return value;
      }
      case "refuse":
        throw new TrainingMisused(
          `With \`allowNewEntries: false\` a hypermodel may ask only for the parameters in \`hyperparameters\`, but asked for ${show(name)} (${parameter.describe()}). Register it there too, or leave \`allowNewEntries\` out.`,
        );
    }
  }

  #add(name: string, parameter: Parameter, taken: boolean): ParamValue {
    const scope = this.#conditions.flatMap((it) => ("values" in it ? `${it.parent}.${it.values.join("|")}.` : []));
    const dimension: Dimension = {
      name: taken ? `${scope.join("")}${name}` : name,
      path: [name],
      parameter,
      conditions: this.#conditions,
    };
    // Checks the name and the conditions; a space is what the entries will become.
    new Space([...this.dimensions, dimension]);
    this.#entries.push({ name, dimension });
    return this.#give(dimension);
  }

  /** The value that was set if the parameter can take it, or the default. */
  #value({ name, parameter }: Dimension): ParamValue {
    const value = this.#values.get(name);
    if (value !== undefined && parameter.contains(value)) return value;
    const initial = initialValue(parameter);
    this.#values.set(name, initial);
    return initial;
  }

  #condition(parentName: string, parentValues: ParamValue | readonly ParamValue[]): Condition {
    const values = Array.isArray(parentValues) ? (parentValues as readonly ParamValue[]) : [parentValues as ParamValue];
    const { dimension } = this.#find(this.#prefix + parentName, parentName);
    const possible = values.filter((value) => dimension.parameter.contains(value));
    // What was registered in advance may leave out values that the hypermodel has a scope for: that scope never opens.
    const isEnough = this.#overrides.has(dimension.name) || possible.length === values.length;
    if (values.length === 0 || !isEnough) {
      throw new ValidationError(
        `A conditional scope needs values of its parent ${show(parentName)} (${dimension.parameter.describe()}), but got ${show(parentValues)}.`,
      );
    }
    return { parent: dimension.name, values: possible };
  }

  /** The parameter that a name means here: an active one before others. */
  #find(...names: readonly string[]): Entry {
    for (const name of names) {
      const alike = this.#entries.filter((entry) => entry.name === name);
      const found = alike.find(({ dimension }) => this.#active(dimension)) ?? alike[0];
      if (found !== undefined) return found;
    }
    const known = this.#entries.map((entry) => entry.name).join(", ");
    throw new NotFoundError(
      `There is no parameter ${show(names[0])} yet; registered are: ${known === "" ? "none" : known}. Register it before it is read or used as a parent.`,
    );
  }

  #active(dimension: Dimension): boolean {
    return this.#holds(dimension.conditions);
  }

  #holds(conditions: readonly Condition[]): boolean {
    return conditions.every((condition) => {
      const parent = this.#entries.find(({ dimension }) => dimension.name === condition.parent)?.dimension;
      if (parent === undefined || !this.#active(parent)) return false;
      const value = this.#value(parent);
      return "values" in condition ? condition.values.includes(value) : (value as number) >= condition.atLeast;
    });
  }
}

/** The value a parameter has before anything chose one: its default, or the first of its range. */
export function initialValue(parameter: Parameter): ParamValue {
  return parameter.default ?? parameter.decode(0);
}

/** Two parameters with the same text are the same, whether or not their first value was said. */
function definition(parameter: Parameter): string {
  const { default: _, ...rest } = parameter.toJSON();
  return JSON.stringify([rest, initialValue(parameter)]);
}

function isPossible(condition: Condition): boolean {
  return !("values" in condition) || condition.values.length > 0;
}

/** A scope's body must be done when it returns, or parameters would be registered outside the scope. */
function synchronous<R>(scope: string, result: R): R {
  if (result instanceof Promise) {
    throw new ValidationError(
      `The body of \`${scope}\` must not be async, for what it registers after an \`await\` would be outside the scope. Ask for the values in it and await elsewhere.`,
    );
  }
  return result;
}

function isSame(a: readonly Condition[], b: readonly Condition[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether the scope `outer` is `inner` or lies around it. */
function encloses(outer: readonly Condition[], inner: readonly Condition[]): boolean {
  return isSame(outer, inner.slice(0, outer.length));
}
