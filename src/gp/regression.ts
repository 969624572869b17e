/**
 * Exact Gaussian process regression with known kernel parameters: data are taken in once, O(n³), and then the posterior is
 * asked for at any number of points, with gradients, O(n²) a point.
 *
 *   K = k(X, X) + diag(σ² + vᵢ) = L Lᵀ,   α = K⁻¹ y
 *   μ(x) = k(x, X) α,   s²(x) = k(x, x) − |L⁻¹ k(X, x)|²
 *
 * The posterior is that of the function, without the noise of an observation. The prior mean is 0; or a trend m, and then the process is
 * that of the residuals: α = K⁻¹ (y − m(X)), and m(x) is added to μ(x).
 *
 * Source: Rasmussen & Williams 2006, algorithm 2.1.
 */
import { show, ValidationError } from "../errors.ts";
import { appendRow, appendRows, climbJitterLadder, solveCholesky } from "../math/cholesky.ts";
import type { Process } from "../math/kernels/engine.ts";
import { kernels } from "../math/kernels/index.ts";
import { log } from "../math/special.ts";
import { crossCovariance, inverseSquares, type KernelParameters } from "./kernel.ts";

/** A prior mean that is not 0. */
export interface Trend {
  /** m at count points, [count, d] → [count], in units of y. */
  values(x: Float64Array): Float64Array;
  /** ∂m/∂x at one point, [d] → [d]; 0 for nominal coordinates. */
  gradient(x: Float64Array): Float64Array;
}

/** What was observed. */
export interface Observations {
  /** [n, d], row-major; coordinates near [0, 1] suit the default priors. */
  readonly x: Float64Array;
  /** [n], finite; standardised to mean 0 and variance 1 it suits the default priors. */
  readonly y: Float64Array;
  /** [d], 1 where a coordinate is an unordered level, compared as equal or different. Default: all numeric. */
  readonly nominal?: Uint8Array;
  /** [n], variances vᵢ known for single observations, in the squared unit of y, on top of the common noise. */
  readonly variance?: Float64Array;
  /** The prior mean. Default 0. */
  readonly trend?: Trend;
}

/** A Gaussian process that has taken in its data. Its arrays are not to be written to: copies of them may be kept. */
export interface Gp {
  /** Observations. */
  readonly n: number;
  /** Coordinates. */
  readonly d: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly nominal: Uint8Array;
  readonly parameters: KernelParameters;
  /** The prior mean, where it is not 0. */
  readonly trend?: Trend;
  /** The Cholesky factor of K, [n, n], lower triangular. */
  readonly L: Float64Array;
  /** K⁻¹ (y − m(X)), [n]. */
  readonly alpha: Float64Array;
}

/** Mean and standard deviation of the function at m points. */
export interface Posterior {
  /** [m], in units of y. */
  readonly mean: Float64Array;
  /** [m], > 0, same unit. */
  readonly sigma: Float64Array;
}

/** The posterior at one point, with its gradient. */
export interface PosteriorGradient {
  readonly mean: number;
  readonly sigma: number;
  /** ∂μ/∂x, [d]; 0 for nominal coordinates. */
  readonly meanGradient: Float64Array;
  /** ∂s/∂x, [d]; 0 for nominal coordinates. */
  readonly sigmaGradient: Float64Array;
}

/** The least posterior variance, in parts of s²: what rounding leaves of k(x, x) − |v|² where it is 0. */
const VARIANCE_LEAST = 1e-12;

/**
 * Takes in data under given kernel parameters.
 *
 * @throws ValidationError when shapes do not agree or a number is not finite
 * @throws NumericalError when K is not positive definite even with jitter
 * @example const gp = condition({ x, y }, { lengthScales: Float64Array.of(0.3), signalVariance: 1, noiseVariance: 1e-4 })
 */
export function condition(data: Observations, parameters: KernelParameters): Gp {
  const { n, d, nominal } = checkObservations(data);
  checkParameters(parameters, d);
  const { lengthScales, signalVariance, noiseVariance } = parameters;
  const points = { n, d, x: data.x, nominal };
  const covariance = { weights: inverseSquares(lengthScales), signalVariance };
  const own = Float64Array.from({ length: n }, (_, i) => signalVariance + (noiseVariance + (data.variance?.[i] ?? 0)));
  const L = new Float64Array(n * n);
  const trace = own.reduce((sum, element) => sum + element, 0);
  climbJitterLadder(n, trace, (jitter) => {
    const diagonal = own.map((element) => element + jitter);
    return kernels().factorCovariance(points, covariance, diagonal, L);
  });
  const alpha = solveCholesky(L, n, residuals(data));
  return { n, d, x: data.x, y: data.y, nominal, parameters, ...trendOf(data), L, alpha };
}

