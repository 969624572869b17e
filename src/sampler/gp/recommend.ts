/**
 * Which of the trials is held for the best. Results scatter about the surrogate's function for two reasons: training is noisy, and the function is
 * rough, so that a configuration is a little better or worse than its neighbours let expect whenever it is measured. One measurement each cannot
 * tell the two apart, but forgetting the second costs: among configurations that the surrogate holds for equally good, those with better results are better.
 *
 *   y = f(x) + r(x) + e,   r ~ N(0, ρ σ²),   e ~ N(0, (1 − ρ) σ² + v)
 *   E[f + r] ≈ μ + δ² Σᵢ wᵢ (yᵢ − μ)/(1 + δ² Σᵢ wᵢ),   δ² = ρ σ²,   wᵢ = 1/((1 − ρ) σ² + vᵢ)
 *
 * over the measurements i of a configuration, with the posterior mean μ of f, the fitted noise σ² and the known variances v of results. Of a
 * configuration that was measured once, it is exact: the kernel matrix is the same for every ρ.
 *
 * The recommendation is made of a fit of its own. The search stays in the mode of little noise where there are two, as it must not give up what
 * is good in a rough place; to choose among what was tried, the more probable of the two modes is the better (`docs/decisions`, 010).
 */
import { posterior } from "../../gp/regression.ts";
import type { Expectation } from "../sampler.ts";
import { keyOf, placesOf } from "./evidence.ts";
import { inLosses } from "./explain.ts";
import { varianceOfY } from "./select.ts";
import type { Surrogate } from "./surrogate.ts";

/** Trials that may be the best although others had lower losses. */
const RIVALS = 100;

/** ρ: how much of what the surrogate leaves to noise is the configuration's own. From .05 to .3 it was much the same. */
const ROUGHNESS = 0.15;

/** The observed trial whose configuration has the lowest expected loss, of those with the lowest losses. */
export function expectation(surrogate: Surrogate): Expectation {
  const { evidence, warped, loss } = surrogate;
  const { losses, variances, observed, trials } = evidence;
  const width = loss.d;
  const rivals = [...losses.keys()].sort((a, b) => losses[a]! - losses[b]! || a - b).slice(0, RIVALS);
  const rows = new Float64Array(rivals.length * width);
  for (const [at, i] of rivals.entries()) rows.set(observed.rows.subarray(i * width, (i + 1) * width), at * width);
  const { mean, sigma } = posterior(loss, rows);
  const places = placesOf(evidence, width);
  const measured = (i: number): Measurement => ({
    y: warped.y[i]!,
    variance: varianceOfY(variances?.[i] ?? 0, warped.slope[i]!),
  });
  const expected = rivals.map((i, at) => {
    const own = places.get(keyOf(observed.rows, width, i))!.map(measured);
    const rough = roughness(own, mean[at]!, loss.parameters.noiseVariance);
    const variance = sigma[at]! * sigma[at]! + rough.variance;
    return { trial: trials[i]!, mean: mean[at]! + rough.mean, deviation: Math.sqrt(variance) };
  });
  const best = expected.reduce((least, one) => (one.mean < least.mean ? one : least));
  return { number: best.trial.number, ...inLosses(evidence, warped, best.mean, best.deviation) };
}

/** A result and its known variance, in units of y. */
interface Measurement {
  readonly y: number;
  readonly variance: number;
}

/** Mean and variance of r of a configuration, given f = μ there. */
function roughness(measurements: readonly Measurement[], mu: number, noiseVariance: number) {
  const prior = ROUGHNESS * noiseVariance;
  let weights = 0;
  let sum = 0;
  for (const { y, variance } of measurements) {
    const weight = 1 / (noiseVariance - prior + variance);
    weights += weight;
    sum += weight * (y - mu);
  }
  return { mean: (prior * sum) / (1 + prior * weights), variance: prior / (1 + prior * weights) };
}
