/** What a tuner is beside its options: how its trials are chosen, and what `runTrial` and the hooks are handed. */
import type { Sampler } from "../sampler/sampler.ts";
import type { Space } from "../space/space.ts";
import type { Json } from "../trial/trial.ts";
import type { HyperParameters } from "./hyper-parameters.ts";

/** A trial that runs, as `runTrial` and the hooks are given it. */
export interface TunerTrial {
  readonly number: number;
  readonly hyperparameters: HyperParameters;
  /** Aborted when the search is stopped at once. */
  readonly signal: AbortSignal;
}

/** How a trial ended: with its value, or with what was thrown. */
export type TrialEnd =
  | { readonly value: number; readonly metrics: Readonly<Record<string, number>> }
  | { readonly error: unknown };

/** Which epochs a trial trains, where the tuner decides that. */
export interface Stage {
  /** Epochs that the model has been trained already. */
  readonly initialEpoch: number;
  /** Epochs in all, when the trial has ended. */
  readonly epochs: number;
  /** The trial whose weights it goes on from. */
  readonly parent: number | null;
}

/** In what tuners differ. */
export interface TunerPlan {
  /** Kept with a project, so that it is not resumed by another. */
  readonly name: string;
  /** `Number.MAX_SAFE_INTEGER` for a search that ends by itself. */
  readonly maxTrials: number;
  /** What chooses the trials of a space. */
  sampler(space: Space): Sampler;
  /** The stage that the sampler noted with a trial. Default: every trial is trained from its beginning, as long as `fit` says. */
  stage?(note: Json): Stage | null;
  /** Names of options that the tuner has beside `TunerOptions`. */
  readonly options?: readonly string[];
}
