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

/** A trial whose earlier ones are not all known. */
export type AheadRequest = Omit<SampleRequest, "trials"> & {
  /** The trial to suggest. */
  readonly number: number;
};

export interface Suggestion {
  /** A value for every active parameter of the space and for no other. */
  readonly params: FlatParams;
  /** What cannot be re-derived from the history and should be kept with the trial. */
  readonly note?: Json;
}

/** Why a configuration was suggested; losses in the unit of the objective. Kept with the trial, as text, as `explanation` of its note. */
export interface Explanation {
  /** What chose it: `"model"`, or the design, rule or sampler that did without one. */
  readonly source: string;
  /** Posterior mean of its loss. */
  readonly mean?: number;
  /** Posterior standard deviation of its loss, without the noise of an observation. */
  readonly deviation?: number;
  /** Value of the acquisition function, in the form that is climbed; larger is better. */
  readonly utility?: number;
  /** The earlier trial that is most like it, and how unlike: a distance in length-scales. */
  readonly nearest?: { readonly number: number; readonly distance: number };
}

/** A suggestion of which there is no more to say than what chose it. */
export function suggestedBy(source: string, params: FlatParams): Suggestion {
  return { params, note: { explanation: source } };
}

/** An explanation on one line, its numbers after the source: objects and boxed numbers would take four times as much of a long study's memory. */
export function writeExplanation({ source, mean, deviation, utility, nearest }: Required<Explanation>): string {
  return [source, mean, deviation, utility, nearest.number, nearest.distance].join(" ");
}

/** The explanation in a trial's note; undefined where a sampler left none. */
export function readExplanation(note: Json): Explanation | undefined {
  const { explanation } = (note ?? {}) as { readonly explanation?: unknown };
  if (typeof explanation !== "string") return undefined;
  const [source = "", ...numbers] = explanation.split(" ");
  if (numbers.length !== 5) return { source };
  const [mean, deviation, utility, number, distance] = numbers.map(Number) as [number, number, number, number, number];
  return { source, mean, deviation, utility, nearest: { number, distance } };
}

/** The trial whose loss is expected to be lowest. */
export interface Expectation {
  readonly number: number;
  /** Posterior mean and standard deviation of its loss, in the unit of the objective. */
  readonly mean: number;
  readonly deviation: number;
}

export interface Sampler {
  readonly name: string;
  /** The next configuration, or null when a finite space has no configuration left that is not in `trials`, or the sampler's own list is at its end. */
  sample(request: SampleRequest): Suggestion | null;
  /**
   * What `sample` suggests for a trial whatever the earlier ones are; null where it would look at them. Workers of a crowd then need not know
   * each other's trials before they ask. Left out by samplers that learn.
   */
  sampleAhead?(request: AheadRequest): Suggestion | null;
  /**
   * Which of the completed trials the sampler's model holds for the best: under noise not the one with the lowest observed loss,
   * which is partly luck. Null while there are too few to model; left out by samplers without a model.
   */
  expect?(request: Pick<SampleRequest, "space" | "trials">): Expectation | null;
  /** The settings, with every default filled in, for `study.describe()`. */
  toJSON(): Json;
}
