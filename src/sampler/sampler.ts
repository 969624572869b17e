/**
 * A sampler decides what to try next, and nothing else: a pure function of the space, the trials so far and two streams
 * of random numbers. It never sees a study or a storage, keeps no state that could change an answer, and mutates nothing
 * it is given; so the same history and seed give the same suggestion in any process, today or after a resume.
 */
import type { Rng } from "../math/rng.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { History } from "../trial/history.ts";
import type { Json } from "../trial/trial.ts";

export interface SampleRequest {
  readonly space: Space;
  /** All earlier trials; the trial to suggest has the number `trials.length`. */
  readonly trials: History;
  /** The stream of this trial alone: `studyRng.fork(trials.length)`. */
  readonly rng: Rng;
  /** The study's own stream, the same for every trial: for designs that are laid out over several trials. */
  readonly studyRng: Rng;
}

export interface Suggestion {
  /** A value for every active parameter of the space and for no other. */
  readonly params: FlatParams;
  /** What cannot be re-derived from the history and should be kept with the trial. */
  readonly note?: Json;
}

export interface Sampler {
  readonly name: string;
  /** The next configuration, or null when a finite space has no configuration left that is not in `trials`. */
  sample(request: SampleRequest): Suggestion | null;
  /** The settings, with every default filled in, for `study.describe()`. */
  toJSON(): Json;
}
