/** What a sampler said and expects, in the direction and the words of the study: why a trial was suggested, which trial is held for best. */
import { type Expectation as LossExpectation, readExplanation } from "../sampler/sampler.ts";
import type { Direction } from "../storage/storage.ts";
import type { FrozenTrial, Json } from "../trial/trial.ts";
import { lossOf } from "./history.ts";

/** Why a trial was suggested. */
export interface Explanation {
  /** What chose it: `"model"`; a design or rule of the sampler, such as `"centre"` or `"exploration"`; or the sampler, by its name. `auto()` puts the name of its part before it, `"gp:model"`. */
  readonly source: string;
  /** What the model expected of its value: mean and standard deviation of the posterior at the time. */
  readonly expected?: { readonly value: number; readonly standardDeviation: number };
  /** Value of the acquisition function in the form in which it was maximised (EI and PI by their logarithm). */
  readonly acquisition?: number;
  /** The earlier trial most like it, and how unlike it is, in length-scales of the surrogate. */
  readonly nearest?: { readonly number: number; readonly distance: number };
}

/** The trial whose value is expected to be best, which under noise need not be the one that was observed to be. */
export interface Expected<P = unknown> {
  readonly number: number;
  readonly params: P;
  /** Posterior mean of its value. */
  readonly value: number;
  /** Posterior standard deviation of its value, without the noise of an observation. */
  readonly standardDeviation: number;
}

/** A study's best: the trial with the best observed value, and the one with the best expected value. */
export type Best<P = unknown> = FrozenTrial<P> & {
  /** Null while there are too few trials for a model, and with samplers that have none. */
  readonly expected: Expected<P> | null;
};

/** The explanation that a sampler left in a trial's note; of samplers that leave none, their name. */
export function explanationOf(note: Json, sampler: string, direction: Direction): Explanation {
  const left = readExplanation(note);
  if (left === undefined) return { source: sampler };
  const { source, mean, deviation, utility, nearest } = left;
  return {
    source,
    ...(mean === undefined || deviation === undefined
      ? {}
      : { expected: { value: lossOf(mean, direction), standardDeviation: deviation } }),
    ...(utility === undefined ? {} : { acquisition: utility }),
    ...(nearest === undefined ? {} : { nearest }),
  };
}

/** @param params of the expected trial */
export function expectedOf<P>(
  { number, mean, deviation }: LossExpectation,
  params: P,
  direction: Direction,
): Expected<P> {
  return { number, params, value: lossOf(mean, direction), standardDeviation: deviation };
}
