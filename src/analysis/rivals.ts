/**
 * Two classifiers on the same test set: how much of their difference is more than the luck of its rows. The rows are drawn
 * again together for both, so what is hard for the one and for the other alike cancels out.
 */
import { ValidationError } from "../errors.ts";
import { midranks } from "./auc.ts";
import { checkScores } from "./classification.ts";
import { bootstrapInterval, type Interval } from "./interval.ts";
import { METRICS, type Metric } from "./scorecard.ts";

export interface Rivalry {
  readonly metric: Metric;
  /** Of the first minus the second; null where one of them is not defined. */
  readonly difference: number | null;
  /** 95 % paired bootstrap interval. */
  readonly interval: Interval | null;
  /** Whether the interval leaves out 0. */
  readonly isClear: boolean;
}

/** What one classifier says of the test set. */
export interface Scored {
  /** [n], probabilities of 1. */
  readonly scores: ArrayLike<number>;
  /** Default 0.5. */
  readonly threshold?: number;
}

/**
 * The difference of each metric between two classifiers, with a paired, seeded bootstrap.
 *
 * It tells of these two trained networks, not of the methods that found them: for those, repeat over seeds and `comparePaired`.
 *
 * @param labels  [n], 0 or 1
 * @param options `resamples` default 1000, `seed` default 0
 * @throws ValidationError when lengths differ, there is no row, a label is not 0 or 1, a score is not finite
 */
export function compareOnTestSet(
  labels: ArrayLike<number>,
  first: Scored,
  second: Scored,
  options: { readonly resamples?: number; readonly seed?: number | string } = {},
): Rivalry[] {
  checkScores(labels, first.scores);
  checkScores(labels, second.scores);
  const n = labels.length;
  if (n === 0) throw new ValidationError("A comparison on a test set needs at least one row, but got none.");
  const { resamples = 1000, seed = 0 } = options;
  const judges = [judge(labels, first), judge(labels, second)] as const;
  const differenceOf = (metric: Metric) => (rows: Uint32Array) => judges[0](metric, rows) - judges[1](metric, rows);
  const all = Uint32Array.from({ length: n }, (_, i) => i);
  return METRICS.map((metric) => {
    const difference = differenceOf(metric)(all);
    if (!Number.isFinite(difference)) return { metric, difference: null, interval: null, isClear: false };
    const interval = bootstrapInterval(n, differenceOf(metric), { resamples, seed });
    return { metric, difference, interval, isClear: interval !== null && (interval.low > 0 || interval.high < 0) };
  });
}

/** Computes a metric of one classifier on rows of the test set; NaN where it is not defined. */
function judge(
  labels: ArrayLike<number>,
  { scores, threshold = 0.5 }: Scored,
): (metric: Metric, rows: Uint32Array) => number {
  // Ranks once over the whole set order any resample of it, so that no resample needs sorting.
  const order = midranks(scores).map((rank) => 2 * rank);
  const positivesAt = new Uint32Array(2 * scores.length + 1);
  const negativesAt = new Uint32Array(2 * scores.length + 1);
  const auc = (rows: Uint32Array): number => {
    positivesAt.fill(0);
    negativesAt.fill(0);
    for (const row of rows) (labels[row] === 1 ? positivesAt : negativesAt)[order[row]!]!++;
    let [below, pairs, positives] = [0, 0, 0];
    for (let at = 0; at < positivesAt.length; at++) {
      pairs += positivesAt[at]! * (below + negativesAt[at]! / 2);
      below += negativesAt[at]!;
      positives += positivesAt[at]!;
    }
    return pairs / (positives * below);
  };
  return (metric, rows) => {
    if (metric === "auc") return auc(rows);
    let [tp, fp, fn, tn] = [0, 0, 0, 0];
    for (const row of rows) {
      const said = scores[row]! >= threshold;
      if (labels[row] === 1) said ? tp++ : fn++;
      else said ? fp++ : tn++;
    }
    return COUNTED[metric](tp, fp, fn, tn);
  };
}

const COUNTED: Readonly<Record<Exclude<Metric, "auc">, (tp: number, fp: number, fn: number, tn: number) => number>> = {
  accuracy: (tp, fp, fn, tn) => (tp + tn) / (tp + fp + fn + tn),
  precision: (tp, fp) => tp / (tp + fp),
  recall: (tp, _fp, fn) => tp / (tp + fn),
  f1: (tp, fp, fn) => (2 * tp) / (2 * tp + fp + fn),
};
