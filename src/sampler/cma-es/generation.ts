/**
 * Where a search by CMA-ES stands, read from the history: the latest run that a trial carries, and, once enough trials that were
 * drawn from it have finished, the run after it.
 */
import type { Rng } from "../../math/rng.ts";
import type { History, Observation } from "../../trial/history.ts";
import { type Distribution, isotropic, rootOf, update } from "./distribution.ts";
import { type Domain, placeOf } from "./domain.ts";
import { adapt, firstRates } from "./learning-rate.ts";
import { keepMargin, type Margin } from "./margin.ts";
import { readMember, readRun } from "./note.ts";
import { advance, firstRun, hasCollapsed, isOver, isSound, nextRun, type Restarts, type Run } from "./run.ts";
import { strategy } from "./strategy.ts";
import { type Known, promisingDistribution } from "./warm-start.ts";

export interface Plan {
  readonly sigma0: number;
  /** λ of the first run. */
  readonly lambda: number;
  readonly restarts: Restarts;
  readonly margin: boolean;
  readonly separable: boolean;
  readonly learningRateAdaptation: boolean;
  /** The trials of a warm start, best first, and by how much of the unit interval each is smeared. */
  readonly known: () => readonly Known[];
  readonly smear: number;
}

export interface Standing {
  readonly run: Run;
  /** The trial that carries it; the trial to suggest, where it is new. */
  readonly from: number;
}

/** The run from which the next trial is to be drawn. */
export function standing(trials: History, domain: Domain, plan: Plan, isExhaustible: boolean, rng: Rng): Standing {
  const latest = latestRun(trials, domain.names);
  if (latest === undefined) return { run: beginning(domain, plan), from: trials.length };
  const population = populationOf(trials, latest, domain);
  if (population === undefined) return latest;
  const next = evolve(latest.run, population, domain, plan, isExhaustible, rng);
  const late = next.restart === latest.run.restart ? pendingOf(trials, latest, domain) : [];
  return { run: { ...next, late }, from: trials.length };
}

function beginning(domain: Domain, plan: Plan): Run {
  const { lambda, learningRateAdaptation } = plan;
  const known = plan.known();
  if (known.length === 0) {
    return firstRun(isotropic(domain.start, plan.sigma0, plan.separable), lambda, learningRateAdaptation);
  }
  const points = known.map(({ x }) => x);
  const run = firstRun(promisingDistribution(points, plan.separable, plan.smear), lambda, learningRateAdaptation);
  // What is known may lie in few cells.
  return plan.margin ? { ...run, ...marginOf(run, run.distribution, domain) } : run;
}

function latestRun(trials: History, names: readonly string[]): Standing | undefined {
  for (let from = trials.length - 1; from >= 0; from--) {
    const run = readRun(trials[from]!.note, names, from);
    if (run !== undefined) return { run, from };
  }
  return undefined;
}

/** A finished trial that was drawn from the distribution, or from one before it. */
interface Ranked {
  readonly trial: Observation;
  readonly x: Float64Array;
  readonly isForeign: boolean;
  readonly isLate: boolean;
}

/** The trials of a run that are still pending: of the generation, and of those before it. */
function pendingOf(trials: History, { run, from }: Standing, { names }: Domain): readonly number[] {
  const own = trials.slice(from).filter(({ note }) => readMember(note, names.length)?.from === from);
  return [...run.late.map((number) => trials[number]!), ...own]
    .filter(({ state }) => state === "pending")
    .map(({ number }) => number);
}

/**
 * The finished trials of a run's generation, best first, if there are λ of them, or more: those that were asked for before the
 * generation was complete count as well, and so do results of earlier generations that came too late for theirs. Without a single loss
 * of its own a generation has nothing to tell, and goes on.
 */
