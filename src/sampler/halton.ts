/**
 * A scrambled Halton sequence over the space: as `sobol`, with a prime base for each parameter instead of base 2 for all. Any
 * number of trials is as balanced as a power of two is for Sobol's; beyond some ten parameters Sobol's fills pairs of them better.
 */
import { halton as haltonSequence } from "../math/halton.ts";
import type { Sampler } from "./sampler.ts";
import { type SpreadOptions, spread } from "./spread.ts";

/**
 * Trial k takes point k of the sequence that the study's seed scrambles; a random point where that has been tried already. Under
 * constraints it takes the k-th point that keeps them. See `Sampler`.
 *
 * @example createStudy({ space, sampler: halton(), seed: 7 })
 */
export function halton(options: SpreadOptions = {}): Sampler {
  return spread("halton", haltonSequence, options);
}
