/**
 * When to measure again. Under noise the best of what was tried is known by one lucky or unlucky number each, and a search that only tries what is
 * new ends with many good configurations and no way to tell them apart. So one ask in four goes to the trial that would be recommended: if it was
 * lucky, another takes its place, and that is measured at the next turn. Where results come out the same again, there is nothing to be learned from
 * it, and it is left.
 *
 * The worth of a measurement by the knowledge gradient (Frazier, Powell & Dayanik 2009) was level with this, for more than twice as many repetitions.
 */
import { type Evidence, keyOf, placesOf } from "./evidence.ts";
import { expectation } from "./recommend.ts";
import { isNoisy, type Surrogate } from "./surrogate.ts";

/** One trial in so many is a repetition. */
export const REPLICATE_EVERY = 4;
/** Before so many observations a new configuration tells more. */
const OBSERVED_LEAST = 30;
/** After so many measurements of a configuration new ones tell more. */
const MEASURED_MOST = 5;
/** Repetitions that have to give the same result for noise to be ruled out; of a coarse measure a single one may by chance. */
const SAME_LEAST = 2;

/**
 * The configuration that is worth measuring again, by its place among the observed; undefined where none is.
 *
 * @param surrogate that of the recommendation
 */
export function replication(surrogate: Surrogate): number | undefined {
  const { evidence, loss } = surrogate;
  const { losses, observed, pending, trials } = evidence;
  if (losses.length < OBSERVED_LEAST || !isNoisy(loss)) return undefined;
  const places = placesOf(evidence, loss.d);
  if (isRepeatable(places, losses)) return undefined;
  const { number } = expectation(surrogate);
  const best = trials.findIndex((trial) => trial.number === number);
  const key = keyOf(observed.rows, loss.d, best);
  const isRunning = pending.points.some((_, i) => keyOf(pending.rows, loss.d, i) === key);
  return isRunning || places.get(key)!.length >= MEASURED_MOST ? undefined : best;
}

/** Whether repetitions have been made, and every one gave what was known already. */
function isRepeatable(places: ReadonlyMap<string, readonly number[]>, losses: Evidence["losses"]): boolean {
  const repeated = [...places.values()].filter(({ length }) => length > 1);
  const repetitions = repeated.reduce((sum, { length }) => sum + length - 1, 0);
  return repetitions >= SAME_LEAST && repeated.every((own) => own.every((i) => losses[i] === losses[own[0]!]));
}
