/**
 * A scrambled Sobol sequence over the space: like random search, but each next trial goes where the earlier ones left most room, in
 * every parameter and every pair of them.
 */
import { sobol as sobolSequence } from "../math/sobol.ts";
import type { Sampler } from "./sampler.ts";
import { seenKeys, unseen } from "./unseen.ts";

/**
 * Trial k takes point k of the sequence that the study's seed scrambles; a random point where that has been tried already. See `Sampler`.
 *
 * @example createStudy({ space, sampler: sobol(), seed: 7 })
 */
export function sobol(): Sampler {
  return {
    name: "sobol",
    toJSON: () => ({}),
    sample({ space, trials, rng, studyRng }) {
      let first = true;
      const draw = () => {
        if (!first) return space.build((dimension) => dimension.parameter.decode(rng.next()));
        first = false;
        // A space of fixed values has no coordinates, and then no coordinate of the point is read.
        return space.decode(sobolSequence(Math.max(1, space.coordinates.length), studyRng).point(trials.length));
      };
      const params = unseen(space, seenKeys(space, trials), rng, draw);
      return params === null ? null : { params };
    },
  };
}
