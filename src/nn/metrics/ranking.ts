/**
 * Measures of the order that scores give, over all thresholds at once. Everything here is read off one list: at each
 * distinct score, from the highest, how many positives and negatives lie at or above it. Equal scores are one step, so ties
 * count as in scikit-learn.
 */
import { show, ValidationError } from "../../errors.ts";
import { checkScores } from "./scores.ts";

/** Points of the receiver operating characteristic, from (0, 0) at threshold ∞ to (1, 1). */
export interface RocCurve {
  readonly falsePositiveRate: readonly number[];
  readonly truePositiveRate: readonly number[];
  /** A score at or above it counts as positive. */
  readonly thresholds: readonly number[];
}

/** Points from the lowest threshold (recall 1) to the highest, then the end point precision 1, recall 0. */
export interface PrecisionRecallCurve {
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  /** One fewer than there are points: the end point has none. */
  readonly thresholds: readonly number[];
}

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, ties counting half. NaN when one class is
 * missing.
 *
 *   AUC = (Σ over positives of #negatives below + ½ #negatives equal) / (P N)
 *
 * Source: Hanley & McNeil 1982, "The meaning and use of the area under a ROC curve".
 */
export function rocAuc(yTrue: ArrayLike<number>, yScore: ArrayLike<number>): number {
  const { truePositives, falsePositives, positives, negatives } = steps(yTrue, yScore);
  let pairs = 0;
  for (let k = 0; k < truePositives.length; k++) {
    const gained = truePositives[k]! - (truePositives[k - 1] ?? 0);
    pairs += gained * (negatives - (falsePositives[k]! + (falsePositives[k - 1] ?? 0)) / 2);
  }
  return pairs / (positives * negatives);
}

/**
 * Average precision, the area under the precision–recall steps: Σ (R_k − R_(k−1)) P_k. 0 when there is no positive.
 *
 * Source: scikit-learn, `average_precision_score`; no interpolation, which would flatter.
 */
export function averagePrecision(yTrue: ArrayLike<number>, yScore: ArrayLike<number>): number {
  const { truePositives, falsePositives, positives } = steps(yTrue, yScore);
  if (positives === 0) return 0;
  let area = 0;
  for (let k = 0; k < truePositives.length; k++) {
    const gained = truePositives[k]! - (truePositives[k - 1] ?? 0);
    area += (gained / positives) * (truePositives[k]! / (truePositives[k]! + falsePositives[k]!));
  }
  return area;
}

/** Largest recall that some threshold reaches with a precision of at least `precision`; 0 when none does. */
export function recallAtPrecision(
  yTrue: ArrayLike<number>,
  yScore: ArrayLike<number>,
  options: { readonly precision: number },
): number {
  const wanted = options.precision;
  if (!(wanted >= 0 && wanted <= 1))
    throw new ValidationError(`\`precision\` must be between 0 and 1, but got ${show(wanted)}.`);
  const { truePositives, falsePositives, positives } = steps(yTrue, yScore);
  let best = 0;
  for (let k = 0; k < truePositives.length; k++) {
    if (truePositives[k]! / (truePositives[k]! + falsePositives[k]!) >= wanted)
      best = Math.max(best, truePositives[k]!);
  }
  return positives === 0 ? 0 : best / positives;
}

/** @throws ValidationError when one class is missing, for then one of the two rates does not exist */
export function rocCurve(yTrue: ArrayLike<number>, yScore: ArrayLike<number>): RocCurve {
  const { thresholds, truePositives, falsePositives, positives, negatives } = steps(yTrue, yScore);
  if (positives === 0 || negatives === 0) {
    throw new ValidationError(
      `A ROC curve needs labels of both classes, but got ${positives} ones and ${negatives} zeros.`,
    );
  }
  return {
    falsePositiveRate: [0, ...falsePositives.map((count) => count / negatives)],
    truePositiveRate: [0, ...truePositives.map((count) => count / positives)],
    thresholds: [Number.POSITIVE_INFINITY, ...thresholds],
  };
}

/** @throws ValidationError when there is no positive, for then recall does not exist */
export function precisionRecallCurve(yTrue: ArrayLike<number>, yScore: ArrayLike<number>): PrecisionRecallCurve {
  const { thresholds, truePositives, falsePositives, positives } = steps(yTrue, yScore);
  if (positives === 0) throw new ValidationError("A precision-recall curve needs at least one label 1, but got none.");
  return {
    precision: [...truePositives.map((count, k) => count / (count + falsePositives[k]!)).reverse(), 1],
    recall: [...truePositives.map((count) => count / positives).reverse(), 0],
    thresholds: [...thresholds].reverse(),
  };
}

interface Steps {
  /** Distinct scores, descending. */
  readonly thresholds: readonly number[];
  /** Positives, negatives with a score at or above the threshold. */
  readonly truePositives: readonly number[];
  readonly falsePositives: readonly number[];
  readonly positives: number;
  readonly negatives: number;
}

/** Sorts the scores of each class by themselves, which typed arrays do fast and without a comparator, and merges. */
function steps(yTrue: ArrayLike<number>, yScore: ArrayLike<number>): Steps {
  checkScores(yTrue, yScore);
  const n = yTrue.length;
  let positives = 0;
  for (let i = 0; i < n; i++) positives += yTrue[i]!;
  const ones = new Float64Array(positives);
  const zeros = new Float64Array(n - positives);
  for (let i = 0, one = 0, zero = 0; i < n; i++) {
    // Adding 0 turns −0 into 0: the two are one score, and a sort would tell them apart.
    if (yTrue[i] === 1) ones[one++] = yScore[i]! + 0;
    else zeros[zero++] = yScore[i]! + 0;
  }
  ones.sort();
  zeros.sort();
  const thresholds: number[] = [];
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  let one = ones.length - 1;
  let zero = zeros.length - 1;
  while (one >= 0 || zero >= 0) {
    const threshold = Math.max(
      one >= 0 ? ones[one]! : Number.NEGATIVE_INFINITY,
      zero >= 0 ? zeros[zero]! : Number.NEGATIVE_INFINITY,
    );
    while (one >= 0 && ones[one] === threshold) one--;
    while (zero >= 0 && zeros[zero] === threshold) zero--;
    thresholds.push(threshold);
    truePositives.push(ones.length - 1 - one);
    falsePositives.push(zeros.length - 1 - zero);
  }
  return { thresholds, truePositives, falsePositives, positives, negatives: n - positives };
}
