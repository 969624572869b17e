/**
 * How a fitted estimator is scored on rows it has not seen; greater is always better, so losses come with a `neg_`. The
 * names are scikit-learn's, and the short ones of our own networks' metrics where they have one.
 */
import { show, ValidationError } from "../errors.ts";
import type { Matrix } from "../nn/data.ts";
import { fBeta, precision, recall } from "../nn/metrics/confusion.ts";
import type { MetricConfig, MetricLike, MetricName } from "../nn/metrics/metric.ts";
import { brierScore, logLoss } from "../nn/metrics/probability.ts";
import { averagePrecision, recallAtPrecision, rocAuc } from "../nn/metrics/ranking.ts";
import type { Estimator } from "./estimator.ts";

export type ScoreFunction = (estimator: Estimator, x: Matrix, y: ArrayLike<number>) => number | Promise<number>;

/** A score of predicted labels or numbers, or of probabilities of class 1. */
interface NamedScore {
  readonly of: "predictions" | "probabilities";
  readonly score: (y: ArrayLike<number>, predicted: ArrayLike<number>) => number;
}

const labels = (score: NamedScore["score"]): NamedScore => ({ of: "predictions", score });
const probabilities = (score: NamedScore["score"]): NamedScore => ({ of: "probabilities", score });

const auc = probabilities(rocAuc);
const auprc = probabilities(averagePrecision);

const SCORES: Readonly<Record<string, NamedScore>> = {
  accuracy: labels((y, predicted) => meanOver(y, (label, i) => (label === predicted[i] ? 1 : 0))),
  balanced_accuracy: labels(balancedAccuracy),
  precision: labels((y, predicted) => precision(y, predicted)),
  recall: labels((y, predicted) => recall(y, predicted)),
  f1: labels((y, predicted) => fBeta(y, predicted)),
  roc_auc: auc,
  auc,
  average_precision: auprc,
  auprc,
  neg_log_loss: probabilities((y, p) => -logLoss(y, p)),
  neg_brier_score: probabilities((y, p) => -brierScore(y, p)),
  r2: labels(r2),
  neg_mean_squared_error: labels((y, predicted) => -meanSquaredError(y, predicted)),
  neg_root_mean_squared_error: labels((y, predicted) => -Math.sqrt(meanSquaredError(y, predicted))),
  neg_mean_absolute_error: labels((y, predicted) => -meanOver(y, (value, i) => Math.abs(value - predicted[i]!))),
};

/** Names of scores with a number in them, as an error lists them. */
const PATTERNS = ["f<beta>, such as f2", "recall@precision>=<share>, such as recall@precision>=0.7"];

/**
 * The score function of a name, a function itself, or the default for a kind of estimator.
 *
 * `recall@precision>=0.7` is the largest recall that some threshold reaches with a precision of at least 0.7, and 0 if none
 * does: it cannot be won by calling everything positive.
 *
 * @throws ValidationError for an unknown name, listing the known ones
 */
export function toScorer(scoring: string | ScoreFunction | undefined): ScoreFunction {
  if (typeof scoring === "function") return scoring;
  if (scoring === undefined) return defaultScore;
  const named = typeof scoring === "string" ? find(scoring) : undefined;
  if (named === undefined) {
    throw new ValidationError(
      `\`scoring\` must be a function (estimator, x, y) => number or one of ${[...Object.keys(SCORES), ...PATTERNS].join(", ")}, but got ${show(scoring)}.`,
    );
  }
  return (estimator, x, y) => scoreNamed(scoring, named, estimator, x, y);
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

function find(name: string): NamedScore | undefined {
  if (Object.hasOwn(SCORES, name)) return SCORES[name];
  const config = parse(name);
  if (config?.beta !== undefined) {
    const { beta } = config;
    return labels((y, predicted) => fBeta(y, predicted, { beta }));
  }
  if (config?.precision !== undefined) {
    const options = { precision: config.precision };
    return probabilities((y, p) => recallAtPrecision(y, p, options));
  }
  return undefined;
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

async function scoreNamed(
  name: string,
  { of, score }: NamedScore,
  estimator: Estimator,
  x: Matrix,
  y: ArrayLike<number>,
): Promise<number> {
  if (of === "predictions") return score(y, sameLength(name, y, await estimator.predict(x)));
  if (estimator.predictProba === undefined) {
    throw new ValidationError(
      `Scoring by ${show(name)} needs probabilities, but the estimator has no \`predictProba\`. Add one, or score by predictions, such as "f1".`,
    );
  }
  return score(y, sameLength(name, y, await estimator.predictProba(x)));
}

function sameLength(name: string, y: ArrayLike<number>, predicted: ArrayLike<number>): ArrayLike<number> {
  if (predicted?.length === y.length) return predicted;
  throw new ValidationError(
    `Scoring by ${show(name)} needs one number a row, but the estimator returned ${show(predicted?.length)} for ${y.length} rows.`,
  );
}

/** The estimator's own score; otherwise accuracy for a classifier and R² for the rest. */
async function defaultScore(estimator: Estimator, x: Matrix, y: ArrayLike<number>): Promise<number> {
  if (estimator.score !== undefined) return estimator.score(x, y);
  const name = estimator.type === "classifier" ? "accuracy" : estimator.type === "regressor" ? "r2" : undefined;
  if (name !== undefined) return scoreNamed(name, SCORES[name]!, estimator, x, y);
  throw new ValidationError(
    'An estimator with neither `score` nor `type` needs `scoring` to be given, such as "accuracy" or "neg_mean_squared_error".',
  );
}

/** Mean recall over the classes. */
function balancedAccuracy(y: ArrayLike<number>, predicted: ArrayLike<number>): number {
  const counts = new Map<number, { rows: number; right: number }>();
  for (let i = 0; i < y.length; i++) {
    const { rows, right } = counts.get(y[i]!) ?? { rows: 0, right: 0 };
    counts.set(y[i]!, { rows: rows + 1, right: right + (predicted[i] === y[i] ? 1 : 0) });
  }
  const recalls = [...counts.values()].map(({ rows, right }) => right / rows);
  return recalls.reduce((sum, value) => sum + value, 0) / recalls.length;
}

/** 1 − Σ (y − ŷ)² / Σ (y − ȳ)²; for constant y 1 when it is met exactly and 0 otherwise, as in scikit-learn. */
function r2(y: ArrayLike<number>, predicted: ArrayLike<number>): number {
  const centre = meanOver(y, (value) => value);
  const residual = meanSquaredError(y, predicted);
  const total = meanOver(y, (value) => (value - centre) * (value - centre));
  if (total === 0) return residual === 0 ? 1 : 0;
  return 1 - residual / total;
}

function meanSquaredError(y: ArrayLike<number>, predicted: ArrayLike<number>): number {
  return meanOver(y, (value, i) => (value - predicted[i]!) * (value - predicted[i]!));
}

function meanOver(values: ArrayLike<number>, term: (value: number, index: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += term(values[i]!, i);
  return sum / values.length;
}
