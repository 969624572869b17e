/**
 * Whether one method is really better than another: paired results (the same seeds, folds or data sets under both), a test
 * that asks only for symmetric differences, an interval for their mean, and a sentence that says no more than they do.
 */
import { show, ValidationError } from "../errors.ts";
import { normalCdf } from "../math/normal.ts";
import { midranks } from "./auc.ts";
import type { Direction } from "./direction.ts";
import { bootstrapInterval, type Interval } from "./interval.ts";
import { median } from "./quantile.ts";

export interface SignedRank {
  /** Sum of the ranks of the positive differences. */
  readonly statistic: number;
  /** Two-sided. */
  readonly pValue: number;
  /** Differences that are not 0; the others say nothing and are left out. */
  readonly n: number;
  readonly method: "exact" | "normal";
}

export interface PairedComparison {
  readonly n: number;
  /** Of a − b. */
  readonly meanDifference: number;
  readonly medianDifference: number;
  /** 95 % bootstrap interval of the mean difference. */
  readonly interval: Interval;
  readonly test: SignedRank;
  /**
   * Matched-pairs rank-biserial correlation, (W₊ − W₋)/(W₊ + W₋) with the better way as plus: 1 where a is better in every pair
   * that differs, −1 where b is, 0 where none differs.
   */
  readonly rankBiserial: number;
  /** Share of the pairs in which a is better, ties as halves: an estimate of P(a better than b) in another pair. */
  readonly probabilityBetter: number;
  /** Whether p < 0.05 and the interval leaves out 0. */
  readonly isClear: boolean;
  /** A plain sentence for a report. */
  readonly verdict: string;
}

/** What the sentence of a paired comparison needs to be told in words. */
export interface PairedWords {
  /** Of the two methods. */
  readonly names: readonly [string, string];
  /** What was measured. */
  readonly metric: string;
  /** What one pair is, in the plural. Default "pairs". */
  readonly unit?: string;
  /** Which values are good. Default "maximize". */
  readonly direction?: Direction;
}

/** Up to so many differences the distribution is computed exactly. */
const EXACT_MOST = 25;

/**
 * Wilcoxon's signed-rank test of differences being symmetric about 0.
 *
 * Up to 25 differences p comes from the exact distribution of the rank sum over all 2ⁿ signs, with ties too, for tied ranks
 * are halves and so a count over doubled ranks is enough. Beyond, from the normal approximation with tie correction and
 * without continuity correction:
 *
 *   z = (W − n(n+1)/4) / √( n(n+1)(2n+1)/24 − Σ(t³ − t)/48 )
 *
 * Source: Wilcoxon 1945; Hollander & Wolfe 1999, § 3.1. SciPy's `wilcoxon` gives the same figures.
 */
export function signedRankTest(differences: ArrayLike<number>): SignedRank {
  const all = Array.from(differences);
  const at = all.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new ValidationError(`A difference must be a finite number, but differences[${at}] is ${show(all[at])}.`);
  const nonzero = all.filter((value) => value !== 0);
  const n = nonzero.length;
  const ranks = midranks(nonzero.map(Math.abs));
  const statistic = nonzero.reduce((sum, value, i) => sum + (value > 0 ? ranks[i]! : 0), 0);
  if (n === 0) return { statistic, pValue: 1, n, method: "exact" };
  return n <= EXACT_MOST
    ? { statistic, pValue: exactP(ranks, statistic), n, method: "exact" }
    : { statistic, pValue: normalP(ranks, statistic), n, method: "normal" };
}

function exactP(ranks: Float64Array, statistic: number): number {
  const doubled = Array.from(ranks, (rank) => Math.round(2 * rank));
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  // ways[s]: choices of signs whose positive ranks sum to s/2; at most 2²⁵, exact in a double.
  const ways = new Float64Array(total + 1);
  ways[0] = 1;
  for (const rank of doubled) for (let s = total; s >= rank; s--) ways[s]! += ways[s - rank]!;
  const w = Math.round(2 * statistic);
  const below = ways.subarray(0, w + 1).reduce((sum, count) => sum + count, 0);
  const above = ways.subarray(w).reduce((sum, count) => sum + count, 0);
  return Math.min(1, (2 * Math.min(below, above)) / 2 ** ranks.length);
}

function normalP(ranks: Float64Array, statistic: number): number {
  const n = ranks.length;
  const sizes = Map.groupBy(ranks, (rank) => rank);
  const ties = [...sizes.values()].reduce((sum, { length: t }) => sum + (t * t * t - t), 0);
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  const z = (statistic - (n * (n + 1)) / 4) / Math.sqrt(variance);
  return Math.min(1, 2 * normalCdf(-Math.abs(z)));
}

