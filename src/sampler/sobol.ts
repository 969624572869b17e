/**
 * A scrambled Sobol sequence over the space: like random search, but each next trial goes where the earlier ones left most room, in
 * every parameter and every pair of them.
 */
import { sobol as sobolSequence } from "../math/sobol.ts";
import type { Sampler } from "./sampler.ts";
import { type SpreadOptions, spread } from "./spread.ts";

/**
 * Trial k takes point k of the sequence that the study's seed scrambles; a random point where that has been tried already. Under
 * constraints it takes the k-th point that keeps them. See `Sampler`.
 *
 * @example createStudy({ space, sampler: sobol(), seed: 7 })
 */
export function sobol(options: SpreadOptions = {}): Sampler {
  return spread("sobol", sobolSequence, options);
}
