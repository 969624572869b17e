/**
 * Grid search: every combination of the parameters' values, one trial each, whatever the results. What has been tried already, in
 * whatever way, is passed over, so that an interrupted search goes on where it stopped; after the last the study ends.
 */
import { show, ValidationError } from "../errors.ts";
import type { ParamValue } from "../space/parameter.ts";
import type { Dimension } from "../space/space.ts";
import type { Sampler } from "./sampler.ts";
import { seenKeys } from "./unseen.ts";
import { walks } from "./walk.ts";

export interface GridOptions {
  /**
   * How many values of a parameter to try, or which: a number for every parameter that is continuous or has more than a million
   * values, or numbers and lists by full parameter name. A number spreads the values evenly in the parameter's own scale, both ends
   * included. Other parameters try all their values. Default: none.
   */
  readonly points?: number | Readonly<Record<string, number | readonly ParamValue[]>>;
  /**
   * `declared`: the last parameter changes fastest. `random`: each next one is drawn among those not tried, so that
   * a search that is stopped early has seen every part of the grid. Default `declared`.
   */
  readonly order?: "declared" | "random";
}

/** Parameters with more levels are not tried whole. */
const LEVELS_MOST = 1_000_000;

/** After so many random combinations that were all tried before, few are left, and the first of those is taken. */
const DRAWS_MOST = 100;

/**
 * Every combination of values once, then null; see `Sampler`.
 *
 * @throws ValidationError for an unknown order or a number of points that is no positive integer; when asked, for a continuous
 *   parameter without `points` and for a value that its parameter cannot take
 * @example grid({ points: { lr: 5, units: [16, 64] } })
 */
export function grid(options: GridOptions = {}): Sampler {
  const { points = {}, order = "declared" } = options;
  checkOptions(points, order);
  const walkOf = walks((dimension) => valuesOf(dimension, points));
  return {
    name: "grid",
    toJSON: () => ({ points, order }),
    sample({ space, trials, rng }) {
      const walk = walkOf(space);
      const seen = seenKeys(space, trials);
      for (let draw = 0; order === "random" && draw < DRAWS_MOST; draw++) {
        const params = walk.any(rng);
        if (!seen.has(space.key(params)) && space.isFeasible(params)) return { params };
      }
      const params = walk.firstWithout(seen);
      return params === null ? null : { params: { ...params } };
    },
  };
}

function valuesOf({ name, parameter }: Dimension, points: NonNullable<GridOptions["points"]>): readonly ParamValue[] {
  const { levels } = parameter;
  const named = typeof points === "object" && Object.hasOwn(points, name) ? points[name]! : undefined;
  const wanted = named ?? (levels > LEVELS_MOST && typeof points === "number" ? points : levels);
  if (typeof wanted !== "number") {
    for (const value of wanted) {
      if (parameter.contains(value)) continue;
      throw new ValidationError(
        `The points of a grid must be values of their parameter (${show(name)}: ${parameter.describe()}), but got ${show(value)}.`,
      );
    }
    return [...new Set(wanted)];
  }
  if (wanted > LEVELS_MOST) {
    throw new ValidationError(
      `A grid needs a number of points, at most ${LEVELS_MOST}, for a parameter that is continuous or has more values, but has none for ${show(name)} (${parameter.describe()}). ` +
        `Give the parameter a larger step, or use \`grid({ points: { ${JSON.stringify(name)}: 5 } })\`.`,
    );
  }
  if (wanted >= levels) return Array.from({ length: levels }, (_, k) => parameter.level(k));
  if (wanted === 1) return [parameter.decode(0.5)];
  return [...new Set(Array.from({ length: wanted }, (_, k) => parameter.decode(k / (wanted - 1))))];
}

function checkOptions(points: NonNullable<GridOptions["points"]>, order: string): void {
  if (order !== "declared" && order !== "random") {
    throw new ValidationError(`\`order\` of a grid must be "declared" or "random", but got ${show(order)}.`);
  }
  for (const wanted of typeof points === "object" ? Object.values(points) : [points]) {
    if (Array.isArray(wanted) ? wanted.length > 0 : Number.isInteger(wanted) && (wanted as number) >= 1) continue;
    throw new ValidationError(
      `\`points\` of a grid must be positive integers or non-empty lists of values, but got ${show(wanted)}.`,
    );
  }
}
