/**
 * The first trials, before there is anything to model: the centre of the space, where the user's own default values take
 * its place, and then points that fill the space.
 */
import type { Rng } from "../math/rng.ts";
import { sobol } from "../math/sobol.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import { type Belief, believedParams } from "./priors.ts";

/** How the points after the first are laid out. */
export type Design = "sobol" | "random";

/** Every parameter at its default, or in the middle of its range; with beliefs, where half of what is believed lies on either side. */
export function centre(space: Space, belief: Belief): FlatParams {
  const middle = belief.transport(new Float64Array(space.coordinates.length).fill(0.5));
  const place = new Map(space.coordinates.map((dimension, j) => [dimension, middle[j]!]));
  return space.build(
    (dimension) => dimension.parameter.default ?? dimension.parameter.decode(place.get(dimension) ?? 0.5),
  );
}

/**
 * Point `index` of a design over several trials.
 *
 * @param rng       of the trial, for points that have nothing to do with one another
 * @param studyRng  of the study, for points that are laid out together
 */
export function designPoint(
  space: Space,
  belief: Belief,
  design: Design,
  index: number,
  rng: Rng,
  studyRng: Rng,
): FlatParams {
  const d = space.coordinates.length;
  if (design === "random" || d === 0) return believedParams(space, belief, rng);
  return space.decode(belief.transport(sobol(d, studyRng.fork("design")).point(index)));
}
