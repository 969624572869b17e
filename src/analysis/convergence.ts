/**
 * How fast a search found what it found: the best value so far against what it had cost, and, for a search whose order is
 * arbitrary, the same over all the orders it could have had.
 */
import { type Direction, isBetter } from "./direction.ts";
import { countedValue, type Evaluation, hasEnded } from "./evaluation.ts";

export interface ConvergencePoint {
  /** 1, 2, 3, … among the evaluations that have ended. */
  readonly evaluation: number;
  /** Trainings paid for up to and including this one. */
  readonly trainings: number;
  /** Null for an evaluation that failed or was pruned. */
  readonly value: number | null;
  /** Best value so far; null as long as nothing succeeded. */
  readonly best: number | null;
}

/**
 * Best value so far after each evaluation that has ended, in the order given. Failed and pruned ones cost their share and
 * give no value.
 *
 * @param options `trainings` is what one evaluation costs (under k-fold cross-validation, k); default 1
 * @example convergence(await study.trials(), { direction: "maximize", trainings: 3 })
 */
export function convergence(
  evaluations: readonly Evaluation[],
  options: { readonly direction: Direction; readonly trainings?: number },
): ConvergencePoint[] {
  const { direction, trainings = 1 } = options;
  let best: number | null = null;
  return evaluations.filter(hasEnded).map((evaluation, i) => {
    const value = countedValue(evaluation);
    if (value !== null && (best === null || isBetter(value, best, direction))) best = value;
    return { evaluation: i + 1, trainings: (i + 1) * trainings, value, best };
  });
}

export interface OrderBandPoint {
  readonly evaluation: number;
  readonly trainings: number;
  /** 5 % quantile of the best value so far: the worse end when maximising. Null where that order has found nothing yet. */
  readonly low: number | null;
  readonly median: number | null;
  /** 95 % quantile. */
  readonly high: number | null;
}

/**
 * The distribution of the best value so far over all orders in which the same evaluations could have been made.
 *
 * A grid has no natural order: its curve depends on which corner it happens to begin in. With the losses sorted so that
 * ℓ₁ ≤ … ≤ ℓ_N, the best of the first k in a random order exceeds ℓ_i exactly when all k come from the N − i worse ones:
 *
 *   P(best of k > ℓ_i) = C(N − i, k) / C(N, k)
 *
 * so every quantile is an order statistic, found without simulation. Failures rank behind every value.
 *
 * @param options `trainings` as in `convergence`; `coverage` of the band, default 0.9 (from 5 % to 95 %)
 * @returns one point for each k = 1 … N
 */
export function orderBand(
  evaluations: readonly Evaluation[],
  options: { readonly direction: Direction; readonly trainings?: number; readonly coverage?: number },
): OrderBandPoint[] {
  const { direction, trainings = 1, coverage = 0.9 } = options;
  const ended = evaluations.filter(hasEnded);
  const n = ended.length;
  const values = ended.map(countedValue).filter((value) => value !== null);
  values.sort((a, b) => (direction === "minimize" ? a - b : b - a));

  const tail = (1 - coverage) / 2;
  // beyond[i] = P(best of k is worse than the i-th best), for i = 1 … N; updated from k − 1 to k by one factor.
  const beyond = new Float64Array(n + 1).fill(1);
  const points: OrderBandPoint[] = [];
  for (let k = 1; k <= n; k++) {
    for (let i = 1; i <= n; i++) beyond[i]! *= Math.max(0, (n - i - k + 1) / (n - k + 1));
    // The rank that the best of k reaches with probability at least p; a rounding must not move it by one.
    const reached = (p: number): number | null => {
      let i = 1;
      while (i < n && 1 - beyond[i]! < p - 1e-12) i++;
      return values[i - 1] ?? null;
    };
    const lucky = reached(tail);
    const unlucky = reached(1 - tail);
    const [low, high] = direction === "minimize" ? [lucky, unlucky] : [unlucky, lucky];
    points.push({ evaluation: k, trainings: k * trainings, low, median: reached(0.5), high });
  }
  return points;
}
