/** Probability of improvement. */
import { normalCdf, normalLogCdf, normalPdf } from "../math/normal.ts";
import { erfcx } from "../math/special.ts";
import type { Acquisition } from "./acquisition.ts";
import { checkSetting } from "./setting.ts";

/**
 * Probability that the loss is below the incumbent by more than ξ.
 *
 *   PI(x) = Φ(z),   z = (f* − ξ − μ)/σ
 *   ∂PI/∂μ = −φ(z)/σ,   ∂PI/∂σ = −z φ(z)/σ
 *
 * @param options.xi ξ >= 0, in units of the loss the model sees (variance 1); a larger one explores more. Default 0.01
 * @throws ValidationError when ξ is negative or not finite
 *
 * Source: Kushner 1964, J. Basic Eng. 86, written for minimisation.
 */
export function pi(options: { readonly xi?: number } = {}): Acquisition {
  const xi = checkSetting("xi", options.xi ?? 0.01);
  return {
    name: "pi",
    at(mu, sigma, best) {
      const z = (best - xi - mu) / sigma;
      const slope = normalPdf(z) / sigma;
      return { value: normalCdf(z), byMean: -slope, bySigma: -z * slope };
    },
    climbed: logPi(xi),
    toJSON: () => ({ name: "pi", xi }),
  };
}

/** log Φ(z); its derivative by z is φ(z)/Φ(z). */
function logPi(xi: number): Acquisition {
  return {
    name: "log-pi",
    logarithmic: true,
    at(mu, sigma, best) {
      const z = (best - xi - mu) / sigma;
      const slope = hazard(z) / sigma;
      return { value: normalLogCdf(z), byMean: -slope, bySigma: -z * slope };
    },
    toJSON: () => ({ name: "log-pi", xi }),
  };
}

/** φ(z)/Φ(z); in the lower tail, where both underflow, by the scaled complement √(2/π)/erfcx(−z/√2). */
function hazard(z: number): number {
  return z < 0 ? SQRT_2_OVER_PI / erfcx(-z * Math.SQRT1_2) : normalPdf(z) / normalCdf(z);
}

const SQRT_2_OVER_PI = 0.7978845608028654;
