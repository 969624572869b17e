/** The table of a search as text: columns to read in a terminal, or all of it as CSV for another program. */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import type { CvResults } from "./cv-results.ts";

export interface CvTableOptions {
  /** Columns to show. Default: the rank, mean and deviation of each score, then the parameters. */
  readonly columns?: readonly string[];
  /** The best candidates only, by the first score's rank. Default: all. */
  readonly limit?: number;
}

/**
 * One line a candidate, the best first, in columns that stand under each other.
 *
 * @throws NotFoundError for a column that the table does not have, ValidationError for a limit below 1
 * @example console.log(cvResultsTable(search.cvResults, { limit: 10 }));
 */
export function cvResultsTable(results: CvResults, options: CvTableOptions = {}): string {
  const { limit } = options;
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 1)) {
    throw new ValidationError(`\`limit\` must be an integer >= 1, but got ${show(limit)}. Leave it out to see all.`);
  }
  const table = results as unknown as Readonly<Record<string, readonly unknown[]>>;
  const ranks = Object.keys(table).filter((name) => name.startsWith("rank_test_"));
  const names = options.columns ?? [
    ...["iter", "n_resources"].filter((name) => name in table),
    ...ranks.flatMap((name) => [name, name.replace("rank", "mean"), name.replace("rank", "std")]),
    ...Object.keys(table).filter((name) => name.startsWith("param_")),
  ];
  const unknown = names.find((name) => !Object.hasOwn(table, name));
  if (unknown !== undefined) {
    throw new NotFoundError(`The table has no column ${show(unknown)}. It has: ${Object.keys(table).join(", ")}.`);
  }
  const rank = table[ranks[0]!]! as readonly number[];
  // Of a search by halving the last round's candidates come first, since only they were scored on everything.
  const round = (table.iter ?? rank.map(() => 0)) as readonly number[];
  const order = [...rank.keys()].sort((a, b) => round[b]! - round[a]! || rank[a]! - rank[b]!).slice(0, limit);
  const cells = [names as readonly string[], ...order.map((row) => names.map((name) => shown(table[name]![row])))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const isNumeric = names.map((name) => table[name]!.every((value) => typeof value !== "string"));
  return cells
    .map((line) =>
      line
        .map((cell, column) => (isNumeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * The whole table as CSV (RFC 4180): a line of names, then one a candidate in the order of trying, with `params` as JSON.
 * Text that a spreadsheet would take for a formula (it begins with =, +, -, @, a tab or a line end) gets a quotation mark
 * before it, `'`, which spreadsheets hide; numbers stay as they are.
 *
 * Source of the rule: OWASP, "CSV Injection".
 */
export function cvResultsCsv(results: CvResults): string {
  const table = results as unknown as Readonly<Record<string, readonly unknown[]>>;
  const names = Object.keys(table);
  const lines = [names, ...results.params.map((_, row) => names.map((name) => table[name]![row]))];
  return lines.map((line) => `${line.map(field).join(",")}\r\n`).join("");
}

function field(value: unknown): string {
  if (value === undefined || value === null || typeof value === "number" || typeof value === "boolean")
    return String(value ?? "");
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const guarded = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) || guarded !== guarded.trim() ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** Numbers to five digits; control characters, which a terminal would obey, as escapes. */
function shown(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  if (value === undefined) return "–";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
