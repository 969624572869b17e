/** A study as Optuna keeps it, whichever of its storages that was, and the JSON that Python writes. */
import { ValidationError } from "../../../errors.ts";

export interface OptunaStudy {
  readonly name: string;
  /** One for each objective. */
  readonly directions: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** By number. */
  readonly trials: readonly OptunaTrial[];
}

export interface OptunaTrial {
  state: string;
  /** By name: the value inside Optuna (the index of a choice), and the distribution as JSON. */
  readonly params: Map<string, { readonly value: number; readonly distribution: string }>;
  values: readonly (number | null)[];
  /** NaN is null. */
  readonly reports: Map<number, number | null>;
  readonly attributes: Map<string, unknown>;
  /** Optuna's own: what was enqueued, why it failed. */
  readonly system: Map<string, unknown>;
  startedAt: number | null;
  finishedAt: number | null;
}

export function emptyTrial(state: string): OptunaTrial {
  return {
    state,
    params: new Map(),
    values: [],
    reports: new Map(),
    attributes: new Map(),
    system: new Map(),
    startedAt: null,
    finishedAt: null,
  };
}

/** JSON as Python's `json` writes it, in which infinities stand by name, and NaN, which becomes null. @throws SyntaxError */
export function readPythonJson(text: string): unknown {
  const named = { NaN: "null", Infinity: "1e999", "-Infinity": "-1e999" };
  return JSON.parse(
    text.replaceAll(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
      Object.hasOwn(named, token) ? named[token as keyof typeof named] : token,
    ),
  );
}

/** Milliseconds since 1970 of a time in ISO 8601, to the microsecond; without a zone it is this machine's, as in Optuna. */
export function readTime(text: unknown): number | null {
  if (typeof text !== "string") return null;
  const [, seconds, fraction = "", zone = ""] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  const ms = Date.parse(`${seconds?.replace(" ", "T")}${zone}`);
  if (Number.isNaN(ms))
    throw new ValidationError(`A time of Optuna must be in ISO 8601, but got ${JSON.stringify(text)}.`);
  return ms + Number(`0.${fraction || 0}`) * 1000;
}
