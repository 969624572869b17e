/** What the report's sections share: paragraphs, numbers as text, and a table of means. */
import type { Block, Cell } from "assay/chart";
import type { Measured } from "../suite/summary.ts";

export function text(...paragraphs: readonly string[]): Block {
  return { kind: "text", paragraphs };
}

/** A table whose first columns, as many as `words` has, are words and the others numbers. */
export function table(
  caption: string,
  words: readonly string[],
  numbers: readonly string[],
  rows: readonly (readonly Cell[])[],
): Block {
  const columns = [...words.map((name) => ({ name })), ...numbers.map((name) => ({ name, isNumeric: true }))];
  return { kind: "table", table: { caption, columns, rows } };
}

/** A row for each sampler, a column for each number of trials; the best in each column is strong. */
export function meansTable(
  caption: string,
  samplers: readonly string[],
  counts: readonly number[],
  at: (name: string, count: number) => Measured,
): Block {
  const all = samplers.map((name) => counts.map((count) => at(name, count)));
  const best = counts.map((_, i) => Math.min(...all.map((row) => row[i]!.mean)));
  return table(
    caption,
    ["sampler"],
    counts.map((count) => `@${count}`),
    samplers.map((name, k) => [name, ...all[k]!.map((it, i) => measured(it, it.mean === best[i]))]),
  );
}

/** A standard error that is not known is given as 0, and left out like one that four digits do not show. */
export function measured({ mean, standardError }: Measured, isStrong = false): Cell {
  return {
    text: mean.toFixed(4),
    isStrong,
    ...(standardError >= 5e-5 ? { note: `± ${standardError.toFixed(4)}` } : {}),
  };
}

/** Two digits or three. */
export function brief(value: number): string {
  return Number.isNaN(value) ? "–" : value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
