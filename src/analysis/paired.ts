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
  /** Whether p < 0.05 and the interval leaves out 0. */
  readonly isClear: boolean;
  /** A plain sentence for a report. */
  readonly verdict: string;
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
 * @param options  `names` of the methods and `metric` for the sentence; `direction` says which sign is good (default
 *                 "maximize"); `unit` is what one pair is, in the plural ("seeds"); `seed` of the bootstrap
 * @throws ValidationError when lengths differ, there is no pair or a result is not finite
 * @example comparePaired(recallBayes, recallGrid, { names: ["Bayesian optimisation", "grid search"], metric: "recall", unit: "seeds" })
 */
export function comparePaired(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: {
    readonly names: readonly [string, string];
    readonly metric: string;
    readonly unit?: string;
    readonly direction?: Direction;
    readonly seed?: number | string;
  },
): PairedComparison {
  if (a.length !== b.length || a.length === 0) {
    throw new ValidationError(
      `A paired comparison needs as many results of the one method as of the other, and at least one, but got ${a.length} and ${b.length}.`,
    );
  }
  const n = a.length;
  const differences = Float64Array.from(a, (value, i) => value - b[i]!);
  const test = signedRankTest(differences);
  const meanDifference = differences.reduce((sum, value) => sum + value, 0) / n;
  const interval = bootstrapInterval(n, (rows) => rows.reduce((sum, row) => sum + differences[row]!, 0) / n, {
    seed: options.seed ?? 0,
  })!;
  const isClear = test.pValue < 0.05 && (interval.low > 0 || interval.high < 0);
  return {
    n,
    meanDifference,
    medianDifference: median(Array.from(differences))!,
    interval,
    test,
    isClear,
    verdict: verdict({ ...options, n, meanDifference, interval, test, isClear }),
  };
}

function verdict(found: {
  readonly names: readonly [string, string];
  readonly metric: string;
  readonly unit?: string;
  readonly direction?: Direction;
  readonly n: number;
  readonly meanDifference: number;
  readonly interval: Interval;
  readonly test: SignedRank;
  readonly isClear: boolean;
}): string {
  const { names, metric, unit = "pairs", direction = "maximize", n, meanDifference, interval, test, isClear } = found;
  const first = direction === "maximize" ? meanDifference >= 0 : meanDifference <= 0;
  const [better, worse] = first ? names : [names[1], names[0]];
  const sign = direction === "maximize" ? 1 : -1;
  const gain = Math.abs(meanDifference);
  const ends = [interval.low, interval.high].map((end) => (first ? sign : -sign) * end).sort((x, y) => x - y);
  const numbers = `mean difference ${gain.toFixed(4)}, 95 % interval ${ends[0]!.toFixed(4)} to ${ends[1]!.toFixed(4)}, signed-rank p ${showP(test.pValue)}`;
  if (isClear) return `${better} is better than ${worse} in ${metric} over ${n} ${unit} (${numbers}).`;
  // Even with all signs alike, p cannot fall below 2/2ⁿ.
  if (n < 6)
    return `${n} ${unit} are too few to tell ${names[0]} from ${names[1]} in ${metric} (${numbers}); six is the least for p < 0.05.`;
  return `The difference in ${metric} between ${names[0]} and ${names[1]} is inside the noise of ${n} ${unit} (${numbers}).`;
}

function showP(p: number): string {
  return p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`;
}
