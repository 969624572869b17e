/** Columns brought to mean 0 and standard deviation 1. */
import { checkChoice, columnwise, type Transformer } from "./transformer.ts";

export interface StandardScalerParams {
  /** Default true. */
  readonly withMean?: boolean;
  /** Default true. */
  readonly withStd?: boolean;
}

/**
 * (value − mean) / standard deviation of the training rows, both of all values as they are (not an estimate for a
 * population). A column with a single value is only shifted; missing values stay missing.
 *
 * @throws ValidationError for a param that it does not have
 */
export function standardScaler({ withMean = true, withStd = true }: StandardScalerParams = {}): Transformer {
  const check = (params: Required<StandardScalerParams>) => {
    for (const name of ["withMean", "withStd"] as const) checkChoice(KIND, name, params[name], [true, false]);
  };
  return columnwise(KIND, { withMean, withStd }, check, (params, values) => {
    const present = values.filter((value) => !Number.isNaN(value));
    const mean = meanOf(present);
    const variance = meanOf(present.map((value) => (value - mean) * (value - mean)));
    const shift = params.withMean ? mean : 0;
    const scale = params.withStd && !isConstant(mean, variance, present.length) ? Math.sqrt(variance) : 1;
    return {
      width: 1,
      write: (value, out, offset) => {
        out[offset] = (value - shift) / scale;
      },
    };
  });
}

const KIND = "standardScaler";

/** Whether a variance is nothing but the rounding of its own computation, the bound being scikit-learn's. */
function isConstant(mean: number, variance: number, n: number): boolean {
  const rounding = n * mean * Number.EPSILON;
  return !(variance > n * Number.EPSILON * variance + rounding * rounding);
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
