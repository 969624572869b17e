/**
 * Scores of probabilities, for two classes and for more: those of two classes are the measures of `nn`, those of more are
 * made of one class against the rest, of pairs, or summed over classes.
 */
import { show, ValidationError } from "../../errors.ts";
import { log } from "../../math/special.ts";
import { brierScore, logLoss } from "../../nn/metrics/probability.ts";
import { averagePrecision, rocAuc } from "../../nn/metrics/ranking.ts";
import { classesOf } from "./classification.ts";

type Values = ArrayLike<number>;

/** The probabilities of class 1, [rows]. @throws ValidationError when there are more than two classes */
export function ofClassOne(name: string, y: Values, p: Values): Values {
  const classes = classCount(y, p);
  if (classes <= 2) return p;
  throw new ValidationError(
    `${show(name)} is a score of two classes, but the estimator knows ${classes}. Score by "roc_auc_ovr", "roc_auc_ovo", "average_precision" or "neg_log_loss".`,
  );
}

export function areaUnderRoc(y: Values, p: Values): number {
  return rocAuc(y, ofClassOne("roc_auc", y, p));
}

/** Mean over classes of the area of that class against all others; "weighted" by the classes' rows. NaN when a class is missing in y. */
export function areaOneVersusRest(y: Values, p: Values, average: "macro" | "weighted"): number {
  const classes = classCount(y, p);
  if (classes === 2) return rocAuc(y, p);
  return meanOf(classes, (label) => {
    const own = Array.from(y, (value) => Number(value === label));
    const rows = own.reduce((sum, value) => sum + value, 0);
    return { weight: average === "macro" ? 1 : rows, value: rocAuc(own, column(p, label, classes)) };
  });
}

/**
 * Mean over pairs of classes of the area that tells their rows apart, by the probability of the one and of the other;
 * "weighted" by the pairs' rows.
 *
 * Source: Hand & Till 2001, "A simple generalisation of the area under the ROC curve for multiple class problems", eq. 7.
 */
export function areaOneVersusOne(y: Values, p: Values, average: "macro" | "weighted"): number {
  const classes = classCount(y, p);
  if (classes === 2) return rocAuc(y, p);
  const pairs = Array.from({ length: classes }, (_, a) => a).flatMap((a) =>
    Array.from({ length: classes - a - 1 }, (_, i) => [a, a + 1 + i] as const),
  );
  return meanOf(pairs.length, (k) => {
    const [a, b] = pairs[k]!;
    const rows = Array.from({ length: y.length }, (_, row) => row).filter((row) => y[row] === a || y[row] === b);
    const area = (label: number) =>
      rocAuc(
        rows.map((row) => Number(y[row] === label)),
        rows.map((row) => p[row * classes + label]!),
      );
    return { weight: average === "macro" ? 1 : rows.length, value: (area(a) + area(b)) / 2 };
  });
}

/** Average precision, of class 1 or as the mean over more classes. */
export function meanAveragePrecision(y: Values, p: Values): number {
  const classes = classCount(y, p);
  if (classes === 2) return averagePrecision(y, p);
  return meanOf(classes, (label) => ({
    weight: 1,
    value: averagePrecision(
      Array.from(y, (value) => Number(value === label)),
      column(p, label, classes),
    ),
  }));
}

/** Mean of −log of the true class's probability, kept inside [ε, 1 − ε] with ε = 2⁻⁵². */
export function crossEntropy(y: Values, p: Values): number {
  const classes = classCount(y, p);
  if (classes === 2) return logLoss(y, p);
  let sum = 0;
  for (let row = 0; row < y.length; row++) {
    sum -= log(Math.min(Math.max(p[row * classes + y[row]!]!, Number.EPSILON), 1 - Number.EPSILON));
  }
  return sum / y.length;
}

/** Mean squared distance from the true class; for two classes of the probability of class 1, for more summed over all. */
export function brier(y: Values, p: Values): number {
  const classes = classCount(y, p);
  if (classes === 2) return brierScore(y, p);
  let sum = 0;
  for (let row = 0; row < y.length; row++) {
    for (let label = 0; label < classes; label++) {
      const distance = p[row * classes + label]! - Number(y[row] === label);
      sum += distance * distance;
    }
  }
  return sum / y.length;
}

/** 1 − loss / the loss of who knows only the classes' shares in y. */
export function explained(lossOf: (y: Values, p: Values) => number, y: Values, p: Values): number {
  const classes = classCount(y, p);
  const shares = Array.from(
    { length: classes },
    (_, label) => Array.from(y).filter((value) => value === label).length / y.length,
  );
  const row = classes === 2 ? shares.slice(1) : shares;
  const known = Array.from({ length: y.length }, () => row).flat();
  return 1 - lossOf(y, p) / lossOf(y, known);
}

/** Share of rows whose true class is one of the two likeliest; of equally likely classes the later ones go before. */
export function topTwoAccuracy(y: Values, p: Values): number {
  const classes = classCount(y, p);
  if (classes === 2) return 1;
  let right = 0;
  for (let row = 0; row < y.length; row++) {
    const own = p[row * classes + y[row]!]!;
    let before = 0;
    for (let label = 0; label < classes; label++) {
      const other = p[row * classes + label]!;
      if (other > own || (other === own && label > y[row]!)) before++;
    }
    if (before < 2) right++;
  }
  return right / y.length;
}

/** @throws ValidationError for a label without a probability */
function classCount(y: Values, p: Values): number {
  const classes = Math.max(2, p.length / y.length);
  const unknown = classesOf(y).find((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (unknown === undefined) return classes;
  throw new ValidationError(
    `Each label must be a class that the estimator has learned, 0 to ${classes - 1}, but one is ${show(unknown)}. Use stratified folds, so that every fold trains on every class.`,
  );
}

function column(p: Values, label: number, classes: number): Float64Array {
  return Float64Array.from({ length: p.length / classes }, (_, row) => p[row * classes + label]!);
}

function meanOf(count: number, of: (k: number) => { readonly weight: number; readonly value: number }): number {
  const parts = Array.from({ length: count }, (_, k) => of(k));
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  return parts.reduce((sum, { weight, value }) => sum + weight * value, 0) / total;
}