/**
 * Compares paired results of two methods.
 *
 * @param a, b     [n] each, n >= 1; a[i] and b[i] share what they can: the seed, the fold, the data
 * @param options  the words for the sentence, and the `seed` of the bootstrap, default 0
 * @throws ValidationError when lengths differ, there is no pair or a result is not finite
 *
 * Source of the effect size: Kerby 2014, The simple difference formula, eq. 4.
 * @example comparePaired(recallBayes, recallGrid, { names: ["Bayesian optimisation", "grid search"], metric: "recall", unit: "seeds" })
 */
export function comparePaired(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: PairedWords & { readonly seed?: number | string },
): PairedComparison {
  if (a.length !== b.length || a.length === 0) {
    throw new ValidationError(
      `A paired comparison needs as many results of the one method as of the other, and at least one, but got ${a.length} and ${b.length}.`,
    );
  }
  const n = a.length;
  const differences = Float64Array.from(a, (value, i) => value - b[i]!);
  const test = signedRankTest(differences);
  const interval = bootstrapInterval(n, (rows) => rows.reduce((sum, row) => sum + differences[row]!, 0) / n, {
    seed: options.seed ?? 0,
  })!;
  const sign = options.direction === "minimize" ? -1 : 1;
  const ranks = (test.n * (test.n + 1)) / 2;
  return judged(
    {
      n,
      meanDifference: differences.reduce((sum, value) => sum + value, 0) / n,
      medianDifference: median(Array.from(differences))!,
      interval,
      test,
      rankBiserial: test.n === 0 ? 0 : (sign * (2 * test.statistic - ranks)) / ranks,
      probabilityBetter: differences.reduce((sum, value) => sum + (1 + Math.sign(sign * value)) / 2, 0) / n,
    },
    test.pValue,
    1,
    options,
  );
}

/**
 * Adds what can be said.
 *
 * @param pValue of the test, corrected for how many there are
 * @param tests  how many
 */
export function judged(
  figures: Omit<PairedComparison, "isClear" | "verdict">,
  pValue: number,
  tests: number,
  { names, metric, unit = "pairs", direction = "maximize" }: PairedWords,
): PairedComparison {
  const { n, meanDifference, interval } = figures;
  const isClear = pValue < LEVEL && (interval.low > 0 || interval.high < 0);
  const width = interval.high - interval.low;
  // Differences that are all alike still scatter by their rounding.
  const show = signedNumbers(Math.max(width, width > 1e-9 * Math.abs(meanDifference) ? 0 : Math.abs(meanDifference)));
  const ends = (low: number, high: number) => `95 % interval ${show(low)} … ${show(high)}`;
  const p = `${tests > 1 ? "Holm-adjusted " : ""}p ${pValue < 0.001 ? "< 0.001" : `= ${pValue.toFixed(3)}`}`;
  const said = `${show(meanDifference)} ${metric} for ${names[0]}, ${ends(interval.low, interval.high)}, ${p}`;
  // With all signs alike p is 2/2ⁿ, so with fewer pairs nothing can be shown.
  const least = Math.ceil(Math.log2((2 * tests) / LEVEL));
  if (isClear) {
    const isFirst = direction === "maximize" ? meanDifference > 0 : meanDifference < 0;
    const numbers = isFirst
      ? `${show(meanDifference)} ${metric}, ${ends(interval.low, interval.high)}`
      : `${show(-meanDifference)} ${metric}, ${ends(-interval.high, -interval.low)}`;
    const [better, worse] = isFirst ? names : [names[1], names[0]];
    return { ...figures, isClear, verdict: `${better} is better than ${worse}: ${n} ${unit}, ${numbers}, ${p}.` };
  }
  const verdict =
    n < least
      ? `${n} ${unit} are too few to tell ${names[0]} from ${names[1]}: ${said}; ${least} is the least for p < ${LEVEL}.`
      : `No difference between ${names[0]} and ${names[1]} was shown: ${n} ${unit}, ${said}.`;
  return { ...figures, isClear, verdict };
}

/** The level of the test. */
const LEVEL = 0.05;

/** Prints numbers with their sign, to two digits of a spread as wide as this. */
function signedNumbers(width: number): (value: number) => string {
  const decimals = width > 0 ? Math.min(12, Math.max(0, 1 - Math.floor(Math.log10(width)))) : 3;
  return (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(decimals)}`;
}
