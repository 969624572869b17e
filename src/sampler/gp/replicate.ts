/**
 * When to measure again. Under noise the best of what was tried is known by one lucky or unlucky number each, and a search that only tries what is
 * new ends with many good configurations and no way to tell them apart. So what a measurement is worth is asked of the new configuration and of the
 * best that were tried, alike: by how much the lowest posterior mean is expected to fall.
 *
 *   v(i) = min_j μⱼ − E_z[min_j (μⱼ + z cᵢⱼ/√(sᵢ² + σ²))],   z ~ N(0, 1)
 *
 * with the posterior covariances cᵢⱼ between what is measured and what may be recommended.
 *
 * Source: Frazier, Powell & Dayanik 2009, "The knowledge-gradient policy for correlated normal beliefs", eq. 13; its expectation by quantiles here.
 */
import { append, type Gp, posterior } from "../../gp/regression.ts";
import { normalQuantile } from "../../math/normal.ts";
import { keyOf } from "./evidence.ts";
import { isNoisy, type Surrogate } from "./surrogate.ts";

/** Tried configurations that may be measured again, and that may come out best. */
const CANDIDATES = 3;
const RIVALS = 20;
/** Before so many observations a new configuration tells more. */
const OBSERVED_LEAST = 50;
/** Before so many repetitions a model cannot tell noise from a rough function, and no measurement seems worth repeating. */
const REPEATED_LEAST = 3;
/** Quantiles of z. */
const QUANTILES = 32;
const Z = Float64Array.from({ length: QUANTILES }, (_, k) => normalQuantile((k + 0.5) / QUANTILES));

/**
 * The tried configuration, by its place among the observed, that is worth measuring again more than the new one is worth trying; undefined where none is.
 *
 * @param row [width] of the new configuration
 */
export function replication({ evidence, loss }: Surrogate, row: Float64Array): number | undefined {
  const { observed, pending, losses } = evidence;
  if (losses.length < OBSERVED_LEAST) return undefined;
  const means = posterior(loss, observed.rows).mean;
  const times = countRows(observed.rows, loss.d);
  const running = countRows(pending.rows, loss.d);
  const seen = new Set<string>();
  const rivals = [...means.keys()]
    .sort((a, b) => means[a]! - means[b]! || a - b)
    .filter((i) => {
      const key = keyOf(observed.rows, loss.d, i);
      return seen.size < RIVALS && !seen.has(key) && seen.add(key);
    });
  const again = rivals.slice(0, CANDIDATES).filter((i) => !running.has(keyOf(observed.rows, loss.d, i)));
  if (losses.length - times.size < REPEATED_LEAST) {
    const once = again.find((i) => times.get(keyOf(observed.rows, loss.d, i)) === 1);
    if (once !== undefined) return once;
  }
  if (!isNoisy(loss)) return undefined;
  const rowAt = (i: number): Float64Array => observed.rows.slice(i * loss.d, (i + 1) * loss.d);
  const options = new Float64Array((rivals.length + 1) * loss.d);
  for (const [at, i] of rivals.entries()) options.set(rowAt(i), at * loss.d);
  options.set(row, rivals.length * loss.d);
  let best: number | undefined;
  let most = worth(loss, options, row);
  for (const i of again) {
    const value = worth(loss, options, rowAt(i));
    if (value > most) [best, most] = [i, value];
  }
  return best;
}

/** v of one measurement more at `row`, for what may be recommended, [m, width]. */
function worth(loss: Gp, options: Float64Array, row: Float64Array): number {
  const before = posterior(loss, options).mean;
  const { mean, sigma } = posterior(loss, row);
  const step = Math.sqrt(sigma[0]! * sigma[0]! + loss.parameters.noiseVariance);
  // Means are linear in what is measured: their change with z = 1 is all that is needed.
  const after = posterior(append(loss, row, mean[0]! + step), options).mean;
  const least = (z: number): number => before.reduce((a, b, j) => Math.min(a, b + z * (after[j]! - b)), Infinity);
  return least(0) - Z.reduce((sum, z) => sum + least(z) / QUANTILES, 0);
}

/** How often each row is there, by `keyOf`. */
function countRows(rows: Float64Array, width: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < rows.length / width; i++) {
    const key = keyOf(rows, width, i);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
