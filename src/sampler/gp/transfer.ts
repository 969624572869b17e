/**
 * What finished studies tell of this one: a trend that the surrogate's process runs about. Each study becomes a process of its own; how far
 * its ranks agree with the trials so far, beyond what chance would do, says how much of its posterior mean is believed.
 *
 *   m(x) = a + ρ (σ_y/σ_z) z(x),   z = Σₖ wₖ zₖ / Σₖ wₖ,   w = max(0, τ − σ_τ),   ρ the same of z
 *
 * with the posterior means zₖ of the studies in warped losses, Kendall's τ between zₖ and the losses of the trials, and its standard deviation
 * σ_τ under no relation. A study that misleads has weight 0, and then nothing is left of it. The process learns the rest, y − m, as if there were no
 * study, so its uncertainty stays what the trials of this study leave.
 *
 * Related: Golovin et al. 2017, "Google Vizier", §3.3 (a process on the residual of the study before); Feurer, Letham & Bakshy 2018, "Scalable meta-learning
 * for Bayesian optimization using ranking-weighted Gaussian process ensembles", arXiv:1802.02219 (ranks, as losses of two studies have no common unit).
 */
import { show, ValidationError } from "../../errors.ts";
import { fit } from "../../gp/fit.ts";
import { type Gp, posterior, posteriorGradient, type Trend } from "../../gp/regression.ts";
import { warp } from "../../gp/warp.ts";
import type { FlatParams } from "../../space/parameter.ts";
import type { Space } from "../../space/space.ts";
import type { Observation } from "../../trial/history.ts";
import { domainOf, type SpaceDomain } from "./domain.ts";
import { gather } from "./evidence.ts";
import { kendall } from "./rank.ts";
import { select } from "./select.ts";

/** What a study has found, for one that comes after it: `await transferFrom(study)`. It survives JSON. */
export interface Experience {
  /** The study's name, for messages. */
  readonly name: string;
  /** Completed trials: parameters by full name, and the value, or its negative where it was maximised. */
  readonly trials: readonly { readonly params: FlatParams; readonly loss: number }[];
}

/** A study before this one, as a function over this one's space. */
export interface Source {
  /** Its best configuration, completed with defaults and middles where this space has more. */
  readonly best: FlatParams;
  /** z, its posterior mean, and the gradient. */
  readonly trend: Trend;
}

/** @throws ValidationError for what is no list of experiences */
export function checkExperiences(list: unknown): readonly Experience[] {
  if (!Array.isArray(list) || !list.every(isExperience)) {
    throw new ValidationError(
      `\`transfer\` must be a list of what \`await transferFrom(study)\` gives, but got ${show(list)}.`,
    );
  }
  return list;
}

function isExperience(one: unknown): one is Experience {
  const { name, trials } = (one ?? {}) as Partial<Experience>;
  return (
    typeof name === "string" &&
    Array.isArray(trials) &&
    trials.every((trial) => typeof trial?.params === "object" && trial.params !== null && Number.isFinite(trial.loss))
  );
}

/** Observations that a source's process takes in: it is asked at every point that the surrogate is asked at. */
const OBSERVATIONS_MOST = 150;
/** A source of fewer trials within the space has nothing to say. */
const TRIALS_LEAST = 3;

/**
 * The sources over each space, made at the first ask.
 *
 * @throws ValidationError when asked for a space in which an experience has too few trials
 */
export function sources(experiences: readonly Experience[]): (space: Space) => readonly Source[] {
  const made = new WeakMap<Space, readonly Source[]>();
  return (space) => {
    const known = made.get(space) ?? experiences.map((experience) => createSource(space, experience));
    made.set(space, known);
    return known;
  };
}

function createSource(space: Space, { name, trials }: Experience): Source {
  const within = trials.flatMap(({ params, loss }): Observation[] => {
    const own = carried(space, params);
    return own === undefined ? [] : [{ number: 0, state: "completed", params: own, loss, reports: [], note: null }];
  });
  if (within.length < TRIALS_LEAST) {
    throw new ValidationError(
      `Each study in \`transfer\` must have ${TRIALS_LEAST} trials or more whose parameters lie in the space, but of the ${trials.length} of "${name}" ${within.length} do. ${overlap(space, trials)}`,
    );
  }
  const domain = domainOf(space);
  const evidence = gather(domain, within);
  const process = fit(select(evidence, warp(evidence.losses, "half"), domain, OBSERVATIONS_MOST));
  const best = within.reduce((a, b) => (b.loss! < a.loss! ? b : a)).params;
  return {
    best: space.build(({ name: own, parameter }) =>
      Object.hasOwn(best, own) ? best[own]! : (parameter.default ?? parameter.decode(0.5)),
    ),
    trend: meanOf(process, evidence.observed.rows, domain),
  };
}

