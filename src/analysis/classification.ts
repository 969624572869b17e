/**
 * What a binary classifier's scores say on labelled data: the confusion matrix at a threshold and the two curves over all
 * thresholds.
 */
import { show, ValidationError } from "../errors.ts";

export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/**
 * Counts at a threshold: predicted positive where score >= threshold.
 *
 * @param labels [n], 0 or 1
 * @param scores [n]
 * @throws ValidationError when lengths differ, a label is not 0 or 1, a score is not finite
 */
export function confusion(labels: ArrayLike<number>, scores: ArrayLike<number>, threshold: number = 0.5): Confusion {
  checkScores(labels, scores);
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < labels.length; i++) counts[2 * labels[i]! + Number(scores[i]! >= threshold)]!++;
  const [trueNegatives, falsePositives, falseNegatives, truePositives] = counts as [number, number, number, number];
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

/** One threshold of a curve. */
export interface CurvePoint {
  readonly threshold: number;
  readonly x: number;
  readonly y: number;
}

export interface Curve {
  readonly points: readonly CurvePoint[];
  /** Area under it: ROC-AUC, or average precision. Null when a class that it needs is missing. */
  readonly area: number | null;
  /** Share of positives among the rows: the precision of predicting all positive. */
  readonly baseRate: number;
  /** Where a threshold of 0.5 lies, or the one asked for. */
  readonly operatingPoint: { readonly x: number; readonly y: number } | null;
}

/**
 * x = false positive rate, y = true positive rate, from (0, 0) to (1, 1), one point for each distinct score. Points in the
 * middle of a straight line are left out. No points when a class is missing.
 *
 * @throws ValidationError as for `confusion`
 */
export function rocCurve(labels: ArrayLike<number>, scores: ArrayLike<number>, threshold: number = 0.5): Curve {
  const { cuts, positives, negatives } = sweep(labels, scores);
  const baseRate = positives / Math.max(1, labels.length);
  if (positives === 0 || negatives === 0) return { points: [], area: null, baseRate, operatingPoint: null };
  const points = [
    { threshold: Number.POSITIVE_INFINITY, x: 0, y: 0 },
    ...cuts.map(({ score, truePositives, falsePositives }) => ({
      threshold: score,
      x: falsePositives / negatives,
      y: truePositives / positives,
    })),
  ];
  let area = 0;
  for (let i = 1; i < points.length; i++)
    area += ((points[i]!.x - points[i - 1]!.x) * (points[i]!.y + points[i - 1]!.y)) / 2;
  const at = confusion(labels, scores, threshold);
  return {
    points: withoutCollinear(points),
    area,
    baseRate,
    operatingPoint: { x: at.falsePositives / negatives, y: at.truePositives / positives },
  };
}

/**
 * x = recall, y = precision, one point for each distinct score, by falling threshold. `area` is average precision,
 *
 *   AP = Σ (Rᵢ − Rᵢ₋₁) Pᵢ
 *
 * not the trapezoid, which would interpolate too kindly. No points without positives.
 *
 * @throws ValidationError as for `confusion`
 */
export function precisionRecallCurve(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  threshold: number = 0.5,
): Curve {
  const { cuts, positives } = sweep(labels, scores);
  const baseRate = positives / Math.max(1, labels.length);
  if (positives === 0) return { points: [], area: null, baseRate, operatingPoint: null };
  const points = cuts.map(({ score, truePositives, falsePositives }) => ({
    threshold: score,
    x: truePositives / positives,
    y: truePositives / (truePositives + falsePositives),
  }));
  let area = 0;
  points.forEach(({ x, y }, i) => {
    area += (x - (points[i - 1]?.x ?? 0)) * y;
  });
  const at = confusion(labels, scores, threshold);
  const predicted = at.truePositives + at.falsePositives;
  return {
    points,
    area,
    baseRate,
    operatingPoint: predicted === 0 ? null : { x: at.truePositives / positives, y: at.truePositives / predicted },
  };
}

/** @throws ValidationError when lengths differ, a label is not 0 or 1, a score is not finite */
export function checkScores(labels: ArrayLike<number>, scores: ArrayLike<number>): void {
  if (labels.length !== scores.length) {
    throw new ValidationError(
      `There must be one score for each label, but got ${labels.length} labels and ${scores.length} scores.`,
    );
  }
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new ValidationError(`A label must be 0 or 1, but labels[${i}] is ${show(labels[i])}.`);
    if (!Number.isFinite(scores[i]))
      throw new ValidationError(`A score must be a finite number, but scores[${i}] is ${show(scores[i])}.`);
  }
}

/** Cumulative counts at each distinct score, from the largest down. */
function sweep(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): {
  readonly cuts: readonly { readonly score: number; readonly truePositives: number; readonly falsePositives: number }[];
  readonly positives: number;
  readonly negatives: number;
} {
  checkScores(labels, scores);
  const order = Uint32Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const cuts: { score: number; truePositives: number; falsePositives: number }[] = [];
  let [truePositives, falsePositives] = [0, 0];
  order.forEach((row, i) => {
    if (labels[row] === 1) truePositives++;
    else falsePositives++;
    const next = order[i + 1];
    if (next === undefined || scores[next] !== scores[row])
      cuts.push({ score: scores[row]!, truePositives, falsePositives });
  });
  return { cuts, positives: truePositives, negatives: falsePositives };
}

/** A curve of steps has long runs on one line; their inner points say nothing. */
function withoutCollinear(points: readonly CurvePoint[]): CurvePoint[] {
  return points.filter((point, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    if (before === undefined || after === undefined) return true;
    return !(before.x === point.x && point.x === after.x) && !(before.y === point.y && point.y === after.y);
  });
}
