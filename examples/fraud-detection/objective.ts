/**
 * What the search maximises. Besides the usual scores there are two that suit a fraud desk better than recall alone, which
 * is won by calling everything a fraud: the best recall among the thresholds that keep a given precision, and F2, which
 * counts recall twice as important as precision.
 */
import { accuracy, averagePrecision, f1, fBeta, recall, recallAtPrecision, rocAuc } from "assay/nn";
import { suggestion, UsageError } from "./usage-error.ts";

export interface Objective {
  /** As it is typed after --objective; also the name of the metric that networks log and folds are scored by. */
  readonly name: string;
  /** As it is printed. */
  readonly label: string;
  /** The precision that is kept, where the objective is a recall under that condition. */
  readonly leastPrecision: number | null;
  score(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number;
}

const SIMPLE: Readonly<Record<string, Pick<Objective, "label" | "score">>> = {
  recall: { label: "recall", score: (y, p) => recall(y, p) },
  f2: { label: "F2", score: (y, p) => fBeta(y, p, { beta: 2 }) },
  f1: { label: "F1", score: (y, p) => f1(y, p) },
  accuracy: { label: "accuracy", score: (y, p) => accuracy(y, p) },
  auc: { label: "ROC AUC", score: rocAuc },
  auprc: { label: "AUPRC", score: averagePrecision },
};

export const OBJECTIVES: readonly string[] = [...Object.keys(SIMPLE), "recall@precision>=0.7"];

/** @throws UsageError for a name that is none of them, or a precision outside (0, 1) */
export function parseObjective(name: string): Objective {
  const simple = Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : undefined;
  if (simple !== undefined) return { name, leastPrecision: null, ...simple };
  const typed = /^recall@precision>=(.*)$/.exec(name)?.[1];
  if (typed === undefined) {
    throw new UsageError(
      `--objective must be one of ${OBJECTIVES.join(", ")}, but got ${JSON.stringify(name)}.${suggestion(name, OBJECTIVES)}`,
    );
  }
  const leastPrecision = /^\d*\.?\d+$/.test(typed) ? Number(typed) : Number.NaN;
  if (!(leastPrecision > 0 && leastPrecision < 1)) {
    throw new UsageError(
      `The precision in --objective "recall@precision>=0.7" must be a number between 0 and 1, but got ${JSON.stringify(typed)}.`,
    );
  }
  return {
    name: `recall@precision>=${leastPrecision}`,
    label: `recall at precision ≥ ${leastPrecision}`,
    leastPrecision,
    score: (y, p) => recallAtPrecision(y, p, { precision: leastPrecision }),
  };
}

/**
 * The probability above which a row is called positive: 0.5, or, under a condition on precision, the lowest threshold that
 * meets it on the given rows. Choose it on validation rows; on test rows it would flatter.
 *
 * Halfway between two predictions, so that the rounding of neither decides. When no threshold meets the condition, 0.5
 * stands in, and `isMet` is false.
 */
export function decisionThreshold(
  { leastPrecision }: Objective,
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): { readonly threshold: number; readonly isMet: boolean } {
  if (leastPrecision === null) return { threshold: 0.5, isMet: true };
  const descending = Array.from(probabilities, (probability, row) => ({ probability, label: labels[row]! })).sort(
    (a, b) => b.probability - a.probability,
  );
  let positives = 0;
  let threshold: number | null = null;
  descending.forEach(({ probability, label }, index) => {
    positives += label;
    const next = descending[index + 1]?.probability ?? 0;
    if (next < probability && positives / (index + 1) >= leastPrecision) threshold = (probability + next) / 2;
  });
  return { threshold: threshold ?? 0.5, isMet: threshold !== null };
}
