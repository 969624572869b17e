/**
 * What CMA-ES sees of a space: the parameters that are always active and have an order (two levels always have one). The others,
 * categories and what is only active under conditions, it leaves to a simple rule: half the time as in the best trial, numbers close
 * to its own, so that points are compared with like and branches are searched too; half the time uniform, so that no branch is given up.
 */
import type { Rng } from "../../math/rng.ts";
import type { FlatParams, Parameter, ParamValue } from "../../space/parameter.ts";
import type { Dimension, Space } from "../../space/space.ts";
import type { History } from "../../trial/history.ts";
import { isDiscrete } from "./margin.ts";

export interface Domain {
  /** Names of the coordinates, n of them, and their parameters. */
  readonly names: readonly string[];
  readonly parameters: readonly Parameter[];
  /** Where coordinates are searched from at first, [n]: the parameters' defaults, else the middle. */
  readonly start: Float64Array;
  /** Whether there are parameters besides. */
  readonly hasOthers: boolean;
}

/** The share of trials whose other parameters are as in the best trial. */
const COPIED_SHARE = 0.5;

/** Within these a copied number is drawn as far from the best trial's as the search is wide. */
const COPIED_LEAST = 0.01;
const COPIED_MOST = 0.2;

/** A domain with more coordinates is searched with a diagonal covariance matrix. */
export const FULL_MOST = 100;

const domains = new WeakMap<Space, Domain>();

/** The domain of a space, made at the first ask. */
export function domainOf(space: Space): Domain {
  const made = domains.get(space) ?? createDomain(space);
  domains.set(space, made);
  return made;
}

function createDomain(space: Space): Domain {
  const searched = space.coordinates.filter(isSearched);
  return {
    names: searched.map(({ name }) => name),
    parameters: searched.map(({ parameter }) => parameter),
    start: Float64Array.from(searched, ({ parameter }) =>
      parameter.default === undefined ? 0.5 : parameter.encode(parameter.default),
    ),
    hasOthers: searched.length < space.coordinates.length,
  };
}

function isSearched({ parameter, conditions }: Dimension): boolean {
  return conditions.length === 0 && (!parameter.nominal || parameter.levels === 2);
}

/**
 * The configuration with its searched parameters at u, [n], and the others by the rule above.
 *
 * @param best   params of the best trial, if there is one
 * @param sigma  step size of the search
 */
export function configurationAt(
  space: Space,
  { names }: Domain,
  u: Float64Array,
  best: FlatParams | undefined,
  sigma: number,
  rng: Rng,
): FlatParams {
  const place = new Map(names.map((name, j) => [name, u[j]!]));
  const copied = best !== undefined && rng.next() < COPIED_SHARE ? best : undefined;
  return space.build(({ name, parameter }) => {
    const at = place.get(name);
    if (at !== undefined) return parameter.decode(at);
    const known = copied !== undefined && Object.hasOwn(copied, name) ? copied[name] : undefined;
    if (!parameter.contains(known)) return parameter.decode(rng.next());
    if (parameter.nominal) return known as ParamValue;
    const width = Math.min(COPIED_MOST, Math.max(COPIED_LEAST, sigma));
    return parameter.decode(reflected(parameter.encode(known as ParamValue) + width * rng.normal()));
  });
}

/** A point just outside the unit interval, as far inside. */
function reflected(u: number): number {
  return u <= 1 ? Math.abs(u) : 2 - u;
}

/** What a draw x, [n], stands for in the cube: its discrete coordinates are scaled about the mean. */
export function placeOf(
  { parameters }: Domain,
  x: Float64Array,
  mean: Float64Array,
  scales: Float64Array,
): Float64Array {
  return x.map((v, j) => (isDiscrete(parameters[j]!) ? mean[j]! + scales[j]! * (v - mean[j]!) : v));
}

/** The params of the completed trial with the lowest loss. */
export function bestParams(trials: History): FlatParams | undefined {
  let best: History[number] | undefined;
  for (const trial of trials) {
    if (trial.state === "completed" && (best === undefined || trial.loss! < best.loss!)) best = trial;
  }
  return best?.params;
}
