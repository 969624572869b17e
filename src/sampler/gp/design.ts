/**
 * The first trials, before there is anything to model: the centre of the space, where the user's own default values take
 * its place, and then points that fill the space.
 */
import type { Rng } from "../../math/rng.ts";
import { sobol } from "../../math/sobol.ts";
import type { FlatParams } from "../../space/parameter.ts";
import type { Space } from "../../space/space.ts";

/** How the points after the first are laid out. */
export type Design = "sobol" | "random";

/** Every parameter at its default, or in the middle of its range. */
export function centre(space: Space): FlatParams {
  return space.build(({ parameter }) => parameter.default ?? parameter.decode(0.5));
}

/**
 * Point `index` of a design over several trials.
 *
 * @param rng       of the trial, for points that have nothing to do with one another
 * @param studyRng  of the study, for points that are laid out together
 */
export function designPoint(space: Space, design: Design, index: number, rng: Rng, studyRng: Rng): FlatParams {
  const d = space.coordinates.length;
  if (design === "random" || d === 0) return space.build(({ parameter }) => parameter.decode(rng.next()));
  return space.decode(sobol(d, studyRng.fork("design")).point(index));
}