/**
 * What `condition` gives, with its bits, from a process under the same parameters that has taken in the first of the same points: O(n²) for each of
 * the others, instead of O(n³). The values of y may be others, for the factor does not depend on them. Neither may have known variances.
 *
 * @returns undefined where `earlier` is no such process, or only jitter helps
 */
export function extend(earlier: Gp, data: Observations, parameters: KernelParameters): Gp | undefined {
  const { n, d, nominal } = checkObservations(data);
  const { signalVariance, noiseVariance } = parameters;
  const own = signalVariance + noiseVariance;
  // Where there was jitter, the first element of the factor is the root of more.
  if (earlier.L[0] !== Math.sqrt(own) || !isBeginning(earlier, data.x, nominal, parameters)) return undefined;
  const m = n - earlier.n;
  const added = new Float64Array(m * n);
  const weights = inverseSquares(parameters.lengthScales);
  crossCovariance(data.x.subarray(earlier.n * d), m, data.x, n, nominal, weights, signalVariance, added);
  for (let i = 0; i < m; i++) added[i * n + earlier.n + i] = own;
  const L = appendRows(earlier.L, earlier.n, added, m, own);
  if (L === undefined) return undefined;
  const alpha = solveCholesky(L, n, residuals(data));
  return { n, d, x: data.x, y: data.y, nominal, parameters, ...trendOf(data), L, alpha };
}

function isBeginning(earlier: Gp, x: Float64Array, nominal: Uint8Array, parameters: KernelParameters): boolean {
  const { lengthScales, signalVariance, noiseVariance } = earlier.parameters;
  return (
    signalVariance === parameters.signalVariance &&
    noiseVariance === parameters.noiseVariance &&
    beginsWith(parameters.lengthScales, lengthScales) &&
    nominal.length === earlier.d &&
    beginsWith(nominal, earlier.nominal) &&
    beginsWith(x, earlier.x)
  );
}

function beginsWith(all: Float64Array | Uint8Array, first: Float64Array | Uint8Array): boolean {
  return first.length <= all.length && first.every((value, i) => value === all[i]);
}

/** y − m(X), [n]. */
export function residuals({ x, y, trend }: Pick<Observations, "x" | "y" | "trend">): Float64Array {
  if (trend === undefined) return y;
  const means = trend.values(x);
  return y.map((value, i) => value - means[i]!);
}

function trendOf({ trend }: Pick<Observations, "trend">): Pick<Observations, "trend"> {
  return trend === undefined ? {} : { trend };
}

/**
 * The same process with one observation more, in O(n²).
 *
 * @param x [d]
 * @throws NumericalError when the new point is too close to an old one for the noise
 */
export function append(gp: Gp, x: Float64Array, y: number, variance = 0): Gp {
  const { n, d, nominal, parameters } = gp;
  const k = new Float64Array(n);
  crossCovariance(x, 1, gp.x, n, nominal, inverseSquares(parameters.lengthScales), parameters.signalVariance, k);
  const L = appendRow(gp.L, n, k, parameters.signalVariance + (parameters.noiseVariance + variance));
  const data = { x: concat(gp.x, x), y: concat(gp.y, [y]), ...trendOf(gp) };
  return { n: n + 1, d, nominal, parameters, ...data, L, alpha: solveCholesky(L, n + 1, residuals(data)) };
}

/**
 * The posterior at m points.
 *
 * @param x [m, d]
 * @throws ValidationError when the length of x is no multiple of d
 */
export function posterior(gp: Gp, x: Float64Array): Posterior {
  const { d, parameters } = gp;
  const m = x.length / d;
  if (!Number.isInteger(m))
    throw new ValidationError(`Points must be rows of ${d} coordinates, [m, ${d}], but got ${x.length} numbers.`);
  const mean = new Float64Array(m);
  const variance = new Float64Array(m);
  kernels().moments(processOf(gp), x, m, mean, variance);
  const least = VARIANCE_LEAST * parameters.signalVariance;
  const trend = gp.trend?.values(x);
  if (trend !== undefined) for (let i = 0; i < m; i++) mean[i]! += trend[i]!;
  return { mean, sigma: variance.map((value) => Math.sqrt(Math.max(value, least))) };
}

function processOf({ n, d, x, nominal, parameters, L, alpha }: Gp): Process {
  const { lengthScales, signalVariance } = parameters;
  return { n, d, x, nominal, weights: inverseSquares(lengthScales), signalVariance, L, alpha };
}

