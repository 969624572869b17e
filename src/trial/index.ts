export type { History, Observation, ObservationState } from "./history.ts";
export { type FrozenTrial, isFinal, type Json, type Report, type TrialError, type TrialState } from "./trial.ts";
