/** Searching along a sequence of points that fill the unit cube evenly: what `sobol` and `halton` share. */
import type { Rng } from "../math/rng.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import { type Belief, beliefs, believedParams, type Priors, priorsToJson } from "./priors.ts";
import type { Sampler } from "./sampler.ts";
import { drawsAnew, seenKeys, unseen } from "./unseen.ts";

export interface SpreadOptions {
  /** Where good values are believed to be, by full parameter name; the points are as dense there as the beliefs say. Default: none. */
  readonly priors?: Priors;
}

export interface Sequence {
  point(index: number): Float64Array;
}

/** Points of the sequence that are looked at for each feasible one, on average; beyond, the rest is drawn at random. */
const LOOKED_AT = 64;

/** The sampler whose trial k takes point k of a sequence; under constraints, the k-th point that keeps them. */
export function spread(
  name: string,
  make: (dimensions: number, rng: Rng) => Sequence,
  { priors }: SpreadOptions,
): Sampler {
  const beliefOf = beliefs(priors);
  const tracks = new WeakMap<Rng, WeakMap<Space, Track>>();
  const trackOf = (space: Space, studyRng: Rng): Track => {
    const bySpace = tracks.get(studyRng) ?? new WeakMap<Space, Track>();
    tracks.set(studyRng, bySpace);
    // A space of fixed values has no coordinates, and then no coordinate of the point is read.
    const track =
      bySpace.get(space) ?? new Track(space, make(Math.max(1, space.coordinates.length), studyRng), beliefOf(space));
    bySpace.set(space, track);
    return track;
  };
  return {
    name,
    toJSON: () => (priors === undefined ? {} : { priors: priorsToJson(priors) }),
    sample({ space, trials, rng, studyRng }) {
      let first: FlatParams | undefined = trackOf(space, studyRng).configuration(trials.length);
      const draw = (): FlatParams => {
        const params = first ?? believedParams(space, beliefOf(space), rng);
        first = undefined;
        return params;
      };
      const params = unseen(space, seenKeys(space, trials), rng, draw);
      return params === null ? null : { params };
    },
    sampleAhead({ space, number, studyRng }) {
      const params =
        priors === undefined && drawsAnew(space) ? trackOf(space, studyRng).configuration(number) : undefined;
      return params === undefined ? null : { params };
    },
  };
}

/** A sequence through a space, with the indices of its feasible points as far as they were looked for: a cache. */
class Track {
  readonly #space: Space;
  readonly #sequence: Sequence;
  readonly #belief: Belief;
  readonly #feasible: number[] = [];
  #looked = 0;

  constructor(space: Space, sequence: Sequence, belief: Belief) {
    this.#space = space;
    this.#sequence = sequence;
    this.#belief = belief;
  }

  /** The k-th configuration; undefined where feasible points are too rare. */
  configuration(k: number): FlatParams | undefined {
    if (this.#space.constraints.length === 0) return this.#point(k);
    const end = LOOKED_AT * (k + 1);
    while (this.#feasible.length <= k && this.#looked < end) {
      const params = this.#point(this.#looked);
      if (this.#space.isFeasible(params)) this.#feasible.push(this.#looked);
      this.#looked++;
    }
    // Looked up further for a later trial, the answer for this one stays what it was.
    const index = this.#feasible[k];
    return index === undefined || index >= end ? undefined : this.#point(index);
  }

  #point(index: number): FlatParams {
    return this.#space.decode(this.#belief.transport(this.#sequence.point(index)));
  }
}
