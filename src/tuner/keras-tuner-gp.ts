/**
 * KerasTuner's Bayesian optimisation as a sampler, for comparison: uniform random trials, then a Gaussian process with a
 * Matérn-5/2 kernel of one length-scale, unit variance and a fixed number α on the diagonal, and the lower confidence bound.
 *
 *   k(r) = (1 + t + t²/3) e⁻ᵗ,   t = √5 r / l,        x* = argmin over [0, 1]ᵈ of μ(x) − β σ(x)
 *
 * on losses standardised to mean 0 and variance 1, l by the likeliest of 21 climbs in [1e-5, 1e5]. A parameter that is not
 * active lies where its default does; failed trials are left out; a pending one counts as μ + σ. Once the random trials are
 * over, a configuration may come again, as it may there.
 *
 * Departures: the climbs use exact gradients, where theirs in x are differences; and a pending trial is judged by the process
 * of the trials that have ended, where theirs takes the one of the ask before.
 *
 * Source: KerasTuner 1.4.8, `BayesianOptimizationOracle`; scikit-learn, `GaussianProcessRegressor`.
 */
import { choleskyInverse, solveCholesky, tryCholesky } from "../math/cholesky.ts";
import { minimizeLbfgsb } from "../math/lbfgsb.ts";
import type { Rng } from "../math/rng.ts";
import { exp, log } from "../math/special.ts";
import type { SampleRequest, Sampler } from "../sampler/sampler.ts";
import { seenKeys, unseen } from "../sampler/unseen.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { Observation } from "../trial/history.ts";

export interface KerasTunerGpOptions {
  /** Added to the diagonal of the kernel matrix, in variances of the losses. Default 1e-4. */
  readonly alpha?: number;
  /** How many σ the bound lies below the mean. Default 2.6. */
  readonly beta?: number;
  /** Completed trials before the surrogate takes over. Default 3 × parameters, and at least 3. */
  readonly numInitialPoints?: number;
}

export function kerasTunerGp(options: KerasTunerGpOptions = {}): Sampler {
  const { alpha = 1e-4, beta = 2.6, numInitialPoints } = options;
  return {
    name: "kerasTunerGp",
    toJSON: () => ({ alpha, beta, numInitialPoints: numInitialPoints ?? "3 × parameters, at least 3" }),
    sample(request) {
      const { space, trials, rng } = request;
      const completed = trials.filter(({ state }) => state === "completed");
      if (completed.length < (numInitialPoints ?? Math.max(3 * space.dimensions.length, 3))) {
        const draw = () => space.build(({ parameter }) => parameter.decode(rng.next()));
        const params = unseen(space, seenKeys(space, trials), rng, draw);
        return params === null ? null : { params };
      }
      return { params: suggest(request, completed, alpha, beta) };
    },
  };
}

const CLIMBS_OF_LENGTH = 20;
const CLIMBS_OF_BOUND = 50;
const LENGTH_LEAST = 1e-5;
const LENGTH_MOST = 1e5;

function suggest(
  { space, trials, rng }: SampleRequest,
  completed: readonly Observation[],
  alpha: number,
  beta: number,
): FlatParams {
  const d = space.coordinates.length;
  const points = completed.map(({ params }) => place(space, params));
  const losses = completed.map(({ loss }) => loss!);
  let surrogate = fit(points, losses, alpha, rng.fork("length"));
  const pending = trials.filter(({ state }) => state === "pending").map(({ params }) => place(space, params));
  if (pending.length > 0) {
    const imagined = pending.map((x) => {
      const { mu, sigma } = surrogate.at(x);
      return mu + sigma;
    });
    surrogate = fit([...points, ...pending], [...losses, ...imagined], alpha, rng.fork("length"));
  }
  const bound = (x: Float64Array, gradient: Float64Array): number => {
    const { mu, sigma, byMu, bySigma } = surrogate.at(x);
    for (let j = 0; j < d; j++) gradient[j] = byMu[j]! - beta * bySigma[j]!;
    return mu - beta * sigma;
  };
  const starts = rng.fork("bound");
  const box = { lower: new Float64Array(d), upper: new Float64Array(d).fill(1) };
  let best = { x: new Float64Array(d).fill(0.5) as Float64Array, value: Number.POSITIVE_INFINITY };
  for (let climb = 0; climb < CLIMBS_OF_BOUND; climb++) {
    const from = Float64Array.from({ length: d }, () => starts.next());
    const { x, value } = minimizeLbfgsb(bound, from, { ...box, gradientTolerance: 1e-5 });
    if (value < best.value) best = { x: x.slice(), value };
  }
  return space.decode(best.x);
}

/** Where a configuration lies, [d]; what is not active at its default. */
function place(space: Space, params: FlatParams): Float64Array {
  return Float64Array.from(space.coordinates, ({ name, parameter }) =>
    parameter.encode(Object.hasOwn(params, name) ? params[name]! : (parameter.default ?? parameter.decode(0))),
  );
}

