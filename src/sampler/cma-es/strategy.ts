/**
 * The constants of CMA-ES: recombination weights and learning rates for a dimension and a number of ranked points.
 *
 * Source: Hansen 2016, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, table 1; for the separable variant, Ros & Hansen
 * 2008, "A simple modification in CMA-ES achieving linear time and space complexity".
 */
import { log } from "../../math/special.ts";

export interface Strategy {
  /** w, [λ]: the first μ = ⌊λ/2⌋ are positive and sum to 1, the others are not. */
  readonly weights: Float64Array;
  /** μ_eff, by how many points of equal weight the mean would be as well averaged. */
  readonly muEff: number;
  /** Of the rank-one and of the rank-μ update of C, and of its path. */
  readonly c1: number;
  readonly cMu: number;
  readonly cC: number;
  /** Of the path of the step size, and its damping. */
  readonly cSigma: number;
  readonly dSigma: number;
  /** E‖N(0, I)‖, approximately. */
  readonly chiN: number;
}

/** λ = 4 + ⌊3 log n⌋ (eq. 48). */
export function defaultPopulation(n: number): number {
  return 4 + Math.floor(3 * log(n));
}

/** Constants for `n` coordinates and `lambda` ranked points, at least 2. */
export function strategy(n: number, lambda: number, isSeparable: boolean): Strategy {
  const mu = Math.floor(lambda / 2);
  const raw = Float64Array.from({ length: lambda }, (_, i) => log((lambda + 1) / 2) - log(i + 1)); // eq. 49
  const muEff = effective(raw.subarray(0, mu));
  const muEffMinus = effective(raw.subarray(mu));
  // A diagonal has a third of (n + 2) times fewer numbers to learn for each rank, so it may learn faster by as much.
  const haste = isSeparable ? (n + 2) / 3 : 1;
  const c1 = (haste * 2) / ((n + 1.3) * (n + 1.3) + muEff); // eq. 57
  const cMu = Math.min(1 - c1 - 1e-8, (haste * 2 * (muEff - 2 + 1 / muEff)) / ((n + 2) * (n + 2) + muEff)); // eq. 58
  const alpha = Math.min(
    1 + c1 / cMu, // eq. 50
    1 + (2 * muEffMinus) / (muEff + 2), // eq. 51
    (1 - c1 - cMu) / (n * cMu), // eq. 52
  );
  let positive = 0;
  let negative = 0;
  for (const w of raw) {
    if (w > 0) positive += w;
    else negative -= w;
  }
  const cSigma = (muEff + 2) / (n + muEff + 5); // eq. 55
  return {
    weights: raw.map((w) => (w >= 0 ? w / positive : (alpha * w) / negative)), // eq. 53
    muEff,
    c1,
    cMu,
    cC: (4 + muEff / n) / (n + 4 + (2 * muEff) / n), // eq. 56
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma,
    chiN: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

/** (Σw)²/Σw². */
function effective(weights: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const w of weights) {
    sum += w;
    squares += w * w;
  }
  return squares === 0 ? 0 : (sum * sum) / squares;
}
