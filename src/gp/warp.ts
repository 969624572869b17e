/**
 * Output warps: monotone maps of the losses to a scale on which a Gaussian process is a fair model. Losses of tuning have a
 * long bad tail, which would take the surrogate's whole attention; the warps compress it and keep, or widen, the good half.
 * Every result depends only on how the losses lie relative to one another: adding a constant or multiplying by a positive
 * one changes nothing.
 */
import { normalQuantile } from "../math/normal.ts";
import { log, log1p, pow } from "../math/special.ts";

/** Names of the warps, in the order in which the sampler cycles through them. */
export type Warp = "none" | "half" | "half-log" | "yeo-johnson";

/** Losses as the surrogate sees them. */
export interface Warped {
  /** [n], mean 0 and variance 1 (all 0 where the losses are equal); in the order of the losses, smaller is better. */
  readonly y: Float64Array;
  /** [n], dy/dloss: what turns a standard error of a loss into one of y. */
  readonly slope: Float64Array;
}

/**
 * Warps losses and standardises them.
 *
 * @param losses [n], finite, of any magnitude
 */
export function warp(losses: ArrayLike<number>, kind: Warp): Warped {
  const { u, unit } = relative(losses);
  const warped = WARPS[kind](u);
  const { mean, deviation } = moments(warped.y);
  const scale = deviation > 0 ? 1 / deviation : 0;
  return {
    y: warped.y.map((value) => (value - mean) * scale),
    // An infinite slope would say that a known error is infinite where the losses are equal: there it says nothing.
    slope: warped.slope.map((slope) => (unit > 0 && scale > 0 ? (slope * scale) / unit : 0)),
  };
}

/**
 * The loss that a warp takes to `value`: between observed losses by linear interpolation, beyond them along the warp's slope.
 *
 * @param losses [n], those that were warped
 * @param warped what `warp` made of them
 * @param value  in units of y
 */
export function unwarp(losses: ArrayLike<number>, { y, slope }: Warped, value: number): number {
  const order = Array.from(y.keys()).sort((a, b) => y[a]! - y[b]! || losses[a]! - losses[b]!);
  const above = order.findIndex((i) => y[i]! > value);
  const right = above === -1 ? order.at(-1)! : order[above]!;
  const left = above <= 0 ? right : order[above - 1]!;
  if (left === right) return losses[right]! + (slope[right]! > 0 ? (value - y[right]!) / slope[right]! : 0);
  const share = (value - y[left]!) / (y[right]! - y[left]!);
  // Not a + (b − a) t, whose difference may overflow.
  return losses[left]! * (1 - share) + losses[right]! * share;
}

const WARPS: Readonly<Record<Warp, (u: Float64Array) => Warped>> = {
  none: (u) => ({ y: u, slope: new Float64Array(u.length).fill(1) }),
  half: halfGaussian,
  "half-log": halfLog,
  "yeo-johnson": yeoJohnson,
};

/** Losses so many units above the best count as equally bad, so that sums of squares stay finite and rounding stays fine. */
const WORST = 1e6;

/** The grid of `relative`: fine against what a model can tell apart, coarse against the rounding of the input. */
const GRID = 4294967296;

/**
 * Losses relative to the best, in units of the distance from the best to the median (or to the first that differs).
 *
 * Rounded to a grid, so that the last bits, which change when losses are given in another unit, do not reach the model:
 * from there they would be magnified until another configuration is suggested.
 */
function relative(losses: ArrayLike<number>): { readonly u: Float64Array; readonly unit: number } {
  // Differences of values near the ends of the range overflow; a quarter of them does not, and a power of two is exact.
  const shrink = Array.prototype.some.call(losses, (loss: number) => Math.abs(loss) > 1e300) ? 0.25 : 1;
  const scaled = Float64Array.from(losses, (loss) => loss * shrink);
  const sorted = scaled.slice().sort();
  const best = sorted[0]!;
  const from = (sorted.length - 1) >> 1;
  const unit = (sorted.subarray(from).find((value) => value > best) ?? best) - best;
  const u = scaled.map((value) => {
    const steps = unit > 0 ? (value - best) / unit : 0;
    return Math.round(Math.min(WORST, steps) * GRID) / GRID;
  });
  return { u, unit: unit / shrink };
}

/**
 * Leaves the better half as it is and gives the rest the spread that a normal distribution with that better half would
 * have: a value with rank p above ½ becomes median + s Φ⁻¹(p), s² = mean of (u − median)² over the better half.
 *
 * Source: the half-rank warper of Song et al. 2024, "The Vizier Gaussian process bandit algorithm", arXiv:2408.11527, A.1.
 */
