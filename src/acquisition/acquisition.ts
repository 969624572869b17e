/**
 * An acquisition function says how useful a loss with a Gaussian posterior would be: N(μ, σ²) at one point → utility, larger
 * is better. It knows nothing of the model, the space or the trials; `maximize` looks for the point where it is largest.
 */

/** Utility and its derivatives at one posterior. */
export interface Utility {
  readonly value: number;
  /** ∂value/∂μ. */
  readonly byMean: number;
  /** ∂value/∂σ. */
  readonly bySigma: number;
}

export interface Acquisition {
  readonly name: string;
  /**
   * @param mu    posterior mean of the loss
   * @param sigma posterior standard deviation, > 0, same unit
   * @param best  the loss f* to improve on, same unit
   */
  at(mu: number, sigma: number, best: number): Utility;
  /**
   * An increasing function of this one that stays finite and sloped where this one underflows to a flat 0. It has the same
   * maximiser, so it is climbed instead.
   */
  readonly climbed?: Acquisition;
  /** Whether values are logarithms of a utility: over several posteriors, the utility is averaged and not its logarithm. */
  readonly logarithmic?: boolean;
  /** The settings, with every default filled in. */
  toJSON(): { readonly name: string; readonly [setting: string]: string | number };
}
