/** Creating a study, or resuming the one that has its name: every option checked, every default filled in, nothing guessed. */
import { DuplicateError, show, ValidationError } from "../errors.ts";
import type { Pruner } from "../pruner/pruner.ts";
import { auto } from "../sampler/auto.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { type Constraint, missingConstraint } from "../space/constraint.ts";
import { createSpace, type InferParams, type SpaceSpec } from "../space/declare.ts";
import { spaceFromJson } from "../space/json.ts";
import type { ParamValue } from "../space/parameter.ts";
import { type Dimension, describeConditions, Space } from "../space/space.ts";
import { type Clock, systemClock } from "../storage/clock.ts";
import { memory } from "../storage/memory.ts";
import {
  type Budget,
  type Direction,
  LEASES,
  type LeaseRules,
  type Storage,
  type StoredStudy,
} from "../storage/storage.ts";
import type { Json } from "../trial/trial.ts";
import { type Order, Study } from "./study.ts";

export interface StudyOptions<S = SpaceSpec | Space> {
  /** Under which the study is stored and found again. Default "default". */
  readonly name?: string;
  /** Default: in memory, gone with the process. */
  readonly storage?: Storage;
  /** Default "minimize". */
  readonly direction?: Direction;
  /** Left out: the objective defines its parameters as it runs. */
  readonly space?: S;
  /** Rules that every configuration must keep, by name: `{ "min <= max": (p) => p.min <= p.max }`; see `Space.constrain`. */
  readonly constraints?: Readonly<Record<string, (params: ParamsOf<S>) => boolean>>;
  /** Default `auto()`. */
  readonly sampler?: Sampler;
  /** Stops trials that report on their way and fall behind. Default: none. */
  readonly pruner?: Pruner;
  /** A finite number or a string. Default: drawn at random when the study is created, and stored with it. */
  readonly seed?: number | string;
  /** "fixed": the sequence of trials does not depend on timing. Default "fixed" when a seed is given, otherwise "asap". */
  readonly order?: Order;
  /** What to do when the storage has a study of this name. Default "resume". */
  readonly ifExists?: "resume" | "fail" | "overwrite";
  /** "extend": a resumed study may have new parameters, each with a default, which the trials so far are taken to have had, and new constraints, which those trials may break. Default "refuse". */
  readonly spaceChange?: "refuse" | "extend";
  /** `optimize` stops with an error after so many failed trials in a row. Default 10. */
  readonly maxConsecutiveFailures?: number;
  /** What bounds the study over all its workers. Of a stored study: in place of what it has. Default: what it has, or none. */
  readonly budget?: Budget;
  /** How long a silent worker keeps its trial, and how often a lost trial is tried again. Default: 60 s, twice. Kept as it is when a study is resumed. */
  readonly leases?: Partial<LeaseRules>;
  readonly clock?: Clock;
}

/** The nested params of a declared space. */
type ParamsOf<S> = [S] extends [Space<infer P>] ? P : [S] extends [SpaceSpec] ? InferParams<S> : never;

type Declared<S extends SpaceSpec> = StudyOptions<S> & { readonly space: S };

/**
 * A new study, or the stored one with this name, to go on from where it stopped.
 *
 * @throws ValidationError for options outside their range, and for a stored study with another direction, seed or space
 * @throws DuplicateError when the study exists and `ifExists` is "fail"
 * @example
 * const study = await createStudy({ space: { x: float(-5, 5) }, seed: 7 });
 * await study.optimize((trial) => trial.params.x ** 2, { trials: 20 });
 */
