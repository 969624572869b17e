/**
 * Every configuration of a grid in order, the last parameter changing fastest: the sampler behind grid search. What has
 * been tried already, in whatever way, is passed over, so an interrupted search goes on where it stopped.
 */
import type { Sampler } from "../sampler/sampler.ts";
import { seenKeys } from "../sampler/unseen.ts";
import { walks } from "../sampler/walk.ts";
import type { ParamValue } from "../space/parameter.ts";
import type { Dimension } from "../space/space.ts";

export interface GridOrderOptions {
  /** Points of a continuous parameter: centres of so many equal cells of its scale. Default 10, as in KerasTuner. */
  readonly points?: number;
  /** Whether a parameter's default comes before its other values. Default false. */
  readonly defaultsFirst?: boolean;
}

export function gridOrder(options: GridOrderOptions = {}): Sampler {
  const { points = 10, defaultsFirst = false } = options;
  const walkOf = walks((dimension) => valuesOf(dimension, points, defaultsFirst));
  return {
    name: "gridOrder",
    toJSON: () => ({ points, defaultsFirst }),
    sample({ space, trials }) {
      const params = walkOf(space).firstWithout(seenKeys(space, trials));
      return params === null ? null : { params };
    },
  };
}

function valuesOf({ parameter }: Dimension, points: number, defaultsFirst: boolean): ParamValue[] {
  // Integers on a geometric scale are as good as continuous, and say so.
  const isThinned = defaultsFirst && "gridPoints" in parameter;
  const values =
    Number.isFinite(parameter.levels) && !isThinned
      ? Array.from({ length: parameter.levels }, (_, k) => parameter.level(k))
      : [...new Set(Array.from({ length: points }, (_, k) => parameter.decode((k + 0.5) / points)))];
  const first = parameter.default ?? parameter.decode(0);
  if (!defaultsFirst) return values;
  return [first, ...values.filter((value) => value !== first)];
}
