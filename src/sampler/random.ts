/** Random search: every parameter uniform in its own scale, branches as likely as each other. The baseline that the rest must beat. */
import type { Sampler } from "./sampler.ts";
import { seenKeys, unseen } from "./unseen.ts";

/** Independent uniform draws; see `Sampler`. */
export function random(): Sampler {
  return {
    name: "random",
    toJSON: () => ({}),
    sample({ space, trials, rng }) {
      const draw = () => space.build((dimension) => dimension.parameter.decode(rng.next()));
      const params = unseen(space, seenKeys(space, trials), rng, draw);
      return params === null ? null : { params };
    },
  };
}
