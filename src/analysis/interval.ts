/**
 * Confidence intervals for what a classifier scores on a test set of finite size.
 */
import { show, ValidationError } from "../errors.ts";
import { normalQuantile } from "../math/normal.ts";
import { createRng } from "../math/rng.ts";
import { quantile } from "./quantile.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** An estimate with its confidence interval. */
export interface Estimate extends Interval {
  readonly value: number;
}

/**
 * Wilson's score interval for a proportion: the p that a two-sided score test at the level does not reject.
 *
 *   ( p̂ + z²/2n ± z √(p̂(1 − p̂)/n + z²/4n²) ) / (1 + z²/n)
 *
 * It stays inside [0, 1] and keeps its level for small n and for proportions near the ends, where p̂ ± 1.96 se does not.
 *
 * @param successes integer in [0, trials]
 * @param level     coverage, default 0.95
 * @returns [0, 1] of no trials
 * @throws ValidationError for counts that are none
 *
 * Source: Wilson 1927, JASA 22, 209–212.
 */
export function wilsonInterval(successes: number, trials: number, level: number = 0.95): Interval {
  if (!Number.isInteger(successes) || !Number.isInteger(trials) || successes < 0 || successes > trials) {
    throw new ValidationError(
      `\`0 <= successes <= trials\` must hold for whole numbers, but got successes=${show(successes)}, trials=${show(trials)}.`,
    );
  }
  const z = criticalValue(level);
  if (trials === 0) return { low: 0, high: 1 };
  const p = successes / trials;
  const scale = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
}

export interface BootstrapOptions {
  /** Default 2000. */
  readonly resamples?: number;
  /** Default 0. */
  readonly seed?: number | string;
  /** Default 0.95. */
  readonly level?: number;
}

/**
 * Percentile bootstrap interval: a statistic over rows drawn with replacement, many times, seeded.
 *
 * @param n         rows
 * @param statistic of the rows with these indices, [n]; resamples where it is not finite (no positive among them, say) are left out
 * @returns null when no resample gives a finite statistic
 * @throws ValidationError without rows
 *
 * Source: Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 13.
 * @example bootstrapInterval(values.length, (rows) => mean(rows, values), { seed: 7 })
 */
export function bootstrapInterval(
  n: number,
  statistic: (rows: Uint32Array) => number,
  options: BootstrapOptions = {},
): Interval | null {
  const { resamples = 2000, seed = 0, level = 0.95 } = options;
  if (!Number.isInteger(n) || n < 1)
    throw new ValidationError(`A bootstrap needs at least one row to draw from, but got n=${show(n)}.`);
  if (!Number.isInteger(resamples) || resamples < 1)
    throw new ValidationError(`\`resamples >= 1\` must hold for a bootstrap, but got resamples=${show(resamples)}.`);
  checkLevel(level);
  const rng = createRng(seed);
  const rows = new Uint32Array(n);
  const statistics = Array.from({ length: resamples }, () => {
    for (let i = 0; i < n; i++) rows[i] = rng.int(n);
    return statistic(rows);
  });
  const sorted = Float64Array.from(statistics.filter(Number.isFinite)).sort();
  if (sorted.length === 0) return null;
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}

/** z with P(|Z| <= z) = level. */
export function criticalValue(level: number): number {
  checkLevel(level);
  return normalQuantile((1 + level) / 2);
}

function checkLevel(level: number): void {
  if (!(level > 0 && level < 1))
    throw new ValidationError(
      `\`0 < level < 1\` must hold for the level of an interval, but got level=${show(level)}.`,
    );
}
