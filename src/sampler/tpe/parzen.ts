/**
 * A Parzen estimator over a space: a mixture of one kernel for each trial and the prior. A kernel is a product over the parameters,
 * so that what goes together in good trials is drawn together. In a conditional space one kernel covers all branches: it has an
 * opinion on the parameters that its trial had, and takes the prior for the others.
 *
 *   p(x) = [w₀ π(x) + Σᵢ wᵢ Πⱼ kᵢⱼ(xⱼ)] / (w₀ + Σᵢ wᵢ),   j over the parameters active in x,   kᵢⱼ = 1 where trial i had no xⱼ
 *
 * Densities are relative to the uniform one.
 *
 * Source: Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", §4.2; Falkner et al. 2018, arXiv:1807.01774, for the product.
 */
import type { Rng } from "../../math/rng.ts";
import { exp, log } from "../../math/special.ts";
import type { FlatParams } from "../../space/parameter.ts";
import type { Encoded, Space } from "../../space/space.ts";
import type { Belief } from "../priors.ts";
import { type Axis, type AxisKernels, createAxis } from "./axis.ts";
import type { Bandwidth } from "./bandwidth.ts";
import type { Weighted } from "./split.ts";

export interface Parzen {
  /** A configuration drawn from the mixture. */
  draw(rng: Rng): FlatParams;
  /** log p(x), up to nothing: relative to the uniform density. */
  logDensity(point: Encoded): number;
}

const axes = new WeakMap<Space, readonly Axis[]>();
const encodings = new WeakMap<Space, WeakMap<FlatParams, Encoded>>();

/**
 * @param belief      the prior π
 * @param priorWeight w₀, in trials
 */
export function createParzen(
  space: Space,
  trials: readonly Weighted[],
  belief: Belief,
  priorWeight: number,
  bandwidth: Bandwidth,
): Parzen {
  const d = space.coordinates.length;
  const n = trials.length;
  const points = trials.map(({ trial }) => encoded(space, trial.params));
  const axesOfSpace = axes.get(space) ?? space.coordinates.map(({ parameter }) => createAxis(parameter));
  axes.set(space, axesOfSpace);
  // Of each coordinate, the trials that had it, and a kernel for each of them: place[j][i] is the kernel of trial i.
  const kernels: AxisKernels[] = [];
  const members: Int32Array[] = [];
  const place: Int32Array[] = [];
  for (let j = 0; j < d; j++) {
    const having = new Int32Array(n);
    const places = new Int32Array(n).fill(-1);
    const values = new Float64Array(n);
    let count = 0;
    for (let i = 0; i < n; i++) {
      const { x, active } = points[i]!;
      if (active[j] !== 1) continue;
      having[count] = i;
      values[count] = x[j]!;
      places[i] = count++;
    }
    members.push(having.subarray(0, count));
    place.push(places);
    kernels.push(axesOfSpace[j]!.kernels(values.subarray(0, count), priorWeight, (u) => bandwidth(u, d)));
  }
  const total = trials.reduce((sum, { weight }) => sum + weight, priorWeight);
  const logWeights = Float64Array.from(trials, ({ weight }) => log(weight / total));
  const index = new Map(space.coordinates.map((dimension, j) => [dimension, j]));
  const sums = new Float64Array(n);
  const partial = new Float64Array(n);
  return {
    draw(rng) {
      let left = rng.next() * total - priorWeight;
      let i = -1;
      while (left >= 0 && i < n - 1) left -= trials[++i]!.weight;
      const prior = belief.transport(Float64Array.from({ length: d }, () => rng.next()));
      return space.build((dimension) => {
        const j = index.get(dimension);
        if (j === undefined) return dimension.parameter.decode(0.5);
        const k = i < 0 ? -1 : place[j]![i]!;
        return dimension.parameter.decode(k < 0 ? prior[j]! : kernels[j]!.draw(k, rng));
      });
    },
    logDensity(point) {
      sums.set(logWeights);
      for (let j = 0; j < d; j++) {
        if (point.active[j] !== 1) continue;
        const having = members[j]!;
        if (having.length === n) {
          kernels[j]!.addLogDensities(point.x[j]!, sums);
          continue;
        }
        partial.fill(0, 0, having.length);
        kernels[j]!.addLogDensities(point.x[j]!, partial);
        for (let k = 0; k < having.length; k++) sums[having[k]!]! += partial[k]!;
      }
      return logSumExp(sums, log(priorWeight / total) + belief.logDensityAt(point.x, point.active));
    },
  };
}

/** A configuration's place in the unit cube, computed once. */
export function encoded(space: Space, params: FlatParams): Encoded {
  const known = encodings.get(space) ?? new WeakMap<FlatParams, Encoded>();
  encodings.set(space, known);
  const point = known.get(params) ?? space.encode(params);
  known.set(params, point);
  return point;
}

function logSumExp(values: Float64Array, last: number): number {
  const top = values.reduce((most, value) => Math.max(most, value), last);
  let sum = exp(last - top);
  for (let i = 0; i < values.length; i++) sum += exp(values[i]! - top);
  return top + log(sum);
}
