/**
 * The surrogate as the analyses need it: the posterior of a study's value over its space, and how far it can be trusted. It
 * is fitted to what was observed, in the value's own scale, so that its bands are read in the study's unit; the sampler's own
 * model works on warped losses, which serve the search and not the eye.
 */
import { createEmbedding, fit as fitGp, type Gp, looPredictions, posterior } from "../gp/index.ts";
import type { Space } from "../space/space.ts";
import { type ConfiguredEvaluation, type Observed, observed } from "./evaluation.ts";
import { type LeaveOneOut, leaveOneOut } from "./leave-one-out.ts";

/** The posterior over a space, of whatever model. */
export interface Surrogate {
  /**
   * @param x      [m, d], row-major, points of the unit cube over the coordinates of the space
   * @param active [m, d], 1 where a coordinate is active
   * @returns      means and standard deviations of the value without its noise, in the study's own unit
   */
  predict(x: Float64Array, active: Uint8Array): Prediction;
}

export interface Prediction {
  /** [m] */
  readonly mean: Float64Array;
  /** [m] */
  readonly sd: Float64Array;
}

export interface FittedSurrogate extends Surrogate {
  /** What the surrogate would have said of each observation without having seen it. */
  readonly leaveOneOut: LeaveOneOut;
}

/** Fewer observations than this say nothing of a surface. */
const OBSERVATIONS_LEAST = 3;

/**
 * Fits a Gaussian process to the completed trials of a study.
 *
 * @param trials  as the study gives them; `standardError`, where known, is taken as noise
 * @param options `observations` limits what is fitted, O(n³): of more, so many are taken evenly by rank, best and worst included.
 *                Default 300
 * @returns null with fewer than three completed trials, or without a parameter that varies
 * @throws ValidationError for params that the space does not have
 */
export function fitSurrogate(
  space: Space,
  trials: readonly (ConfiguredEvaluation & { readonly standardError?: number })[],
  options: { readonly observations?: number } = {},
): FittedSurrogate | null {
  const errors = new Map(trials.map(({ number, standardError }) => [number, standardError ?? 0]));
  const points = thinned(observed(space, trials), options.observations ?? 300);
  const d = space.coordinates.length;
  if (points.length < OBSERVATIONS_LEAST || d === 0) return null;

  const values = points.map(({ value }) => value);
  const centre = values.reduce((sum, value) => sum + value / values.length, 0);
  const spread = Math.hypot(...values.map((value) => value - centre)) / Math.sqrt(values.length);
  // What rounding leaves of equal values is no spread.
  const scale = spread > 1e-12 * Math.abs(centre) ? spread : 1;
  const embedding = createEmbedding(
    space.coordinates.map(({ parameter, conditions }) => ({
      nominal: parameter.nominal,
      ...(conditions.length === 0 ? {} : { branch: JSON.stringify(conditions) }),
    })),
  );
  const embed = (x: Float64Array, active: Uint8Array): Float64Array => {
    const m = x.length / d;
    const rows = new Float64Array(m * embedding.width);
    for (let i = 0; i < m; i++) {
      const [from, to] = [i * d, (i + 1) * d];
      embedding.embed(x.subarray(from, to), active.subarray(from, to), rows, i * embedding.width);
    }
    return rows;
  };
  const gp = fitGp({
    x: embed(joined(points, "x", Float64Array), joined(points, "active", Uint8Array)),
    y: Float64Array.from(values, (value) => (value - centre) / scale),
    nominal: embedding.nominal,
    variance: Float64Array.from(points, ({ number }) => (errors.get(number)! / scale) ** 2),
  });
  return {
    predict(x, active) {
      const { mean, sigma } = posterior(gp, embed(x, active));
      return { mean: mean.map((z) => centre + scale * z), sd: sigma.map((s) => scale * s) };
    },
    leaveOneOut: leaveOneOut(points, inUnit(gp, centre, scale)),
  };
}

/** At most `most` of the observations: evenly by rank, so that good and bad keep their shares, in their own order. */
function thinned(points: readonly Observed[], most: number): readonly Observed[] {
  if (points.length <= most) return points;
  const byValue = [...points].sort((a, b) => a.value - b.value);
  const kept = new Set(
    Array.from({ length: most }, (_, i) => byValue[Math.round((i * (points.length - 1)) / (most - 1))]),
  );
  return points.filter((point) => kept.has(point));
}

function inUnit(gp: Gp, centre: number, scale: number): { readonly mean: Float64Array; readonly sd: Float64Array } {
  const { mean, sigma } = looPredictions(gp);
  return { mean: mean.map((z) => centre + scale * z), sd: sigma.map((s) => scale * s) };
}

function joined<T extends Float64Array | Uint8Array>(
  points: readonly Observed[],
  key: "x" | "active",
  Kind: { from(values: Iterable<number>): T },
): T {
  return Kind.from(points.flatMap((point) => Array.from(point[key])));
}
