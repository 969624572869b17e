/**
 * One coordinate of the unit cube as a Parzen estimator needs it: its cells, and the kernels around observed values. Densities are
 * relative to the uniform one, so that a coordinate that is left out, or of which nothing is known, counts as 1.
 */
import { normalCdf, normalLogPdf, normalQuantile } from "../../math/normal.ts";
import type { Rng } from "../../math/rng.ts";
import { exp, log } from "../../math/special.ts";
import type { Parameter } from "../../space/parameter.ts";

/** A grid of more levels counts as continuous: the narrowest kernel covers about a level then. */
const LEVELS_MOST = 64;
/** log φ(0). */
const LOG_PEAK = normalLogPdf(0);

export interface Axis {
  /** A kernel for each of n observed values u, [n], where the prior weighs as much as so many of them. */
  kernels(u: Float64Array, priorWeight: number, bandwidth: (u: Float64Array) => Float64Array): AxisKernels;
}

export interface AxisKernels {
  /** A value drawn from kernel i. */
  draw(i: number, rng: Rng): number;
  /** Adds the log density at u of each kernel i, relative to the uniform density, to sum[i]. */
  addLogDensities(u: number, sum: Float64Array): void;
}

export function createAxis(parameter: Parameter): Axis {
  if (parameter.nominal) return nominalAxis(parameter.levels);
  return numericAxis(parameter.levels <= LEVELS_MOST ? cellsOf(parameter) : undefined);
}

/**
 * For n observations, kernel i gives the level observed 1 + w₀/(n + 1) parts and every other w₀/(n + 1).
 *
 * Source: Bergstra et al. 2011, §4.2, as in Optuna 5.
 */
function nominalAxis(levels: number): Axis {
  const levelOf = (u: number): number => Math.min(levels - 1, Math.floor(u * levels));
  return {
    kernels(u, priorWeight) {
      const base = priorWeight / (u.length + 1);
      const total = 1 + levels * base;
      const [same, other] = [log((levels * (1 + base)) / total), log((levels * base) / total)];
      const observed = Int32Array.from(u, levelOf);
      return {
        draw(i, rng) {
          const level = rng.next() * total < 1 ? observed[i]! : rng.int(levels);
          return (level + 0.5) / levels;
        },
        addLogDensities(at, sum) {
          const level = levelOf(at);
          for (let i = 0; i < observed.length; i++) sum[i]! += observed[i] === level ? same : other;
        },
      };
    },
  };
}

/**
 * Kernel i is a normal distribution around uᵢ, cut to [0, 1]. On a grid a level has the mass of its cell:
 *
 *   log k(u) = log [Φ((b − uᵢ)/σᵢ) − Φ((a − uᵢ)/σᵢ)] − log(b − a) − log Z,   Z = Φ((1 − uᵢ)/σᵢ) − Φ(−uᵢ/σᵢ)
 *
 * for u in the cell [a, b]; for continuous values the density itself.
 *
 * Source: Bergstra et al. 2011, §4.2.
 *
 * @param edges of the cells of a grid, [levels + 1]
 */
function numericAxis(edges: Float64Array | undefined): Axis {
  return {
    kernels(u, _, bandwidth) {
      const n = u.length;
      const sigma = bandwidth(u);
      const below = new Float64Array(n);
      const mass = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        below[i] = normalCdf(-u[i]! / sigma[i]!);
        mass[i] = normalCdf((1 - u[i]!) / sigma[i]!) - below[i]!;
      }
      const draw = (i: number, rng: Rng): number => {
        const p = Math.min(1 - 1e-15, Math.max(1e-15, below[i]! + rng.next() * mass[i]!));
        return Math.min(1, Math.max(0, u[i]! + sigma[i]! * normalQuantile(p)));
      };
      if (edges !== undefined) return { draw, addLogDensities: gridDensities(edges, u, sigma, mass) };
      const scale = new Float64Array(n);
      const sharpness = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        scale[i] = LOG_PEAK - log(sigma[i]! * mass[i]!);
        sharpness[i] = -0.5 / (sigma[i]! * sigma[i]!);
      }
      return {
        draw,
        addLogDensities(at, sum) {
          for (let i = 0; i < n; i++) {
            const distance = at - u[i]!;
            sum[i]! += scale[i]! + sharpness[i]! * distance * distance;
          }
        },
      };
    },
  };
}

/** On a grid many kernels are the same: each that differs is integrated over a cell once. */
function gridDensities(
  edges: Float64Array,
  u: Float64Array,
  sigma: Float64Array,
  mass: Float64Array,
): AxisKernels["addLogDensities"] {
  const first = new Map<number, Map<number, number>>();
  const same = Int32Array.from(u, (value, i) => {
    const bySigma = first.get(value) ?? new Map<number, number>();
    first.set(value, bySigma);
    if (!bySigma.has(sigma[i]!)) bySigma.set(sigma[i]!, i);
    return bySigma.get(sigma[i]!)!;
  });
  const known: (Float64Array | undefined)[] = new Array(edges.length - 1);
  return (at, sum) => {
    const level = cellOf(edges, at);
    const [a, b] = [edges[level]!, edges[level + 1]!];
    const densities = known[level] ?? new Float64Array(u.length).fill(Number.NaN);
    known[level] = densities;
    for (let i = 0; i < u.length; i++) {
      const k = same[i]!;
      if (Number.isNaN(densities[k]!)) {
        densities[k] = logNormalMass((a - u[k]!) / sigma[k]!, (b - u[k]!) / sigma[k]!) - log((b - a) * mass[k]!);
      }
      sum[i]! += densities[k]!;
    }
  };
}

/** log[Φ(b) − Φ(a)], a < b, also far in the tails: there the density, whose logarithm does not underflow, times the width. */
function logNormalMass(a: number, b: number): number {
  // Φ(b) − Φ(a) = Φ(−a) − Φ(−b): in the lower tail no digits are lost.
  const [low, high] = a > 0 ? [-b, -a] : [a, b];
  const mass = normalCdf(high) - normalCdf(low);
  if (mass > 1e-280) return log(mass);
  // Of a cell in the tail, the end that is nearer the middle has all the mass: φ(h)/|h| · (1 − e^(−|h| w)).
  const w = high - low;
  return normalLogPdf(high) - log(-high) + log(1 - exp(high * w));
}

/** The ends of each level's cell: half-way between neighbouring levels, and the ends of the interval. */
function cellsOf(parameter: Parameter): Float64Array {
  const { levels } = parameter;
  const middles = Float64Array.from({ length: levels }, (_, k) => parameter.encode(parameter.level(k)));
  return Float64Array.from({ length: levels + 1 }, (_, k) =>
    k === 0 ? 0 : k === levels ? 1 : (middles[k - 1]! + middles[k]!) / 2,
  );
}

function cellOf(edges: Float64Array, u: number): number {
  let low = 0;
  let high = edges.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (edges[middle]! <= u) low = middle;
    else high = middle - 1;
  }
  return low;
}
