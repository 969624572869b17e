/**
 * Numbers on a geometric scale as KerasTuner lays them out: `int` in log scale with cells that reach from each integer to the
 * next, and both number types in reversed log scale, which looks closely at the upper end. (`float` in log scale is
 * `numeric.ts`'s, where both layouts agree.) With a = low, b = high for a float and high + 1 for an int, and u in [0, 1]:
 *
 *   log      a (b/a)ᵘ
 *   reverse  a + b − a (b/a)¹⁻ᵘ
 *
 * rounded down for an int, which lies at the coordinate of its cell's middle, value + ½.
 *
 * Source: KerasTuner 1.4.8, `Numerical._sample_numerical_value` and `_numerical_to_prob`.
 */
import { show, ValidationError } from "../errors.ts";
import { exp, log } from "../math/special.ts";
import { float, int } from "./numeric.ts";
import type { Parameter, ParameterJson, ParameterOptions, ParamValue } from "./parameter.ts";

export interface GeometricOptions extends ParameterOptions<number> {
  readonly number: "int" | "float";
  /** Whether the upper end is the one that is looked at closely. Default false. */
  readonly reverse?: boolean;
}

/**
 * A number in [low, high], both ends included, on a geometric scale.
 *
 * @throws ValidationError for ends that are no numbers of that type, in the wrong order or not above 0
 */
export function geometric(low: number, high: number, options: GeometricOptions): Parameter<number> {
  const { number, reverse = false } = options;
  if (number !== "int" && number !== "float") {
    throw new ValidationError(`\`number\` must be "int" or "float", but got ${show(number)}.`);
  }
  // The same ends are allowed as in log scale, and refused with the same words.
  (number === "int" ? int : float)(low, high, { ...options, log: true });
  return new Geometric(low, high, number, reverse, options.default);
}

class Geometric implements Parameter<number> {
  readonly width: 0 | 1;
  readonly levels: number;
  readonly nominal = false;
  declare readonly default?: number;
  /** A grid takes so many points of it: the neighbours of a large integer are all alike. */
  readonly gridPoints = 10;
  readonly #low: number;
  readonly #high: number;
  readonly #number: "int" | "float";
  readonly #reverse: boolean;
  readonly #top: number;
  readonly #logRatio: number;

  constructor(low: number, high: number, number: "int" | "float", reverse: boolean, initial: number | undefined) {
    this.#low = low;
    this.#high = high;
    this.#number = number;
    this.#reverse = reverse;
    this.#top = number === "int" ? high + 1 : high;
    this.#logRatio = log(this.#top / low);
    this.levels = low === high ? 1 : number === "int" ? high - low + 1 : Number.POSITIVE_INFINITY;
    this.width = low === high ? 0 : 1;
    if (initial !== undefined) this.default = initial;
  }

  contains(value: unknown): boolean {
    if (typeof value !== "number" || !(value >= this.#low && value <= this.#high)) return false;
    return this.#number === "float" || Number.isInteger(value);
  }

  encode(value: ParamValue): number {
    if (this.width === 0) return 0.5;
    const v = (value as number) + (this.#number === "int" ? 0.5 : 0);
    const u = this.#reverse
      ? 1 - log((this.#low + this.#top - v) / this.#low) / this.#logRatio
      : log(v / this.#low) / this.#logRatio;
    return Math.min(1, Math.max(0, u));
  }

  decode(u: number): number {
    if (this.width === 0) return this.#low;
    const t = Math.min(1, Math.max(0, u));
    // exp(log(x)) would miss the ends themselves by a rounding.
    if (t === 0) return this.#low;
    if (t === 1) return this.#high;
    const value = this.#reverse
      ? this.#low + this.#top - this.#low * exp((1 - t) * this.#logRatio)
      : this.#low * exp(t * this.#logRatio);
    return Math.min(this.#high, Math.max(this.#low, this.#number === "int" ? Math.floor(value) : value));
  }

  level(index: number): number {
    return this.#low + index;
  }

  describe(): string {
    return `${this.#number} in [${this.#low}, ${this.#high}], ${this.#reverse ? "reversed log" : "log"}`;
  }

  toJSON(): ParameterJson {
    return {
      type: "geometric",
      number: this.#number,
      low: this.#low,
      high: this.#high,
      ...(this.#reverse ? { reverse: true } : {}),
      ...(this.default === undefined ? {} : { default: this.default }),
    };
  }
}
