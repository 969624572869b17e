import { show, ValidationError } from "../errors.ts";

/** `name` itself when it is one of the known ones; otherwise an error that lists them. */
export function choose<Name extends string>(subject: string, name: unknown, known: readonly Name[]): Name {
  if ((known as readonly unknown[]).includes(name)) return name as Name;
  throw new ValidationError(`${subject} must be one of ${known.join(", ")}, but got ${show(name)}.`);
}

/** `value` itself when it is a whole number of at least `low`. */
export function wholeNumber(subject: string, value: unknown, low: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= low) return value as number;
  throw new ValidationError(`${subject} must be a whole number >= ${low}, but got ${show(value)}.`);
}

/** `value` itself when it is a finite number for which `holds`; `rule` says in words what that is. */
export function finiteNumber(
  subject: string,
  value: unknown,
  rule = "a finite number",
  holds: (value: number) => boolean = () => true,
): number {
  if (typeof value === "number" && Number.isFinite(value) && holds(value)) return value;
  throw new ValidationError(`${subject} must be ${rule}, but got ${show(value)}.`);
}
