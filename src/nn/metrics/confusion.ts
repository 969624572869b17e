/**
 * Counts of right and wrong decisions at a threshold, and the measures made of them. A score counts as positive when it is
 * greater than the threshold, as in Keras.
 */
import { show, ValidationError } from "../../errors.ts";
import { checkScores } from "./scores.ts";

export interface ConfusionMatrix {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

export interface ThresholdOptions {
  /** Scores above it are taken as positive; 0.5 by default. */
  readonly threshold?: number | undefined;
}

/** How the labels and the decisions fall together. */
export function confusionMatrix(
  yTrue: ArrayLike<number>,
  yScore: ArrayLike<number>,
  { threshold = 0.5 }: ThresholdOptions = {},
): ConfusionMatrix {
  checkScores(yTrue, yScore);
  if (Number.isNaN(threshold)) throw new ValidationError(`A threshold must be a number, but got ${show(threshold)}.`);
  const counts = [0, 0, 0, 0] as [number, number, number, number];
  for (let i = 0; i < yTrue.length; i++) counts[(yTrue[i] === 1 ? 2 : 0) + (yScore[i]! > threshold ? 1 : 0)]!++;
  const [trueNegatives, falsePositives, falseNegatives, truePositives] = counts;
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

/** Share of right decisions. */
export function accuracy(yTrue: ArrayLike<number>, yScore: ArrayLike<number>, options?: ThresholdOptions): number {
  const { truePositives, trueNegatives } = confusionMatrix(yTrue, yScore, options);
  return (truePositives + trueNegatives) / yTrue.length;
}

/** TP / (TP + FP); 0 when nothing is taken as positive. */
export function precision(yTrue: ArrayLike<number>, yScore: ArrayLike<number>, options?: ThresholdOptions): number {
  const { truePositives, falsePositives } = confusionMatrix(yTrue, yScore, options);
  return ratio(truePositives, truePositives + falsePositives);
}

/** TP / (TP + FN); 0 when there is no positive. */
export function recall(yTrue: ArrayLike<number>, yScore: ArrayLike<number>, options?: ThresholdOptions): number {
  const { truePositives, falseNegatives } = confusionMatrix(yTrue, yScore, options);
  return ratio(truePositives, truePositives + falseNegatives);
}

/**
 * F_β = (1 + β²) TP / ((1 + β²) TP + β² FN + FP): recall counts β times as much as precision. 0 when there is neither a
 * positive nor a decision for one.
 */
export function fBeta(
  yTrue: ArrayLike<number>,
  yScore: ArrayLike<number>,
  { beta = 1, ...options }: ThresholdOptions & { readonly beta?: number | undefined } = {},
): number {
  if (!(Number.isFinite(beta) && beta > 0))
    throw new ValidationError(`\`beta\` must be a finite number > 0, but got ${show(beta)}.`);
  const { truePositives, falsePositives, falseNegatives } = confusionMatrix(yTrue, yScore, options);
  const square = beta * beta;
  return ratio((1 + square) * truePositives, (1 + square) * truePositives + square * falseNegatives + falsePositives);
}

/** F_β with β = 1: the harmonic mean of precision and recall. */
export function f1(yTrue: ArrayLike<number>, yScore: ArrayLike<number>, options?: ThresholdOptions): number {
  return fBeta(yTrue, yScore, { ...options, beta: 1 });
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
