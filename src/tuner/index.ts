/** The room's front: the manners of KerasTuner and scikit-learn on a study. */
export { type EarlyStopping, type EarlyStoppingOptions, earlyStopping } from "../nn/early-stopping.ts";
export { BayesSearchCV, type BayesSearchOptions } from "./bayes-search-cv.ts";
export type { CallbackSource } from "./callbacks.ts";
export type { Code, Workers } from "./code.ts";
export { type CrossValidateOptions, type CrossValidateResult, crossValidate, crossValScore } from "./cross-validate.ts";
export type {
  CrossValidationSearch,
  SearchEvents,
  SearchFitOptions,
  SearchOptions,
} from "./cross-validation-search.ts";
export type { CvResults, FoldScore } from "./cv-results.ts";
export { type CvTableOptions, cvResultsCsv, cvResultsTable } from "./cv-results-text.ts";
export { choice, loguniform, randint, uniform } from "./distributions.ts";
export type {
  CloneableEstimator,
  EpochProgress,
  Estimator,
  EstimatorFitOptions,
  EstimatorSource,
} from "./estimator.ts";
export { type Execution, executionsOf } from "./executions.ts";
export { FailedTrialError } from "./failed-trial.ts";
export { GridSearchCV } from "./grid-search-cv.ts";
export type { HalvingOptions, HalvingSchedule } from "./halving-schedule.ts";
export {
  HalvingGridSearchCV,
  HalvingRandomSearchCV,
  type HalvingRandomSearchOptions,
  type HalvingSearchOptions,
} from "./halving-search-cv.ts";
export { HyperModel, type HyperModelLike, type TrainingData } from "./hyper-model.ts";
export type { ChoiceOptions, NumberRange } from "./hyper-parameter-kinds.ts";
export {
  type BooleanOptions,
  HyperParameters,
  type HyperParametersJson,
  type KnownParameters,
  type NewEntries,
  type WhenParent,
} from "./hyper-parameters.ts";
export { importKerasTunerProject, type KerasTunerImportOptions } from "./keras-tuner-import.ts";
export { type LogisticRegression, type LogisticRegressionParams, logisticRegression } from "./logistic-regression.ts";
export { type ClassifierData, type NnClassifier, nnClassifier } from "./nn-classifier.ts";
export type { BuildNetwork, NetworkFitOptions } from "./nn-estimator.ts";
export { type NnRegressor, nnRegressor, type RegressorData } from "./nn-regressor.ts";
export { MultiObjective, Objective, type ObjectiveJson, type ObjectiveLike } from "./objective.ts";
export { type Distributions, type GridParams, type GridValues, ParameterGrid } from "./parameter-grid.ts";
export { parameterSampler } from "./parameter-sampler.ts";
export { chain, type TransformerSteps } from "./pipeline/chain.ts";
export { type ColumnGroup, type ColumnTransformerOptions, columnTransformer } from "./pipeline/column-transformer.ts";
export { type OneHotEncoderParams, oneHotEncoder } from "./pipeline/one-hot-encoder.ts";
export { type Pipeline, pipeline } from "./pipeline/pipeline.ts";
export { type SimpleImputerParams, simpleImputer } from "./pipeline/simple-imputer.ts";
export { type StandardScalerParams, standardScaler } from "./pipeline/standard-scaler.ts";
export type { FittedTransformer, Transformer } from "./pipeline/transformer.ts";
export { RandomizedSearchCV, type RandomizedSearchOptions } from "./randomized-search-cv.ts";
export type { Recipe } from "./recipe.ts";
export type { Refit } from "./refit.ts";
export { costScorer } from "./scorer/cost.ts";
export { metricNamed } from "./scorer/names.ts";
export {
  getScorer,
  type Measure,
  makeScorer,
  type Response,
  type ScoreFunction,
  type Scorer,
  type ScorerOptions,
  type Scores,
  scorerNames,
} from "./scorer/scorer.ts";
export type { Scoring } from "./scoring.ts";
export type { CrossValidation } from "./splitter/cross-validation.ts";
export { type GivenFold, predefinedSplit } from "./splitter/given.ts";
export { groupKFold } from "./splitter/group-k-fold.ts";
export { kFold } from "./splitter/k-fold.ts";
export { leaveOneGroupOut, leaveOneOut, leavePGroupsOut, leavePOut } from "./splitter/leave-out.ts";
export { type RepeatedOptions, repeatedKFold, repeatedStratifiedKFold } from "./splitter/repeated.ts";
export type { SplitterOptions } from "./splitter/shuffle.ts";
export {
  groupShuffleSplit,
  type PartOptions,
  shuffleSplit,
  stratifiedShuffleSplit,
} from "./splitter/shuffle-split.ts";
export type { Fold, Groups, Splitter } from "./splitter/splitter.ts";
export { stratifiedGroupKFold } from "./splitter/stratified-group-k-fold.ts";
export { type StratifiedKFoldOptions, stratifiedKFold } from "./splitter/stratified-k-fold.ts";
export { type TimeSeriesSplitOptions, timeSeriesSplit } from "./splitter/time-series-split.ts";
export { type TrainTestSplit, type TrainTestSplitOptions, trainTestSplit } from "./splitter/train-test-split.ts";
export { logisticRegressionHyperModel, mlpHyperModel, type TableOptions } from "./table-hyper-models.ts";
export type { EpochLogs, ExecutionResult, FitResult } from "./training-result.ts";
export {
  type ThresholdCurve,
  type TunedThresholdClassifierCV,
  type TunedThresholdOptions,
  tunedThresholdClassifierCV,
} from "./tuned-threshold-classifier-cv.ts";
export { type SearchArguments, Tuner, type TunerEvents } from "./tuner.ts";
export type { TunerOptions } from "./tuner-options.ts";
export type { Stage, TrialEnd, TunerPlan, TunerTrial } from "./tuner-plan.ts";
export {
  BayesianOptimization,
  type BayesianOptimizationOptions,
  GridSearch,
  Hyperband,
  type HyperbandOptions,
  RandomSearch,
} from "./tuners.ts";
