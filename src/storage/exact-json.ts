/**
 * JSON in which every number but NaN survives: −0 is written `-0` and ±Infinity `±1e999`, both of which any JSON parser
 * reads back as what they were. What JSON would change in silence (undefined, NaN, dates, class instances) is refused.
 */
import { show, ValidationError } from "../errors.ts";

/** Deeper values are refused, so that no value that could be written is too deep to be read. */
const MAX_DEPTH = 100;

/** `value` as JSON text; `subject` begins the error: "attribute 'tags'". @throws ValidationError for what JSON cannot hold */
export function writeJson(value: unknown, subject: string): string {
  const write = (value: unknown, depth: number): string => {
    if (typeof value === "number") return writeNumber(value);
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(",")}]`;
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${write(item, depth + 1)}`)
      .join(",")}}`;
  };
  check(value, subject, 0);
  return write(value, 0);
}

/** What `writeJson` wrote. @throws SyntaxError when the text is no JSON */
export function readJson(text: string): unknown {
  return text.includes("\\") ? readEscaped(text) : JSON.parse(text);
}

/**
 * The same of a text with escapes. V8 13.6, that of Node 24, reads a key that is escaped, such as `"`, as another of its length that an object before had
 * in its place, if that one has a backslash where the escape begins; so all keys have names without any while they are parsed.
 */
function readEscaped(text: string): unknown {
  const keys: string[] = [];
  const named = text.replace(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?/g, (string, key: string, colon: string | undefined) =>
    colon === undefined ? string : `"k${keys.push(JSON.parse(key)) - 1}":`,
  );
  const renamed = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(renamed);
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [keys[Number(name.slice(1))]!, renamed(item)]),
    );
  };
  return renamed(JSON.parse(named));
}

/** A deeply frozen copy of what `writeJson` would write. @throws ValidationError for what JSON cannot hold */
export function frozenCopy<T>(value: T, subject: string): T {
  check(value, subject, 0);
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(copy));
  const entries = Object.entries(value);
  if (entries.length === 0) return EMPTY;
  // fromEntries defines its properties, so that a key named __proto__ is one like any other.
  return Object.freeze(Object.fromEntries(entries.map(([key, item]) => [key, copy(item)])));
}

/** Most trials have attributes and metrics without entries: one frozen object for all of them. */
const EMPTY = Object.freeze({});

function writeNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "1e999" : "-1e999";
}

function check(value: unknown, subject: string, depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new ValidationError(`A stored value must not nest deeper than ${MAX_DEPTH} levels, but ${subject} does.`);
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number" && !Number.isNaN(value)) return;
  if (Array.isArray(value)) {
    // Array.from also visits holes, which forEach would pass over.
    for (const item of Array.from(value)) check(item, subject, depth + 1);
  } else if (isPlainObject(value)) {
    for (const item of Object.values(value)) check(item, subject, depth + 1);
  } else {
    throw new ValidationError(
      `A stored value must consist of null, booleans, numbers but NaN, strings, arrays and plain objects, ` +
        `but ${subject} has ${show(value)}.`,
    );
  }
}

/** Plain in any realm: its prototype is null, or an object that has none itself. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