function populationOf(trials: History, { run, from }: Standing, domain: Domain): readonly Ranked[] | undefined {
  const finished: Ranked[] = [];
  for (let number = from; number < trials.length; number++) {
    const trial = trials[number]!;
    if (trial.state === "pending") continue;
    const member = readMember(trial.note, domain.names.length);
    if (member?.from !== from) continue;
    const point = pointOf(trial, member.x, run, domain);
    const isForeign = member.isForeign || point?.isForeign === true;
    if (point !== undefined) finished.push({ trial, x: point.x, isForeign, isLate: false });
  }
  if (finished.every(({ trial }) => trial.loss === null)) return undefined;
  for (const number of run.late) {
    const trial = trials[number]!;
    if (trial.loss !== null && contains(domain, trial)) {
      finished.push({ trial, x: encoded(domain, trial), isForeign: true, isLate: true });
    }
  }
  if (finished.length < run.lambda) return undefined;
  const known = finished.filter(({ trial }) => trial.loss !== null).length;
  // Beyond λ, failures would only push each other's weights about.
  return finished.sort(byRank).slice(0, Math.max(run.lambda, known));
}

/** Completed trials by loss; then pruned ones by their last, which others did better than; then those that have none. */
function byRank(a: Ranked, b: Ranked): number {
  return (
    classOf(a.trial) - classOf(b.trial) ||
    compare(a.trial.loss ?? 0, b.trial.loss ?? 0) ||
    a.trial.number - b.trial.number
  );
}

function classOf({ state, loss }: Observation): number {
  return loss === null ? 2 : state === "completed" ? 0 : 1;
}

/** The sign of a − b, which may overflow. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What a trial has to tell of: its draw, or where its params lie, when a user has changed them; nothing if they are of another space. */
function pointOf(
  trial: Observation,
  x: Float64Array,
  { distribution, scales }: Run,
  domain: Domain,
): { readonly x: Float64Array; readonly isForeign: boolean } | undefined {
  if (!contains(domain, trial)) return undefined;
  const { names, parameters } = domain;
  const u = placeOf(domain, x, distribution.mean, scales);
  if (names.every((name, j) => parameters[j]!.decode(u[j]!) === trial.params[name])) return { x, isForeign: false };
  return { x: encoded(domain, trial), isForeign: true };
}

/** Whether a trial has a value for each searched parameter. */
function contains({ names, parameters }: Domain, { params }: Observation): boolean {
  return names.every((name, j) => Object.hasOwn(params, name) && parameters[j]!.contains(params[name]));
}

/** Where its values lie, [n]. */
function encoded({ names, parameters }: Domain, { params }: Observation): Float64Array {
  return Float64Array.from(names, (name, j) => parameters[j]!.encode(params[name]!));
}

/** The run after its generation, or the first of the next run. */
function evolve(
  run: Run,
  population: readonly Ranked[],
  domain: Domain,
  plan: Plan,
  isExhaustible: boolean,
  rng: Rng,
): Run {
  const n = domain.names.length;
  const isDiagonal = run.distribution.C.length === n;
  const root = rootOf(run.distribution);
  const proposed = update(
    run.distribution,
    root,
    population.map(({ x }) => x),
    strategy(n, population.length, isDiagonal),
    population.map(({ isForeign }) => isForeign),
  );
  const known = plan.learningRateAdaptation ? (run.rates ?? firstRates(run.distribution)) : null;
  const { distribution: moved, rates } =
    known === null ? { distribution: proposed, rates: null } : adapt(run.distribution, root, proposed, known);
  const restart = (): Run => nextRun({ ...run, rates }, plan.restarts, plan.lambda, plan.sigma0, rng.fork("restart"));
  // Even a search without restarts cannot go on with a distribution that has overflowed, or from which all draws are the same.
  if (!isSound(moved, run.scales)) return restart();
  const kept = plan.margin ? marginOf(run, moved, domain) : { distribution: moved, scales: run.scales };
  if (!isSound(kept.distribution, kept.scales)) return restart();
  const losses = population.flatMap(({ trial }) => trial.loss ?? []);
  const next = advance(run, { ...kept, rates }, losses, population.length);
  if (plan.restarts === "none") return hasCollapsed(next) ? restart() : next;
  const isExhausted = isExhaustible && population.every(({ isForeign, isLate }) => isForeign && !isLate);
  return isExhausted || isOver(next, rootOf(next.distribution), plan.restarts) ? restart() : next;
}

/** A run's distribution with the margin that discrete coordinates need. */
function marginOf({ scales, lambda }: Run, distribution: Distribution, { parameters }: Domain): Margin {
  return keepMargin(distribution, scales, parameters, 1 / (parameters.length * lambda));
}
