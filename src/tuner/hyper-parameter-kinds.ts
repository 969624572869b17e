/**
 * What `hp.Int`, `hp.Float` and `hp.Choice` stand for: parameters of `space`, whose coordinates are KerasTuner's cumulative
 * probabilities. Departures, each where its arithmetic goes wrong: a linear step is counted in decimals (a Float from 0 to 0.5
 * in steps of 0.1 has 0.5 among its values and 0.3 for 0.30000000000000004), and a Choice of booleans stays one of booleans.
 */
import { show, ValidationError } from "../errors.ts";
import { categorical, ordinal } from "../space/choice.ts";
import { geometric } from "../space/geometric.ts";
import { float, int } from "../space/numeric.ts";
import type { Parameter, ParamValue } from "../space/parameter.ts";

/** The range of a number. */
export interface NumberRange {
  readonly min: number;
  /** Included. */
  readonly max: number;
  /**
   * In linear sampling the distance between neighbouring values (1 for `Int` if not given), in log sampling their ratio; in
   * reversed log sampling the ratio of their distances from min + max.
   */
  readonly step?: number;
  /**
   * `"log"` gives each factor of ten the same share and so looks closely at small values; `"reverseLog"` is its mirror image
   * and looks closely at large ones, as 0.9 … 0.999 of a momentum need it. Both need min > 0. Default `"linear"`.
   */
  readonly sampling?: "linear" | "log" | "reverseLog";
  /** The value of the first build, and of a trial older than the parameter. Default `min`. */
  readonly default?: number;
}

export interface ChoiceOptions<T> {
  /** Whether neighbours in the list are alike. Default: true for numbers, and only they can be. */
  readonly ordered?: boolean;
  /** Default: the first value. */
  readonly default?: T;
}

/** @throws ValidationError that names the parameter */
export function numeric(kind: "Int" | "Float", name: string, range: NumberRange): Parameter<number> {
  if (typeof range !== "object" || range === null) {
    throw new ValidationError(
      `${kind} ${show(name)} needs a range such as { min: 1, max: 8 }, but got ${show(range)}.`,
    );
  }
  const { min, max, step, sampling = "linear" } = range;
  if (sampling !== "linear" && sampling !== "log" && sampling !== "reverseLog") {
    throw new ValidationError(
      `\`sampling\` of ${kind} ${show(name)} must be "linear", "log" or "reverseLog", but got ${show(sampling)}.`,
    );
  }
  const initial = range.default === undefined ? {} : { default: range.default };
  const number = kind === "Int" ? "int" : "float";
  const plain = kind === "Int" ? int : float;
  const reverse = sampling === "reverseLog";
  return named(`${kind} ${show(name)}`, () => {
    if (sampling === "linear") return plain(min, max, { ...(step === undefined ? {} : { step }), ...initial });
    if (step === undefined) {
      const isPlain = kind === "Float" && !reverse;
      return isPlain
        ? plain(min, max, { log: true, ...initial })
        : geometric(min, max, { number, reverse, ...initial });
    }
    plain(min, max, { log: true });
    const values = powers(kind, min, max, step);
    if (!reverse) return ordinal(values, initial);
    // From max downwards, as KerasTuner has it; the least value stands first where a search begins.
    const mirrored = values.map((value) => rounded(min + max - value));
    return ordinal(mirrored, { default: range.default ?? mirrored.at(-1)! });
  });
}

/** min, min·step, min·step², … up to max. */
function powers(kind: "Int" | "Float", min: number, max: number, step: number): number[] {
  if (!(step > 1) || (kind === "Int" && !Number.isInteger(step))) {
    throw new ValidationError(
      `\`step\` is a ratio in log sampling and must be ${kind === "Int" ? "a whole number " : ""}above 1, but got ${show(step)}.`,
    );
  }
  const values: number[] = [];
  for (let value = min; value <= max; value = rounded(value * step)) values.push(value);
  return values;
}

/** Products of decimals such as 1e-4 · 10 are rounded to 15 digits, so that they print as they were meant. */
function rounded(value: number): number {
  return Number(value.toPrecision(15));
}

/** @throws ValidationError that names the parameter */
export function choice<T extends ParamValue>(
  name: string,
  values: readonly T[],
  options: ChoiceOptions<T>,
): Parameter<ParamValue> {
  const types = new Set(Array.isArray(values) ? values.map((value) => typeof value) : []);
  if (types.size > 1) {
    throw new ValidationError(
      `The values of a Choice must be of one type, but ${show(name)} has ${[...types].join(" and ")}: ${show(values)}.`,
    );
  }
  const ordered = options.ordered ?? types.has("number");
  if (ordered && !types.has("number")) {
    throw new ValidationError(
      `Only a Choice of numbers can be ordered, but ${show(name)} has ${show(values)}. Leave \`ordered\` out.`,
    );
  }
  const initial = options.default === undefined ? {} : { default: options.default };
  return named(`Choice ${show(name)}`, () =>
    ordered ? ordinal<ParamValue>(values, initial) : categorical<ParamValue>(values, initial),
  );
}

/** What `make` makes; what it refuses, with the parameter's name before it. */
export function named<T>(parameter: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(`${parameter}: ${error.message}`, { cause: error });
  }
}
