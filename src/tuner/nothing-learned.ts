/**
 * Whether a winner's scores are those of a model that learned nothing, as far as what was logged can tell. A search for recall
 * alone is won by calling everything positive, and a network that diverged early may still have the best of bad scores.
 */
import type { Objective } from "./objective.ts";

/** Scores that a model has which does not look at its input, by their plain names: at most so much is chance. */
const CHANCE: Readonly<Record<string, number>> = {
  auc: 0.52,
  rocauc: 0.52,
  balancedaccuracy: 0.52,
  mcc: 0.02,
  matthewscorrcoef: 0.02,
  r2: 0,
  r2score: 0,
};

/**
 * Why the scores look like chance, in words; null where they do not, or cannot tell.
 *
 * @param metrics what was logged at the epoch that counts; names with `val_` go before those without
 */
export function nothingLearned(metrics: Readonly<Record<string, number>>, objective: Objective): string | null {
  const scores = plainScores(metrics);
  for (const [name, most] of Object.entries(CHANCE)) {
    const score = scores.get(name);
    if (score !== undefined && score.value <= most) {
      return `its ${score.name} is ${brief(score.value)}, what a model has that does not look at its input`;
    }
  }
  const [recall, precision, accuracy] = ["recall", "precision", "accuracy"].map((name) => scores.get(name)?.value);
  if (recall === 0) return "it finds no positive row: its recall is 0";
  if (recall !== undefined && precision !== undefined && accuracy !== undefined) {
    const balanced = balancedAccuracy(recall, precision, accuracy);
    if (balanced <= CHANCE.balancedaccuracy!) {
      return `its recall of ${brief(recall)} at a precision of ${brief(precision)} is a balanced accuracy of ${brief(balanced)}, what a model has that calls rows positive at random, or all of them`;
    }
  }
  const searched = plain(objective.name);
  if (searched === "recall" && recall === 1 && precision === undefined) {
    return "a recall of 1 may be had by calling every row positive, and no precision is logged that could tell";
  }
  return null;
}

/**
 * The mean of the recalls r and s of both classes, from the recall r, the precision p and the accuracy a of a model that calls some
 * row positive; NaN where these leave the share of positives π open, as for a perfect model.
 *
 *   a = rπ + s(1 − π),   s(1 − π) = 1 − π − rπ(1/p − 1)   ⇒   π = (1 − a) / (1 − 2r + r/p)
 */
function balancedAccuracy(r: number, p: number, a: number): number {
  const positives = (1 - a) / (1 - 2 * r + r / p);
  return (r + 1 - (r * positives * (1 / p - 1)) / (1 - positives)) / 2;
}

function brief(value: number): number {
  return Number(value.toPrecision(3));
}

/** By the metric's plain name, those of validation data before others. */
function plainScores(metrics: Readonly<Record<string, number>>): Map<string, { name: string; value: number }> {
  const names = Object.keys(metrics).sort((a, b) => Number(a.startsWith("val_")) - Number(b.startsWith("val_")));
  return new Map(names.map((name) => [plain(name), { name, value: metrics[name]! }]));
}

/** "val_AUC_1" is "auc". */
function plain(name: string): string {
  const metric = name.replace(/^val_/, "").replace(/_\d+$/, "").replaceAll("_", "").toLowerCase();
  return metric === "acc" || metric === "binaryaccuracy" ? "accuracy" : metric;
}
