/**
 * Winners that learned nothing. A metric that looks at one class only is won by predicting that class always: recall by
 * calling everything positive, accuracy on rare positives by calling nothing so.
 */
export interface Degeneracy {
  readonly kind: "all-positive" | "all-negative" | "chance";
  /** One sentence with the numbers. */
  readonly reason: string;
}

/** What to judge a classifier by at its threshold. */
export interface Rates {
  readonly recall: number;
  /** Null, or 0, where nothing was predicted positive. */
  readonly precision: number | null;
  /** Share of positives among the rows, in (0, 1). */
  readonly baseRate: number;
}

/** Recall − false positive rate (Youden's J) at or below this is little better than a coin with the same bias. */
const INFORMEDNESS_LEAST = 0.2;

/** The same for a classifier that misses hardly a positive: it should not call more than half of the negatives positive too. */
const INFORMEDNESS_LEAST_AT_HIGH_RECALL = 1 / 3;

/**
 * What is wrong with a classifier at its threshold, or null. With J = recall − FPR, which follows from the three rates:
 *
 * - `all-positive`: recall >= 0.9 and J <= 1/3: precision is near the base rate, rare positives or not.
 * - `all-negative`: recall <= 0.1 and J <= 0.2: it hardly ever says positive.
 * - `chance`: between those, J <= 0.05.
 *
 * @returns null also where only one class is there, for then nothing can be said
 */
export function degeneracy({ recall, precision, baseRate }: Rates): Degeneracy | null {
  if (!(baseRate > 0 && baseRate < 1) || !Number.isFinite(recall)) return null;
  const called = precision === null || precision === 0 ? 0 : (recall * baseRate) / precision;
  const falsePositiveRate = (called - recall * baseRate) / (1 - baseRate);
  const informedness = recall - falsePositiveRate;
  const rates = `recall ${recall.toFixed(2)}, precision ${precision === null ? "undefined" : precision.toFixed(2)}, base rate ${baseRate.toFixed(2)}`;
  if (recall >= 0.9 && informedness <= INFORMEDNESS_LEAST_AT_HIGH_RECALL) {
    return {
      kind: "all-positive",
      reason: `It calls ${Math.round(100 * called)} % of all rows positive (${rates}), which wins recall without telling the classes apart.`,
    };
  }
  if (recall <= 0.1 && informedness <= INFORMEDNESS_LEAST)
    return { kind: "all-negative", reason: `It hardly ever says positive (${rates}), so it misses nearly every one.` };
  if (informedness <= 0.05)
    return { kind: "chance", reason: `It tells the classes apart no better than chance (${rates}).` };
  return null;
}
