/** Candidates drawn at random, as a random search tries them. */
import { show, ValidationError } from "../errors.ts";
import { createRng } from "../math/rng.ts";
import { random } from "../sampler/random.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { Observation } from "../trial/history.ts";
import { type Distributions, type GridParams, gridSpace } from "./parameter-grid.ts";

/**
 * So many candidates, none twice; where lists alone allow fewer, all of them. A `RandomizedSearchCV` of the same seed
 * tries the same ones in the same order.
 *
 * @throws ValidationError for distributions that are none, and `candidates` that is no integer >= 1
 * @example [...parameterSampler({ C: loguniform(1e-3, 1e3), penalty: ["l2", null] }, 10, { seed: 7 })]
 */
export function* parameterSampler<const G extends Distributions | readonly Distributions[]>(
  distributions: G,
  candidates: number,
  { seed = 0 }: { readonly seed?: number | string } = {},
): Generator<GridParams<G>> {
  const { space, params } = gridSpace(distributions, true);
  for (const flat of drawCandidates(space, candidates, seed)) yield params(flat) as GridParams<G>;
}

/** The first candidates that random search draws under a seed. */
export function drawCandidates(space: Space, count: number, seed: number | string): FlatParams[] {
  checkCandidates(count);
  const sampler = random();
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  for (let number = 0; number < count; number++) {
    const suggestion = sampler.sample({ space, trials, rng: studyRng.fork(number), studyRng });
    if (suggestion === null) break;
    trials.push({ number, state: "pending", params: suggestion.params, loss: null, reports: [], note: null });
  }
  return trials.map(({ params }) => params);
}

export function checkCandidates(count: unknown, name = "candidates"): void {
  if (Number.isSafeInteger(count) && (count as number) >= 1) return;
  throw new ValidationError(`\`${name}\` must be an integer >= 1, but got ${show(count)}.`);
}
