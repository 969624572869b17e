/** Params addressed by path, as searches name them: "model.units" is `units` of `model`, however deep it lies. */
import { show, ValidationError } from "../errors.ts";

export type Params = Readonly<Record<string, unknown>>;

/** Dotted names as nested records; what is nested already is merged with them. */
export function nestParams(params: Params): Params {
  const nested: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    const [first = "", ...rest] = name.split(".");
    const own = Object.hasOwn(nested, first) ? nested[first] : undefined;
    const added = rest.length === 0 ? value : { [rest.join(".")]: value };
    nested[first] = isRecord(own) && isRecord(added) ? { ...own, ...added } : added;
  }
  return nested;
}

/** The defaults with these params in their place. @throws ValidationError for a param that `kind` does not have, listing those it has */
export function withParams<P extends object>(kind: string, defaults: P, params: Params): P {
  const unknown = Object.keys(params).find((name) => !Object.hasOwn(defaults, name));
  if (unknown === undefined) return { ...defaults, ...params };
  throw new ValidationError(`${kind} has no parameter ${show(unknown)}. It has: ${Object.keys(defaults).join(", ")}.`);
}

/** Params with the name of their owner before their own. */
export function prefixed(prefix: string, params: Params): Params {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [`${prefix}.${name}`, value]));
}

export function isRecord(value: unknown): value is Params {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
