/** How a tuner's Bayesian optimisation searches, under a name. */
import { ucb } from "../acquisition/ucb.ts";
import { show, ValidationError } from "../errors.ts";
import { gp } from "../sampler/gp/gp.ts";
import type { Sampler } from "../sampler/sampler.ts";
import type { Space } from "../space/space.ts";

/**
 * - "default": our own, the `gp` sampler as it is.
 * - "keras-tuner": the settings of KerasTuner's `BayesianOptimization`: 3 × dimensions random points and at least 3, then
 *   the upper confidence bound with κ = 2.6 of losses that are standardised and not warped. The surrogate stays ours (its
 *   own, of one length-scale and fixed noise, collapses on noisy objectives), and so does the search for the bound's maximum.
 */
export type Recipe = "default" | "keras-tuner";

/** @throws ValidationError for another name */
export function recipeSampler(recipe: Recipe, initialPoints?: number): (space: Space) => Sampler {
  switch (recipe) {
    case "default":
      return () => gp(initialPoints === undefined ? {} : { initialPoints: { count: initialPoints } });
    case "keras-tuner":
      return (space) =>
        gp({
          acquisition: ucb({ kappa: 2.6 }),
          initialPoints: {
            count: initialPoints ?? Math.max(3 * space.coordinates.length, 3),
            design: "random",
            centre: false,
          },
          warps: ["none"],
          explore: false,
        });
    default:
      throw new ValidationError(`\`recipe\` must be "default" or "keras-tuner", but got ${show(recipe)}.`);
  }
}
