/**
 * A pruner decides whether a running trial is worth its further cost, and nothing else: a pure function of what the trial has
 * reported and of what the others have. It never sees a study, keeps no state that could change an answer, and mutates nothing it
 * is given; so the same reports give the same decision in any process, today or after a resume.
 */
import type { Rng } from "../math/rng.ts";
import type { Observation } from "../trial/history.ts";
import type { Json } from "../trial/trial.ts";

export interface PruneRequest {
  /** The running trial. Its reports are losses in the order in which they came, at least one; the last has just been made. */
  readonly trial: Observation;
  /** The trials to judge it by, by ascending number, itself not among them. One that still runs is pending and has its reports so far. */
  readonly trials: readonly Observation[];
  /** A stream of this trial and this report alone. */
  readonly rng: Rng;
}

export interface Pruner {
  readonly name: string;
  /** Whether the trial should stop now. Asked once after each report. */
  shouldPrune(request: PruneRequest): boolean;
  /** The settings, with every default filled in, for `study.describe()`. */
  toJSON(): Json;
}
