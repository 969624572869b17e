/**
 * Whether a surrogate can be believed: what it says of each observation that it has not seen, against what was observed.
 */

import { midranks } from "./auc.ts";
import { criticalValue } from "./interval.ts";

export interface LeaveOneOut {
  readonly points: readonly LeaveOneOutPoint[];
  /** 1 − Σ(observed − predicted)² / Σ(observed − mean of the others)²; 0 or less: no better than guessing the mean. Null when nothing varies. */
  readonly rSquared: number | null;
  /** Spearman's rank correlation of predicted and observed; null when either does not vary. */
  readonly rankCorrelation: number | null;
  /** Share of the observations inside their 95 % predictive interval: 0.95 if the model knows what it does not know. */
  readonly coverage: number;
}

export interface LeaveOneOutPoint {
  readonly number: number;
  readonly observed: number;
  readonly predicted: number;
  /** Ends of the 95 % predictive interval of a new observation, noise included. */
  readonly low: number;
  readonly high: number;
}

/**
 * @param observations [n], n >= 2
 * @param predictions  mean and standard deviation of each, predicted from the others, [n] each, in the unit of the values
 */
export function leaveOneOut(
  observations: readonly { readonly number: number; readonly value: number }[],
  predictions: { readonly mean: ArrayLike<number>; readonly sd: ArrayLike<number> },
): LeaveOneOut {
  const z = criticalValue(0.95);
  const n = observations.length;
  const points = observations.map(({ number, value }, i): LeaveOneOutPoint => {
    const predicted = predictions.mean[i]!;
    const half = z * predictions.sd[i]!;
    return { number, observed: value, predicted, low: predicted - half, high: predicted + half };
  });
  const mean = points.reduce((sum, { observed }) => sum + observed / n, 0);
  // In units of the largest deviation, whose square may not be a number any more.
  const unit = Math.max(...points.map(({ observed }) => Math.abs(observed - mean)));
  const residual = points.reduce((sum, { observed, predicted }) => sum + ((observed - predicted) / unit) ** 2, 0);
  // Guessing the mean is left-one-out as well: without i it is off by n/(n − 1) times the distance to the mean of all.
  const total = points.reduce((sum, { observed }) => sum + (((observed - mean) / unit) * (n / (n - 1))) ** 2, 0);
  return {
    points,
    // What rounding leaves of equal values is no variation.
    rSquared: unit > 1e-12 * Math.abs(mean) ? 1 - residual / total : null,
    rankCorrelation: spearman(
      points.map(({ observed }) => observed),
      points.map(({ predicted }) => predicted),
    ),
    coverage: points.filter(({ observed, low, high }) => low <= observed && observed <= high).length / n,
  };
}

/** The correlation of the ranks, ties sharing theirs; null when one side is constant. */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const [ranksA, ranksB] = [midranks(a), midranks(b)];
  const centre = (a.length + 1) / 2;
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [da, db] = [ranksA[i]! - centre, ranksB[i]! - centre];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : null;
}
