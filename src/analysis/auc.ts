/**
 * The area under the ROC curve with its sampling error, by DeLong's method.
 */
import { checkScores } from "./classification.ts";
import { criticalValue, type Estimate, wilsonInterval } from "./interval.ts";

export interface AucEstimate extends Estimate {
  readonly standardError: number;
}

/**
 * AUC = P(score of a positive > score of a negative) + ½ P(equal), its DeLong standard error, and an interval.
 *
 * With V₁₀(i) the share of negatives that positive i outranks and V₀₁(j) the share of positives that outrank negative j,
 *
 *   AUC = mean V₁₀,   se² = var(V₁₀)/n₊ + var(V₀₁)/n₋
 *
 * The interval is symmetric in logit(AUC), se/(AUC (1 − AUC)) there, so that it stays inside (0, 1). An AUC of exactly 0 or 1
 * has no variance to estimate; it gets Wilson's interval for as many trials as the smaller class has rows.
 *
 * @param labels [n], 0 or 1
 * @param scores [n], larger for more probably 1
 * @returns null when one of the classes is missing
 * @throws ValidationError when lengths differ, a label is not 0 or 1, a score is not finite
 *
 * Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44; computed from midranks as in Sun & Xu 2014, IEEE SPL 21.
 */
export function aucInterval(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  level: number = 0.95,
): AucEstimate | null {
  checkScores(labels, scores);
  const z = criticalValue(level);
  const all = Array.from(scores);
  const positives = all.filter((_, i) => labels[i] === 1);
  const negatives = all.filter((_, i) => labels[i] === 0);
  const [p, n] = [positives.length, negatives.length];
  if (p === 0 || n === 0) return null;

  const amongAll = midranks([...positives, ...negatives]);
  const amongPositives = midranks(positives);
  const amongNegatives = midranks(negatives);
  const v10 = amongPositives.map((rank, i) => (amongAll[i]! - rank) / n);
  const v01 = amongNegatives.map((rank, j) => 1 - (amongAll[p + j]! - rank) / p);
  const value = mean(v10);
  const standardError = Math.sqrt(sampleVariance(v10) / p + sampleVariance(v01) / n);
  if (value === 0 || value === 1) {
    const trials = Math.min(p, n);
    return { value, standardError, ...wilsonInterval(value * trials, trials, level) };
  }
  const logit = Math.log(value / (1 - value));
  const half = (z * standardError) / (value * (1 - value));
  return { value, standardError, low: expit(logit - half), high: expit(logit + half) };
}

/** Ranks from 1, ties sharing the mean of theirs. [n] → [n] */
export function midranks(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(n);
  for (let from = 0; from < n; ) {
    let to = from + 1;
    while (to < n && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** With n − 1; 0 for a single value. */
function sampleVariance(values: Float64Array): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) * (value - centre), 0) / (values.length - 1);
}

function expit(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
