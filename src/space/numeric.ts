/**
 * The two numeric kinds, `float` and `int`, on one code path: an interval, optionally with a step, optionally in log scale.
 *
 * On a grid the index comes first: value = low + k·step, computed in decimal arithmetic and rounded once, so that steps of
 * 0.1 give 0.3 and not 0.30000000000000004. A discrete value owns a cell that reaches half a step to each side, so that the
 * ends of the range are as likely as its middle.
 */
import { show, ValidationError } from "../errors.ts";
import { exp, log } from "../math/special.ts";
import { Doubles } from "./doubles.ts";
import { cell, type Parameter, type ParameterJson, type ParameterOptions, type ParamValue } from "./parameter.ts";

export interface NumericOptions extends ParameterOptions<number> {
  /** Distance between neighbouring values, counted from `low`. Default: none for `float`, 1 for `int`. */
  readonly step?: number;
  /** Search the logarithm, so that each factor of ten gets the same share; needs `low > 0`. Default false. */
  readonly log?: boolean;
}

/** More levels than this cannot be told apart in a 53-bit coordinate: 2⁵¹ in linear scale, 2⁴⁶ in log scale. */
const LEVELS_MOST = 2251799813685248;
const LEVELS_MOST_LOG = 70368744177664;

/**
 * A real number in [low, high], both ends included.
 *
 * @param options `step` makes a grid low, low + step, … (the last one at or below high); `log` searches in log scale
 * @throws ValidationError for ends that are not finite or in the wrong order, a step that does not fit, `log` with low <= 0
 * @example float(1e-5, 1e-1, { log: true })
 */
export function float(low: number, high: number, options: NumericOptions = {}): Parameter<number> {
  for (const [name, value] of [
    ["low", low],
    ["high", high],
  ] as const) {
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw new ValidationError(`\`${name}\` of a float must be a finite number, but got ${show(value)}.`);
    }
  }
  if (!Number.isFinite(high - low)) {
    throw new ValidationError(
      `\`high - low\` of a float must be finite, but got low=${low}, high=${high}. Search the logarithm or a scaled value instead.`,
    );
  }
  return new Numeric("float", low, high, options.step, options);
}

/**
 * An integer in [low, high], both ends included.
 *
 * @throws ValidationError for ends that are not safe integers or in the wrong order, a step that is not a positive integer, `log` with low < 1
 * @example int(20, 60, { step: 10 })
 */
export function int(low: number, high: number, options: NumericOptions = {}): Parameter<number> {
  for (const [name, value] of [
    ["low", low],
    ["high", high],
    ["step", options.step ?? 1],
  ] as const) {
    if (!Number.isSafeInteger(value)) {
      throw new ValidationError(
        `\`${name}\` of an int must be an integer between -(2^53 - 1) and 2^53 - 1, but got ${show(value)}.`,
      );
    }
  }
  return new Numeric("int", low, high, options.step ?? 1, options);
}

class Numeric implements Parameter<number> {
  readonly width: 0 | 1;
  readonly levels: number;
  readonly nominal = false;
  declare readonly default?: number;
  readonly #type: "float" | "int";
  readonly #low: number;
  readonly #high: number;
  readonly #step: number | undefined;
  readonly #grid: Levels | undefined;
  readonly #log: boolean;
  /** Whether the levels share the unit interval equally. */
  readonly #isEven: boolean;
  /** The ends of the unit interval in the searched scale, half a cell beyond the outermost values of a grid. */
  readonly #from: number;
  readonly #to: number;