export function createStudy<P>(options: StudyOptions<Space<P>> & { readonly space: Space<P> }): Promise<Study<P>>;
export function createStudy<const S extends SpaceSpec>(options: Declared<S>): Promise<Study<InferParams<S>>>;
export function createStudy(options?: StudyOptions<never>): Promise<Study<Record<string, ParamValue>>>;
// biome-ignore lint/suspicious/noExplicitAny: the overloads above are the types; here any space may come
export async function createStudy(given: any = {}): Promise<Study<any>> {
  const options: StudyOptions<never> = given;
  checkOptions(options);
  const { name = "default", storage = memory(), direction = "minimize", clock = systemClock } = options;
  const declared = declaredSpace(options);

  let stored = await storage.findStudy(name);
  if (stored !== null && options.ifExists === "fail") {
    throw new DuplicateError(
      `A study named ${show(name)} exists already in this storage. Choose another name, or \`ifExists: "resume"\`.`,
    );
  }
  if (stored !== null && options.ifExists === "overwrite") {
    await storage.deleteStudy(stored.id);
    stored = null;
  }
  if (stored === null) {
    const order: Order = options.order ?? (options.seed === undefined ? "asap" : "fixed");
    const definition = {
      name,
      direction,
      space: (declared ?? new Space([])).toJSON(),
      seed: options.seed ?? randomSeed(),
      attributes: {
        order,
        definedByRun: [],
        ...(declared?.constraints.length ? { constraints: toJson(declared.constraints) } : {}),
      },
      createdAt: clock(),
      budget: options.budget ?? {},
      leases: { ...LEASES, ...options.leases },
    };
    try {
      stored = await storage.createStudy(definition);
    } catch (error) {
      // Another process made the study since we looked.
      if (!(error instanceof DuplicateError) || options.ifExists === "fail") throw error;
      stored = await storage.findStudy(name);
      if (stored === null) throw error;
    }
  }
  const space = await resumeSpace(storage, stored, declared, options);
  if (options.budget !== undefined && show(options.budget) !== show(stored.budget)) {
    await storage.updateStudy(stored.id, { budget: options.budget });
    stored = { ...stored, budget: options.budget };
  }
  await storage.sweep(stored.id);
  return new Study({
    stored,
    storage,
    space,
    definedByRun: definedByRun(stored),
    sampler: options.sampler ?? auto(),
    pruner: options.pruner ?? null,
    order: options.order ?? (stored.attributes.order === "fixed" ? "fixed" : "asap"),
    maxConsecutiveFailures: options.maxConsecutiveFailures ?? 10,
    clock,
  });
}

function declaredSpace(options: { readonly space?: unknown; readonly constraints?: unknown }): Space | null {
  const { space: given, constraints = {} } = options;
  if (typeof constraints !== "object" || constraints === null) {
    throw new ValidationError(`\`constraints\` must be an object of functions by name, but got ${show(constraints)}.`);
  }
  const rules = Object.entries(constraints);
  if (given === undefined) {
    if (rules.length === 0) return null;
    throw new ValidationError(
      "`constraints` need a declared `space`, but got none. Where an objective defines its parameters as it runs, it can throw TrialPruned instead.",
    );
  }
  const space: Space = given instanceof Space ? given : createSpace(given as SpaceSpec);
  return rules.reduce((constrained, [name, holds]) => constrained.constrain(holds, { name }), space);
}

function toJson(constraints: readonly Constraint[]): Json {
  return constraints.map(({ name, text }) => ({ name, text }));
}

/** The constraints that a study was stored with, by name and text. */
function storedConstraints(stored: StoredStudy): readonly { readonly name: string; readonly text: string }[] {
  const { constraints = [] } = stored.attributes;
  return constraints as unknown as readonly { readonly name: string; readonly text: string }[];
}

/** The space to go on with: what is stored, compared with what is declared now. */
async function resumeSpace(
  storage: Storage,
  stored: StoredStudy,
  declared: Space | null,
  options: StudyOptions,
): Promise<Space> {
  const before = spaceFromJson(stored.space);
  const differences: string[] = [];
  for (const option of ["direction", "seed"] as const) {
    const given = options[option];
    if (given !== undefined && given !== stored[option])
      differences.push(`${option}: stored ${show(stored[option])}, given ${show(given)}`);
  }
  const byRun = new Set(definedByRun(stored));
  const kept = before.dimensions.filter(({ name }) => !byRun.has(name));
  const added = declared?.dimensions.filter(({ name }) => before.get(name) === undefined) ?? [];
  const extending = options.spaceChange === "extend";
  if (declared !== null) {
    for (const dimension of kept) {
      const now = declared.get(dimension.name);
      if (now === undefined) differences.push(`parameter ${dimension.name}: stored ${text(dimension)}, not given`);
      else if (text(now) !== text(dimension))
        differences.push(`parameter ${dimension.name}: stored ${text(dimension)}, given ${text(now)}`);
    }
    for (const dimension of added) {
      if (!extending) differences.push(`parameter ${dimension.name}: not stored, given ${text(dimension)}`);
      else if (dimension.parameter.default === undefined && dimension.parameter.levels > 1) {
        differences.push(`parameter ${dimension.name}: new, and needs a default for the trials so far`);
      }
    }
  }
  const rules = storedConstraints(stored);
  const news = declared?.constraints.filter(({ name }) => !rules.some((rule) => rule.name === name)) ?? [];
  if (declared !== null) {
    for (const { name } of rules) {
      if (!declared.constraints.some((rule) => rule.name === name))
        differences.push(`constraint ${show(name)}: stored, not given`);
    }
    if (!extending) for (const { name } of news) differences.push(`constraint ${show(name)}: not stored, given`);
  }
  if (differences.length > 0) {
    throw new ValidationError(
      `A resumed study must be what it was, but ${show(stored.name)} differs:\n  ${differences.join("\n  ")}\nChoose another name, \`ifExists: "overwrite"\`, or, where parameters are only added, \`spaceChange: "extend"\`.`,
    );
  }
  const constraints = declared?.constraints ?? rules.map(({ name, text }) => missingConstraint(name, text));
  const space = new Space([...before.dimensions, ...added], constraints);
  if (added.length > 0) await storage.updateStudy(stored.id, { space: space.toJSON() });
  if (news.length > 0) await storage.updateStudy(stored.id, { attributes: { constraints: toJson(constraints) } });
  return space;
}

