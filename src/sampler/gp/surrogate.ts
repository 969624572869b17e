/**
 * From evidence to belief: the surrogate of an ask. Losses are warped, the kernel's parameters fitted or taken over from an
 * earlier trial's note, pending trials believed to turn out as predicted, failures modelled apart.
 */
import type { Belief } from "../../acquisition/target.ts";
import { fantasize, fantasyMeans } from "../../gp/fantasies.ts";
import { fit as fitGp, NOISE_LEAST, typicalParameters } from "../../gp/fit.ts";
import type { KernelParameters } from "../../gp/kernel.ts";
import { defaultPrior } from "../../gp/prior.ts";
import { append, condition, extend, type Gp, type Observations, posterior } from "../../gp/regression.ts";
import { type Warp, type Warped, warp } from "../../gp/warp.ts";
import type { Rng } from "../../math/rng.ts";
import type { History } from "../../trial/history.ts";
import type { Json } from "../../trial/trial.ts";
import type { SpaceDomain } from "./domain.ts";
import type { Evidence } from "./evidence.ts";
import { select } from "./select.ts";
import { type Source, trendOf } from "./transfer.ts";

/** What an ask remembers of its fit, so that a later one can begin there, or do without a fit. */
export interface Memory {
  readonly warp: Warp;
  /** Number of observations that the parameters were fitted to. */
  readonly fittedTo: number;
  readonly parameters: KernelParameters;
  /** The scales they were fitted on, as `scalesToText` has them; undefined for those declared. */
  readonly scales?: string | undefined;
}

/** A space of more coordinates writes no note: it would outgrow the trial. */
export const WIDTH_NOTED = 128;

/** Above this share of noise in the signal the lowest loss is luck, and the lowest posterior mean the better incumbent. */
const NOISE_NOTICED = 1e-3;

/** Observations of the surrogate; more are thinned, as its cost grows with their cube. */
const OBSERVATIONS_MOST = 600;

/** Observations that the kernel's parameters are fitted to, at thirty times the cost of one factorisation. */
const FITTED_MOST = 250;

/** Failures of the surrogate of success; the latest count. */
const FAILURES_MOST = 200;

/** What a surrogate is made of, besides the evidence. */
export interface Recipe {
  readonly warp: Warp;
  /** What an earlier ask remembers. */
  readonly memory: Memory | undefined;
  /** Observations to take in before the kernel is fitted again. */
  readonly refitAfter: number;
  /** Studies before this one. Default none. */
  readonly sources?: readonly Source[];
  /** The scales of the domain, as in a memory. Default those declared. */
  readonly scales?: string | undefined;
  /** Whether there is no noise but what keeps the matrix well conditioned. Default false. */
  readonly deterministic?: boolean;
  /** Whether a fit begins at much noise besides. Default false. */
  readonly bothModes?: boolean;
}

/** A surrogate, what it was made of, and what to remember of it. */
export interface Surrogate {
  readonly evidence: Evidence;
  readonly warped: Warped;
  /** Under the most probable parameters. */
  readonly loss: Gp;
  readonly memory: Memory;
}

/** Takes in the trials that have ended, of which there must be one. */
export function createSurrogate(
  evidence: Evidence,
  domain: SpaceDomain,
  { warp: kind, memory, refitAfter, sources = [], scales, deterministic = false, bothModes = false }: Recipe,
): Surrogate {
  const all = evidence.losses.length;
  const warped = warp(evidence.losses, kind);
  const trend = trendOf(sources, evidence.observed.rows, warped.y);
  const observations = (most: number): Observations => ({
    ...select(evidence, warped, domain, most),
    ...(trend === undefined ? {} : { trend }),
  });
  const reuse =
    memory?.warp === kind && memory.scales === scales && all >= memory.fittedTo && all - memory.fittedTo < refitAfter;
  const known = deterministic ? { noiseVariance: NOISE_LEAST } : {};
  const parameters = reuse
    ? { ...memory.parameters, ...known }
    : fitGp(observations(FITTED_MOST), { starts: startsOf(memory, bothModes && !deterministic, domain), ...known })
        .parameters;
  return {
    evidence,
    warped,
    loss: conditionOn(domain, kind, observations(OBSERVATIONS_MOST), parameters),
    memory: { warp: kind, fittedTo: reuse ? memory.fittedTo : all, parameters, scales },
  };
}

/** The latest processes over a domain, one for each warp, as each has its own parameters. */
const latest = new WeakMap<SpaceDomain, Map<Warp, Gp>>();

/** `condition`, from the process of an earlier ask where that spares a factorisation: between two fits only rows are appended. */
function conditionOn(domain: SpaceDomain, kind: Warp, data: Observations, parameters: KernelParameters): Gp {
  if (data.variance !== undefined) return condition(data, parameters);
  const ofDomain = latest.get(domain) ?? new Map<Warp, Gp>();
  latest.set(domain, ofDomain);
  const earlier = ofDomain.get(kind);
  const process = (earlier && extend(earlier, data, parameters)) ?? condition(data, parameters);
  ofDomain.set(kind, process);
  return process;
}

/** What an ask believes: the surrogate, with the trials that still run and those that failed. */
export function believe({ evidence, loss }: Surrogate, domain: SpaceDomain, rng: Rng): Belief {
  const { pending, failed } = evidence;
  return {
    ...withPending(loss, pending.rows, domain.width, rng),
    ...(failed.points.length === 0 ? {} : { success: successOf(evidence, domain, loss) }),
  };
}

/** The share of noise in the variance where the second of two fits begins. */
const NOISE_MUCH = 0.5;

