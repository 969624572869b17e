/** No sampler suggests a configuration twice while the space has one that has not been suggested; this is where they ask. */
import type { Rng } from "../math/rng.ts";
import type { FlatParams } from "../space/parameter.ts";
import { configurations, type Space } from "../space/space.ts";
import type { History } from "../trial/history.ts";

/** After so many draws that were all seen, a finite space is enumerated. */
const DRAWS_MOST = 100;

/** The largest finite space that is worth enumerating for its last unseen configurations. */
const ENUMERATED_MOST = 1_000_000;

/** The keys (`space.key`) of all configurations that have been suggested, whatever became of them. */
export function seenKeys(space: Space, trials: History): Set<string> {
  return new Set(trials.map((trial) => space.key(trial.params)));
}

/**
 * The first of `draw`'s configurations that is not in `seen`; when draws keep repeating, one of the unseen configurations of
 * a finite space, each as likely; null when there is none.
 */
export function unseen(space: Space, seen: ReadonlySet<string>, rng: Rng, draw: () => FlatParams): FlatParams | null {
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
