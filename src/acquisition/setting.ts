/** The rule that the settings of all acquisition functions share. */
import { show, ValidationError } from "../errors.ts";

/** A setting that must be a finite number of at least 0. @throws ValidationError otherwise */
export function checkSetting(name: string, value: number): number {
  if (typeof value !== "number" || !(value >= 0 && value < Infinity)) {
    throw new ValidationError(`\`${name} >= 0\` must hold and be finite, but got ${name}=${show(value)}.`);
  }
  return value;
}
