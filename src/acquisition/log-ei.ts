/** The logarithm of expected improvement: the default. */
import { logExpectedExcess, logExpectedExcessSlope } from "../math/normal.ts";
import { log } from "../math/special.ts";
import type { Acquisition } from "./acquisition.ts";
import { checkSetting } from "./setting.ts";

/**
 * Log expected improvement on the incumbent, less ξ.
 *
 *   logEI(x) = log h(z) + log σ,   z = (f* − ξ − μ)/σ,   h(z) = φ(z) + z Φ(z)
 *   ∂/∂μ = −ρ/σ,   ∂/∂σ = (1 − z ρ)/σ,   ρ = Φ(z)/h(z)
 *
 * Has the maximiser of EI, and stays finite and sloped where EI itself underflows: almost everywhere, late in a search.
 *
 * @param options.xi ξ >= 0, in units of the loss the model sees (variance 1). Default 0
 * @throws ValidationError when ξ is negative or not finite
 *
 * Source: Ament et al. 2023, arXiv:2310.20708, eq. 9.
 */
export function logEi(options: { readonly xi?: number } = {}): Acquisition {
  const xi = checkSetting("xi", options.xi ?? 0);
  return {
    name: "log-ei",
    logarithmic: true,
    at(mu, sigma, best) {
      const z = (best - xi - mu) / sigma;
      const slope = logExpectedExcessSlope(z);
      return {
        value: logExpectedExcess(z) + log(sigma),
        byMean: -slope / sigma,
        bySigma: (1 - z * slope) / sigma,
      };
    },
    toJSON: () => ({ name: "log-ei", xi }),
  };
}
