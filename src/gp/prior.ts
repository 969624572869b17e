/**
 * What is believed of the kernel's parameters before any data: independent normal priors on their logarithms, for
 * coordinates in [0, 1] and outputs standardised to variance 1. With few trials they carry the fit; with many they fade.
 */
import { log } from "../math/special.ts";

/** log θ ~ N(mean, deviation²). */
export interface LogNormal {
  readonly mean: number;
  readonly deviation: number;
}

export interface Prior {
  /** For the length-scale of a numeric coordinate. */
  readonly lengthScale: LogNormal;
  /** For the length-scale of a nominal coordinate, whose distances are 0 or 1 whatever their number. */
  readonly lengthScaleNominal: LogNormal;
  readonly signalVariance: LogNormal;
  readonly noiseVariance: LogNormal;
}

/**
 * The default prior for d coordinates. The typical distance between points of the unit cube grows as √d, and so does the
 * length-scale expected, as in Hvarfner et al. 2024, arXiv:2402.02229; the widths are measured (`docs/decisions`).
 */
export function defaultPrior(d: number): Prior {
  return {
    lengthScale: { mean: -0.75 + 0.5 * log(d), deviation: 0.8 },
    lengthScaleNominal: { mean: 0, deviation: 0.8 },
    signalVariance: { mean: 0, deviation: 0.7 },
    noiseVariance: { mean: -6, deviation: 1.5 },
  };
}