/**
 * The posterior and its gradient at one point.
 *
 *   ∂μ/∂xⱼ = Σᵢ αᵢ ∂kᵢ/∂xⱼ,   ∂s/∂xⱼ = −Σᵢ wᵢ ∂kᵢ/∂xⱼ / s,   w = K⁻¹ k,   ∂kᵢ/∂xⱼ = 2 s² m′(r²) (xⱼ − xᵢⱼ)/lⱼ²
 *
 * @param x [d]
 */
export function posteriorGradient(gp: Gp, x: Float64Array): PosteriorGradient {
  const { d, nominal } = gp;
  const process = processOf(gp);
  const least = VARIANCE_LEAST * process.signalVariance;
  const out = new Float64Array(2 + 2 * d);
  kernels().gradient(process, x, least, out);
  const meanGradient = new Float64Array(d);
  const sigmaGradient = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    const factor = nominal[j] ? 0 : process.weights[j]!;
    meanGradient[j] = out[2 + 2 * j]! * factor;
    sigmaGradient[j] = out[3 + 2 * j]! * factor;
  }
  let mean = out[0]!;
  if (gp.trend !== undefined) {
    mean += gp.trend.values(x)[0]!;
    const slope = gp.trend.gradient(x);
    for (let j = 0; j < d; j++) meanGradient[j]! += slope[j]!;
  }
  // On the floor the standard deviation is constant.
  return { mean, sigma: Math.sqrt(Math.max(out[1]!, least)), meanGradient, sigmaGradient };
}

/** log p(y | X, parameters) = −½ (y − m(X))ᵀα − Σ log Lᵢᵢ − (n/2) log 2π. Source: Rasmussen & Williams 2006, eq. 2.30. */
export function logMarginalLikelihood(gp: Gp): number {
  let sum = -0.5 * gp.n * LOG_2PI;
  const y = residuals(gp);
  for (let i = 0; i < gp.n; i++) sum -= 0.5 * y[i]! * gp.alpha[i]! + log(gp.L[i * gp.n + i]!);
  return sum;
}

const LOG_2PI = log(2 * Math.PI);

/** n, d and the kinds of the coordinates. @throws ValidationError when shapes do not agree or a number is not finite */
export function checkObservations(data: Observations): {
  readonly n: number;
  readonly d: number;
  readonly nominal: Uint8Array;
} {
  const { x, y, variance } = data;
  const n = y.length;
  if (n === 0) throw new ValidationError("A Gaussian process needs at least one observation, but got none.");
  const d = data.nominal?.length ?? x.length / n;
  if (x.length !== n * d) {
    throw new ValidationError(
      `\`x\` must hold a row of coordinates for each of the ${n} values of \`y\`${data.nominal === undefined ? "" : `, of the ${d} in \`nominal\``}, but got ${x.length} numbers.`,
    );
  }
  if (variance !== undefined && variance.length !== n)
    throw new ValidationError(
      `\`variance\` must have a value for each of ${n} observations, but has ${variance.length}.`,
    );
  for (const [name, values] of [
    ["x", x],
    ["y", y],
    ["variance", variance ?? y],
  ] as const) {
    const at = values.findIndex(
      (value) => !Number.isFinite(value) || (name === "variance" && values === variance && value < 0),
    );
    if (at >= 0)
      throw new ValidationError(
        `\`${name}\` must be finite${name === "variance" ? " and >= 0" : ""}, but ${name}[${at}] is ${show(values[at])}.`,
      );
  }
  return { n, d, nominal: data.nominal ?? new Uint8Array(d) };
}

function checkParameters(parameters: KernelParameters, d: number): void {
  const { lengthScales, signalVariance, noiseVariance } = parameters;
  if (lengthScales.length !== d || !lengthScales.every((l) => l > 0 && l < Infinity)) {
    throw new ValidationError(
      `\`lengthScales\` must be ${d} positive numbers, but got ${show(Array.from(lengthScales))}.`,
    );
  }
  if (!(signalVariance > 0 && signalVariance < Infinity && noiseVariance >= 0 && noiseVariance < Infinity)) {
    throw new ValidationError(
      `\`signalVariance > 0\` and \`noiseVariance >= 0\` must hold, but got signalVariance=${show(signalVariance)}, noiseVariance=${show(noiseVariance)}.`,
    );
  }
}

function concat(a: Float64Array, b: ArrayLike<number>): Float64Array {
  const joined = new Float64Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
