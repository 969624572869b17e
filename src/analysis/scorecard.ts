/**
 * What a classifier is worth on a test set, each number with its 95 % interval.
 */
import { aucInterval } from "./auc.ts";
import { type Confusion, confusion } from "./classification.ts";
import { type Degeneracy, degeneracy } from "./degeneracy.ts";
import { bootstrapInterval, type Estimate, wilsonInterval } from "./interval.ts";

/** The order in which metrics are shown. */
export const METRICS = ["accuracy", "precision", "recall", "auc", "f1"] as const;

export type Metric = (typeof METRICS)[number];

export interface Scorecard {
  /** Rows of the test set. */
  readonly n: number;
  /** Share of positives among them. */
  readonly baseRate: number;
  readonly threshold: number;
  readonly confusion: Confusion;
  /** Null where the metric is not defined: AUC with one class, precision with nothing predicted positive, recall without positives. */
  readonly metrics: Readonly<Record<Metric, Estimate | null>>;
  readonly degeneracy: Degeneracy | null;
}

/**
 * Accuracy, precision and recall with Wilson's intervals, AUC with DeLong's, F1 with a seeded bootstrap of the rows.
 *
 * The intervals tell of the sampling of the test set alone; another training of the same network moves the figures as well.
 * That of precision takes the number of predicted positives as given.
 *
 * @param labels  [n], 0 or 1
 * @param scores  [n], probabilities of 1
 * @param options `threshold` default 0.5; `seed` of the bootstrap, default 0
 * @throws ValidationError when lengths differ, a label is not 0 or 1, a score is not finite
 */
export function scorecard(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  options: { readonly threshold?: number; readonly seed?: number | string } = {},
): Scorecard {
  const { threshold = 0.5, seed = 0 } = options;
  const counts = confusion(labels, scores, threshold);
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = counts;
  const n = labels.length;
  const positives = truePositives + falseNegatives;
  const baseRate = n === 0 ? 0 : positives / n;
  const precision = proportion(truePositives, truePositives + falsePositives);
  const recall = proportion(truePositives, positives);
  return {
    n,
    baseRate,
    threshold,
    confusion: counts,
    metrics: {
      accuracy: proportion(truePositives + trueNegatives, n),
      precision,
      recall,
      auc: aucInterval(labels, scores),
      f1: f1Estimate(counts, seed),
    },
    degeneracy: recall && degeneracy({ recall: recall.value, precision: precision?.value ?? null, baseRate }),
  };
}

/** 2 TP / (2 TP + FP + FN), NaN without positives of either sort. */
export function f1Of({ truePositives, falsePositives, falseNegatives }: Confusion): number {
  return (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives);
}

function proportion(successes: number, trials: number): Estimate | null {
  return trials === 0 ? null : { value: successes / trials, ...wilsonInterval(successes, trials) };
}

function f1Estimate(counts: Confusion, seed: number | string): Estimate | null {
  const value = f1Of(counts);
  if (!Number.isFinite(value)) return null;
  // Only the cell of a row matters, so rows are drawn as cells.
  const cells = Uint8Array.from([
    ...Array<number>(counts.truePositives).fill(0),
    ...Array<number>(counts.falsePositives).fill(1),
    ...Array<number>(counts.falseNegatives).fill(2),
    ...Array<number>(counts.trueNegatives).fill(3),
  ]);
  const drawn = new Uint32Array(4);
  const interval = bootstrapInterval(
    cells.length,
    (rows) => {
      drawn.fill(0);
      for (const row of rows) drawn[cells[row]!]!++;
      const [truePositives, falsePositives, falseNegatives] = drawn;
      return (2 * truePositives!) / (2 * truePositives! + falsePositives! + falseNegatives!);
    },
    { seed },
  );
  return interval && { value, ...interval };
}
