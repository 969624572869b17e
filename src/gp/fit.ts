/**
 * Chooses the kernel's parameters: the maximum of marginal likelihood times prior (MAP), by L-BFGS in their logarithms with
 * analytic gradients. A step costs one kernel matrix, one factorisation, one inverse and one pass over the pairs for all
 * length-scales together, O(n³ + n² d).
 *
 *   θ = (log l₁, …, log l_d, log s², log σ²)
 *   −log p(θ | y) = ½ yᵀα + Σ log Lᵢᵢ + Σⱼ ½ ((θⱼ − mⱼ)/wⱼ)² + const
 *   ∂/∂θⱼ = ½ tr(W ∂K/∂θⱼ) + (θⱼ − mⱼ)/wⱼ²,   W = K⁻¹ − α αᵀ
 *
 * Source: Rasmussen & Williams 2006, eq. 5.9.
 */
import { kernels } from "../math/kernels/index.ts";
import { minimizeLbfgsb } from "../math/lbfgsb.ts";
import { exp, log } from "../math/special.ts";
import type { KernelParameters } from "./kernel.ts";
import { defaultPrior, type LogNormal, type Prior } from "./prior.ts";
import { checkObservations, condition, type Gp, type Observations, residuals } from "./regression.ts";

export interface FitOptions {
  /** Default: `defaultPrior(d)`. */
  readonly prior?: Prior;
  /** The noise, where it is known and not to be fitted; at least 1e-6, squared unit of y. */
  readonly noiseVariance?: number;
  /** Where to begin; the best of several ends is taken. Default: the middle of the prior. */
  readonly starts?: readonly KernelParameters[];
  /** Steps of L-BFGS from each start. Default 25: a surrogate needs its length-scales to a few per cent. */
  readonly maxIterations?: number;
  /** The search ends where no element of the gradient is larger. Default 1e-2, in nats for a factor e. */
  readonly gradientTolerance?: number;
}

/** Less noise than this cannot be told from none, and keeps K well conditioned; squared unit of y. */
export const NOISE_LEAST = 1e-6;

const BOUNDS = {
  lengthScale: [log(5e-3), log(1e3)],
  signalVariance: [log(1e-3), log(1e3)],
  noiseVariance: [log(NOISE_LEAST), log(10)],
} as const;

/**
 * Fits a Gaussian process to data.
 *
 * @throws ValidationError when shapes do not agree or a number is not finite
 * @throws NumericalError when no factorisation succeeds
 * @example const gp = fit({ x, y: warp(losses, "half").y });
 */
export function fit(data: Observations, options: FitOptions = {}): Gp {
  const { d, nominal } = checkObservations(data);
  const prior = options.prior ?? defaultPrior(d);
  const priors = priorsOf(prior, nominal);
  const starts = options.starts?.length ? options.starts : [fromTheta(priors.map(({ mean }) => mean))];
  const objective = negativeLogPosterior(data, priors);
  let best: { readonly x: Float64Array; readonly value: number } | undefined;
  for (const start of starts) {
    const known = options.noiseVariance === undefined ? start : { ...start, noiseVariance: options.noiseVariance };
    const end = descend(objective, known, d, options);
    if (best === undefined || end.value < best.value) best = end;
  }
  return condition(data, fromTheta(best!.x));
}

export interface Fitted {
  readonly parameters: KernelParameters;
  /** −log p(θ | y) at them, up to a constant of the prior. */
  readonly value: number;
}

/** A few steps from known parameters, under the default prior: enough to compare data that differ little. */
export function refine(data: Observations, start: KernelParameters): Fitted {
  const { d, nominal } = checkObservations(data);
  const objective = negativeLogPosterior(data, priorsOf(defaultPrior(d), nominal));
  const { x, value } = descend(objective, start, d, { maxIterations: 5 });
  return { parameters: fromTheta(x), value };
}