  constructor(type: "float" | "int", low: number, high: number, step: number | undefined, options: NumericOptions) {
    const given = `low=${show(low)}, high=${show(high)}`;
    if (low > high)
      throw new ValidationError(`\`low <= high\` must hold for a parameter of type ${type}, but got ${given}.`);
    if (options.log !== undefined && typeof options.log !== "boolean") {
      throw new ValidationError(`\`log\` must be true or false, but got ${show(options.log)}.`);
    }
    this.#log = options.log ?? false;
    if (this.#log && low <= 0)
      throw new ValidationError(`\`low > 0\` must hold for a parameter in log scale, but got ${given}.`);
    if (step !== undefined && !(typeof step === "number" && step > 0 && Number.isFinite(step))) {
      throw new ValidationError(`\`step > 0\` must hold for a parameter of type ${type}, but got step=${show(step)}.`);
    }
    this.#type = type;
    this.#low = low === 0 ? 0 : low;
    this.#step = step;
    this.#grid = step === undefined ? Doubles.of(low, high) : new Grid(low, high, step);
    // A few doubles are all but equally far from one another in either scale, except those next to 0.
    this.#isEven = !this.#log || (step === undefined && high <= 2 * low);
    this.#high = high === 0 ? 0 : high;
    // Counted exactly: `high - low` is rounded, and may come out a little less than one step where it is just that.
    if (this.#grid?.levels === 1 && low !== high) {
      throw new ValidationError(
        `\`step <= high - low\` must hold for a parameter of type ${type}, but got ${given}, step=${step}. Use \`fixed(${low})\` for a single value.`,
      );
    }
    this.levels = low === high ? 1 : (this.#grid?.levels ?? Number.POSITIVE_INFINITY);
    const most = this.#log ? LEVELS_MOST_LOG : LEVELS_MOST;
    if (Number.isFinite(this.levels) && (this.levels > most || (this.#log && this.#type === "int" && high > most))) {
      throw new ValidationError(
        `A parameter of type ${type}${this.#log ? " in log scale" : ""} can have at most ${most} levels, but got ${given}, step=${step}. Use a larger step, or a float that the objective rounds.`,
      );
    }
    this.width = this.levels === 1 ? 0 : 1;
    const last = this.#grid === undefined ? high : this.#grid.value(this.levels - 1);
    const half = step === undefined || this.levels === 1 ? 0 : step / 2;
    this.#from = this.#log ? log(low - Math.min(half, low / 2)) : low - half;
    this.#to = this.#log ? log(last + half) : last + half;
    if (options.default !== undefined) {
      if (!this.contains(options.default)) {
        throw new ValidationError(
          `\`default\` must be a value of the parameter (${this.describe()}), but got ${show(options.default)}.`,
        );
      }
      this.default = options.default;
    }
  }

  contains(value: unknown): boolean {
    if (typeof value !== "number" || !(value >= this.#low && value <= this.#high)) return false;
    return this.#grid === undefined || this.#grid.index(value) !== undefined;
  }

  encode(value: ParamValue): number {
    if (this.width === 0) return 0.5;
    const v = value as number;
    if (this.#grid !== undefined && this.#isEven) return (this.#grid.nearest(v) + 0.5) / this.levels;
    const s = this.#log ? log(v) : v;
    return Math.min(1, Math.max(0, (s - this.#from) / (this.#to - this.#from)));
  }

  decode(u: number): number {
    if (this.width === 0) return this.#low;
    const t = Math.min(1, Math.max(0, u));
    if (this.#grid !== undefined && this.#isEven) return this.#grid.value(cell(t, this.levels));
    const s = t === 1 ? this.#to : this.#from + t * (this.#to - this.#from);
    if (this.#grid !== undefined) return this.#grid.value(this.#grid.nearest(exp(s)));
    // The ends themselves, which exp(log(x)) would miss by a rounding.
    if (t === 0) return this.#low;
    if (t === 1) return this.#high;
    return Math.min(this.#high, Math.max(this.#low, this.#log ? exp(s) : s));
  }

  level(index: number): number {
    return this.#grid === undefined ? this.#low : this.#grid.value(index);
  }

  describe(): string {
    const step = this.#step === undefined || (this.#type === "int" && this.#step === 1) ? "" : `, step ${this.#step}`;
    return `${this.#type} in [${this.#low}, ${this.#high}]${step}${this.#log ? ", log" : ""}`;
  }

  toJSON(): ParameterJson {
    return {
      type: this.#type,
      low: this.#low,
      high: this.#high,
      ...(this.#step === undefined ? {} : { step: this.#step }),
      ...(this.#log ? { log: true } : {}),
      ...(this.default === undefined ? {} : { default: this.default }),
    };
  }
}

/** The values of a discrete parameter, in order. */
interface Levels {
  readonly levels: number;
  value(k: number): number;
  /** The index of the level nearest to `value`. */
  nearest(value: number): number;
  /** The index of `value` if it is a level. */
  index(value: number): number | undefined;
}

/** The values low + k·step up to `high`, each computed exactly in decimal and rounded once. */
class Grid implements Levels {
  readonly levels: number;
  readonly #low: number;
  readonly #step: number;
  readonly #scale: number;
  readonly #lowUnits: bigint;
  readonly #stepUnits: bigint;

  constructor(low: number, high: number, step: number) {
    const [a, b, c] = [decimal(low), decimal(high), decimal(step)];
    this.#scale = Math.max(a.scale, b.scale, c.scale);
    this.#lowUnits = units(a, this.#scale);
    this.#stepUnits = units(c, this.#scale);
    this.#low = low;
    this.#step = step;
    this.levels = Number((units(b, this.#scale) - this.#lowUnits) / this.#stepUnits) + 1;
  }

  value(k: number): number {
    const total = this.#lowUnits + BigInt(k) * this.#stepUnits;
    return this.#scale === 0 ? Number(total) : Number(`${total}e${-this.#scale}`);
  }

  nearest(value: number): number {
    return Math.min(this.levels - 1, Math.max(0, Math.round((value - this.#low) / this.#step)));
  }

  index(value: number): number | undefined {
    const k = this.nearest(value);
    return this.value(k) === value ? k : undefined;
  }
}

/** A finite number as digits · 10^−scale, from its shortest decimal form. */
function decimal(x: number): { readonly digits: bigint; readonly scale: number } {
  const [mantissa = "0", exponent = "0"] = String(x).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

function units(x: { readonly digits: bigint; readonly scale: number }, scale: number): bigint {
  return x.digits * 10n ** BigInt(scale - x.scale);
}
