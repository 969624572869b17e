/**
 * The first trials, before there is anything to model: the centre of the space, where the user's own default values take
 * its place, and then points that fill the space.
 */
import type { Rng } from "../math/rng.ts";
import { sobol } from "../math/sobol.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import { type Belief, believedParams } from "./priors.ts";
import { type SampleRequest, type Suggestion, suggestedBy } from "./sampler.ts";
import { unseen } from "./unseen.ts";

/** How the points after the first are laid out. */
export type Design = "sobol" | "random";

/**
 * The suggestion of a trial before there is a model: the centre, then points of a design; null when nothing is left.
 *
 * @param seen   keys of what was suggested before
 * @param design how the points are laid out, and whether the centre comes first
 */
export function begin(
  { space, trials, rng, studyRng }: SampleRequest,
  seen: ReadonlySet<string>,
  belief: Belief,
  { design, centre }: { readonly design: Design; readonly centre: boolean },
): Suggestion | null {
  const first = middle(space, belief);
  if (centre && !seen.has(space.key(first)) && space.isFeasible(first)) return suggestedBy("centre", first);
  let index = trials.length;
  const params = unseen(space, seen, rng, () => designPoint(space, belief, design, index++, rng, studyRng));
  return params === null ? null : suggestedBy("design", params);
}

/** Every parameter at its default, or in the middle of its range; with beliefs, where half of what is believed lies on either side. */
function middle(space: Space, belief: Belief): FlatParams {
  const middles = belief.transport(new Float64Array(space.coordinates.length).fill(0.5));
  const place = new Map(space.coordinates.map((dimension, j) => [dimension, middles[j]!]));
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
function designPoint(space: Space, belief: Belief, design: Design, index: number, rng: Rng, studyRng: Rng): FlatParams {
  const d = space.coordinates.length;
  if (design === "random" || d === 0) return believedParams(space, belief, rng);
  return space.decode(belief.transport(sobol(d, studyRng.fork("design")).point(index)));
}
