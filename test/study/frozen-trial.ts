import type { FrozenTrial, TrialState } from "../../src/trial/trial.ts";

/** A trial in its first attempt of which nothing more matters. */
export function trialOf(number: number, state: TrialState, value: number | null): FrozenTrial {
  return {
    number,
    state,
    attempt: 1,
    params: {},
    value,
    metrics: {},
    reports: [],
    attributes: {},
    note: null,
    error: null,
    startedAt: 0,
    finishedAt: null,
  };
}
