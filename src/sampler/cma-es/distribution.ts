/**
 * The search distribution of CMA-ES, N(m, σ²C), and the update that moves it towards the better half of a ranked population and
 * away from the worse. For the separable variant C is a diagonal, kept as a vector.
 *
 * Source: Hansen 2016, "The CMA evolution strategy: a tutorial", arXiv:1604.00772, figure 6.
 */
import { tryCholesky } from "../../math/cholesky.ts";
import { eigen } from "../../math/eigen.ts";
import type { Rng } from "../../math/rng.ts";
import { exp, log, pow } from "../../math/special.ts";
import type { Strategy } from "./strategy.ts";

export interface Distribution {
  /** Updates so far. */
  readonly generation: number;
  /** m, [n]. */
  readonly mean: Float64Array;
  /** σ. */
  readonly sigma: number;
  /** C, [n, n] and symmetric; [n] for the separable variant. */
  readonly C: Float64Array;
  /** The paths p_σ and p_c, [n]. */
  readonly pSigma: Float64Array;
  readonly pC: Float64Array;
}

/** C^½ and C^(−½), and the scales D along the principal axes. */
export interface Root {
  /** B D z, which is N(0, C) for a standard normal z, [n]. */
  shape(z: Float64Array): Float64Array;
  /** C^(−½) y, [n]. */
  whiten(y: Float64Array): Float64Array;
  /** D, [n], in no order. */
  readonly scales: Float64Array;
}

/** What a scale is where rounding has made an eigenvalue negative. */
const SCALE_LEAST = 1e-8;
/** Added to ‖C^(−½) y‖², which is 0 for a point at the mean; the `cmaes` package adds as much. */
const SQUARE_LEAST = 1e-8;

/** N(m, σ²I). */
export function isotropic(mean: Float64Array, sigma: number, isSeparable: boolean): Distribution {
  const n = mean.length;
  const C = isSeparable ? new Float64Array(n).fill(1) : new Float64Array(n * n);
  if (!isSeparable) for (let i = 0; i < n; i++) C[i * n + i] = 1;
  return { generation: 0, mean, sigma, C, pSigma: new Float64Array(n), pC: new Float64Array(n) };
}

/** The variances C_ii, [n]. */
export function variances({ C, mean }: Pick<Distribution, "C" | "mean">): Float64Array {
  const n = mean.length;
  return C.length === n ? C : Float64Array.from({ length: n }, (_, i) => C[i * n + i]!);
}

/** log det of a matrix [n, n], or of a diagonal [n]; NaN where it is not positive definite. */
export function logDeterminant(matrix: Float64Array, n: number): number {
  if (matrix.length === n) return matrix.reduce((sum, s) => sum + log(s), 0);
  const L = new Float64Array(n * n);
  if (!tryCholesky(matrix, n, L)) return Number.NaN;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += 2 * log(L[i * n + i]!);
  return sum;
}

/** The roots of C. */
export function rootOf({ C, mean }: Pick<Distribution, "C" | "mean">): Root {
  const n = mean.length;
  const scaleOf = (value: number): number => (value > 0 ? Math.sqrt(value) : SCALE_LEAST);
  if (C.length === n) {
    const scales = C.map(scaleOf);
    return { scales, shape: (z) => z.map((v, i) => v * scales[i]!), whiten: (y) => y.map((v, i) => v / scales[i]!) };
  }
  const { values, vectors } = eigen(C, n);
  const scales = values.map(scaleOf);
  /** Σ_k b_k v_k, over the eigenvectors b_k. */
  const combine = (v: Float64Array): Float64Array => {
    const out = new Float64Array(n);
    for (let k = 0; k < n; k++) for (let i = 0; i < n; i++) out[i]! += v[k]! * vectors[k * n + i]!;
    return out;
  };
  const project = (y: Float64Array): Float64Array =>
    Float64Array.from({ length: n }, (_, k) => dot(vectors.subarray(k * n, (k + 1) * n), y));
  return {
    scales,
    shape: (z) => combine(z.map((v, k) => v * scales[k]!)),
    whiten: (y) => combine(project(y).map((v, k) => v / scales[k]!)),
  };
}

/** A draw from N(m, σ²C), [n]. */
export function draw({ mean, sigma }: Distribution, root: Root, rng: Rng): Float64Array {
  const y = root.shape(Float64Array.from(mean, () => rng.normal()));
  return mean.map((m, i) => m + sigma * y[i]!);
}