/** A dimension's definition on one line, the same for two that are the same. */
function text(dimension: Dimension): string {
  const parameter = JSON.stringify(dimension.parameter.toJSON());
  return dimension.conditions.length === 0 ? parameter : `${parameter} ${describeConditions(dimension)}`;
}

function definedByRun(stored: StoredStudy): readonly string[] {
  const names: Json = stored.attributes.definedByRun ?? [];
  return Array.isArray(names) ? (names as readonly string[]) : [];
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

const ALLOWED: Readonly<Record<string, readonly unknown[]>> = {
  direction: ["minimize", "maximize"],
  order: ["fixed", "asap"],
  ifExists: ["resume", "fail", "overwrite"],
  spaceChange: ["refuse", "extend"],
};

const OPTIONS = [
  ...Object.keys(ALLOWED),
  ...[
    "name",
    "storage",
    "space",
    "constraints",
    "sampler",
    "pruner",
    "seed",
    "maxConsecutiveFailures",
    "budget",
    "leases",
    "clock",
  ],
];

function checkOptions(options: StudyOptions): void {
  for (const option of Object.keys(options)) {
    if (!OPTIONS.includes(option)) {
      throw new ValidationError(`\`createStudy\` has no option ${show(option)}. It has: ${OPTIONS.join(", ")}.`);
    }
  }
  for (const [option, allowed] of Object.entries(ALLOWED)) {
    const given = options[option as keyof StudyOptions];
    if (given !== undefined && !allowed.includes(given)) {
      throw new ValidationError(
        `\`${option}\` must be one of ${allowed.map(show).join(", ")}, but got ${show(given)}.`,
      );
    }
  }
  const { name, seed, maxConsecutiveFailures: most, sampler, pruner } = options;
  if (
    name !== undefined &&
    (typeof name !== "string" || name.length === 0 || name.length > 256 || /\p{Cc}/u.test(name))
  ) {
    throw new ValidationError(
      `A study's name must be a string of 1 to 256 characters without control characters, but got ${show(name)}.`,
    );
  }
  if (seed !== undefined && typeof seed !== "string" && !Number.isFinite(seed)) {
    throw new ValidationError(`\`seed\` must be a finite number or a string, but got ${show(seed)}.`);
  }
  if (most !== undefined && most !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(most) && most >= 1)) {
    throw new ValidationError(`\`maxConsecutiveFailures\` must be an integer >= 1 or Infinity, but got ${show(most)}.`);
  }
  checkNumbers("budget", options.budget, { trials: 0, cost: 0, wallMs: 0 });
  checkNumbers("leases", options.leases, { graceMs: 1, retries: 0 });
  if (sampler !== undefined && typeof sampler?.sample !== "function") {
    throw new ValidationError(`\`sampler\` must be a sampler such as auto() or random(), but got ${show(sampler)}.`);
  }
  if (pruner !== undefined && typeof pruner?.shouldPrune !== "function") {
    throw new ValidationError(`\`pruner\` must be a pruner such as median() or halving(), but got ${show(pruner)}.`);
  }
}

/** An object of numbers, each at least as large as `least` says, the counts among them whole. */
function checkNumbers(option: string, given: unknown, least: Readonly<Record<string, number>>): void {
  if (given === undefined) return;
  if (typeof given !== "object" || given === null) {
    throw new ValidationError(
      `\`${option}\` must be an object of ${Object.keys(least).join(", ")}, but got ${show(given)}.`,
    );
  }
  for (const [name, value] of Object.entries(given)) {
    const isCount = name === "trials" || name === "retries";
    if (!Object.hasOwn(least, name)) {
      throw new ValidationError(`\`${option}\` has no ${show(name)}. It has: ${Object.keys(least).join(", ")}.`);
    }
    if (value === undefined) continue;
    if (
      typeof value !== "number" ||
      !(value >= least[name]!) ||
      !Number.isFinite(value) ||
      (isCount && !Number.isInteger(value))
    ) {
      throw new ValidationError(
        `\`${option}.${name}\` must be ${isCount ? "an integer" : "a finite number"} >= ${least[name]}, but got ${show(value)}.`,
      );
    }
  }
}
