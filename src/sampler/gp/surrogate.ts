/**
 * From evidence to belief: the surrogate of an ask. Losses are warped, the kernel's parameters fitted or taken over from an
 * earlier trial's note, pending trials believed to turn out as predicted, failures modelled apart.
 */
import type { Belief } from "../../acquisition/target.ts";
import { type FitOptions, fit as fitProcess } from "../../gp/fit.ts";
import type { KernelParameters } from "../../gp/kernel.ts";
import { append, condition, type Gp, type Observations, posterior } from "../../gp/regression.ts";
import { type Warp, warp } from "../../gp/warp.ts";
import type { History } from "../../trial/history.ts";
import type { Json } from "../../trial/trial.ts";
import type { SpaceDomain } from "./domain.ts";
import type { Evidence } from "./evidence.ts";

/** What an ask remembers of its fit, so that a later one can begin there, or do without a fit. */
export interface Memory {
  readonly warp: Warp;
  /** Number of observations that the parameters were fitted to. */
  readonly fittedTo: number;
  readonly parameters: KernelParameters;
}

/** A space of more coordinates writes no note: it would outgrow the trial. */
const WIDTH_NOTED = 128;

/** Above this share of noise in the signal the lowest loss is luck, and the lowest posterior mean the better incumbent. */
const NOISE_NOTICED = 1e-3;

/** Observations of the surrogate; more are thinned, as its cost grows with their cube. */
const OBSERVATIONS_MOST = 500;

/** Failures of the surrogate of success; the latest count. */
const FAILURES_MOST = 200;

/** Surrogate, incumbent and memory for one ask; at least one trial must have been observed. */
export function believe(
  evidence: Evidence,
  domain: SpaceDomain,
  kind: Warp,
  memory: Memory | undefined,
  refitAfter: number,
): { readonly belief: Belief; readonly memory: Memory } {
  const all = evidence.losses.length;
  const { y, slope } = warp(evidence.losses, kind);
  const kept = keep(evidence, domain);
  const data: Observations = {
    x: pick(evidence.observed.rows, domain.width, kept),
    y: Float64Array.from(kept, (i) => y[i]!),
    nominal: domain.embedding.nominal,
    ...(evidence.variances === undefined
      ? {}
      : { variance: Float64Array.from(kept, (i) => Math.min(100, evidence.variances![i]! * slope[i]! * slope[i]!)) }),
  };
  const reuse =
    memory !== undefined && memory.warp === kind && all >= memory.fittedTo && all - memory.fittedTo < refitAfter;
  const model = reuse ? condition(data, memory.parameters) : fitProcess(data, startFrom(memory));
  return {
    belief: {
      loss: withPending(model, evidence.pending.rows, domain.width),
      best: incumbent(model),
      ...(evidence.failed.points.length === 0 ? {} : { success: successOf(evidence, domain, model) }),
    },
    memory: { warp: kind, fittedTo: reuse ? memory.fittedTo : all, parameters: model.parameters },
  };
}

function startFrom(memory: Memory | undefined): FitOptions {
  return memory === undefined ? {} : { starts: [memory.parameters] };
}

/** f*: the lowest loss, or where there is noise the lowest posterior mean at an observed point. */
function incumbent(model: Gp): number {
  const { noiseVariance, signalVariance } = model.parameters;
  const values = noiseVariance > NOISE_NOTICED * signalVariance ? posterior(model, model.x).mean : model.y;
  return values.reduce((a, b) => Math.min(a, b));
}

/** Pending trials count as observed at their posterior mean, one after another, so that nobody asks for the same again. */
function withPending(model: Gp, rows: Float64Array, width: number): Gp {
  let believed = model;
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    believed = append(believed, row, posterior(believed, row).mean[0]!);
  }
  return believed;
}

/** The surrogate of success: 0 where a trial ran, −2 where it failed, as alike in each direction as the losses are. */
function successOf(evidence: Evidence, domain: SpaceDomain, model: Gp): Gp {
  const failed = evidence.failed.rows.subarray(-FAILURES_MOST * domain.width);
  const y = new Float64Array(model.n + failed.length / domain.width).fill(-2, model.n);
  const x = new Float64Array(model.x.length + failed.length);
  x.set(model.x);
  x.set(failed, model.x.length);
  const { lengthScales } = model.parameters;
  return condition({ x, y, nominal: model.nominal }, { lengthScales, signalVariance: 1, noiseVariance: 0.1 });
}

/** Which observations the surrogate gets: all, or the best, those nearest to the best one, and some from everywhere. */
function keep({ losses, observed: { rows } }: Evidence, { width }: SpaceDomain): number[] {
  const n = losses.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => losses[a]! - losses[b]! || a - b);
  if (n <= OBSERVATIONS_MOST) return order.sort((a, b) => a - b);
  const kept = new Set(order.slice(0, OBSERVATIONS_MOST * 0.4));
  const best = order[0]! * width;
  const distance = (i: number): number => {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += Math.abs(rows[i * width + j]! - rows[best + j]!);
    return sum;
  };
  const distances = Float64Array.from({ length: n }, (_, i) => distance(i));
  const near = [...order].sort((a, b) => distances[a]! - distances[b]! || a - b);
  for (let i = 0; kept.size < OBSERVATIONS_MOST * 0.8; i++) kept.add(near[i]!);
  for (let i = 0; kept.size < OBSERVATIONS_MOST; i++) kept.add(Math.floor((i * 0.618034 * n) % n));
  return [...kept].sort((a, b) => a - b);
}

function pick(rows: Float64Array, width: number, indices: readonly number[]): Float64Array {
  const picked = new Float64Array(indices.length * width);
  for (const [at, i] of indices.entries()) picked.set(rows.subarray(i * width, (i + 1) * width), at * width);
  return picked;
}

/** Writes a memory into a trial's note. Six digits: the next fit needs no more, and a database keeps it. */
export function toNote({ warp: kind, fittedTo, parameters }: Memory): Json {
  const { lengthScales, signalVariance, noiseVariance } = parameters;
  if (lengthScales.length > WIDTH_NOTED) return null;
  const brief = (value: number): number => Number(value.toPrecision(6));
  return {
    warp: kind,
    fittedTo,
    lengthScales: Array.from(lengthScales, brief),
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

/** Trials that are looked through for a memory. */
const RECALLED = 64;

function fromNote(note: Json, width: number): Memory | undefined {
  if (typeof note !== "object" || note === null || Array.isArray(note)) return undefined;
  const { warp: kind, fittedTo, lengthScales, signalVariance, noiseVariance } = note as { [key: string]: Json };
  const numbers = [fittedTo, signalVariance, noiseVariance, ...(Array.isArray(lengthScales) ? lengthScales : [])];
  if (typeof kind !== "string" || numbers.length !== width + 3 || !numbers.every((v) => typeof v === "number" && v > 0))
    return undefined;
  return {
    warp: kind as Warp,
    fittedTo: fittedTo as number,
    parameters: {
      lengthScales: Float64Array.from(lengthScales as number[]),
      signalVariance: signalVariance as number,
      noiseVariance: noiseVariance as number,
    },
  };
}
