/**
 * The first trials, before there is anything to model: the centre of the space, where the user's own default values take
 * its place, and then points that fill the space.
 */
import type { Rng } from "../math/rng.ts";
import { sobol } from "../math/sobol.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Dimension, Space } from "../space/space.ts";
import { type Belief, believedParams } from "./priors.ts";
import { type SampleRequest, type Suggestion, suggestedBy } from "./sampler.ts";
import { unseen } from "./unseen.ts";

/** How the points after the first are laid out: Sobol's points, denser towards the ends of ranges or even, or random ones. */
export type Design = "edges" | "sobol" | "random";

/** Of a parameter with so few levels each is laid out alike, for a list of values has been chosen around the good ones. */
const LEVELS_FEW = 12;

/**
 * Where the design "edges" lays a number u that is even in [0, 1]: at u²(3 − 2u), whose density grows with 1/√ of the distance to an end, as
 * the arcsine distribution's does, after which the nodes are laid that determine a smooth function best (Chebyshev's). The good values of
 * a range are often near its ends, too, and even points in many dimensions seldom are. Not within a branch: the first points there are
 * what it is judged by, and the middle speaks for it. What it gains and costs stands in docs/decisions/010-gp-sampler-recipe.md.
 */
export function towardsEdges({ parameter: { nominal, levels }, conditions }: Dimension, u: number): number {
  return nominal || levels <= LEVELS_FEW || conditions.length > 0 ? u : u * u * (3 - 2 * u);
}

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
  const point = sobol(d, studyRng.fork("design")).point(index);
  if (design === "edges")
    space.coordinates.forEach((dimension, j) => {
      if (!belief.isAbout(j)) point[j] = towardsEdges(dimension, point[j]!);
    });
  return space.decode(belief.transport(point));
}
