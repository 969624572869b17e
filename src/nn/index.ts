/** The room's front: small dense networks for tables, in the manner of Keras. */
export type { ActivationName } from "./activations.ts";
export {
  type Callback,
  type CallbackContext,
  type CallbackModel,
  type History,
  history,
  type Logs,
} from "./callbacks.ts";
export { balancedClassWeights, initialBias } from "./class-balance.ts";
export type { ClassWeight, Inputs, Matrix, Targets } from "./data.ts";
export { type EarlyStopping, type EarlyStoppingOptions, earlyStopping } from "./early-stopping.ts";
export type { EngineName } from "./engine/engine.ts";
export { constant, glorotUniform, heNormal, type Initializer, type InitializerLike, zeros } from "./initializers.ts";
export {
  activation,
  type BatchNormalizationOptions,
  batchNormalization,
  type DenseOptions,
  dense,
  dropout,
  input,
  type Layer,
  type LayerConfig,
  type LayerOptions,
} from "./layers.ts";
export type { LossName } from "./losses.ts";
export {
  accuracy,
  type ConfusionMatrix,
  confusionMatrix,
  f1,
  fBeta,
  precision,
  recall,
  type ThresholdOptions,
} from "./metrics/confusion.ts";
export {
  type CustomMetric,
  type MetricConfig,
  type MetricLike,
  type MetricName,
  metric,
  metricDirection,
} from "./metrics/metric.ts";
export { brierScore, logLoss } from "./metrics/probability.ts";
export {
  averagePrecision,
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type RocCurve,
  recallAtPrecision,
  rocAuc,
  rocCurve,
} from "./metrics/ranking.ts";
export { loadModel, serializeModel } from "./model-file.ts";
export {
  type AdamOptions,
  adam,
  adamW,
  type Optimizer,
  type OptimizerName,
  type RmspropOptions,
  rmsprop,
  type SgdOptions,
  sgd,
} from "./optimizers.ts";
export {
  type CompileOptions,
  type ModelJson,
  modelFromJson,
  type Sequential,
  type SequentialOptions,
  sequential,
  type WeightInfo,
} from "./sequential.ts";
export type { FitOptions, ValidationData } from "./training.ts";
