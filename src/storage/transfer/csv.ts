/**
 * The trials of a study as a table for spreadsheets (RFC 4180). A row is a trial; parameters and metrics have a column each. It is for
 * reading: what brings a study back is `exportStudy`.
 */
import type { FrozenTrial } from "../../trial/trial.ts";
import type { Storage } from "../storage.ts";
import { readStudy } from "./export.ts";

/**
 * The lines of the table, the names of its columns first, each with its line break. Text that a spreadsheet would compute as a formula
 * (`=cmd…`) is preceded by an apostrophe; numbers stand as they are.
 *
 * @throws NotFoundError when there is no study of this name
 * @example await writeFile("churn.csv", exportCsv(storage, "churn"))
 */
export async function* exportCsv(storage: Storage, name: string): AsyncGenerator<string, void, undefined> {
  const { study, trials } = await readStudy(storage, name);
  const params = new Set([...study.space.map((dimension) => dimension.name), ...namesOf(trials, "params")]);
  const metrics = namesOf(trials, "metrics");
  yield row([
    ...["number", "state", "value", "standardError", "cost", "attempt", "startedAt", "finishedAt", "error"],
    ...[...params].map((name) => `params.${name}`),
    ...[...metrics].map((name) => `metrics.${name}`),
  ]);
  for (const trial of trials) {
    const { number, state, value, standardError, cost, attempt, startedAt, finishedAt, error } = trial;
    yield row([
      ...[number, state, value, standardError, cost, attempt, startedAt, finishedAt, error?.message],
      ...[...params].map((name) => own(trial.params, name)),
      ...[...metrics].map((name) => own(trial.metrics, name)),
    ]);
  }
}

type Cell = string | number | boolean | null | undefined;

function namesOf(trials: readonly FrozenTrial[], key: "params" | "metrics"): ReadonlySet<string> {
  return new Set(trials.flatMap((trial) => Object.keys(trial[key])));
}

function own(values: Readonly<Record<string, Cell>>, name: string): Cell {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

function row(cells: readonly Cell[]): string {
  return `${cells.map(cell).join(",")}\r\n`;
}

function cell(value: Cell): string {
  if (value === undefined || value === null) return "";
  if (Object.is(value, -0)) return "-0";
  if (typeof value !== "string") return String(value);
  // The signs by which spreadsheets know a formula, also in their wide forms, and the blanks over which they look for one.
  const guarded = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n']|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
