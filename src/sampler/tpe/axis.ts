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
  return parameter.levels <= LEVELS_MOST ? gridAxis(cellsOf(parameter)) : CONTINUOUS;
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
      const observed = new Int32Array(u.length);
      for (let i = 0; i < u.length; i++) observed[i] = levelOf(u[i]!);
      return {
        draw(i, rng) {
          const level = rng.next() * total < 1 ? observed[i]! : rng.int(levels);
          return (level + 0.5) / levels;
        },
        addLogDensities: tabulated(observed, levelOf, (level) => {
          const densities = new Float64Array(levels).fill(other);
          densities[level] = same;
          return densities;
        }),
      };
    },
  };
}

/**
 * Kernel i is a normal distribution around uᵢ, cut to [0, 1]:
 *
 *   log k(u) = log φ((u − uᵢ)/σᵢ) − log(σᵢ Z),   Z = Φ((1 − uᵢ)/σᵢ) − Φ(−uᵢ/σᵢ)
 *
 * Source: Bergstra et al. 2011, §4.2.
 */
const CONTINUOUS: Axis = {
  kernels(u, _, bandwidth) {
    const n = u.length;
    const sigma = bandwidth(u);
    const { mass, draw } = normals(u, sigma);
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

/**
 * The same on a grid, where a level has the mass of its cell:
 *
 *   log k(u) = log [Φ((b − uᵢ)/σᵢ) − Φ((a − uᵢ)/σᵢ)] − log (b − a) Z   for u in the cell [a, b]
 *
 * Many kernels have the same level and width: each kind is integrated once.
 *
 * @param edges of the cells, [levels + 1]
 */
function gridAxis(edges: Float64Array): Axis {
  return {
    kernels(u, _, bandwidth) {
      const { kind, centres, widths } = kindsOf(edges, u, bandwidth(u));
      const { mass, draw } = normals(centres, widths);
      return {
        draw: (i, rng) => draw(kind[i]!, rng),
        addLogDensities: tabulated(
          kind,
          (at) => cellOf(edges, at),
          (level) => {
            const [a, b] = [edges[level]!, edges[level + 1]!];
            return centres.map(
              (c, k) => logNormalMass((a - c) / widths[k]!, (b - c) / widths[k]!) - log((b - a) * mass[k]!),
            );
          },
        ),
      };
    },
  };
}

/** The kinds of kernels on a grid: kernel i is around centres[kind[i]] and as wide as widths[kind[i]]. */
function kindsOf(edges: Float64Array, u: Float64Array, sigma: Float64Array) {
  const kind = new Int32Array(u.length);
  const centres: number[] = [];
  const widths: number[] = [];
  const ofLevel = Array.from({ length: edges.length - 1 }, (): number[] => []);
  for (let i = 0; i < u.length; i++) {
    const kinds = ofLevel[cellOf(edges, u[i]!)]!;
    let k = kinds.find((it) => centres[it] === u[i] && widths[it] === sigma[i]);
    if (k === undefined) {
      k = centres.push(u[i]!) - 1;
      widths.push(sigma[i]!);
      kinds.push(k);
    }
    kind[i] = k;
  }
  return { kind, centres: Float64Array.from(centres), widths: Float64Array.from(widths) };
}

/** The masses Z of normal distributions within [0, 1], and draws from there. */
function normals(u: Float64Array, sigma: Float64Array): { mass: Float64Array; draw: AxisKernels["draw"] } {
  const n = u.length;
  const below = new Float64Array(n);
  const mass = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    below[i] = normalCdf(-u[i]! / sigma[i]!);
    mass[i] = normalCdf((1 - u[i]!) / sigma[i]!) - below[i]!;
  }
  return {
    mass,
    draw(i, rng) {
      const p = Math.min(1 - 1e-15, Math.max(1e-15, below[i]! + rng.next() * mass[i]!));
      return Math.min(1, Math.max(0, u[i]! + sigma[i]! * normalQuantile(p)));
    },
  };
}

/**
 * Log densities of kernels of a few kinds at one of a few levels, from a table.
 *
 * @param kind       of each kernel, [n]
 * @param densities  of each kind at a level, made at the first look
 */
function tabulated(
  kind: Int32Array,
  levelOf: (u: number) => number,
  densities: (level: number) => Float64Array,
): AxisKernels["addLogDensities"] {
  const known: (Float64Array | undefined)[] = [];
  return (at, sum) => {
    const level = levelOf(at);
    const table = known[level] ?? densities(level);
    known[level] = table;
    for (let i = 0; i < kind.length; i++) sum[i]! += table[kind[i]!]!;
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
