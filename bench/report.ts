/**
 * A results folder as one HTML page and one Markdown page: regret, ranks, wins and losses, profiles, time, and where we lose.
 *
 *   npm run bench:report -- [FOLDER…] [--docs NAME] [--check]
 *
 * Writes report.html and report.md into the first folder; `--docs` writes NAME.md in docs as well. With `--check`, prints the figures
 * that are promised beside what was reached, and exits with 1 where one falls short or was not measured.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { htmlPage, type Page } from "assay/chart";
import { checkFigures, type Figure } from "./report/check.ts";
import { type Evidence, evidenceOf, groundOf, tasksOf } from "./report/data.ts";
import { markdownPage } from "./report/markdown.ts";
import { sectionsOf } from "./report/sections.ts";
import { readResults, resultsFolder } from "./suite/results.ts";
import type { RunRecord } from "./suite/run.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    docs: { type: "string" },
    check: { type: "boolean", default: false },
  },
});
const folders = positionals.length > 0 ? positionals : [resultsFolder("default")];

process.exitCode = main();

function main(): number {
  let records: RunRecord[];
  try {
    records = folders.flatMap(readResults);
    if (records.length === 0) throw new Error(`A report needs runs, but ${folders.join(", ")} has none.`);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const evidence = evidenceOf(records);
  const figures = checkFigures(evidence);
  const page = pageOf(evidence, figures);
  const write = (file: string, content: string): void => {
    writeFileSync(file, content);
    console.log(file);
  };
  mkdirSync(folders[0]!, { recursive: true });
  write(join(folders[0]!, "report.html"), htmlPage(page));
  write(join(folders[0]!, "report.md"), markdownPage(page));
  if (options.docs !== undefined) write(join(import.meta.dirname, `../docs/${options.docs}.md`), markdownPage(page));
  if (!options.check) return 0;
  for (const { what, got, target, isReached } of figures) {
    console.log(`${isReached ? "reached    " : "falls short"}  ${what}: ${got}, target ${target}`);
  }
  return figures.every(({ isReached }) => isReached) ? 0 : 1;
}

function pageOf(evidence: Evidence, figures: readonly Figure[]): Page {
  const tasks = tasksOf(evidence.records);
  const recorded = tasks.filter((task) => groundOf(task) === "tuning").length;
  return {
    title: "Benchmarks of the samplers",
    lead: `${evidence.samplers.length} samplers, ${evidence.records.length} runs on ${tasks.length} tasks, ${recorded} of them tuning tasks. Made by \`npm run bench:report\` from runs of \`npm run bench -- suite\`; bench/README.md says how to make them again. Samplers are compared on the tasks and seeds that they have in common, and every run meets the same noise.`,
    facts: [
      { name: "main sampler", value: evidence.main },
      {
        name: "machine",
        value: `${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
      },
    ],
    sections: sectionsOf(evidence, figures),
  };
}
