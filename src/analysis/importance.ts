/**
 * Which parameters matter: the share of the surrogate's variation over the whole space that each explains, alone and
 * together with others.
 */
import { createRng } from "../math/rng.ts";
import { sobol } from "../math/sobol.ts";
import type { Space } from "../space/space.ts";
import type { Surrogate } from "./surrogate.ts";

export interface Importance {
  readonly parameter: string;
  /** First-order index: the share of the variance that goes when the others are averaged away. */
  readonly first: number;
  /** Total index: the share that stays when all others are known; with interactions it exceeds `first`. */
  readonly total: number;
  /** Standard error of `total` over independent scramblings of the sample. */
  readonly totalError: number;
}

/**
 * Sobol indices of the posterior mean f, parameters uniform in the scale in which they are searched:
 *
 *   Sⱼ = V[E(f | xⱼ)] / V(f),   Tⱼ = E[V(f | x₋ⱼ)] / V(f)
 *
 * estimated from points A, B [n, d] of one scrambled Sobol sequence in 2d dimensions and from A with column j of B:
 *
 *   V Sⱼ ≈ 1/n Σ f(B) (f(AⱼB) − f(A)),   V Tⱼ ≈ 1/2n Σ (f(A) − f(AⱼB))²
 *
 * averaged over independent scramblings, which also give the error. A conditional parameter counts where it is active; a
 * parent moves its children in and out. What the surrogate cannot predict (see `leaveOneOut.rSquared`) these cannot tell.
 *
 * @param options `samples` n a scrambling, a power of two, default 256; `scramblings` default 8; `seed` default 0
 * @returns by falling total; all 0 for a surrogate that is constant
 *
 * Source: Saltelli et al. 2010, Comput. Phys. Commun. 181, table 2 (b) and (f); the latter from Jansen 1999.
 */
export function importance(
  surrogate: Surrogate,
  space: Space,
  options: { readonly samples?: number; readonly scramblings?: number; readonly seed?: number | string } = {},
): Importance[] {
  const { samples = 256, scramblings = 8, seed = 0 } = options;
  const names = space.coordinates.map(({ name }) => name);
  const rng = createRng(seed);
  const rounds = Array.from({ length: scramblings }, (_, r) => indices(surrogate, space, samples, rng.fork(r)));
  const result = names.map((parameter, j): Importance => {
    const totals = rounds.map(({ total }) => total[j]!);
    const total = mean(totals);
    const spread = totals.reduce((sum, value) => sum + (value - total) ** 2, 0) / Math.max(1, scramblings - 1);
    return {
      parameter,
      // The estimate of a share of nothing falls below zero by chance.
      first: Math.max(0, mean(rounds.map(({ first }) => first[j]!))),
      total,
      totalError: Math.sqrt(spread / scramblings),
    };
  });
  return result.sort((a, b) => b.total - a.total);
}

function indices(
  surrogate: Surrogate,
  space: Space,
  n: number,
  rng: ReturnType<typeof createRng>,
): { readonly first: Float64Array; readonly total: Float64Array } {
  const d = space.coordinates.length;
  const first = new Float64Array(d);
  const total = new Float64Array(d);
  const sequence = sobol(2 * d, rng);
  const points = Array.from({ length: n }, (_, i) => sequence.point(i));
  const a = meanAt(surrogate, space, points, () => 0);
  const b = meanAt(surrogate, space, points, () => d);
  const both = [...a, ...b];
  const centre = mean(both);
  const variance = mean(both.map((value) => (value - centre) ** 2));
  // A surface flat to rounding has no shares to give.
  if (!(variance > 1e-20 * (1 + centre * centre))) return { first, total };
  for (let j = 0; j < d; j++) {
    const mixed = meanAt(surrogate, space, points, (k) => (k === j ? d : 0));
    for (let i = 0; i < n; i++) {
      first[j]! += ((b[i]! - centre) * (mixed[i]! - a[i]!)) / (n * variance);
      total[j]! += (a[i]! - mixed[i]!) ** 2 / (2 * n * variance);
    }
  }
  return { first, total };
}

/** The posterior mean at points whose coordinate k is taken from place `from(k) + k` of each row. */
function meanAt(
  surrogate: Surrogate,
  space: Space,
  points: readonly Float64Array[],
  from: (k: number) => number,
): Float64Array {
  const d = space.coordinates.length;
  const x = new Float64Array(points.length * d);
  const active = new Uint8Array(points.length * d);
  points.forEach((point, i) => {
    const taken = Float64Array.from({ length: d }, (_, k) => point[from(k) + k]!);
    const encoded = space.encode(space.decode(taken));
    x.set(encoded.x, i * d);
    active.set(encoded.active, i * d);
  });
  return surrogate.predict(x, active).mean;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
