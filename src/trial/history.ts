/**
 * The trials of a study as a sampler sees them: flat parameters and a loss to be minimised, whatever the study's direction.
 */
import type { FlatParams } from "../space/parameter.ts";
import type { Json, Report } from "./trial.ts";

/** `pending`: asked for, result not known (or not yet to be used). */
export type ObservationState = "completed" | "pruned" | "failed" | "pending";

/** One trial of the history. */
export interface Observation {
  readonly number: number;
  readonly state: ObservationState;
  /** Active parameters only. */
  readonly params: FlatParams;
  /** Finite for a completed trial; for a pruned one the last reported loss, if any; otherwise null. */
  readonly loss: number | null;
  /** Variance of `loss`, squared unit of the loss, where it is known. */
  readonly variance?: number;
  /** Losses on the way; of a pending trial none, but those so far where a pruner looks at it. */
  readonly reports: readonly Report[];
  readonly note: Json;
}

/** All trials that came before the one to suggest, by ascending number without gaps. Never mutated. */
export type History = readonly Observation[];
