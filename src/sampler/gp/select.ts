/** Which trials a surrogate takes in, where there are more than it can, and how they reach it. */
import type { Observations } from "../../gp/regression.ts";
import type { Warped } from "../../gp/warp.ts";
import type { SpaceDomain } from "./domain.ts";
import type { Evidence } from "./evidence.ts";

/** Observations for a surrogate of at most so many: all, or the best, those nearest to the best one, and some from everywhere. */
export function select(
  { losses, variances, observed: { rows } }: Evidence,
  warped: Warped,
  domain: SpaceDomain,
  most: number,
): Observations {
  const { width, embedding } = domain;
  const kept = losses.length <= most ? [...losses.keys()] : thin(losses, rows, width, most);
  const x = new Float64Array(kept.length * width);
  for (const [at, i] of kept.entries()) x.set(rows.subarray(i * width, (i + 1) * width), at * width);
  const { y, slope } = warped;
  return {
    x,
    y: Float64Array.from(kept, (i) => y[i]!),
    nominal: embedding.nominal,
    ...(variances === undefined
      ? {}
      : { variance: Float64Array.from(kept, (i) => varianceOfY(variances[i]!, slope[i]!)) }),
  };
}

/** The known variance of a loss in the squared unit of y. A loss without one has none whatever the slope, which is infinite where losses differ by less than a double can divide by. */
export function varianceOfY(variance: number, slope: number): number {
  return variance === 0 ? 0 : Math.min(VARIANCE_MOST, variance * slope * slope);
}

/** An observation less certain than this, in the squared unit of y, says nothing; more would only overflow. */
const VARIANCE_MOST = 100;

function thin(losses: Float64Array, rows: Float64Array, width: number, most: number): number[] {
  const n = losses.length;
  const order = [...losses.keys()].sort((a, b) => losses[a]! - losses[b]! || a - b);
  const best = order[0]! * width;
  const distances = Float64Array.from(losses, (_, i) => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += Math.abs(rows[i * width + j]! - rows[best + j]!);
    return sum;
  });
  const near = [...order].sort((a, b) => distances[a]! - distances[b]! || a - b);
  const kept = new Set(order.slice(0, 0.4 * most));
  for (let i = 0; kept.size < 0.8 * most; i++) kept.add(near[i]!);
  // Steps of the golden section go evenly through the history, whatever its length.
  for (let i = 0; kept.size < most; i++) kept.add(Math.floor(((i * 0.6180339887498949) % 1) * n));
  return [...kept].sort((a, b) => a - b);
}
