/** Random search: every parameter uniform in its own scale, branches as likely as each other. The baseline that the rest must beat. */
import { randomParams } from "./feasible.ts";
import type { Sampler } from "./sampler.ts";
import { seenKeys, unseen } from "./unseen.ts";

/** Independent uniform draws; see `Sampler`. */
export function random(): Sampler {
  return {
    name: "random",
    toJSON: () => ({}),
    sample({ space, trials, rng }) {
      const params = unseen(space, seenKeys(space, trials), rng, () => randomParams(space, rng));
      return params === null ? null : { params };
    },
  };
}
