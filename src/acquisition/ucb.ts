/** Confidence bound. */
import type { Acquisition } from "./acquisition.ts";
import { checkSetting } from "./setting.ts";

/**
 * Upper confidence bound of the value, which for a loss is the lower one, negated so that larger is better.
 *
 *   UCB(x) = −(μ − κ σ),   ∂/∂μ = −1,   ∂/∂σ = κ
 *
 * @param options.kappa κ >= 0; a larger one explores more. Default 2.6, KerasTuner's
 * @throws ValidationError when κ is negative or not finite
 *
 * Source: Srinivas et al. 2010, arXiv:0912.3995, eq. 6, with constant κ = √β.
 */
export function ucb(options: { readonly kappa?: number } = {}): Acquisition {
  const kappa = checkSetting("kappa", options.kappa ?? 2.6);
  return {
    name: "ucb",
    at: (mu, sigma) => ({ value: kappa * sigma - mu, byMean: -1, bySigma: kappa }),
    toJSON: () => ({ name: "ucb", kappa }),
  };
}
