/**
 * Learning rates that adapt: how much of the step that an update proposes is made, for the mean and for the covariance matrix
 * Σ = σ²C each. Where losses are noisy or have many minima, steps disagree from one generation to the next, and the rates fall
 * until their average has a constant ratio of signal to noise; where the steps agree, the rates stay at 1, which is CMA-ES as it is.
 *
 * Source: Nomura, Akimoto & Ono 2023, "CMA-ES with learning rate adaptation: can CMA-ES with default population size solve
 * multimodal and noisy problems?", arXiv:2304.03473, algorithm 1 and table 1.
 */
import { exp } from "../../math/special.ts";
import { type Distribution, logDeterminant, type Root } from "./distribution.ts";

/** The rates, and what has been seen of the steps that were proposed. */
export interface Rates {
  readonly mean: Rate;
  readonly sigma: Rate;
}

export interface Rate {
  /** η, in (0, 1]. */
  readonly eta: number;
  /** E, a moving average of the steps Δ in local coordinates: [n] of the mean; [n, n] of Σ, or [n] where it is a diagonal. */
  readonly average: Float64Array;
  /** V, a moving average of ‖Δ‖². */
  readonly square: number;
}

/** α, the ratio of signal to noise that is held; γ, by which a rate changes at most, as a share of itself. */
const RATIO = 1.4;
const HASTE = 0.1;
/** β, the share of the latest step in the moving averages. */
const SHARE_MEAN = 0.1;
const SHARE_SIGMA = 0.03;

/** The rates that a run begins with. */
export function firstRates({ mean, C }: Pick<Distribution, "mean" | "C">): Rates {
  return {
    mean: { eta: 1, average: new Float64Array(mean.length), square: 0 },
    sigma: { eta: 1, average: new Float64Array(C.length), square: 0 },
  };
}

/**
 * The distribution between `before` and `proposed`, by rates that have seen this step.
 *
 *   m ← m + η_m Δm,   Σ ← Σ + η_Σ ΔΣ,   σ = det(Σ)^(1/2n),   C = Σ/σ²,   then σ ← σ η_m/η′_m, the rates before and after
 *
 * The last keeps what a step of the mean is worth: the best step size is the larger, the lower the rate.
 *
 * @param root  of the C of `before`
 */
export function adapt(
  before: Distribution,
  root: Root,
  proposed: Distribution,
  rates: Rates,
): { readonly distribution: Distribution; readonly rates: Rates } {
  const next: Rates = {
    mean: adapted(rates.mean, localMean(before, root, proposed), SHARE_MEAN),
    sigma: adapted(rates.sigma, localSigma(before, root, proposed), SHARE_SIGMA),
  };
  const { eta } = next.sigma;
  const [old, wanted] = [before.sigma * before.sigma, proposed.sigma * proposed.sigma];
  const Sigma = before.C.map((c, i) => (1 - eta) * old * c + eta * wanted * proposed.C[i]!);
  const sigma = exp(logDeterminant(Sigma, before.mean.length) / (2 * before.mean.length));
  const distribution = {
    ...proposed,
    mean: before.mean.map((m, i) => m + next.mean.eta * (proposed.mean[i]! - m)),
    sigma: (sigma * rates.mean.eta) / next.mean.eta,
    C: Sigma.map((s) => s / (sigma * sigma)),
  };
  return { distribution, rates: next };
}

/**
 * A rate after a step Δ:
 *
 *   E ← (1 − β) E + β Δ,   V ← (1 − β) V + β ‖Δ‖²,   SNR = (‖E‖² − β/(2 − β) V)/(V − ‖E‖²)
 *   η ← min(1, η exp(min(γη, β) [SNR/(αη) − 1])),   [·] cut to [−1, 1]
 */
function adapted({ eta, average, square }: Rate, step: Float64Array, share: number): Rate {
  const E = average.map((e, i) => (1 - share) * e + share * step[i]!);
  const V = (1 - share) * square + share * squares(step);
  const signal = squares(E);
  // Without a step there is neither signal nor noise, and nothing to be learned from.
  const ratio = V > signal ? (signal - (share / (2 - share)) * V) / (V - signal) : 0;
  const change = Math.min(1, Math.max(-1, ratio / (RATIO * eta) - 1));
  return { eta: Math.min(1, eta * exp(Math.min(HASTE * eta, share) * change)), average: E, square: V };
}

/** Σ^(−½) Δm. */
function localMean({ mean, sigma }: Distribution, root: Root, proposed: Distribution): Float64Array {
  return root.whiten(mean.map((m, i) => (proposed.mean[i]! - m) / sigma));
}

/** Σ^(−½) ΔΣ Σ^(−½)/√2. */
function localSigma({ C, sigma, mean }: Distribution, root: Root, proposed: Distribution): Float64Array {
  const n = mean.length;
  const growth = (proposed.sigma * proposed.sigma) / (sigma * sigma);
  const step = C.map((c, i) => (growth * proposed.C[i]! - c) * Math.SQRT1_2);
  if (C.length === n) return root.whiten(root.whiten(step));
  // Rows and then columns: the matrix is symmetric.
  return whitenRows(transposed(whitenRows(step, n, root), n), n, root);
}

function whitenRows(matrix: Float64Array, n: number, root: Root): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out.set(root.whiten(matrix.subarray(i * n, (i + 1) * n)), i * n);
  return out;
}

function transposed(matrix: Float64Array, n: number): Float64Array {
  return matrix.map((_, i) => matrix[(i % n) * n + Math.floor(i / n)]!);
}

function squares(a: Float64Array): number {
  return a.reduce((sum, v) => sum + v * v, 0);
}
