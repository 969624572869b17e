/** The engine in plain TypeScript: for platforms without WebAssembly's vectors, and for reading. */
import { crossCovariance, fillCovariance, matern52, matern52Slope, squaredDistances } from "./covariance.ts";
import type { Covariance, Evaluate, Kernels, Points, Process } from "./engine.ts";
import { factor, inverse, solveLower, solveLowerMany, solveLowerTransposed } from "./triangular.ts";

export const typescriptKernels: Kernels = {
  name: "typescript",
  factor,
  factorCovariance: (points: Points, covariance: Covariance, diagonal: Float64Array, L: Float64Array) => {
    fillCovariance(points, covariance, diagonal, L);
    return factor(L, points.n, L, 0);
  },
  crossCovariance,
  solveLowerMany,
  inverse,
  likelihood,
  moments,
  gradient,
};

function likelihood(points: Points): Evaluate {
  const { n, d } = points;
  const L = new Float64Array(n * n);
  const slopes = new Float64Array(n * n);
  const K = new Float64Array(n * n);
  const alpha = new Float64Array(n);
  const factorDiagonal = new Float64Array(n);
  const inverseDiagonal = new Float64Array(n);
  const contractions = new Float64Array(d);
  return (covariance, diagonal, y) => {
    fillCovariance(points, covariance, diagonal, L, slopes);
    if (!factor(L, n, L, 0)) return null;
    solveLowerTransposed(L, n, solveLower(L, n, y, alpha), alpha);
    inverse(L, n, K);
    for (let i = 0; i < n; i++) {
      factorDiagonal[i] = L[i * n + i]!;
      inverseDiagonal[i] = K[i * n + i]!;
    }
    contract(points, K, alpha, slopes, contractions);
    return { alpha, factorDiagonal, inverseDiagonal, contractions };
  };
}

/** All length-scales in one pass over the pairs; four sums each, over the rows i ≡ 0, 1, 2, 3 (mod 4), added up in the end. */
function contract(
  { x, n, d, nominal }: Points,
  inverted: Float64Array,
  alpha: Float64Array,
  slopes: Float64Array,
  sums: Float64Array,
): void {
  const lanes = new Float64Array(4 * d);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) {
      const part = (inverted[i * n + k]! - alpha[i]! * alpha[k]!) * slopes[i * n + k]!;
      for (let j = 0, lane = i & 3; j < d; j++, lane += 4) {
        const t = x[i * d + j]! - x[k * d + j]!;
        if (nominal[j] === 0) lanes[lane] = lanes[lane]! + part * (t * t);
        else if (t !== 0) lanes[lane] = lanes[lane]! + part;
      }
    }
  }
  for (let j = 0; j < d; j++) sums[j] = lanes[4 * j]! + lanes[4 * j + 1]! + (lanes[4 * j + 2]! + lanes[4 * j + 3]!);
}

function moments(process: Process, at: Float64Array, m: number, mean: Float64Array, variance: Float64Array): void {
  const { n, x, nominal, signalVariance, L, alpha } = process;
  const k = new Float64Array(n * m);
  crossCovariance(x, n, at, m, nominal, process, k);
  mean.fill(0);
  for (let i = 0; i < n; i++) for (let c = 0; c < m; c++) mean[c] = mean[c]! + k[i * m + c]! * alpha[i]!;
  solveLowerMany(L, n, k, m, k);
  variance.fill(signalVariance);
  for (let i = 0; i < n; i++) for (let c = 0; c < m; c++) variance[c] = variance[c]! - k[i * m + c]! * k[i * m + c]!;
}

function gradient(process: Process, x: Float64Array, least: number, out: Float64Array): void {
  const { n, d, nominal, weights, signalVariance, L, alpha } = process;
  const k = new Float64Array(n);
  const slope = new Float64Array(n);
  squaredDistances(x, 0, process.x, n, nominal, weights, k, 0);
  for (let i = 0; i < n; i++) {
    slope[i] = 2 * signalVariance * matern52Slope(k[i]!);
    k[i] = signalVariance * matern52(k[i]!);
  }
  let mean = 0;
  for (let i = 0; i < n; i++) mean += k[i]! * alpha[i]!;
  solveLower(L, n, k, k);
  let variance = signalVariance;
  for (let i = 0; i < n; i++) variance -= k[i]! * k[i]!;
  solveLowerTransposed(L, n, k, k);
  const b = variance > least ? -1 / Math.sqrt(variance) : 0;
  out.fill(0);
  out[0] = mean;
  out[1] = variance;
  for (let i = 0; i < n; i++) {
    const byMean = alpha[i]! * slope[i]!;
    const bySigma = k[i]! * slope[i]! * b;
    for (let j = 0; j < d; j++) {
      const difference = x[j]! - process.x[i * d + j]!;
      out[2 + 2 * j] = out[2 + 2 * j]! + byMean * difference;
      out[3 + 2 * j] = out[3 + 2 * j]! + bySigma * difference;
    }
  }
}
