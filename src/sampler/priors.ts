/**
 * What a user believes of where good values lie, parameter by parameter, as a density over the unit cube. A belief steers where
 * samplers look, and never forbids: every value keeps some density. How a model forgets it as data arrive is the model's to say.
 *
 * Source: Hvarfner et al. 2022, "πBO: augmenting acquisition functions with user beliefs", arXiv:2204.11051.
 */
import { show, ValidationError } from "../errors.ts";
import { normalCdf, normalPdf, normalQuantile } from "../math/normal.ts";
import type { Rng } from "../math/rng.ts";
import { log } from "../math/special.ts";
import type { FlatParams, Parameter, ParamValue } from "../space/parameter.ts";
import type { Dimension, Space } from "../space/space.ts";
import type { Json } from "../trial/trial.ts";

/**
 * The belief about one parameter. `centre`: its most likely value, with `width` the standard deviation as a share of the range in
 * the scale that is searched (0.1 of [1e-5, 1] in log scale is a factor of 3). `weights`: one for each level, in order. `density`: any
 * function of the value that is not negative; its scale does not matter.
 */
export type Prior =
  | { readonly centre: number; readonly width: number }
  | { readonly weights: readonly number[] }
  | { readonly density: (value: never) => number };

/** Beliefs by full parameter name; a parameter without one is uniform in its scale. */
export type Priors = Readonly<Record<string, Prior>>;

export interface Belief {
  /** Whether anything is believed of coordinate j. */
  isAbout(j: number): boolean;
  /** log π of a configuration, relative to the uniform density: 0 without beliefs. Inactive parameters add nothing. */
  logDensity(params: FlatParams): number;
  /**
   * The same at a point of the unit cube, x, [d], of which `active`, [d], marks what counts; adds its gradient to
   * `gradient`, [d or more], if given.
   */
  logDensityAt(x: ArrayLike<number>, active: ArrayLike<number>, gradient?: Float64Array): number;
  /** The point with distribution π that a uniformly distributed u, [d], becomes, coordinate by coordinate. */
  transport(u: ArrayLike<number>): Float64Array;
}

/** The share of the uniform density that every belief keeps, so that no value is ruled out. */
const UNIFORM_SHARE = 1e-6;
/** Cells in which a density function is tabulated. */
const CELLS = 1024;

/**
 * The belief over a space.
 *
 * @throws ValidationError for a name that the space does not have, and for a prior that does not suit its parameter
 */
export function createBelief(space: Space, priors: Priors): Belief {
  for (const name of Object.keys(priors)) {
    if (space.get(name) === undefined) {
      throw new ValidationError(
        `A prior must name a parameter of the space, but got ${show(name)}. The space has: ${space.dimensions.map((it) => it.name).join(", ")}.`,
      );
    }
  }
  const axes = space.coordinates.map((dimension) =>
    Object.hasOwn(priors, dimension.name) ? createAxis(dimension, priors[dimension.name]!) : undefined,
  );
  const logDensityAt: Belief["logDensityAt"] = (x, active, gradient) => {
    let sum = 0;
    for (const [j, axis] of axes.entries()) {
      if (axis === undefined || active[j] !== 1) continue;
      sum += axis.logDensity(x[j]!);
      if (gradient !== undefined) gradient[j]! += axis.slope(x[j]!);
    }
    return sum;
  };
  return {
    isAbout: (j) => axes[j] !== undefined,
    logDensityAt,
    logDensity(params) {
      const { x, active } = space.encode(params);
      return logDensityAt(x, active);
    },
    transport(u) {
      const x = new Float64Array(axes.length);
      for (let j = 0; j < x.length; j++) x[j] = axes[j]?.quantile(u[j]!) ?? u[j]!;
      return x;
    },
  };
}

/**
 * The belief over each space, made at the first ask.
 *
 * @throws ValidationError for what is no object of priors
 */
export function beliefs(priors: Priors = {}): (space: Space) => Belief {
  if (!isPlainObject(priors)) {
    throw new ValidationError(
      `\`priors\` must be an object of priors by full parameter name, such as { lr: { centre: 1e-3, width: 0.1 } }, but got ${show(priors)}.`,
    );
  }
  for (const [name, prior] of Object.entries(priors)) if (!isPlainObject(prior)) refuse(name, prior);
  const made = new WeakMap<Space, Belief>();
  return (space) => {
    const belief = made.get(space) ?? createBelief(space, priors);
    made.set(space, belief);
    return belief;
  };
}

/** A configuration drawn from a belief. */
export function believedParams(space: Space, belief: Belief, rng: Rng): FlatParams {
  return space.decode(belief.transport(Float64Array.from(space.coordinates, () => rng.next())));
}

/** A density over [0, 1] with respect to the uniform one. */
interface Axis {
  logDensity(u: number): number;
  /** d log π / du; 0 for levels without an order. */
  slope(u: number): number;
  /** The point below which the share p of the distribution lies. */
  quantile(p: number): number;
}

