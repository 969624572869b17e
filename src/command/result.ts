/**
 * What a program tells of its trial. On standard output, line by line: a report is a JSON object with a step,
 * {"step": 3, "value": 0.5}; the result is one with the metric's name, {"val_recall": 0.93, "val_loss": 0.2}, whose other numbers
 * are metrics; or just a number on the last line. All other lines are the program's own. Python's NaN and Infinity are understood.
 */
import { ProgramError, show } from "../errors.ts";
import type { ObjectiveResult } from "../study/outcome.ts";

/** Where the result is read: standard output, a file, or the last match there of a pattern, whose first group (or all of it) is the number. */
export type ResultSource = "stdout" | "file" | RegExp;

/** A report as it was printed, not yet checked. */
export interface PrintedReport {
  readonly step: number;
  readonly value: number;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the output of one run of a program. */
export interface OutputReader {
  /** Takes the next line of standard output; the report that it is, if any. */
  line(text: string): PrintedReport | null;
  /** Takes the text of the result file. */
  file(text: string): void;
  /** @throws ProgramError when there is no result, or there are two */
  result(): ObjectiveResult;
}

/** @param metric the name of the value in a result */
export function outputReader(metric: string, source: ResultSource): OutputReader {
  const results: { readonly text: string; readonly result: ObjectiveResult }[] = [];
  let last = "";
  let matched: string | undefined;

  function take(text: string, mayBeResult: boolean): PrintedReport | null {
    const json = text.startsWith("{") ? parse(text) : undefined;
    if (!isObject(json)) return null;
    if (Object.hasOwn(json, "step")) return reportOf(json, metric);
    if (mayBeResult && Object.hasOwn(json, metric)) results.push({ text, result: resultOf(json, metric) });
    return null;
  }

  return {
    line(text) {
      const line = text.trim();
      if (line === "") return null;
      last = line;
      if (source instanceof RegExp) {
        for (const match of line.matchAll(source)) matched = match[1] ?? match[0];
      }
      return take(line, source === "stdout");
    },
    file(text) {
      // One JSON value over several lines, or lines as on standard output.
      const whole = parse(text) === undefined ? text.split("\n") : [text];
      last = "";
      for (const part of whole.map((it) => it.trim()).filter((it) => it !== "")) {
        last = part;
        take(part, true);
      }
    },
    result() {
      if (source instanceof RegExp) return patternResult(matched, source, last);
      const [first, ...more] = results;
      const other = more.find(({ result }) => JSON.stringify(result) !== JSON.stringify(first!.result));
      if (other !== undefined) {
        throw new ProgramError(
          `A program must give one result, but it gave two: ${show(first!.text)} and ${show(other.text)}. Print the last only, or give lines on the way a "step".`,
        );
      }
      if (first !== undefined) return first.result;
      const number = parse(last);
      if (typeof number === "number") return number;
      throw new ProgramError(
        `A program must give its result as a JSON line such as {"${metric}": 0.5}, or as a number on its last line, but it ${said(last)}.`,
      );
    },
  };
}

/** A line with a step is a report if it has a value; a line of a structured log may have a step, too. */
function reportOf(json: JsonObject, metric: string): PrintedReport | null {
  const key = ["value", metric].find((name) => Object.hasOwn(json, name));
  if (key === undefined) return null;
  // Whatever they are, the trial checks them.
  return { step: numberOf(json.step) as number, value: numberOf(json[key]) as number };
}

function resultOf(json: JsonObject, metric: string): ObjectiveResult {
  const value = numberOf(json[metric]);
  if (typeof value !== "number") {
    throw new ProgramError(
      `A program's result must be a number, but it gave ${show(json[metric])} for ${show(metric)}.`,
    );
  }
  const metrics = Object.entries(json).flatMap(([name, it]) => {
    const number = numberOf(it);
    return name === metric || typeof number !== "number" ? [] : [[name, number] as const];
  });
  return metrics.length === 0 ? value : { value, metrics: Object.fromEntries(metrics) };
}

function said(last: string): string {
  return last === "" ? "gave nothing" : `ended with ${show(last)}`;
}

function patternResult(matched: string | undefined, pattern: RegExp, last: string): number {
  const value =
    matched === undefined || matched.trim() === "" ? undefined : Number(matched.replace(/^[-+]?nan$/i, "NaN"));
  if (value === undefined || (Number.isNaN(value) && !/nan/i.test(matched!))) {
    const got = matched === undefined ? `no line does; it ${said(last)}` : `it matched ${show(matched)}`;
    throw new ProgramError(`A line of the program's output must match ${pattern} with a number, but ${got}.`);
  }
  return value;
}

/** Python's `json.dumps` writes numbers that JSON does not have; outside strings they become these strings. */
const UNSPEAKABLE = ["NaN", "Infinity", "-Infinity"];
const NOT_JSON = /("(?:[^"\\]|\\.)*")|-?\bInfinity\b|\bNaN\b/g;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return numberOf(JSON.parse(text.replaceAll(NOT_JSON, (match, string) => string ?? JSON.stringify(match))));
    } catch {
      return undefined;
    }
  }
}

function numberOf(value: unknown): unknown {
  return UNSPEAKABLE.includes(value as string) ? Number(value) : value;
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
