/**
 * No sampler suggests a configuration twice while the space has one that has not been suggested, and none suggests a configuration
 * that breaks a constraint; this is where they ask.
 */
import { SpaceInfeasibleError, show } from "../errors.ts";
import type { Rng } from "../math/rng.ts";
import type { FlatParams } from "../space/parameter.ts";
import { configurations, type Dimension, type Space } from "../space/space.ts";
import type { History, Observation } from "../trial/history.ts";
import { searchFeasible, walk } from "./feasible.ts";

/** After so many draws that were all seen, a finite space is enumerated. */
const DRAWS_MOST = 100;

/** The largest finite space that is worth enumerating for its last unseen configurations. */
const ENUMERATED_MOST = 1_000_000;

/** What was suggested for a space: the trials, and the set of their keys. */
interface Seen {
  readonly trials: Observation[];
  readonly set: Set<string>;
}

const seenBefore = new WeakMap<Space, Seen>();

/**
 * The keys (`space.key`) of all configurations that have been suggested, whatever became of them, in the order of the trials. Where a
 * history goes on from the one that was asked for before, only what is new is added, so that a set holds until the next call.
 */
export function seenKeys(space: Space, trials: History): ReadonlySet<string> {
  const before = seenBefore.get(space);
  const seen = before !== undefined && goesOn(before, space, trials) ? before : { trials: [], set: new Set<string>() };
  for (let i = seen.trials.length; i < trials.length; i++) {
    const trial = trials[i]!;
    seen.trials.push(trial);
    seen.set.add(space.key(trial.params));
  }
  seenBefore.set(space, seen);
  return seen.set;
}

/** Whether a history begins with the configurations of another, if not with the same objects. */
function goesOn({ trials: before }: Seen, space: Space, trials: History): boolean {
  if (before.length > trials.length) return false;
  for (let i = 0; i < before.length; i++) {
    // Those that are the same are not looked into, of which a long history has too many for the processor's cache.
    if (trials[i] === before[i]) continue;
    const [then, now] = [before[i]!, trials[i]!];
    if (then.params !== now.params && space.key(then.params) !== space.key(now.params)) return false;
    before[i] = now;
  }
  return true;
}

/**
 * The first of `draw`'s configurations that is not in `seen`; when draws keep repeating, one of the unseen configurations of
 * a finite space, each as likely; null when there is none. Under constraints, the first that is feasible besides.
 *
 * @throws SpaceInfeasibleError when there are constraints, and no configuration that keeps them was found
 */
export function unseen(space: Space, seen: ReadonlySet<string>, rng: Rng, draw: () => FlatParams): FlatParams | null {
  if (space.constraints.length > 0) return unseenFeasible(space, seen, rng, draw);
  // A history can hold configurations of an earlier, smaller space, so its size alone does not prove that none is left.
  if (seen.size < space.size) {
    let params = draw();
    for (let i = 1; i < DRAWS_MOST && seen.has(space.key(params)); i++) params = draw();
    if (!seen.has(space.key(params))) return params;
    // In a space too large to enumerate, a repetition costs less than the search for a novelty.
    if (space.size > ENUMERATED_MOST) return params;
  }
  const left: FlatParams[] = [];
  for (const candidate of configurations(space)) if (!seen.has(space.key(candidate))) left.push(candidate);
  return left.length === 0 ? null : left[rng.int(left.length)]!;
}

/** Whether draws at random never repeat a configuration and all may be taken, so that nobody need know what was suggested. */
export function drawsAnew(space: Space): boolean {
  const isEndless = ({ parameter, conditions }: Dimension) =>
    conditions.length === 0 && parameter.levels === Number.POSITIVE_INFINITY;
  return space.constraints.length === 0 && space.dimensions.some(isEndless);
}

/** Walks from known feasible configurations before one of them is repeated. */
const WALKS_MOST = 24;
/** Latest suggestions that are looked at for feasible ones to walk from. */
const ANCHORS_LOOKED_AT = 200;
/** Lists of feasible configurations that are longer are made anew for each ask. */
const KEPT_MOST = 50_000;

function unseenFeasible(space: Space, seen: ReadonlySet<string>, rng: Rng, draw: () => FlatParams): FlatParams | null {
  for (let i = 0; i < DRAWS_MOST; i++) {
    const params = draw();
    if (space.isFeasible(params) && !seen.has(space.key(params))) return params;
  }
  if (space.isCountable) {
    const left = feasibleOf(space).filter((params) => !seen.has(space.key(params)));
    return left.length === 0 ? null : left[rng.int(left.length)]!;
  }
  const known = [...seen].slice(-ANCHORS_LOOKED_AT).flatMap((key): FlatParams[] => {
    const params = space.ofKey(key);
    return params === undefined ? [] : [params];
  });
  if (known.length === 0) {
    const found = searchFeasible(space, rng);
    if (!seen.has(space.key(found))) return found;
    known.push(found);
  }
  for (let i = 0; i < WALKS_MOST; i++) {
    const params = walk(space, known[rng.int(known.length)]!, known, rng);
    if (!seen.has(space.key(params))) return params;
  }
  return known[rng.int(known.length)]!;
}

const listed = new WeakMap<Space, readonly FlatParams[]>();

/** All feasible configurations of a countable space. */
function feasibleOf(space: Space): readonly FlatParams[] {
  const all = listed.get(space) ?? [...configurations(space)];
  if (all.length === 0) {
    throw new SpaceInfeasibleError(
      `No configuration of the space keeps all its constraints: ${space.constraints.map(({ name }) => show(name)).join(", ")}. All of them were tried.`,
    );
  }
  if (all.length <= KEPT_MOST) listed.set(space, all);
  return all;
}
