/** A list of configurations that the user wants tried, in order and each once; then the end, or another sampler. */
import { show, ValidationError } from "../errors.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { Json } from "../trial/trial.ts";
import type { Sampler } from "./sampler.ts";
import { seenKeys } from "./unseen.ts";

export interface PointsOptions {
  /** Who goes on after the last point. Default: nobody, and the study ends. */
  readonly fallback?: Sampler;
}

/**
 * Each point of the list that has not been tried yet, in order; see `Sampler`.
 *
 * @param list  whole configurations: nested, as the objective receives them, or flat, by full parameter name
 * @throws ValidationError for what is no list of objects; when asked, for a point that is no configuration of the space
 * @example points([{ lr: 0.1, units: 32 }, { lr: 0.01, units: 64 }], { fallback: gp() })
 */
export function points(list: readonly object[], options: PointsOptions = {}): Sampler {
  const { fallback } = options;
  if (!Array.isArray(list) || list.some((point) => typeof point !== "object" || point === null)) {
    throw new ValidationError(`\`points\` must be a list of configurations, but got ${show(list)}.`);
  }
  if (fallback !== undefined && typeof fallback?.sample !== "function") {
    throw new ValidationError(`\`fallback\` of points must be a sampler such as sobol(), but got ${show(fallback)}.`);
  }
  const copy = structuredClone(list);
  const read = new WeakMap<Space, readonly FlatParams[]>();
  return {
    name: "points",
    toJSON: () => ({
      points: copy as unknown as Json,
      fallback: fallback === undefined ? null : { name: fallback.name, settings: fallback.toJSON() },
    }),
    sample(request) {
      const { space, trials } = request;
      const configurations = read.get(space) ?? copy.map((point, i) => configurationOf(space, point, i));
      read.set(space, configurations);
      const seen = seenKeys(space, trials);
      const params = configurations.find((candidate) => !seen.has(space.key(candidate)));
      return params === undefined ? (fallback?.sample(request) ?? null) : { params: { ...params } };
    },
  };
}

function configurationOf(space: Space, point: object, i: number): FlatParams {
  try {
    // Where both readings are possible, as for a space without groups, they agree.
    const isFlat = Object.entries(point).every(
      ([name, value]) => space.get(name) !== undefined && typeof (value ?? 0) !== "object",
    );
    const params = isFlat ? (point as FlatParams) : space.flatten(point);
    space.check(params);
    return params;
  } catch (error) {
    if (error instanceof ValidationError)
      throw new ValidationError(`Point ${i} of the list is wrong: ${error.message}`);
    throw error;
  }
}
