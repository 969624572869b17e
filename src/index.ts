/** The front door: studies, spaces, samplers, and the storage that needs no driver. */
export {
  AssayError,
  BudgetSpentError,
  DuplicateError,
  NotFoundError,
  NumericalError,
  ProgramError,
  SpaceExhaustedError,
  SpaceInfeasibleError,
  StorageError,
  TooManyFailuresError,
  TrialFinishedError,
  TrialPruned,
  ValidationError,
  WorkerCrashedError,
} from "./errors.ts";
export { createRng, type Rng, type RngState, restoreRng } from "./math/rng.ts";
export { type HalvingOptions, halving } from "./pruner/halving.ts";
export { type MedianOptions, median } from "./pruner/median.ts";
export type { PruneRequest, Pruner } from "./pruner/pruner.ts";
export { type AutoOptions, auto } from "./sampler/auto.ts";
export { type CmaEsOptions, cmaEs } from "./sampler/cma-es/cma-es.ts";
export type { SourceTrial, WarmStart } from "./sampler/cma-es/warm-start.ts";
export { type GpOptions, gp } from "./sampler/gp/gp.ts";
export type { Experience } from "./sampler/gp/transfer.ts";
export { type GridOptions, grid } from "./sampler/grid.ts";
export { halton } from "./sampler/halton.ts";
export { type PointsOptions, points } from "./sampler/points.ts";
export type { Prior, Priors } from "./sampler/priors.ts";
export { type RandomOptions, random } from "./sampler/random.ts";
export type { AheadRequest, SampleRequest, Sampler, Suggestion } from "./sampler/sampler.ts";
export { sobol } from "./sampler/sobol.ts";
export type { SpreadOptions } from "./sampler/spread.ts";
export { type TpeOptions, tpe } from "./sampler/tpe/tpe.ts";
export { boolean, categorical, fixed, ordinal } from "./space/choice.ts";
export type { ConstrainOptions, Constraint } from "./space/constraint.ts";
export {
  createSpace,
  type InferParams,
  type List,
  list,
  type OneOf,
  oneOf,
  type SpaceNode,
  type SpaceSpec,
} from "./space/declare.ts";
export { parameterFromJson, spaceFromJson } from "./space/json.ts";
export { float, int, type NumericOptions } from "./space/numeric.ts";
export type { FlatParams, Parameter, ParameterJson, ParameterOptions, ParamValue } from "./space/parameter.ts";
export {
  type Condition,
  configurations,
  type Dimension,
  type DimensionJson,
  type Encoded,
  Space,
  type SpaceJson,
} from "./space/space.ts";
export { spaceFromSpecJson } from "./space/spec-json.ts";
export type { Clock } from "./storage/clock.ts";
export { memory } from "./storage/memory.ts";
export type {
  Direction,
  Owner,
  Storage,
  StoredStudy,
  StudyCopy,
  StudyDefinition,
  TrialChanges,
  TrialDraft,
  TrialOutcome,
  TrialPlan,
} from "./storage/storage.ts";
export { exportCsv } from "./storage/transfer/csv.ts";
export { exportStudy } from "./storage/transfer/export.ts";
export { type ImportOptions, importStudy } from "./storage/transfer/import.ts";
export { createStudy, type StudyOptions } from "./study/create.ts";
export type { StudyEvents } from "./study/events.ts";
export type { Best, Expected, Explanation } from "./study/expectation.ts";
export type { Objective, OptimizeOptions } from "./study/optimize.ts";
export type { ObjectiveResult, TellResult } from "./study/outcome.ts";
export type { Order, Study } from "./study/study.ts";
export { transferFrom } from "./study/transfer.ts";
export type { Trial } from "./study/trial.ts";
export type { History, Observation, ObservationState } from "./trial/history.ts";
export type { FrozenTrial, Json, Report, TrialError, TrialState } from "./trial/trial.ts";
