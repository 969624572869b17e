/** Random search: every parameter uniform in its own scale, branches as likely as each other. The baseline that the rest must beat. */
import { randomParams } from "./feasible.ts";
import { beliefs, believedParams, type Priors, priorsToJson } from "./priors.ts";
import type { Sampler } from "./sampler.ts";
import { drawsAnew, seenKeys, unseen } from "./unseen.ts";

export interface RandomOptions {
  /** Where good values are believed to be, by full parameter name: these are drawn from that. Default: none. */
  readonly priors?: Priors;
}

/** Independent draws, uniform or from priors; see `Sampler`. */
export function random(options: RandomOptions = {}): Sampler {
  const { priors } = options;
  const beliefOf = beliefs(priors);
  return {
    name: "random",
    toJSON: () => (priors === undefined ? {} : { priors: priorsToJson(priors) }),
    sample({ space, trials, rng }) {
      const draw = () =>
        priors === undefined ? randomParams(space, rng) : believedParams(space, beliefOf(space), rng);
      const params = unseen(space, seenKeys(space, trials), rng, draw);
      return params === null ? null : { params };
    },
    sampleAhead: ({ space, rng }) =>
      priors === undefined && drawsAnew(space) ? { params: randomParams(space, rng) } : null,
  };
}
