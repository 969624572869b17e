/**
 * Reading a table from a CSV file (RFC 4180: quoted cells, doubled quotes, line breaks inside quotes; LF or CRLF; with or
 * without a byte-order mark; comma, semicolon or tab). Types are inferred: a column of which every value is a number is
 * numeric, any other is categorical. Nothing is guessed where guessing could be wrong: an error names the line.
 */
import { readFileSync } from "node:fs";
import type { Column, LabelledTable, Table } from "./table.ts";
import { suggestion, UsageError } from "./usage-error.ts";

/** Cells that mean "no value". */
const MISSING: ReadonlySet<string> = new Set(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"]);

/** A categorical column with more levels than this is a name or a number plate, not a category. */
const MOST_LEVELS = 50;

/** The fewest rows a class may have and still be split into training, validation and test. */
const FEWEST_OF_A_CLASS = 25;

export interface CsvTable extends LabelledTable {
  /** The label's value that is taken as 1, as it stands in the file. */
  readonly positive: string;
  readonly negative: string;
}

/**
 * A labelled table from a file.
 *
 * @param label  the column that is to be predicted; it must have exactly two values
 * @param drop   columns to leave out
 * @throws UsageError naming the rule, the line and the remedy
 */
export function readCsv(file: string, label: string, drop: readonly string[] = []): CsvTable {
  const { header, rows, lines } = parseCsv(readText(file));
  for (const name of [label, ...drop]) {
    if (header.includes(name)) continue;
    throw new UsageError(
      `${file} has no column ${JSON.stringify(name)}; it has ${header.join(", ")}.${suggestion(name, header)}`,
    );
  }
  if (drop.includes(label)) throw new UsageError(`The label ${JSON.stringify(label)} cannot be dropped as well.`);
  const cells = (name: string) => rows.map((row) => row[header.indexOf(name)]!.trim());
  const columns = header
    .filter((name) => name !== label && !drop.includes(name))
    .map((name) => inferColumn(name, cells(name), lines));
  if (columns.length === 0) throw new UsageError(`${file} has no column beside the label to predict it from.`);
  return { features: { rows: rows.length, columns } satisfies Table, ...readLabels(label, cells(label), lines) };
}

function readText(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") throw new UsageError(`There is no file ${file}. Check the path given to --data.`);
    if (code === "EISDIR") throw new UsageError(`${file} is a folder. Give --data a CSV file.`);
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") {
      throw new UsageError(`${file} must be text in UTF-8, but is not. Save it as UTF-8.`);
    }
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export interface ParsedCsv {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The line of the file on which each row starts, counted from 1. */
  readonly lines: readonly number[];
}

/**
 * Cells of a CSV text. Empty lines are skipped.
 *
 * @throws UsageError for a row of another length than the header, a quote that is never closed, or a header that is none
 */
export function parseCsv(text: string): ParsedCsv {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const delimiter = delimiterOf(source);
  const records: { readonly line: number; readonly cells: string[] }[] = [];
  let line = 1;
  let position = 0;
  while (position < source.length) {
    const record = { line, cells: [] as string[] };
    for (let ended = false; !ended; ) {
      let cell = "";
      if (source[position] === '"') {
        const opened = line;
        for (position++; ; position++) {
          const character = source[position];
          if (character === undefined) {
            throw new UsageError(
              `Line ${opened} opens a quote that is never closed. Close it, or double it inside a cell.`,
            );
          }
          if (character === "\n") line++;
          if (character === '"' && source[position + 1] !== '"') break;
          if (character === '"') position++;
          cell += character;
        }
        position++;
      }
      const start = position;
      while (position < source.length && source[position] !== delimiter && !"\r\n".includes(source[position]!))
        position++;
      record.cells.push(cell + source.slice(start, position));
      ended = source[position] !== delimiter;
      if (!ended) position++;
    }
    if (source[position] === "\r") position++;
    if (source[position] === "\n") position++;
    line++;
    if (record.cells.length > 1 || record.cells[0] !== "") records.push(record);
  }

  const [head, ...body] = records;
  if (head === undefined)
    throw new UsageError("The file is empty. It needs a line of column names and a line for each row.");
  const header = head.cells.map((name) => name.trim());
  header.forEach((name, index) => {
    if (name === "")
      throw new UsageError(`Every column needs a name, but column ${index + 1} of the first line has none.`);
    if (header.indexOf(name) !== index) {
      throw new UsageError(`Column names must be unique, but ${JSON.stringify(name)} stands twice in the first line.`);
    }
  });
  for (const { line, cells } of body) {
    if (cells.length === header.length) continue;
    throw new UsageError(
      `Every row must have ${header.length} cells like the first line, but line ${line} has ${cells.length}. Quote cells that contain the separator.`,
    );
  }
  if (body.length === 0) throw new UsageError("The file has column names but no rows.");
  return { header, rows: body.map(({ cells }) => cells), lines: body.map((record) => record.line) };
}

/** The one of comma, semicolon and tab that stands most often in the first line. */
function delimiterOf(text: string): string {
  const first = text.slice(0, /\r|\n|$/.exec(text)!.index);
  const count = (separator: string) => first.split(separator).length;
  return [",", ";", "\t"].reduce((best, separator) => (count(separator) > count(best) ? separator : best));
}

function inferColumn(name: string, cells: readonly string[], lines: readonly number[]): Column {
  const present = cells.filter((cell) => !MISSING.has(cell));
  const numbers = present.filter(isNumber).length;
  if (numbers === present.length) {
    return {
      name,
      kind: "numeric",
      values: Float64Array.from(cells, (cell) => (MISSING.has(cell) ? Number.NaN : Number(cell))),
    };
  }
  if (numbers > present.length / 2) {
    const odd = cells.findIndex((cell) => !MISSING.has(cell) && !isNumber(cell));
    throw new UsageError(
      `Column ${JSON.stringify(name)} must hold numbers only, but line ${lines[odd]} has ${JSON.stringify(cells[odd])}. Correct that cell, leave it empty if the value is missing, or leave the column out with --drop ${name}.`,
    );
  }
  const levels = new Set(present).size;
  if (levels > MOST_LEVELS) {
    throw new UsageError(
      `A column of text must have at most ${MOST_LEVELS} different values to be a category, but ${JSON.stringify(name)} has ${levels}. Leave it out with --drop ${name}.`,
    );
  }
  return { name, kind: "categorical", values: cells.map((cell) => (MISSING.has(cell) ? null : cell)) };
}

/** Plain decimal notation with an optional exponent; `Number` alone would accept "0x10" and "Infinity". */
function isNumber(cell: string): boolean {
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(cell) && Number.isFinite(Number(cell));
}

/** Pairs of label values of which the second is the class to be found, in lower case. */
const KNOWN_LABELS = [
  ["0", "1"],
  ["no", "yes"],
  ["n", "y"],
  ["false", "true"],
] as const;

function readLabels(
  name: string,
  cells: readonly string[],
  lines: readonly number[],
): Pick<CsvTable, "labels" | "positive" | "negative"> {
  const missing = cells.findIndex((cell) => MISSING.has(cell));
  if (missing >= 0) {
    throw new UsageError(
      `Every row must have a label, but line ${lines[missing]} has none in ${JSON.stringify(name)}. Label the row or remove it.`,
    );
  }
  const counts = new Map<string, number>();
  for (const cell of cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const classes = [...counts.keys()].sort();
  if (classes.length !== 2) {
    const got = classes.length === 1 ? `only ${JSON.stringify(classes[0])}` : `${classes.length} (${excerpt(classes)})`;
    throw new UsageError(
      `The label ${JSON.stringify(name)} must have exactly two classes, but has ${got}. Choose a column with two values.`,
    );
  }
  const known = KNOWN_LABELS.find(
    ([no, yes]) => classes.some((c) => c.toLowerCase() === no) && classes.some((c) => c.toLowerCase() === yes),
  );
  const numeric = classes.every(isNumber);
  const positive =
    known !== undefined
      ? classes.find((c) => c.toLowerCase() === known[1])!
      : numeric
        ? classes.reduce((a, b) => (Number(a) > Number(b) ? a : b))
        : classes.reduce((a, b) => (counts.get(b)! <= counts.get(a)! ? b : a));
  const negative = classes.find((c) => c !== positive)!;
  for (const value of classes) {
    if (counts.get(value)! >= FEWEST_OF_A_CLASS) continue;
    throw new UsageError(
      `Each class needs at least ${FEWEST_OF_A_CLASS} rows to be split into training, validation and test, but ${JSON.stringify(name)} is ${JSON.stringify(value)} in ${counts.get(value)}. Add rows.`,
    );
  }
  return { labels: Uint8Array.from(cells, (cell) => (cell === positive ? 1 : 0)), positive, negative };
}

function excerpt(values: readonly string[]): string {
  const shown = values.slice(0, 4).map((value) => (value.length > 20 ? `${value.slice(0, 19)}…` : value));
  return shown.join(", ") + (values.length > shown.length ? ", …" : "");
}
