/**
 * The main job: tunes a fraud-detection network by Bayesian optimisation and by grid search, compares the two, and writes a
 * report. Run it with `npm run demo`; `npm run demo -- --help` lists the options.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AssayError } from "assay";
import { sqlite } from "assay/storage/sqlite";
import { createWorkerPool } from "assay/worker";
import { csvDataset, type Dataset, syntheticDataset } from "./dataset.ts";
import { estimateFullGrid } from "./estimate.ts";
import { plan, runExperiment } from "./experiment.ts";
import type { Run } from "./findings.ts";
import { listenForInterruption } from "./interruption.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { createProgress } from "./progress.ts";
import { reportHtml } from "./report-html.ts";
import { reportText, wrap } from "./report-text.ts";
import { resultsJson } from "./results.ts";
import { UsageError } from "./usage-error.ts";

/** Exit codes: 0 done, 1 something broke, 2 a mistake in what was asked for, 130 stopped by the user. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const datasets = Array.from({ length: options.repeat }, (_, index) => loadDataset(options, options.seed + index));
  openFolder(options);
  const runs = await compare(datasets, options);
  if (runs === null) {
    const again = args.filter((arg) => arg !== "--fresh").map((arg) => (/[^\w./=-]/.test(arg) ? `"${arg}"` : arg));
    const command = ["npm run demo", ...(again.length > 0 ? ["--", ...again] : [])].join(" ");
    process.stdout.write(`\nStopped; nothing that was trained is lost. To go on from here: ${command}\n`);
    return 130;
  }
  const files = [
    ["report.html", reportHtml(runs, options)],
    ["results.json", `${JSON.stringify(resultsJson(runs, options), null, 2)}\n`],
  ] as const;
  for (const [name, text] of files) writeFileSync(join(options.out, `${name}.new`), text);
  for (const [name] of files) renameSync(join(options.out, `${name}.new`), join(options.out, name));
  process.stdout.write(reportText(runs, options));
  process.stdout.write(`\nReport: ${join(options.out, "report.html")}, for programs: results.json beside it\n`);
  return 0;
}

/** The comparison on every dataset; null when it was interrupted. */
async function compare(datasets: readonly Dataset[], options: Options): Promise<Run[] | null> {
  const steps = plan(options);
  const pool = createWorkerPool({ workers: options.workers });
  if (options.size === "full") {
    process.stdout.write(`${wrap(await estimateFullGrid(datasets[0]!, options, pool.workers))}\n\n`);
  }
  const progress = createProgress({
    steps: datasets.flatMap((_, index) =>
      steps.map((step) =>
        datasets.length === 1 ? step : { ...step, title: `${options.seed + index}: ${step.title}` },
      ),
    ),
    stream: process.stdout,
    environment: process.env,
    now: Date.now,
  });
  const interruption = listenForInterruption(() =>
    progress.say("Finishing the trials that run. Press Ctrl-C again to stop at once."),
  );
  const storage = sqlite(join(options.out, "study.db"));
  const runs: Run[] = [];
  try {
    // A file that is no database is refused here and not after the first search.
    await storage.findStudy("");
    for (const [index, dataset] of datasets.entries()) {
      const seed = options.seed + index;
      const firstStep = index * steps.length;
      const methods = await runExperiment({ dataset, options, seed, storage, pool, progress, firstStep, interruption });
      if (methods === null) return null;
      runs.push({ seed, dataset, methods });
    }
    return runs;
  } catch (error) {
    if (interruption.signal.aborted) return null;
    throw error;
  } finally {
    progress.close();
    interruption.release();
    await pool.close();
    await storage.close();
  }
}

function loadDataset({ source }: Options, seed: number): Dataset {
  return source.kind === "synthetic"
    ? syntheticDataset(source.preset, seed)
    : csvDataset(source.file, source.label, source.drop, seed);
}

/** Makes the folder, or with --fresh empties it of what this program wrote. @throws UsageError when it cannot be one */
function openFolder({ out, fresh }: Options): void {
  try {
    if (fresh && existsSync(out) && statSync(out).isDirectory()) {
      for (const name of readdirSync(out).filter(isOwn)) rmSync(join(out, name), { recursive: true });
    }
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw new UsageError(`--out must be a folder that can be written, but ${out} is not: ${(error as Error).message}`);
  }
}

function isOwn(name: string): boolean {
  return /^(study\.db(-wal|-shm)?|(report\.html|results\.json)(\.new)?|search-[0-9a-f]{12})$/.test(name);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isMistake = error instanceof UsageError;
  // What the library refuses, such as a study.db that is no database, it explains itself.
  if (!isMistake && !(error instanceof AssayError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = isMistake ? 2 : 1;
}