/**
 * The distribution after a population, best first, with as many points as `strategy` has weights (eq. 38 to 47).
 *
 *   y_k = (x_k − m)/σ,   y_w = Σ_{k ≤ μ} w_k y_k,   m ← m + σ y_w
 *   p_σ ← (1 − c_σ) p_σ + √(c_σ (2 − c_σ) μ_eff) C^(−½) y_w,   σ ← σ exp(c_σ/d_σ (‖p_σ‖/E‖N(0, I)‖ − 1))
 *   p_c ← (1 − c_c) p_c + h_σ √(c_c (2 − c_c) μ_eff) y_w
 *   C ← (1 + c₁ δ(h_σ) − c₁ − c_μ Σ w) C + c₁ p_c p_cᵀ + c_μ Σ w°_k y_k y_kᵀ
 *
 * w°_k is w_k n/‖C^(−½) y_k‖² where w_k is negative, so that C stays positive definite.
 *
 * @param isForeign  marks points that were not drawn from the distribution; theirs is a step y of at most the length a draw has, so
 *   that they cannot tear it apart (Hansen 2011, arXiv:1110.4181, eq. 3)
 */
export function update(
  distribution: Distribution,
  root: Root,
  population: readonly Float64Array[],
  strategy: Strategy,
  isForeign: readonly boolean[] = [],
): Distribution {
  const { mean, sigma } = distribution;
  const { weights, muEff, cSigma, dSigma, cC, chiN } = strategy;
  const n = mean.length;
  const generation = distribution.generation + 1;
  const lengthMost = Math.sqrt(n) + (2 * n) / (n + 2);
  const whiteLengths = new Float64Array(population.length);
  const steps = population.map((x, k) => {
    const y = mean.map((m, i) => (x[i]! - m) / sigma);
    const length = Math.sqrt(squares(root.whiten(y)));
    const cut = isForeign[k] === true && length > lengthMost ? lengthMost / length : 1;
    whiteLengths[k] = cut * length;
    return cut === 1 ? y : y.map((v) => cut * v);
  });
  const yw = new Float64Array(n);
  for (const [k, y] of steps.entries()) {
    if (weights[k]! > 0) for (let i = 0; i < n; i++) yw[i]! += weights[k]! * y[i]!;
  }
  const white = root.whiten(yw);
  const gain = Math.sqrt(cSigma * (2 - cSigma) * muEff);
  const pSigma = distribution.pSigma.map((p, i) => (1 - cSigma) * p + gain * white[i]!);
  const length = Math.sqrt(squares(pSigma));
  // Where the step size is about to grow fast, the path of C is stalled, lest C grow instead.
  const expected = Math.sqrt(1 - pow(1 - cSigma, 2 * (generation + 1))) * chiN;
  const h = length < (1.4 + 2 / (n + 1)) * expected ? 1 : 0;
  const gainC = h * Math.sqrt(cC * (2 - cC) * muEff);
  const pC = distribution.pC.map((p, i) => (1 - cC) * p + gainC * yw[i]!);
  const effective = weights.map((w, k) =>
    w >= 0 ? w : (w * n) / (whiteLengths[k]! * whiteLengths[k]! + SQUARE_LEAST),
  );
  return {
    generation,
    mean: mean.map((m, i) => m + sigma * yw[i]!),
    sigma: sigma * exp((cSigma / dSigma) * (length / chiN - 1)),
    C: updateC(distribution.C, n, pC, steps, effective, strategy, (1 - h) * cC * (2 - cC)),
    pSigma,
    pC,
  };
}

/** Eq. 47, for a matrix or for its diagonal. */
function updateC(
  C: Float64Array,
  n: number,
  pC: Float64Array,
  steps: readonly Float64Array[],
  effective: Float64Array,
  { c1, cMu, weights }: Strategy,
  delta: number,
): Float64Array {
  const isDiagonal = C.length === n;
  const kept = 1 + c1 * delta - c1 - cMu * weights.reduce((sum, w) => sum + w, 0);
  const next = new Float64Array(C.length);
  for (let i = 0; i < n; i++) {
    for (let j = isDiagonal ? i : 0; j <= i; j++) {
      let rank = 0;
      for (let k = 0; k < steps.length; k++) rank += effective[k]! * steps[k]![i]! * steps[k]![j]!;
      const at = isDiagonal ? i : i * n + j;
      next[at] = kept * C[at]! + c1 * pC[i]! * pC[j]! + cMu * rank;
      if (!isDiagonal) next[j * n + i] = next[at]!;
    }
  }
  return next;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function squares(a: Float64Array): number {
  return dot(a, a);
}