/** What a trial of another space says in this one; undefined where it says nothing, or tried what is outside. */
function carried(space: Space, params: FlatParams): FlatParams | undefined {
  const own: Record<string, FlatParams[string]> = {};
  for (const { name, parameter } of space.dimensions) {
    if (!Object.hasOwn(params, name)) continue;
    if (!parameter.contains(params[name])) return undefined;
    own[name] = params[name]!;
  }
  return space.coordinates.some(({ name }) => Object.hasOwn(own, name)) ? own : undefined;
}

function overlap(space: Space, trials: Experience["trials"]): string {
  const names = new Set(trials.flatMap(({ params }) => Object.keys(params)));
  const shared = space.coordinates.filter(({ name }) => names.has(name)).map(({ name }) => name);
  return shared.length === 0
    ? `They have no parameter in common: the study has ${[...names].join(", ") || "none"}, the space ${space.coordinates.map(({ name }) => name).join(", ")}.`
    : `They have ${shared.join(", ")} in common, but not in the same range.`;
}

/** The posterior mean, as a function that does not change along coordinates in which the source's rows are all alike: of them it knows nothing. */
function meanOf(process: Gp, rows: Float64Array, { width }: SpaceDomain): Trend {
  const alike = Array.from({ length: width }, (_, j) => {
    for (let at = j; at < rows.length; at += width) if (rows[at] !== rows[j]) return false;
    return true;
  });
  const known = (x: Float64Array): Float64Array =>
    x.map((value, at) => (alike[at % width] ? rows[at % width]! : value));
  return {
    values: (x) => posterior(process, known(x)).mean,
    gradient: (x) => posteriorGradient(process, known(x)).meanGradient.map((slope, j) => (alike[j] ? 0 : slope)),
  };
}

/** Means of a source vary less than this where the trials lie close together; then they say little of how the losses vary. */
const SPREAD_LEAST = 0.3;

/**
 * The trend that the sources make of trials; undefined where none agrees with them.
 *
 * @param rows [n, width] of the trials
 * @param y    their warped losses, [n]
 */
export function trendOf(all: readonly Source[], rows: Float64Array, y: Float64Array): Trend | undefined {
  const judged = all
    .map(({ trend }) => ({ trend, weight: agreement(trend.values(rows), y) }))
    .filter(({ weight }) => weight > 0);
  if (judged.length === 0) return undefined;
  const total = judged.reduce((sum, { weight }) => sum + weight, 0);
  const parts = judged.map(({ trend, weight }) => ({ trend, share: weight / total }));
  const mix = (values: (trend: Trend) => Float64Array): Float64Array => {
    const mixed = parts.map(({ trend, share }) => values(trend).map((value) => share * value));
    return mixed[0]!.map((_, i) => mixed.reduce((sum, own) => sum + own[i]!, 0));
  };
  const z = mix((trend) => trend.values(rows));
  const [centre, spread] = moments(z);
  const [level, scatter] = moments(y);
  const slope = (agreement(z, y) * scatter) / Math.max(spread, SPREAD_LEAST);
  return {
    values: (x) => mix((trend) => trend.values(x)).map((value) => level + slope * (value - centre)),
    gradient: (x) => mix((trend) => trend.gradient(x)).map((value) => slope * value),
  };
}

/** max(0, τ − σ_τ): the part of the rank agreement that chance does not explain. */
export function agreement(z: Float64Array, y: Float64Array): number {
  const { tau, chance } = kendall(z, y);
  return Math.max(0, tau - chance);
}

/** Mean and standard deviation. */
function moments(values: Float64Array): readonly [number, number] {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value / n, 0);
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + ((value - mean) * (value - mean)) / n, 0))];
}
