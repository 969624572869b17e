/**
 * Hyperband: brackets of successive halving, from the one that halves most to plain random search. A bracket begins with many
 * configurations that are trained for few epochs; the best of each round go on, from where their training stopped, until
 * few are left and trained in full. With s the number of a bracket, r its round, R the most epochs and η the factor,
 *
 *   epochs(s, r) = ⌈R η^(r−s)⌉,   size(s, r) = ⌈⌈1 + log_η R⌉ / (s + 1) · η^(s−r)⌉
 *
 * which is KerasTuner's schedule, in which a trial of round r continues one of round r − 1, and the next round begins as soon
 * as it is certain who is among its best. Where a trial stands is its note, so the schedule is a function of the trials so far.
 *
 * Departures: the logarithm is counted in whole numbers, where theirs is one trial off for some R (125 = 5³); a failed trial
 * takes its place among the worst, where theirs leaves its bracket without an end.
 *
 * Source: Li et al. 2018, "Hyperband", JMLR 18, algorithm 1; KerasTuner 1.4.8, `HyperbandOracle`.
 */
import type { Rng } from "../math/rng.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { seenKeys, unseen } from "../sampler/unseen.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { History, Observation } from "../trial/history.ts";
import type { Json } from "../trial/trial.ts";
import type { Stage } from "./tuner-plan.ts";

export interface HyperbandSchedule {
  /** The most epochs that a model is trained. */
  readonly maxEpochs: number;
  /** η, by which rounds shrink and epochs grow. */
  readonly factor: number;
  /** How often all brackets are gone through. */
  readonly iterations: number;
}

/** Where a trial stands; `sweep` counts brackets from 0 over all iterations, `bracket` is the schedule's s. */
type HyperbandNote = {
  readonly sweep: number;
  readonly bracket: number;
  readonly round: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly parent: number | null;
};

/** Chooses the trials of the schedule, each with its stage as a note; null when every bracket has ended or must wait. */
export function hyperbandSampler(schedule: HyperbandSchedule): Sampler {
  return {
    name: "hyperband",
    toJSON: () => ({ ...schedule }),
    sample({ space, trials, rng }) {
      const sweeps = bracketCount(schedule) * schedule.iterations;
      for (let sweep = 0; sweep < sweeps; sweep++) {
        const next = nextOfBracket(schedule, sweep, trials, () => fresh(space, trials, rng));
        if (next !== null) return next;
      }
      return null;
    },
  };
}

/** The stage in a note; null for a trial that the schedule did not choose. */
export function stageOf(note: Json): Stage | null {
  if (note === null) return null;
  const { epochs, initialEpoch, parent } = note as HyperbandNote;
  return { epochs, initialEpoch, parent };
}

/** Trials of the whole schedule. */
export function trialCount(schedule: HyperbandSchedule): number {
  let count = 0;
  for (let s = 0; s < bracketCount(schedule); s++) for (let r = 0; r <= s; r++) count += roundSize(schedule, s, r);
  return count * schedule.iterations;
}

function nextOfBracket(
  schedule: HyperbandSchedule,
  sweep: number,
  trials: History,
  draw: () => FlatParams | null,
): { readonly params: FlatParams; readonly note: HyperbandNote } | null {
  const brackets = bracketCount(schedule);
  const bracket = brackets - 1 - (sweep % brackets);
  const rounds = Array.from({ length: bracket + 1 }, (_, round) =>
    trials.filter(({ note }) => {
      const at = note as HyperbandNote | null;
      return at !== null && at.sweep === sweep && at.round === round;
    }),
  );
  if (rounds[0]!.length < roundSize(schedule, bracket, 0)) {
    const params = draw();
    const epochs = roundEpochs(schedule, bracket, 0);
    if (params !== null) return { params, note: { sweep, bracket, round: 0, epochs, initialEpoch: 0, parent: null } };
  }
  for (let round = 1; round <= bracket; round++) {
    const parent = promoted(rounds[round - 1]!, rounds[round]!, roundSize(schedule, bracket, round));
    if (parent === null) continue;
    const note = {
      sweep,
      bracket,
      round,
      epochs: roundEpochs(schedule, bracket, round),
      initialEpoch: roundEpochs(schedule, bracket, round - 1),
      parent: parent.number,
    };
    return { params: parent.params, note };
  }
  return null;
}

/** The best trial of a round that surely goes on and has not yet; null while there is none. */
function promoted(before: readonly Observation[], after: readonly Observation[], size: number): Observation | null {
  const taken = new Set(after.map(({ note }) => (note as HyperbandNote).parent));
  const left = before.filter(({ number, state }) => state !== "pending" && !taken.has(number));
  // As soon as more have ended than will be thrown out, the best of them is among those that stay.
  if (left.length <= before.length - size) return null;
  const completed = left.filter(({ state }) => state === "completed");
  return completed.length === 0 ? null : completed.reduce((best, one) => (one.loss! < best.loss! ? one : best));
}

function fresh(space: Space, trials: History, rng: Rng): FlatParams | null {
  return unseen(space, seenKeys(space, trials), rng, () =>
    space.build(({ parameter }) => parameter.decode(rng.next())),
  );
}

/** Brackets of one iteration: how often R can be divided by η before less than one epoch is left. */
function bracketCount({ maxEpochs, factor }: HyperbandSchedule): number {
  let count = 0;
  for (let epochs = maxEpochs; epochs >= 1; epochs /= factor) count++;
  return count;
}

function roundEpochs({ maxEpochs, factor }: HyperbandSchedule, bracket: number, round: number): number {
  return Math.ceil(maxEpochs / power(factor, bracket - round));
}

function roundSize({ maxEpochs, factor }: HyperbandSchedule, bracket: number, round: number): number {
  let logarithm = 0;
  while (power(factor, logarithm) < maxEpochs) logarithm++;
  return Math.ceil(((1 + logarithm) / (bracket + 1)) * power(factor, bracket - round));
}

function power(base: number, exponent: number): number {
  let product = 1;
  for (let i = 0; i < exponent; i++) product *= base;
  return product;
}
