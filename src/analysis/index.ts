/** What was learned, as data: pure functions over trials, a surrogate, or a classifier's scores. Pictures: `assay/chart`. */
export { type AucEstimate, aucInterval } from "./auc.ts";
export type { Axis, LevelsAxis, NumericAxis } from "./axis.ts";
export {
  type Confusion,
  type Curve,
  type CurvePoint,
  confusion,
  precisionRecallCurve,
  rocCurve,
} from "./classification.ts";
export {
  type ComparableStudy,
  type CompareOptions,
  type CompareProgress,
  compare,
  type Method,
  type MethodComparison,
  type Outcome,
  type OutcomeOf,
} from "./compare.ts";
export {
  type ComparedPair,
  type CompareResultsOptions,
  compareResults,
  type MethodResults,
  type Result,
  type ResultsComparison,
} from "./compare-results.ts";
export { type ConvergencePoint, convergence, type OrderBandPoint, orderBand } from "./convergence.ts";
export { type Degeneracy, degeneracy, type Rates } from "./degeneracy.ts";
export type { Direction } from "./direction.ts";
export type { ConfiguredEvaluation, Evaluation } from "./evaluation.ts";
export { holm } from "./holm.ts";
export { type Importance, importance } from "./importance.ts";
export { type BootstrapOptions, bootstrapInterval, type Estimate, type Interval, wilsonInterval } from "./interval.ts";
export { type LearningCurves, learningCurves, type MetricCurve } from "./learning-curves.ts";
export { type LeaveOneOut, type LeaveOneOutPoint, leaveOneOut } from "./leave-one-out.ts";
export {
  comparePaired,
  type PairedComparison,
  type PairedWords,
  type SignedRank,
  signedRankTest,
} from "./paired.ts";
export { type ParallelCoordinates, type ParallelLine, parallelCoordinates } from "./parallel-coordinates.ts";
export { compareOnTestSet, type Rivalry, type Scored } from "./rivals.ts";
export { METRICS, type Metric, type Scorecard, scorecard } from "./scorecard.ts";
export { type Contour, contour, type Slice, type SliceOptions, slice } from "./slice.ts";
export { bestTrial, type Summary, summary } from "./summary.ts";
export { type FittedSurrogate, fitSurrogate, type Prediction, type Surrogate } from "./surrogate.ts";
