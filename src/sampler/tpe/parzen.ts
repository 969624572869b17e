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
import { type Axis, createAxis } from "./axis.ts";
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
  const axesOfSpace = axes.get(space) ?? space.coordinates.map(({ parameter }) => createAxis(parameter));
  axes.set(space, axesOfSpace);
  // Of each coordinate, the trials that had it, and a kernel for each of them.
  const points = trials.map(({ trial }) => encoded(space, trial.params));
  const columns = axesOfSpace.map((axis, j) => {
    const { members, values } = column(points, j);
    return { members, kernels: axis.kernels(values, priorWeight, (u) => bandwidth(u, d)) };
  });
  const total = trials.reduce((sum, { weight }) => sum + weight, priorWeight);
  const logWeights = new Float64Array(n);
  for (let i = 0; i < n; i++) logWeights[i] = log(trials[i]!.weight / total);
  const index = new Map(space.coordinates.map((dimension, j) => [dimension, j]));
  const sums = new Float64Array(n);
  const partial = new Float64Array(n);
  return {
    draw(rng) {
      let left = rng.next() * total - priorWeight;
      let i = -1;
      while (left >= 0 && i < n - 1) left -= trials[++i]!.weight;
      const even = new Float64Array(d);
      for (let j = 0; j < d; j++) even[j] = rng.next();
      const prior = belief.transport(even);
      return space.build((dimension) => {
        const j = index.get(dimension);
        if (j === undefined) return dimension.parameter.decode(0.5);
        const { members, kernels } = columns[j]!;
        const k = members.indexOf(i);
        return dimension.parameter.decode(k < 0 ? prior[j]! : kernels.draw(k, rng));
      });
    },
    logDensity(point) {
      sums.set(logWeights);
      for (let j = 0; j < d; j++) {
        if (point.active[j] !== 1) continue;
        const { members, kernels } = columns[j]!;
        if (members.length === n) {
          kernels.addLogDensities(point.x[j]!, sums);
          continue;
        }
        partial.fill(0, 0, members.length);
        kernels.addLogDensities(point.x[j]!, partial);
        for (let k = 0; k < members.length; k++) sums[members[k]!]! += partial[k]!;
      }
      return logSumExp(sums, log(priorWeight / total) + belief.logDensityAt(point.x, point.active));
    },
  };
}

/** The places of the trials that had coordinate j, and their values of it. */
function column(points: readonly Encoded[], j: number): { members: Int32Array; values: Float64Array } {
  const members = new Int32Array(points.length);
  const values = new Float64Array(points.length);
  let count = 0;
  for (let i = 0; i < points.length; i++) {
    const { x, active } = points[i]!;
    if (active[j] !== 1) continue;
    members[count] = i;
    values[count++] = x[j]!;
  }
  return { members: members.subarray(0, count), values: values.subarray(0, count) };
}

/** A configuration's place in the unit cube, computed once. */
function encoded(space: Space, params: FlatParams): Encoded {
  const known = encodings.get(space) ?? new WeakMap<FlatParams, Encoded>();
  encodings.set(space, known);
  const point = known.get(params) ?? space.encode(params);
  known.set(params, point);
  return point;
}

function logSumExp(values: Float64Array, last: number): number {
  let top = last;
  for (let i = 0; i < values.length; i++) if (values[i]! > top) top = values[i]!;
  let sum = exp(last - top);
  for (let i = 0; i < values.length; i++) sum += exp(values[i]! - top);
  return top + log(sum);
}
