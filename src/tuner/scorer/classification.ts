/**
 * Scores of predicted classes. Those of one class against the rest (precision, recall, F, Jaccard) are read off its counts
 * and averaged over classes in the ways scikit-learn has; a share of nothing is 0.
 */
import { show, ValidationError } from "../../errors.ts";

type Values = ArrayLike<number>;

/** Rows of one class against the rest. */
export interface Counts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

/** A score of one class. */
export type OfCounts = (counts: Counts) => number;

/**
 * - "binary": of class 1.
 * - "macro": the mean over all classes that stand in the labels or the predictions.
 * - "weighted": the same mean, weighted by the rows of each class.
 * - "micro": of the classes' counts added up.
 */
export type Average = "binary" | "macro" | "micro" | "weighted";

export const precisionOf: OfCounts = ({ truePositives, falsePositives }) =>
  ratio(truePositives, truePositives + falsePositives);

export const recallOf: OfCounts = ({ truePositives, falseNegatives }) =>
  ratio(truePositives, truePositives + falseNegatives);

/** F_β = (1 + β²) TP / ((1 + β²) TP + β² FN + FP). */
export function fBetaOf(beta: number): OfCounts {
  const square = beta * beta;
  return ({ truePositives, falsePositives, falseNegatives }) =>
    ratio((1 + square) * truePositives, (1 + square) * truePositives + square * falseNegatives + falsePositives);
}

export const jaccardOf: OfCounts = ({ truePositives, falsePositives, falseNegatives }) =>
  ratio(truePositives, truePositives + falsePositives + falseNegatives);

/** @param name for errors */
export function averaged(name: string, of: OfCounts, average: Average): (y: Values, predicted: Values) => number {
  return (y, predicted) => {
    if (average === "binary") {
      checkBinary(name, y, predicted);
      return of(countsOf(1, y, predicted));
    }
    const classes = classesOf(y, predicted);
    const all = classes.map((label) => countsOf(label, y, predicted));
    if (average === "micro") {
      const sum = (key: keyof Counts) => all.reduce((total, counts) => total + counts[key], 0);
      return of({
        truePositives: sum("truePositives"),
        falsePositives: sum("falsePositives"),
        falseNegatives: sum("falseNegatives"),
      });
    }
    const weights = all.map((counts) => (average === "weighted" ? counts.truePositives + counts.falseNegatives : 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return all.reduce((sum, counts, i) => sum + weights[i]! * of(counts), 0) / total;
  };
}

export function accuracy(y: Values, predicted: Values): number {
  let right = 0;
  for (let i = 0; i < y.length; i++) if (y[i] === predicted[i]) right++;
  return right / y.length;
}

/** Mean recall over the classes of the labels. */
export function balancedAccuracy(y: Values, predicted: Values): number {
  const recalls = classesOf(y).map((label) => recallOf(countsOf(label, y, predicted)));
  return recalls.reduce((sum, value) => sum + value, 0) / recalls.length;
}

/**
 * The correlation of labels and predictions, over all classes: with n rows, c right ones, t_k rows of class k and p_k
 * predictions of it,
 *
 *   R = (c n − Σ t_k p_k) / √((n² − Σ p_k²) (n² − Σ t_k²)),
 *
 * and 0 where one side knows a single class. Source: Gorodkin 2004, "Comparing two K-category assignments", eq. 8.
 */
export function matthewsCorrelation(y: Values, predicted: Values): number {
  const n = y.length;
  const right = accuracy(y, predicted) * n;
  let cross = 0;
  let squaresTrue = 0;
  let squaresPredicted = 0;
  for (const label of classesOf(y, predicted)) {
    const { truePositives, falsePositives, falseNegatives } = countsOf(label, y, predicted);
    const inLabels = truePositives + falseNegatives;
    const inPredictions = truePositives + falsePositives;
    cross += inLabels * inPredictions;
    squaresTrue += inLabels * inLabels;
    squaresPredicted += inPredictions * inPredictions;
  }
  return ratio(right * n - cross, Math.sqrt((n * n - squaresPredicted) * (n * n - squaresTrue)));
}

/**
 * How much likelier a positive is than a negative to be taken for one, and to be taken for none; 1 where the denominator
 * is 0, as scikit-learn's scorers have it.
 */
export function likelihoodRatios(
  y: Values,
  predicted: Values,
): { readonly positive: number; readonly negative: number } {
  checkBinary("the likelihood ratio", y, predicted);
  const { truePositives, falsePositives, falseNegatives } = countsOf(1, y, predicted);
  const positives = truePositives + falseNegatives;
  const negatives = y.length - positives;
  const trueNegatives = negatives - falsePositives;
  if (positives === 0) return { positive: Number.NaN, negative: Number.NaN };
  return {
    positive: falsePositives === 0 ? 1 : (truePositives * negatives) / (falsePositives * positives),
    negative: trueNegatives === 0 ? 1 : (falseNegatives * negatives) / (trueNegatives * positives),
  };
}

/** The different values, ascending. */
export function classesOf(...lists: readonly Values[]): number[] {
  return [...new Set(lists.flatMap((values) => Array.from(values)))].sort((a, b) => a - b);
}

function countsOf(label: number, y: Values, predicted: Values): Counts {
  let truePositives = 0;
  let falsePositives = 0;
  let falseNegatives = 0;
  for (let i = 0; i < y.length; i++) {
    if (predicted[i] === label) {
      if (y[i] === label) truePositives++;
      else falsePositives++;
    } else if (y[i] === label) falseNegatives++;
  }
  return { truePositives, falsePositives, falseNegatives };
}

function checkBinary(name: string, y: Values, predicted: Values): void {
  for (const [what, values] of [
    ["a label", y],
    ["a prediction", predicted],
  ] as const) {
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0 || values[i] === 1) continue;
      throw new ValidationError(
        `A score of two classes needs labels 0 and 1, but for ${show(name)} ${what} is ${show(values[i])}. For several classes add how to average: "_macro", "_micro" or "_weighted", where the score has them.`,
      );
    }
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