function halfGaussian(u: Float64Array): Warped {
  const n = u.length;
  const sorted = u.slice().sort();
  const median = sorted[(n - 1) >> 1]!;
  const good = sorted.filter((value) => value <= median);
  const spread = Math.sqrt(good.reduce((sum, value) => sum + (value - median) * (value - median), 0) / good.length);
  // A better half that is all one value has no spread to copy; a quarter of the unit keeps the rest apart from it.
  const s = spread > 0 ? spread : 0.25;
  const y = u.map((value) => (value <= median ? value : median + s * normalQuantile(middleRank(sorted, value))));
  return { y, slope: new Float64Array(n).fill(1) };
}

/** The mean rank of a value's ties as a probability: (first + last rank)/2n, ranks counted so that the ends stay inside (0, 1). */
function middleRank(sorted: Float64Array, value: number): number {
  const first = countBelow(sorted, (other) => other < value);
  const last = countBelow(sorted, (other) => other <= value);
  return (first + last) / (2 * sorted.length);
}

/** How many leading elements of a sorted list satisfy a condition that only leading ones can. */
function countBelow(sorted: Float64Array, below: (value: number) => boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (below(sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The half-Gaussian warp followed by log(1 + t/2)/log(3/2), t from 0 at the best to 1 at the worst, which widens the
 * distances among the best.
 *
 * Source: Song et al. 2024, arXiv:2408.11527, A.1, with their offset 1.5.
 */
function halfLog(u: Float64Array): Warped {
  const half = halfGaussian(u);
  const best = half.y.reduce((a, b) => Math.min(a, b));
  const range = half.y.reduce((a, b) => Math.max(a, b)) - best;
  if (range === 0) return half;
  const t = half.y.map((value) => (value - best) / range);
  return {
    y: t.map((value) => log1p(0.5 * value) / LOG_OFFSET),
    slope: t.map((value) => 0.5 / ((1 + 0.5 * value) * LOG_OFFSET * range)),
  };
}

const LOG_OFFSET = log(1.5);

/**
 * The power transformation for values of either sign, at the exponent λ that makes the standardised values most nearly
 * normal (maximum profile likelihood):
 *
 *   z >= 0:  ((1 + z)^λ − 1)/λ            z < 0:  −((1 − z)^(2−λ) − 1)/(2 − λ)
 *
 * Source: Yeo & Johnson 2000, Biometrika 87, eq. 2.1; likelihood eq. 3.1.
 */
function yeoJohnson(u: Float64Array): Warped {
  const near = u.map((value) => Math.min(value, OUTLYING));
  const { mean, deviation } = moments(near);
  if (deviation === 0) return WARPS.none(u);
  const z = near.map((value) => (value - mean) / deviation);
  const jacobian = z.reduce((sum, value) => sum + Math.sign(value) * log1p(Math.abs(value)), 0);
  const lambda = goldenSection(
    (at) => {
      const spread = moments(z.map((value) => yeoJohnsonAt(value, at))).deviation;
      return -u.length * log(spread) + (at - 1) * jacobian;
    },
    -2,
    3,
  );
  return {
    y: z.map((value) => yeoJohnsonAt(value, lambda)),
    slope: z.map((value) => (value >= 0 ? pow(1 + value, lambda - 1) : pow(1 - value, 1 - lambda)) / deviation),
  };
}

/** A power cannot tame a single disaster without crushing the rest, so losses so many units above the best count as equal. */
const OUTLYING = 16;

function yeoJohnsonAt(z: number, lambda: number): number {
  return z >= 0 ? boxCox(1 + z, lambda) : -boxCox(1 - z, 2 - lambda);
}

/** (v^λ − 1)/λ, log v at λ = 0. */
function boxCox(v: number, lambda: number): number {
  return Math.abs(lambda) < 1e-9 ? log(v) : (pow(v, lambda) - 1) / lambda;
}

/** Where a unimodal function on [low, high] is largest, to 1e-3: a warp needs no more. */
function goldenSection(f: (at: number) => number, low: number, high: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  let left = b - ratio * (b - a);
  let right = a + ratio * (b - a);
  let [fLeft, fRight] = [f(left), f(right)];
  while (b - a > 1e-3) {
    if (fLeft >= fRight) {
      [b, right, fRight] = [right, left, fLeft];
      left = b - ratio * (b - a);
      fLeft = f(left);
    } else {
      [a, left, fLeft] = [left, right, fRight];
      right = a + ratio * (b - a);
      fRight = f(right);
    }
  }
  return (a + b) / 2;
}

/** Mean and population standard deviation. */
function moments(values: Float64Array): { readonly mean: number; readonly deviation: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const square = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / n;
  return { mean, deviation: Math.sqrt(square) };
}