/** Where a fit begins: at the parameters of the last one, or in the middle of the prior; and at much noise if both modes are sought. */
function startsOf(
  memory: Memory | undefined,
  bothModes: boolean,
  { width, embedding }: SpaceDomain,
): KernelParameters[] {
  const middle = typicalParameters(defaultPrior(width), embedding.nominal);
  const first = memory?.parameters ?? middle;
  return bothModes ? [first, { ...middle, noiseVariance: NOISE_MUCH * middle.signalVariance }] : [first];
}

/** Whether the noise is noticed. */
export function isNoisy({ parameters: { noiseVariance, signalVariance } }: Gp): boolean {
  return noiseVariance > NOISE_NOTICED * signalVariance;
}

/** f*: the lowest loss, or where there is noise the lowest posterior mean at an observed point. */
function incumbent(model: Gp): number {
  const values = isNoisy(model) ? posterior(model, model.x).mean : model.y;
  return values.reduce((a, b) => Math.min(a, b));
}

/** Pending trials whose outcomes are fantasised jointly; more are believed to turn out as predicted. */
const FANTASIED_MOST = 16;

/** Fantasies of the pending trials: quasi-random, so that few do. */
const FANTASIES = 64;

/**
 * Takes pending trials into account, so that nobody asks for the same again and what they promise counts as taken: the
 * acquisition function is averaged over fantasies of what they will be, the incumbent of each among them. Where they are many,
 * they count as observed at their posterior mean, one after another (the "Kriging believer" of Ginsbourger, Le Riche & Carraro
 * 2010, §3), which costs one appended row each.
 */
function withPending(model: Gp, rows: Float64Array, width: number, rng: Rng): Belief {
  const best = incumbent(model);
  const count = rows.length / width;
  if (count === 0) return { loss: model, best };
  if (count > FANTASIED_MOST) return believing(model, best, rows, width);
  const fantasies = fantasize(model, rows, FANTASIES, rng);
  const means = fantasyMeans(fantasies, rows);
  const bests = Float64Array.from({ length: FANTASIES }, (_, s) =>
    means.subarray(s * count, (s + 1) * count).reduce((a, b) => Math.min(a, b), best),
  );
  return { loss: fantasies.gp, best, pending: { fantasies, bests } };
}

function believing(model: Gp, best: number, rows: Float64Array, width: number): Belief {
  let loss = model;
  let least = best;
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    const believed = posterior(loss, row).mean[0]!;
    loss = append(loss, row, believed);
    least = Math.min(least, believed);
  }
  return { loss, best: least };
}

/**
 * The surrogate of success: 0 where a trial ran, −2 where it failed. It has length-scales of its own: what makes trials fail is
 * seldom what makes them good.
 */
function successOf(evidence: Evidence, domain: SpaceDomain, model: Gp): Gp {
  const failed = evidence.failed.rows.subarray(-FAILURES_MOST * domain.width);
  const y = new Float64Array(model.n + failed.length / domain.width).fill(-2, model.n);
  const x = new Float64Array(model.x.length + failed.length);
  x.set(model.x);
  x.set(failed, model.x.length);
  const prior = { ...defaultPrior(domain.width), noiseVariance: NOISE_OF_SUCCESS };
  return fitGp({ x, y, nominal: model.nominal }, { prior });
}

/** Some failures are chance: about a tenth of the variance, until the trials say otherwise. */
const NOISE_OF_SUCCESS = { mean: -2.3, deviation: 1 };

/** Writes a memory into a trial's note. Six digits: the next fit needs no more, and a database keeps it. */
export function toNote({ warp: kind, fittedTo, parameters, scales }: Memory): { readonly [key: string]: Json } {
  const { lengthScales, signalVariance, noiseVariance } = parameters;
  if (lengthScales.length > WIDTH_NOTED) return {};
  const brief = (value: number): number => Number(value.toPrecision(6));
  return {
    warp: kind,
    fittedTo,
    ...(scales === undefined ? {} : { scales }),
    // A text takes a fifth of the memory of an array of boxed numbers, ten thousand trials long.
    lengthScales: Array.from(lengthScales, brief).join(" "),
    signalVariance: brief(signalVariance),
    noiseVariance: brief(noiseVariance),
  };
}

/** The latest memory in a history, of the same warp if there is one; notes of another sampler or another space are passed over. */
export function recall(trials: History, kind: Warp, width: number): Memory | undefined {
  let other: Memory | undefined;
  for (let i = trials.length - 1; i >= Math.max(0, trials.length - RECALLED); i--) {
    const memory = fromNote(trials[i]!.note, width);
    if (memory?.warp === kind) return memory;
    other ??= memory;
  }
  return other;
}

/** Trials that are looked through for a note. */
export const RECALLED = 64;

function fromNote(note: Json, width: number): Memory | undefined {
  if (typeof note !== "object" || note === null || Array.isArray(note)) return undefined;
  const {
    warp: kind,
    fittedTo,
    lengthScales: listed,
    scales,
    signalVariance,
    noiseVariance,
  } = note as { [key: string]: Json };
  const lengthScales = typeof listed === "string" ? listed.split(" ").map(Number) : [];
  const numbers = [fittedTo, signalVariance, noiseVariance, ...lengthScales];
  if (typeof kind !== "string" || numbers.length !== width + 3 || !numbers.every((v) => typeof v === "number" && v > 0))
    return undefined;
  return {
    warp: kind as Warp,
    fittedTo: fittedTo as number,
    parameters: {
      lengthScales: Float64Array.from(lengthScales),
      signalVariance: signalVariance as number,
      noiseVariance: noiseVariance as number,
    },
    ...(typeof scales === "string" ? { scales } : {}),
  };
}
