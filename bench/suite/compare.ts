/** Tables for the terminal: samplers side by side, and one folder's against another's, pair by pair. */
import { withError } from "../numbers.ts";
import { CHECKPOINTS, type RunRecord } from "./run.ts";
import { byFamily, overFamilies, overTasks, pairedScores, type Score, scores } from "./summary.ts";

/** The names in the order in which they first occur. */
export function namesOf(records: readonly RunRecord[]): string[] {
  return [...new Set(records.map(({ sampler }) => sampler))];
}

/** The numbers of trials that all the records reach. */
export function reached(records: readonly RunRecord[]): number[] {
  const least = Math.min(...records.map(({ trials }) => trials));
  return CHECKPOINTS.filter((count) => count <= least);
}

/** Mean regret by family and over families, a line for each sampler. */
export function meansTable(records: readonly RunRecord[], score?: Score): string {
  const counts = reached(records);
  const lines = [heading(counts)];
  const tables = namesOf(records).map((name) => {
    const own = records.filter(({ sampler }) => sampler === name);
    return {
      name,
      seeds: new Set(own.map(({ seed }) => seed)).size,
      at: counts.map((count) => scores(own, count, score)),
    };
  });
  const families = new Set(tables.flatMap(({ at }) => [...byFamily(at[0]!).keys()]));
  for (const family of families) {
    for (const { name, at } of tables) {
      const cells = at.map((byTask) => {
        const own = byFamily(byTask).get(family);
        return own === undefined ? "–" : overTasks(own).mean.toFixed(4);
      });
      lines.push(row(family, name, cells));
    }
  }
  for (const { name, at, seeds } of tables) {
    const cells = at.map((byTask) => overFamilies(byTask).mean.toFixed(4));
    lines.push(row("mean over families", name, cells, `  ${at[0]!.size} tasks, ${seeds} seeds`));
  }
  return lines.join("\n");
}

/** First minus second by family and over families, with standard errors; negative where the first is better. */
export function pairedTable(
  first: readonly RunRecord[],
  second: readonly RunRecord[],
  label: string,
  score?: Score,
): string {
  const counts = reached([...first, ...second]);
  const at = counts.map((count) => pairedScores(first, second, count, score));
  const pairs = [...at[0]!.values()].reduce((sum, values) => sum + values.length, 0);
  if (pairs === 0) return `${label}: the two have no task and seed in common.`;
  const lines = [`${label}, paired difference ± standard error over ${pairs} pairs`, heading(counts)];
  for (const family of byFamily(at[0]!).keys()) {
    lines.push(
      row(
        family,
        "",
        at.map((byTask) => withError(overTasks(byFamily(byTask).get(family)!))),
      ),
    );
  }
  lines.push(
    row(
      "mean over families",
      "",
      at.map((byTask) => withError(overFamilies(byTask))),
    ),
  );
  return lines.join("\n");
}

function heading(counts: readonly number[]): string {
  return row(
    "",
    "",
    counts.map((count) => `@${count}`),
  );
}

function row(first: string, second: string, cells: readonly string[], note = ""): string {
  return `  ${first.padEnd(20)}${second.padEnd(24)}${cells.map((cell) => cell.padStart(18)).join("")}${note}`;
}
