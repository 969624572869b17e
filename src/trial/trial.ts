/**
 * What was tried: a trial as the storage keeps it and as a study hands it out. A frozen trial is a plain record that
 * survives JSON; it says nothing of how it was suggested or who is at work on it.
 */
import type { FlatParams } from "../space/parameter.ts";

/** What survives JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * `waiting`: has a number, nobody works on it (enqueued, or given back after its worker died). `running`: somebody does.
 * The other four are final; `lost` is a trial whose workers were lost as often as the study allows.
 */
export type TrialState = "waiting" | "running" | "completed" | "pruned" | "failed" | "lost";

/** A value that the objective reported on its way, at an epoch, a fold or any other counted step. */
export interface Report {
  readonly step: number;
  readonly value: number;
}

/** Why a trial failed: the error's message and, where there is one, its stack. */
export interface TrialError {
  readonly message: string;
  readonly stack?: string;
}

/** A trial at one moment. `P` is the shape of `params`: nested and typed at the study, flat in storage. */
export interface FrozenTrial<P = FlatParams> {
  /** 0, 1, 2, … in the order of asking, without gaps. */
  readonly number: number;
  readonly state: TrialState;
  /** How often it has been started: more than once where a worker was lost or gave it back. */
  readonly attempt: number;
  readonly params: P;
  /** What the objective returned, in the user's own direction; null until completed (for a pruned trial, its last report). */
  readonly value: number | null;
  /** Standard error of `value`, in its unit, where it is known (folds, repeats). */
  readonly standardError?: number;
  /** What the trial cost, in the user's own unit. */
  readonly cost?: number;
  /** Other numbers the objective returned. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly reports: readonly Report[];
  readonly attributes: Readonly<Record<string, Json>>;
  /** What the sampler wants to remember with the trial. */
  readonly note: Json;
  readonly error: TrialError | null;
  /** Milliseconds since 1970, UTC; null while waiting. */
  readonly startedAt: number | null;
  /** Milliseconds since 1970, UTC; null until final. */
  readonly finishedAt: number | null;
}

/** Whether a trial in this state can change no more. */
export function isFinal(state: TrialState): boolean {
  return state !== "waiting" && state !== "running";
}
