/**
 * The kinds that list their values: `categorical` (no order), `ordinal` (in the order given), `boolean` and `fixed`.
 */
import { show, ValidationError } from "../errors.ts";
import { cell, type Parameter, type ParameterJson, type ParameterOptions, type ParamValue } from "./parameter.ts";

/**
 * One of several values without an order.
 *
 * @throws ValidationError when there are none, two are equal, or one is not a string, finite number, boolean or null
 * @example categorical(["relu", "tanh"])
 */
export function categorical<const T extends ParamValue>(
  choices: readonly T[],
  options: ParameterOptions<NoInfer<T>> = {},
): Parameter<T> {
  return new Choice("categorical", choices, true, options);
}

/**
 * One of several values in order, such as sizes; neighbours in the list are taken to be alike.
 *
 * @throws ValidationError as for `categorical`
 * @example ordinal([16, 32, 64])
 */
export function ordinal<const T extends ParamValue>(
  choices: readonly T[],
  options: ParameterOptions<NoInfer<T>> = {},
): Parameter<T> {
  return new Choice("ordinal", choices, false, options);
}

/** true or false. */
export function boolean(options: ParameterOptions<boolean> = {}): Parameter<boolean> {
  return new Choice<boolean>("boolean", [false, true], true, options);
}

/** A value that is not searched but belongs to the configuration, so that it stands in every trial. */
export function fixed<const T extends ParamValue>(value: T): Parameter<T> {
  return new Choice("fixed", [value], true, {});
}

class Choice<T extends ParamValue> implements Parameter<T> {
  readonly width: 0 | 1;
  readonly levels: number;
  readonly nominal: boolean;
  declare readonly default?: T;
  readonly #type: string;
  readonly #choices: readonly T[];
  readonly #index: ReadonlyMap<ParamValue, number>;

  constructor(type: string, choices: readonly T[], nominal: boolean, options: ParameterOptions<T>) {
    if (!Array.isArray(choices) || choices.length === 0) {
      throw new ValidationError(
        `A parameter of type ${type} needs a list of at least one choice, but got ${show(choices)}.`,
      );
    }
    const index = new Map<ParamValue, number>();
    for (const [i, choice] of choices.entries()) {
      if (!isParamValue(choice)) {
        throw new ValidationError(
          `A choice must be a string, a finite number, a boolean or null, but choice ${i} of a parameter of type ${type} is ${show(choice)}. Choose a name and look the value up in the objective.`,
        );
      }
      if (index.has(choice)) {
        throw new ValidationError(
          `The choices of a parameter of type ${type} must differ, but ${show(choice)} stands at ${index.get(choice)} and ${i}.`,
        );
      }
      index.set(choice, i);
    }
    this.#type = type;
    this.#choices = choices.map((choice) => (choice === 0 ? (0 as T) : choice));
    this.#index = index;
    this.nominal = nominal;
    this.levels = choices.length;
    this.width = choices.length === 1 ? 0 : 1;
    if (options.default !== undefined) {
      if (!this.contains(options.default)) {
        throw new ValidationError(
          `\`default\` must be one of the choices (${this.describe()}), but got ${show(options.default)}.`,
        );
      }
      this.default = options.default;
    }
  }

  contains(value: unknown): boolean {
    return this.#index.has(value as ParamValue);
  }

  encode(value: ParamValue): number {
    return (this.#index.get(value)! + 0.5) / this.levels;
  }

  decode(u: number): T {
    return this.#choices[cell(u, this.levels)]!;
  }

  level(index: number): T {
    return this.#choices[index]!;
  }

  describe(): string {
    if (this.#type === "boolean") return "boolean";
    const shown = this.#choices.slice(0, 8).map(show).join(", ");
    return `${this.#type} of ${shown}${this.levels > 8 ? `, … (${this.levels} in all)` : ""}`;
  }

  toJSON(): ParameterJson {
    const rest = this.default === undefined ? {} : { default: this.default };
    if (this.#type === "boolean") return { type: this.#type, ...rest };
    if (this.#type === "fixed") return { type: this.#type, value: this.#choices[0] };
    return { type: this.#type, choices: this.#choices, ...rest };
  }
}

/** Whether `value` can be a parameter's value. */
export function isParamValue(value: unknown): value is ParamValue {
  return (
    value === null ||
    typeof value === "string" ||
    typeof value === "boolean" ||
    (typeof value === "number" && Number.isFinite(value))
  );
}
