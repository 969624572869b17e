/** scipy's names for the distributions that random searches draw from; each is a parameter of ours. */
import { categorical } from "../space/choice.ts";
import { float, int } from "../space/numeric.ts";
import type { Parameter, ParamValue } from "../space/parameter.ts";

/** Evenly from low to high. Not scipy's (loc, scale), which is a start and a width. */
export function uniform(low: number, high: number): Parameter<number> {
  return float(low, high);
}

/** Each factor of ten as likely as the others; needs low > 0. */
export function loguniform(low: number, high: number): Parameter<number> {
  return float(low, high, { log: true });
}

/** An integer from low to high − 1, `high` itself excluded as in scipy. */
export function randint(low: number, high: number): Parameter<number> {
  return int(low, high - 1);
}

/** One of the values, each as likely as the others. */
export function choice<const T extends ParamValue>(values: readonly T[]): Parameter<T> {
  return categorical(values);
}
