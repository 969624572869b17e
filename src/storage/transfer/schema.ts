/**
 * What values of unknown origin must be. Each check takes a value with the path at which it stands and throws a `Misfit` where it is
 * something else; keys that a check does not know are misfits too.
 */
import { show } from "../../errors.ts";

export type Check = (value: unknown, path: string) => void;

/** Where a value is not what it must be, and how. */
export class Misfit extends Error {
  constructor(path: string, rule: string, value: unknown) {
    super(`must have ${rule} at ${path}, but got ${show(value)}`);
  }
}

export const text: Check = rule("a string", (value) => typeof value === "string");
export const number: Check = rule("a number", (value) => typeof value === "number" && !Number.isNaN(value));
export const finite: Check = rule("a finite number", Number.isFinite);
export const count: Check = rule("an integer >= 0", (value) => Number.isSafeInteger(value) && (value as number) >= 0);
/** Anything that is JSON. */
export const json: Check = () => {};
export const scalar: Check = rule(
  "a string, a number, a boolean or null",
  (value) => value === null || ["string", "number", "boolean"].includes(typeof value),
);

export function exactly(expected: unknown): Check {
  return rule(show(expected), (value) => value === expected);
}

export function oneOf(...choices: readonly unknown[]): Check {
  return rule(`one of ${choices.map(show).join(", ")}`, (value) => choices.includes(value));
}

export function nullable(check: Check): Check {
  return (value, path) => {
    if (value !== null) check(value, path);
  };
}

export function list(item: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw new Misfit(path, "a list", value);
    for (const [i, it] of value.entries()) item(it, `${path}[${i}]`);
  };
}

/** An object of any keys. */
export function record(item: Check): Check {
  return (value, path) => {
    for (const [key, it] of entries(value, path)) item(it, `${path}.${key.slice(0, 40)}`);
  };
}

export function object(fields: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  return (value, path) => {
    const given = new Map(entries(value, path));
    for (const [key, check] of Object.entries(fields)) {
      if (!given.has(key)) throw new Misfit(path, `a key ${show(key)}`, value);
      check(given.get(key), `${path}.${key}`);
    }
    for (const [key, it] of given) {
      if (Object.hasOwn(fields, key)) continue;
      if (!Object.hasOwn(optional, key)) throw new Misfit(path, `no key ${show(key)}`, value);
      optional[key]!(it, `${path}.${key}`);
    }
  };
}

function entries(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Misfit(path, "an object", value);
  return Object.entries(value);
}

function rule(what: string, holds: (value: unknown) => boolean): Check {
  return (value, path) => {
    if (!holds(value)) throw new Misfit(path, what, value);
  };
}
