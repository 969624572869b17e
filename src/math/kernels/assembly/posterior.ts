/** The posterior of a process at many points, and at one with its gradient; the formulas are in src/gp/regression.ts. */
import { matern, squaredDistances } from "./covariance";
import { solveOne, solveOneTransposed, solvePanels } from "./factor";
import { FOUR, TILE } from "./tile";

/**
 * Means and variances at points packed in fours, [panels][d][4].
 *
 * @param v        room for the panels, [panels][blocks·4][4]
 * @param mean     [panels·4]
 * @param variance [panels·4]
 */
export function moments(
  p: usize,
  alpha: usize,
  points: usize,
  stride: usize,
  n: usize,
  d: usize,
  nominal: usize,
  weights: usize,
  s: f64,
  at: usize,
  panels: usize,
  v: usize,
  mean: usize,
  variance: usize,
): void {
  const blocks = (n + 3) >> 2;
  const panelBytes = blocks * TILE;
  for (let panel: usize = 0; panel < panels; panel++) {
    const k = v + panel * panelBytes;
    squaredDistances(at + panel * d * FOUR, points, stride, n, d, nominal, weights, k, FOUR);
    matern(k, 4 * n, s, 0, 0);
    memory.fill(k + n * FOUR, 0, panelBytes - n * FOUR);
    let m0 = f64x2.splat(0);
    let m1 = m0;
    for (let i: usize = 0; i < n; i++) {
      const a = v128.load_splat<f64>(alpha + i * 8);
      m0 = f64x2.add(m0, f64x2.mul(v128.load(k + i * FOUR), a));
      m1 = f64x2.add(m1, f64x2.mul(v128.load(k + i * FOUR, 16), a));
    }
    v128.store(mean + panel * FOUR, m0);
    v128.store(mean + panel * FOUR, m1, 16);
  }
  solvePanels(p, blocks, v, panels, 0);
  for (let panel: usize = 0; panel < panels; panel++) {
    const k = v + panel * panelBytes;
    let s0 = f64x2.splat(s);
    let s1 = s0;
    for (let i: usize = 0; i < n; i++) {
      const a = v128.load(k + i * FOUR);
      const b = v128.load(k + i * FOUR, 16);
      s0 = f64x2.sub(s0, f64x2.mul(a, a));
      s1 = f64x2.sub(s1, f64x2.mul(b, b));
    }
    v128.store(variance + panel * FOUR, s0);
    v128.store(variance + panel * FOUR, s1, 16);
  }
}

/**
 * Mean and variance at the point x, [d] and an even number of places, to out[0] and out[1], and behind them
 * Σᵢ αᵢ slopeᵢ (xⱼ − xᵢⱼ) and Σᵢ wᵢ slopeᵢ b (xⱼ − xᵢⱼ) for each j, side by side; b = −1/s, or 0 where s² is not above `least`.
 *
 * @param k     room for [blocks·4]
 * @param slope room for [blocks·4]
 */
export function gradient(
  p: usize,
  alpha: usize,
  four: usize,
  points: usize,
  stride: usize,
  n: usize,
  d: usize,
  nominal: usize,
  weights: usize,
  s: f64,
  least: f64,
  x: usize,
  k: usize,
  slope: usize,
  out: usize,
): void {
  const blocks = (n + 3) >> 2;
  for (let i: usize = 0; i < blocks; i++) {
    squaredDistances(four + i * d * FOUR, x, 0, 1, d, nominal, weights, k + i * FOUR, FOUR);
  }
  matern(k, 4 * blocks, s, slope, 2 * s);
  memory.fill(k + n * 8, 0, blocks * FOUR - n * 8);
  let mean: f64 = 0;
  for (let i: usize = 0; i < n; i++) mean += load<f64>(k + i * 8) * load<f64>(alpha + i * 8);
  solveOne(p, blocks, k);
  let variance = s;
  for (let i: usize = 0; i < n; i++) {
    const v = load<f64>(k + i * 8);
    variance -= v * v;
  }
  solveOneTransposed(p, blocks, k);
  const b = variance > least ? -1 / sqrt(variance) : 0;
  for (let i: usize = 0; i < n; i++) {
    const f = load<f64>(slope + i * 8);
    store<f64>(slope + i * 8, load<f64>(alpha + i * 8) * f);
    store<f64>(k + i * 8, load<f64>(k + i * 8) * f * b);
  }
  store<f64>(out, mean);
  store<f64>(out, variance, 8);
  for (let j: usize = 0; j < stride; j += 16) {
    const xj = v128.load(x + j);
    let byMean = f64x2.splat(0);
    let bySigma = byMean;
    for (let i: usize = 0; i < n; i++) {
      const difference = f64x2.sub(xj, v128.load(points + i * stride + j));
      byMean = f64x2.add(byMean, f64x2.mul(v128.load_splat<f64>(slope + i * 8), difference));
      bySigma = f64x2.add(bySigma, f64x2.mul(v128.load_splat<f64>(k + i * 8), difference));
    }
    v128.store(out + 16 + 2 * j, v128.shuffle<f64>(byMean, bySigma, 0, 2));
    v128.store(out + 16 + 2 * j, v128.shuffle<f64>(byMean, bySigma, 1, 3), 16);
  }
}