interface Prediction {
  readonly mu: number;
  readonly sigma: number;
  /** ∂/∂x, [d]. */
  readonly byMu: Float64Array;
  readonly bySigma: Float64Array;
}

interface Surrogate {
  /** In the unit of the losses. */
  at(x: Float64Array): Prediction;
}

function fit(points: readonly Float64Array[], losses: readonly number[], alpha: number, rng: Rng): Surrogate {
  const n = points.length;
  const centre = losses.reduce((sum, loss) => sum + loss, 0) / n;
  const variance = losses.reduce((sum, loss) => sum + (loss - centre) * (loss - centre), 0) / n;
  const scale = variance > 0 ? Math.sqrt(variance) : 1;
  const y = Float64Array.from(losses, (loss) => (loss - centre) / scale);
  const distances = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) distances[i * n + j] = distance(points[i]!, points[j]!);

  const length = exp(likeliestLogLength(distances, y, alpha, rng));
  const L = new Float64Array(n * n);
  tryCholesky(kernelMatrix(distances, n, length, alpha), n, L);
  const weights = solveCholesky(L, n, y);
  return {
    at(x) {
      const d = x.length;
      const k = new Float64Array(n);
      const slopes = new Float64Array(n * d);
      for (let i = 0; i < n; i++) {
        const t = (ROOT_5 / length) * distance(x, points[i]!);
        const decay = exp(-t);
        k[i] = (1 + t + (t * t) / 3) * decay;
        const slope = (-5 / (3 * length * length)) * (1 + t) * decay;
        for (let j = 0; j < d; j++) slopes[i * d + j] = slope * (x[j]! - points[i]![j]!);
      }
      const solved = solveCholesky(L, n, k);
      let mu = 0;
      let left = 1;
      const byMu = new Float64Array(d);
      const bySigma = new Float64Array(d);
      for (let i = 0; i < n; i++) {
        mu += k[i]! * weights[i]!;
        left -= k[i]! * solved[i]!;
        for (let j = 0; j < d; j++) {
          byMu[j] = byMu[j]! + scale * slopes[i * d + j]! * weights[i]!;
          bySigma[j] = bySigma[j]! - slopes[i * d + j]! * solved[i]!;
        }
      }
      const sigma = Math.sqrt(Math.max(0, left));
      for (let j = 0; j < d; j++) bySigma[j] = sigma === 0 ? 0 : (scale * bySigma[j]!) / sigma;
      return { mu: centre + scale * mu, sigma: scale * sigma, byMu, bySigma };
    },
  };
}

const ROOT_5 = Math.sqrt(5);

function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) * (a[j]! - b[j]!);
  return Math.sqrt(sum);
}

/** K + α I, its lower triangle. */
function kernelMatrix(distances: Float64Array, n: number, length: number, alpha: number): Float64Array {
  const K = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const t = (ROOT_5 / length) * distances[i * n + j]!;
      K[i * n + j] = (1 + t + (t * t) / 3) * exp(-t);
    }
    K[i * n + i] = 1 + alpha;
  }
  return K;
}

/** log l of the largest marginal likelihood: from l = 1, and from 20 points that are uniform in log l. */
function likeliestLogLength(distances: Float64Array, y: Float64Array, alpha: number, rng: Rng): number {
  const n = y.length;
  const L = new Float64Array(n * n);
  const inverse = new Float64Array(n * n);
  const negative = ([logLength]: Float64Array, gradient: Float64Array): number => {
    const length = exp(logLength!);
    if (!tryCholesky(kernelMatrix(distances, n, length, alpha), n, L)) return Number.POSITIVE_INFINITY;
    const weights = solveCholesky(L, n, y);
    choleskyInverse(L, n, inverse);
    let value = 0;
    let slope = 0;
    for (let i = 0; i < n; i++) {
      value += (y[i]! * weights[i]!) / 2 + log(L[i * n + i]!);
      for (let j = 0; j < i; j++) {
        const t = (ROOT_5 / length) * distances[i * n + j]!;
        const byLogLength = ((t * t) / 3) * (1 + t) * exp(-t);
        slope += byLogLength * (inverse[i * n + j]! - weights[i]! * weights[j]!);
      }
    }
    gradient[0] = slope;
    return value;
  };
  const [lower, upper] = [log(LENGTH_LEAST), log(LENGTH_MOST)];
  const box = { lower: Float64Array.of(lower), upper: Float64Array.of(upper), gradientTolerance: 1e-5 };
  let best = { at: 0, value: Number.POSITIVE_INFINITY };
  for (let climb = 0; climb <= CLIMBS_OF_LENGTH; climb++) {
    const from = climb === 0 ? 0 : lower + (upper - lower) * rng.next();
    const { x, value } = minimizeLbfgsb(negative, Float64Array.of(from), box);
    if (value < best.value) best = { at: x[0]!, value };
  }
  return best.at;
}
