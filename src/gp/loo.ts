/**
 * Leave-one-out predictions: what the process would have said of each observation had it not seen it. In closed form, from
 * one inverse, instead of n fits; the kernel's parameters stay those of the whole data.
 *
 *   μᵢ = yᵢ − αᵢ/[K⁻¹]ᵢᵢ,   sᵢ² = 1/[K⁻¹]ᵢᵢ,   log pᵢ = log N(yᵢ | μᵢ, sᵢ²)
 *
 * Source: Rasmussen & Williams 2006, eqs. 5.10–5.12; Sundararajan & Keerthi 2001.
 */
import { choleskyInverse } from "../math/cholesky.ts";
import { normalLogPdf } from "../math/normal.ts";
import { log } from "../math/special.ts";
import type { Gp } from "./regression.ts";

export interface LooPredictions {
  /** [n], in units of y. */
  readonly mean: Float64Array;
  /** [n], standard deviation of a new observation, its noise included; same unit. */
  readonly sigma: Float64Array;
  /** [n], log predictive density at the value that was observed. */
  readonly logDensity: Float64Array;
}

/** Predicts each observation from the others. */
export function looPredictions(gp: Gp): LooPredictions {
  const { n, y, alpha } = gp;
  const inverse = choleskyInverse(gp.L, n);
  const sigma = Float64Array.from({ length: n }, (_, i) => 1 / Math.sqrt(inverse[i * n + i]!));
  const mean = Float64Array.from({ length: n }, (_, i) => y[i]! - alpha[i]! * sigma[i]! * sigma[i]!);
  const logDensity = Float64Array.from(
    { length: n },
    (_, i) => normalLogPdf((y[i]! - mean[i]!) / sigma[i]!) - log(sigma[i]!),
  );
  return { mean, sigma, logDensity };
}