function createAxis(dimension: Dimension, prior: Prior): Axis {
  const { name, parameter } = dimension;
  if (typeof prior === "object" && prior !== null) {
    if ("centre" in prior) {
      const { centre, width } = prior;
      if (parameter.nominal || !parameter.contains(centre) || !(width > 0 && width <= 10)) {
        throw new ValidationError(
          `A prior with a centre needs an ordered parameter, a value of it and a width in (0, 10], but ${show(name)} (${parameter.describe()}) got ${show(prior)}.`,
        );
      }
      return normalAxis(parameter.encode(centre), width);
    }
    if ("weights" in prior) {
      const { weights } = prior;
      if (
        !Array.isArray(weights) ||
        weights.length !== parameter.levels ||
        !areWeights(weights) ||
        !hasEqualCells(parameter)
      ) {
        throw new ValidationError(
          `A prior's weights must be numbers >= 0 with a positive sum, one for each level, but ${show(name)} (${parameter.describe()}) got ${show(prior)}. For a parameter of another kind give a density.`,
        );
      }
      return tableAxis(weights, parameter.nominal);
    }
    if (typeof prior.density === "function")
      return densityAxis(dimension, prior.density as (value: ParamValue) => number);
  }
  return refuse(name, prior);
}

function refuse(name: string, prior: unknown): never {
  throw new ValidationError(
    `A prior must be { centre, width }, { weights } or { density }, but ${show(name)} got ${show(prior)}.`,
  );
}

/** Lists and maps are objects too, but hold nothing under a parameter's name. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function areWeights(weights: readonly unknown[]): boolean {
  return weights.every(isWeight) && weights.some((w) => w !== 0);
}

function isWeight(w: unknown): boolean {
  return typeof w === "number" && w >= 0 && Number.isFinite(w);
}

/** Whether the levels share the unit interval equally, as those in log scale do not. */
function hasEqualCells(parameter: Parameter): boolean {
  const { levels } = parameter;
  return levels <= CELLS && Math.abs(parameter.encode(parameter.level(0)) - 0.5 / levels) < 1e-9;
}

function densityAxis({ name, parameter }: Dimension, density: (value: ParamValue) => number): Axis {
  const isTable = hasEqualCells(parameter);
  const count = isTable ? parameter.levels : CELLS;
  const values = Array.from({ length: count }, (_, k) =>
    isTable ? parameter.level(k) : parameter.decode((k + 0.5) / count),
  );
  const weights = values.map(density);
  if (!areWeights(weights)) {
    const bad = weights.findIndex((w) => !isWeight(w));
    throw new ValidationError(
      bad < 0
        ? `A prior's density must be positive somewhere, but that of ${show(name)} is 0 everywhere.`
        : `A prior's density must be a finite number >= 0, but that of ${show(name)} is ${show(weights[bad])} at ${show(values[bad])}.`,
    );
  }
  return tableAxis(weights, parameter.nominal);
}

/** N(c, w²) cut to [0, 1], mixed with the uniform density. */
function normalAxis(c: number, w: number): Axis {
  const below = normalCdf(-c / w);
  const mass = normalCdf((1 - c) / w) - below;
  const scale = (1 - UNIFORM_SHARE) / (mass * w);
  const bell = (u: number): number => scale * normalPdf((u - c) / w);
  return {
    logDensity: (u) => log(bell(u) + UNIFORM_SHARE),
    slope: (u) => (((c - u) / (w * w)) * bell(u)) / (bell(u) + UNIFORM_SHARE),
    // Of the bell alone: a millionth of the draws is not worth a search.
    quantile: (p) =>
      Math.min(1, Math.max(0, c + w * normalQuantile(Math.min(1 - 1e-15, Math.max(1e-15, below + p * mass))))),
  };
}

/** Equal cells with these weights; the logarithm is interpolated between the middles of ordered ones, so that it has a slope. */
function tableAxis(weights: readonly number[], isNominal: boolean): Axis {
  const total = weights.reduce((sum, w) => sum + w, 0);
  const n = weights.length;
  const density = weights.map((w) => ((1 - UNIFORM_SHARE) * w * n) / total + UNIFORM_SHARE);
  const logs = density.map((value) => log(value));
  const steps = logs.map((value, k) => (isNominal || k === n - 1 ? 0 : logs[k + 1]! - value));
  /** The cell whose middle is the last below u, and how far u is on its way to the next middle. */
  const place = (u: number): { k: number; t: number } => {
    if (isNominal) return { k: Math.min(n - 1, Math.max(0, Math.floor(u * n))), t: 0 };
    const at = Math.min(n - 1, Math.max(0, u * n - 0.5));
    return { k: Math.floor(at), t: at - Math.floor(at) };
  };
  return {
    logDensity(u) {
      const { k, t } = place(u);
      return logs[k]! + t * steps[k]!;
    },
    slope: (u) => (u * n < 0.5 ? 0 : steps[place(u).k]! * n),
    quantile(p) {
      let left = p * n;
      let k = 0;
      while (k < n - 1 && left >= density[k]!) left -= density[k++]!;
      return Math.min(1, (k + left / density[k]!) / n);
    },
  };
}

/** Priors for `sampler.toJSON()`: a density by its text. */
export function priorsToJson(priors: Priors): Json {
  return Object.fromEntries(
    Object.entries(priors).map(([name, prior]) => [
      name,
      "density" in prior ? { density: prior.density.toString() } : (structuredClone(prior) as unknown as Json),
    ]),
  );
}
