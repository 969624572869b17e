/**
 * Metrics by name, as `compile` takes them and as they stand in the logs of a training. Each is computed from the whole
 * predictions of an epoch, never as a mean over batches: for the validation data after the epoch, for the training data
 * from the predictions that the batches made while the weights were changing, dropout included, as Keras reports them.
 */
import { show, ValidationError } from "../../errors.ts";
import { choose } from "../choose.ts";
import { labelOf } from "../data.ts";
import { accuracy, f1, fBeta, precision, recall } from "./confusion.ts";
import { brierScore, logLoss } from "./probability.ts";
import { averagePrecision, recallAtPrecision, rocAuc } from "./ranking.ts";

const METRICS = [
  "accuracy",
  "precision",
  "recall",
  "f1",
  "f2",
  "fBeta",
  "auc",
  "auprc",
  "recallAtPrecision",
  "logLoss",
  "brier",
  "meanSquaredError",
  "meanAbsoluteError",
] as const;

export type MetricName = (typeof METRICS)[number];

/** A metric and its settings, the same in a model's JSON. */
export interface MetricConfig {
  readonly name: MetricName;
  /** The key in the logs; `name` by default. */
  readonly as?: string;
  /** For accuracy, precision, recall and the F measures; 0.5 by default. */
  readonly threshold?: number;
  /** For `fBeta`; required there. */
  readonly beta?: number;
  /** For `recallAtPrecision`; required there. */
  readonly precision?: number;
}

/** A metric of one's own. It cannot be written to JSON. */
export interface CustomMetric {
  /** The key in the logs. */
  readonly name: string;
  /** Which way is better. */
  readonly direction: "min" | "max";
  /**
   * @param yTrue  targets, [rows, units], packed; one-hot for classes
   * @param yPred  outputs, [rows, units], packed
   */
  evaluate(yTrue: Float32Array, yPred: Float32Array, units: number): number;
}

export type MetricLike = MetricName | MetricConfig | CustomMetric;

/** A metric, checked against the model it is for. */
export interface Metric {
  /** What it was made of. */
  readonly given: MetricLike;
  /** The key in the logs. */
  readonly key: string;
  readonly direction: "min" | "max";
  /** The record for JSON; none for a metric of one's own. */
  readonly config: MetricConfig | undefined;
  evaluate(yTrue: Float32Array, yPred: Float32Array): number;
}

/** A metric with settings. @example metric("recallAtPrecision", { precision: 0.7 }) */
export function metric(name: MetricName, settings: Omit<MetricConfig, "name"> = {}): MetricConfig {
  return { name, ...settings };
}

/**
 * Which way a name in the logs is better, `val_` before it or not; for names of losses and of this library's metrics.
 */
export function metricDirection(name: string): "min" | "max" | undefined {
  const plain = name.replace(/^val_/, "");
  if (["loss", "logLoss", "brier", "meanSquaredError", "meanAbsoluteError"].includes(plain)) return "min";
  return (METRICS as readonly string[]).includes(plain) ? "max" : undefined;
}

/** @throws ValidationError for an unknown name, a setting that is missing, or a metric of two classes on more outputs */
export function toMetric(given: MetricLike, units: number): Metric {
  if (typeof given === "object" && given !== null && "evaluate" in given) return customMetric(given, units);
  const config: MetricConfig = typeof given === "string" ? { name: given } : given;
  const name = choose("A metric", config?.name ?? given, METRICS);
  const evaluate = evaluator(config, units);
  return {
    given,
    key: config.as ?? name,
    direction: metricDirection(name)!,
    config,
    // A network that has diverged predicts NaN; its metrics are NaN too, and the training goes on to its end.
    evaluate: (yTrue, yPred) => (yPred.every(Number.isFinite) ? evaluate(yTrue, yPred) : Number.NaN),
  };
}

function evaluator(config: MetricConfig, units: number): (yTrue: Float32Array, yPred: Float32Array) => number {
  const { name, threshold } = config;
  if (name === "meanSquaredError")
    return (yTrue, yPred) => meanOver(yTrue, (y, i) => (y - yPred[i]!) * (y - yPred[i]!));
  if (name === "meanAbsoluteError") return (yTrue, yPred) => meanOver(yTrue, (y, i) => Math.abs(y - yPred[i]!));
  if (units > 1) {
    if (name === "accuracy") return (yTrue, yPred) => categoricalAccuracy(yTrue, yPred, units);
    throw new ValidationError(`The metric ${show(name)} is for one output, but the model has ${units}.`);
  }
  switch (name) {
    case "accuracy":
      return (yTrue, yPred) => accuracy(yTrue, yPred, { threshold });
    case "precision":
      return (yTrue, yPred) => precision(yTrue, yPred, { threshold });
    case "recall":
      return (yTrue, yPred) => recall(yTrue, yPred, { threshold });
    case "f1":
      return (yTrue, yPred) => f1(yTrue, yPred, { threshold });
    case "f2":
      return (yTrue, yPred) => fBeta(yTrue, yPred, { threshold, beta: 2 });
    case "fBeta": {
      const beta = setting(config, "beta");
      return (yTrue, yPred) => fBeta(yTrue, yPred, { threshold, beta });
    }
    case "auc":
      return rocAuc;
    case "auprc":
      return averagePrecision;
    case "recallAtPrecision": {
      const options = { precision: setting(config, "precision") };
      return (yTrue, yPred) => recallAtPrecision(yTrue, yPred, options);
    }
    case "logLoss":
      return logLoss;
    case "brier":
      return brierScore;
  }
}

function setting(config: MetricConfig, key: "beta" | "precision"): number {
  const value = config[key];
  if (typeof value === "number") return value;
  throw new ValidationError(
    `The metric "${config.name}" needs \`${key}\`, but got ${show(value)}. Write metric("${config.name}", { ${key}: … }).`,
  );
}

function customMetric(given: CustomMetric, units: number): Metric {
  const { name, direction } = given;
  if (typeof name !== "string" || name === "" || typeof given.evaluate !== "function") {
    throw new ValidationError(
      `A metric of one's own must have a name and a function \`evaluate\`, but got ${show(given)}.`,
    );
  }
  choose(`\`direction\` of the metric ${show(name)}`, direction, ["min", "max"]);
  return {
    given,
    key: name,
    direction,
    config: undefined,
    evaluate: (yTrue, yPred) => given.evaluate(yTrue, yPred, units),
  };
}

function categoricalAccuracy(yTrue: Float32Array, yPred: Float32Array, units: number): number {
  const rows = yTrue.length / units;
  let right = 0;
  for (let row = 0; row < rows; row++) if (labelOf(yTrue, row, units) === labelOf(yPred, row, units)) right++;
  return right / rows;
}

function meanOver(values: Float32Array, term: (value: number, index: number) => number): number {
  return values.reduce((sum, value, index) => sum + term(value, index), 0) / values.length;
}
