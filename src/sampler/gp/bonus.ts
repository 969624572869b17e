/**
 * What a user's belief adds to the logarithm of the acquisition function: w min(1, β/n)² log π(x).
 *
 * Hvarfner et al. 2022 (arXiv:2204.11051, eq. 6) add (β/n) log π, whatever the trials say. In five dimensions a belief that is narrow and wrong then outweighs
 * what the model promises for a hundred trials, so it is forgotten faster here; and it counts in full, w = 1, only as long as the trials do not speak against it:
 *
 *   w = 1 + 2 τ/σ_τ, cut to [0, 1],   τ of Kendall between −log π(xᵢ) and the losses.
 */
import type { Belief } from "../priors.ts";
import type { SpaceDomain } from "./domain.ts";
import type { Evidence } from "./evidence.ts";
import { kendall } from "./rank.ts";

/** β: the number of trials from which on a belief is forgotten. The paper's choice for a hundred. */
const TRIALS_BELIEVED = 10;

/** The first so many trials judge a belief: after them it weighs next to nothing, and every pair of them is compared. */
const JUDGES_MOST = 200;

/** The bonus of a row, [width]; its gradient in the coordinates is added to `gradient`, if given. */
export function bonusOf(
  { logDensityAt }: Belief,
  { coordinates, embedding, width }: SpaceDomain,
  { losses, observed }: Evidence,
): (row: Float64Array, gradient?: Float64Array) => number {
  const active = new Uint8Array(coordinates.length);
  const slope = new Float64Array(coordinates.length);
  const logDensity = (row: Float64Array, gradient?: Float64Array): number => {
    embedding.activity(row, active);
    return logDensityAt(row, active, gradient);
  };
  const judges = losses.subarray(0, JUDGES_MOST);
  const { tau, chance } = kendall(
    judges.map((_, i) => -logDensity(observed.rows.subarray(i * width, (i + 1) * width))),
    judges,
  );
  const trust = Math.min(1, Math.max(0, 1 + (2 * tau) / chance));
  const share = Math.min(1, TRIALS_BELIEVED / losses.length);
  const weight = trust * share * share;
  return (row, gradient) => {
    if (gradient === undefined) return weight * logDensity(row);
    slope.fill(0);
    const value = logDensity(row, slope);
    for (let j = 0; j < slope.length; j++) gradient[j]! += weight * slope[j]!;
    return weight * value;
  };
}
