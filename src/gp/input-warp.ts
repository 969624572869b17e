/**
 * Input warps: monotone maps of a coordinate's unit interval onto itself, for functions that change much faster at one end than at the other, as with
 * a learning rate that was declared on a linear scale. A stationary kernel has one length-scale for both ends, and suits neither.
 *
 *   w(x) = 1 − (1 − xᵃ)ᵇ,   w⁻¹(u) = (1 − (1 − u)^(1/b))^(1/a)
 *
 * is the distribution function of Kumaraswamy: a < 1 widens the lower end, b < 1 the upper one. Few exponents are tried, and a coordinate is warped
 * where that makes the data more probable by more than what is believed against it, log a, log b ~ N(0, 0.75²), and another nat.
 *
 * Source: Snoek, Swersky, Zemel & Adams 2014, "Input warping for Bayesian optimization of non-stationary functions", arXiv:1402.0929, §3. They
 * integrate over the exponents of the beta distribution; a choice among a few is what a fit of milliseconds has the time for.
 */
import { log, pow } from "../math/special.ts";
import { type Fitted, refine } from "./fit.ts";
import type { KernelParameters } from "./kernel.ts";
import type { Observations } from "./regression.ts";

export interface InputWarp {
  readonly a: number;
  readonly b: number;
}

/** Warps by the coordinates that have one. */
export type InputWarps = ReadonlyMap<number, InputWarp>;

/** w(x), for x in [0, 1]. */
export function stretch(x: number, { a, b }: InputWarp): number {
  return 1 - raise(1 - raise(x, a), b);
}

/** w⁻¹(u), for u in [0, 1]. */
export function unstretch(u: number, { a, b }: InputWarp): number {
  return raise(1 - raise(1 - u, 1 / b), 1 / a);
}

function raise(x: number, exponent: number): number {
  return exponent === 1 ? x : pow(x, exponent);
}

const TRIED: readonly InputWarp[] = [
  { a: 1 / 2, b: 1 },
  { a: 1 / 4, b: 1 },
  { a: 1, b: 1 / 2 },
  { a: 1, b: 1 / 4 },
];

/** Nats by which a warp must be better than none. */
const GAIN_LEAST = 1;
/** Width of the belief about log a and log b, which lies around 0: no warp. */
const DEVIATION = 0.75;

/**
 * The warps that data ask for, coordinate after coordinate, each beside those chosen before it.
 *
 * @param coordinates those that may be warped, in the order of their turns
 * @param start       kernel parameters of the data without warps
 * @param observe     the data under given warps
 */
export function chooseInputWarps(
  coordinates: readonly number[],
  start: KernelParameters,
  observe: (warps: InputWarps) => Observations,
): InputWarps {
  let chosen: InputWarps = new Map();
  let fitted = refine(observe(chosen), start);
  for (const j of coordinates) {
    let least = fitted.value - GAIN_LEAST;
    let better: { readonly warps: InputWarps; readonly fitted: Fitted } | undefined;
    for (const warp of TRIED) {
      const warps = new Map([...chosen, [j, warp]]);
      const tried = refine(observe(warps), fitted.parameters);
      const value = tried.value + against(warp);
      if (value < least) [least, better] = [value, { warps, fitted: tried }];
    }
    if (better !== undefined) [chosen, fitted] = [better.warps, better.fitted];
  }
  return chosen;
}

/** −log p(a, b), up to a constant. */
function against({ a, b }: InputWarp): number {
  return (log(a) * log(a) + log(b) * log(b)) / (2 * DEVIATION * DEVIATION);
}