function descend(
  objective: ReturnType<typeof negativeLogPosterior>,
  start: KernelParameters,
  d: number,
  { noiseVariance, maxIterations = 25, gradientTolerance = 1e-2 }: FitOptions,
) {
  const box = { lower: bounds(d, 0, noiseVariance), upper: bounds(d, 1, noiseVariance) };
  return minimizeLbfgsb(objective, toTheta(start), { ...box, maxIterations, gradientTolerance, maxStep: 2 });
}

/** The middle of a prior, for the coordinates that `nominal` describes. */
export function typicalParameters(prior: Prior, nominal: Uint8Array): KernelParameters {
  return fromTheta(priorsOf(prior, nominal).map(({ mean }) => mean));
}

/** The priors in the order of θ. */
function priorsOf(prior: Prior, nominal: Uint8Array): LogNormal[] {
  return [
    ...Array.from(nominal, (isNominal) => (isNominal ? prior.lengthScaleNominal : prior.lengthScale)),
    prior.signalVariance,
    prior.noiseVariance,
  ];
}

function toTheta({ lengthScales, signalVariance, noiseVariance }: KernelParameters): Float64Array {
  return Float64Array.from([...lengthScales, signalVariance, Math.max(noiseVariance, NOISE_LEAST)], log);
}

function fromTheta(theta: ArrayLike<number>): KernelParameters {
  const d = theta.length - 2;
  return {
    lengthScales: Float64Array.from({ length: d }, (_, j) => exp(theta[j]!)),
    signalVariance: exp(theta[d]!),
    noiseVariance: exp(theta[d + 1]!),
  };
}

function bounds(d: number, end: 0 | 1, noiseVariance?: number): Float64Array {
  const all = new Float64Array(d + 2).fill(BOUNDS.lengthScale[end]);
  all[d] = BOUNDS.signalVariance[end];
  all[d + 1] = noiseVariance === undefined ? BOUNDS.noiseVariance[end] : log(Math.max(noiseVariance, NOISE_LEAST));
  return all;
}

/** θ → −log p(θ | y), up to a constant, and its gradient; ∞ where K cannot be factored. */
export function negativeLogPosterior(
  data: Observations,
  priors: readonly LogNormal[],
): (theta: Float64Array, gradient: Float64Array) => number {
  const { n, d, nominal } = checkObservations(data);
  const { variance } = data;
  const y = residuals(data);
  const weights = new Float64Array(d);
  const diagonal = new Float64Array(n);
  const evaluate = kernels().likelihood({ x: data.x, n, d, nominal });
  return (theta, gradient) => {
    for (let j = 0; j < d; j++) weights[j] = exp(-2 * theta[j]!);
    const signalVariance = exp(theta[d]!);
    const noiseVariance = exp(theta[d + 1]!);
    for (let i = 0; i < n; i++) diagonal[i] = signalVariance + (noiseVariance + (variance?.[i] ?? 0));
    const at = evaluate({ weights, signalVariance }, diagonal, y);
    if (at === null) return Infinity;

    let value = 0;
    let fitOfData = 0;
    let noiseTrace = 0;
    let noiseTraceAll = 0;
    for (let i = 0; i < n; i++) {
      const alpha = at.alpha[i]!;
      value += log(at.factorDiagonal[i]!);
      fitOfData += y[i]! * alpha;
      const w = at.inverseDiagonal[i]! - alpha * alpha;
      noiseTrace += w;
      noiseTraceAll += w * (noiseVariance + (variance?.[i] ?? 0));
    }
    value += 0.5 * fitOfData;
    for (let j = 0; j < d; j++) gradient[j] = -2 * weights[j]! * at.contractions[j]!;
    // tr(W K) needs no pass: K⁻¹K has trace n, and αᵀKα = yᵀα.
    gradient[d] = 0.5 * (n - fitOfData - noiseTraceAll);
    gradient[d + 1] = 0.5 * noiseVariance * noiseTrace;
    for (let j = 0; j < d + 2; j++) {
      const { mean, deviation } = priors[j]!;
      const distance = (theta[j]! - mean) / deviation;
      value += 0.5 * distance * distance;
      gradient[j]! += distance / deviation;
    }
    return value;
  };
}
