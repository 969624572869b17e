/**
 * What the analyses need of a trial. A study's `FrozenTrial` is one; a row of a grid search's results can be one as well.
 */
import type { FlatParams } from "../space/parameter.ts";
import type { Encoded, Space } from "../space/space.ts";
import type { TrialState } from "../trial/index.ts";

export interface Evaluation {
  /** Left out: completed. Only completed evaluations have a value that counts. */
  readonly state?: TrialState;
  /** In the study's own unit and direction. */
  readonly value: number | null;
}

/** An evaluation and where it was made. */
export interface ConfiguredEvaluation extends Evaluation {
  readonly number: number;
  /** Nested, as an objective receives them. */
  readonly params: unknown;
}

/** A completed evaluation as a point of the unit cube. */
export interface Observed extends Encoded {
  readonly number: number;
  readonly value: number;
  readonly params: FlatParams;
}

/** The value that counts, or null for a trial that failed, was pruned, has not ended or is not finite. */
export function countedValue(evaluation: Evaluation): number | null {
  const { state, value } = evaluation;
  return (state === undefined || state === "completed") && value !== null && Number.isFinite(value) ? value : null;
}

/** Whether the evaluation has ended, and so has been paid for. */
export function hasEnded({ state }: Evaluation): boolean {
  return state !== "running" && state !== "waiting";
}

/** The evaluations that have a value, in their order. @throws ValidationError for params that the space does not have */
export function observed(space: Space, trials: readonly ConfiguredEvaluation[]): Observed[] {
  return trials.flatMap((trial) => {
    const value = countedValue(trial);
    if (value === null) return [];
    const params = space.flatten(trial.params);
    return [{ number: trial.number, value, params, ...space.encode(params) }];
  });
}
