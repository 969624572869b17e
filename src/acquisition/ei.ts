/** Expected improvement. */
import { expectedExcess, normalCdf, normalPdf } from "../math/normal.ts";
import type { Acquisition } from "./acquisition.ts";
import { logEi } from "./log-ei.ts";
import { checkSetting } from "./setting.ts";

/**
 * Expected improvement on the incumbent, less ξ.
 *
 *   EI(x) = E[max(f* − ξ − f(x), 0)] = (f* − ξ − μ) Φ(z) + σ φ(z),   z = (f* − ξ − μ)/σ
 *   ∂EI/∂μ = −Φ(z),   ∂EI/∂σ = φ(z)
 *
 * @param options.xi ξ >= 0, in units of the loss the model sees (variance 1); a larger one explores more. Default 0.01
 * @throws ValidationError when ξ is negative or not finite
 *
 * Source: Jones, Schonlau & Welch 1998, J. Global Optim. 13, eq. 15, written for minimisation.
 */
export function ei(options: { readonly xi?: number } = {}): Acquisition {
  const xi = checkSetting("xi", options.xi ?? 0.01);
  return {
    name: "ei",
    at(mu, sigma, best) {
      const z = (best - xi - mu) / sigma;
      return { value: sigma * expectedExcess(z), byMean: -normalCdf(z), bySigma: normalPdf(z) };
    },
    climbed: logEi({ xi }),
    toJSON: () => ({ name: "ei", xi }),
  };
}
