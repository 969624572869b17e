/** The names of scores: scikit-learn's, and the short ones of our own networks' metrics where they have one. */
import { show, ValidationError } from "../../errors.ts";
import type { MetricConfig, MetricLike, MetricName } from "../../nn/metrics/metric.ts";
import { recallAtPrecision } from "../../nn/metrics/ranking.ts";
import {
  accuracy,
  averaged,
  balancedAccuracy,
  fBetaOf,
  jaccardOf,
  likelihoodRatios,
  matthewsCorrelation,
  precisionOf,
  recallOf,
} from "./classification.ts";
import {
  areaOneVersusOne,
  areaOneVersusRest,
  areaUnderRoc,
  brier,
  crossEntropy,
  explained,
  meanAveragePrecision,
  ofClassOne,
  topTwoAccuracy,
} from "./probability.ts";
import {
  d2AbsoluteError,
  explainedVariance,
  gammaDeviance,
  maxError,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogError,
  medianAbsoluteError,
  poissonDeviance,
  r2,
} from "./regression.ts";

type Values = ArrayLike<number>;

/** The measure behind a name; greater is better. */
export interface NamedMeasure {
  readonly response: "predict" | "predictProba";
  readonly measure: (y: Values, response: Values) => number;
}

const ofLabels = (measure: NamedMeasure["measure"]): NamedMeasure => ({ response: "predict", measure });
const ofProbabilities = (measure: NamedMeasure["measure"]): NamedMeasure => ({ response: "predictProba", measure });
const loss = (measure: NamedMeasure["measure"]): NamedMeasure => ofLabels((y, predicted) => -measure(y, predicted));

const ONE_CLASS = { precision: precisionOf, recall: recallOf, f1: fBetaOf(1), jaccard: jaccardOf };

const MEASURES: Readonly<Record<string, NamedMeasure>> = {
  accuracy: ofLabels(accuracy),
  balanced_accuracy: ofLabels(balancedAccuracy),
  matthews_corrcoef: ofLabels(matthewsCorrelation),
  ...Object.fromEntries(
    Object.entries(ONE_CLASS).flatMap(([name, of]) =>
      (["binary", "macro", "micro", "weighted"] as const).map((average) => [
        average === "binary" ? name : `${name}_${average}`,
        ofLabels(averaged(name, of, average)),
      ]),
    ),
  ),
  positive_likelihood_ratio: ofLabels((y, predicted) => likelihoodRatios(y, predicted).positive),
  neg_negative_likelihood_ratio: ofLabels((y, predicted) => -likelihoodRatios(y, predicted).negative),
  roc_auc: ofProbabilities(areaUnderRoc),
  auc: ofProbabilities(areaUnderRoc),
  roc_auc_ovr: ofProbabilities((y, p) => areaOneVersusRest(y, p, "macro")),
  roc_auc_ovr_weighted: ofProbabilities((y, p) => areaOneVersusRest(y, p, "weighted")),
  roc_auc_ovo: ofProbabilities((y, p) => areaOneVersusOne(y, p, "macro")),
  roc_auc_ovo_weighted: ofProbabilities((y, p) => areaOneVersusOne(y, p, "weighted")),
  average_precision: ofProbabilities(meanAveragePrecision),
  auprc: ofProbabilities(meanAveragePrecision),
  neg_log_loss: ofProbabilities((y, p) => -crossEntropy(y, p)),
  neg_brier_score: ofProbabilities((y, p) => -brier(y, p)),
  d2_log_loss_score: ofProbabilities((y, p) => explained(crossEntropy, y, p)),
  d2_brier_score: ofProbabilities((y, p) => explained(brier, y, p)),
  top_k_accuracy: ofProbabilities(topTwoAccuracy),
  r2: ofLabels(r2),
  explained_variance: ofLabels(explainedVariance),
  d2_absolute_error_score: ofLabels(d2AbsoluteError),
  neg_mean_squared_error: loss(meanSquaredError),
  neg_root_mean_squared_error: loss((y, predicted) => Math.sqrt(meanSquaredError(y, predicted))),
  neg_mean_absolute_error: loss(meanAbsoluteError),
  neg_median_absolute_error: loss(medianAbsoluteError),
  neg_max_error: loss(maxError),
  neg_mean_absolute_percentage_error: loss(meanAbsolutePercentageError),
  neg_mean_squared_log_error: loss(meanSquaredLogError),
  neg_root_mean_squared_log_error: loss((y, predicted) => Math.sqrt(meanSquaredLogError(y, predicted))),
  neg_mean_poisson_deviance: loss(poissonDeviance),
  neg_mean_gamma_deviance: loss(gammaDeviance),
};

/** Names of scores with a number in them, as an error lists them. */
const PATTERNS = ["f<beta>, such as f2 or f0.5_macro", "recall@precision>=<share>, such as recall@precision>=0.7"];

export function knownNames(): readonly string[] {
  return [...Object.keys(MEASURES), ...PATTERNS];
}

/**
 * `recall@precision>=0.7` is the largest recall that some threshold reaches with a precision of at least 0.7, and 0 if none
 * does: it cannot be won by calling everything positive.
 *
 * @throws ValidationError for a share that is none
 */
export function findMeasure(name: string): NamedMeasure | undefined {
  if (Object.hasOwn(MEASURES, name)) return MEASURES[name];
  const [, plain = "", average] = /^(f[\d.]+)_(macro|micro|weighted)$/.exec(name) ?? [];
  const { beta, precision } = parse(average === undefined ? name : plain) ?? {};
  if (beta !== undefined) return ofLabels(averaged(name, fBetaOf(beta), (average ?? "binary") as "binary"));
  if (precision === undefined) return undefined;
  return ofProbabilities((y, p) => recallAtPrecision(y, ofClassOne(name, y, p), { precision }));
}

/**
 * The metric of a network that a score's name means, under that very name: compile a model with it and `val_<name>` is in
 * its logs. A name without a number in it is returned as it is.
 *
 * @example model.compile({ loss: "binaryCrossentropy", metrics: [metricNamed("recall@precision>=0.7")] })
 */
export function metricNamed(name: string): MetricLike {
  return parse(name) ?? (name as MetricName);
}

function parse(name: string): MetricConfig | undefined {
  const beta = /^f(\d+(?:\.\d+)?)$/.exec(name)?.[1];
  if (beta !== undefined && Number(beta) > 0) return { name: "fBeta", beta: Number(beta), as: name };
  const share = /^recall@precision>=(\d*\.?\d+)$/.exec(name)?.[1];
  if (share === undefined) return undefined;
  if (Number(share) > 1) {
    throw new ValidationError(`The precision in ${show(name)} must be a share from 0 to 1, but got ${share}.`);
  }
  return { name: "recallAtPrecision", precision: Number(share), as: name };
}
