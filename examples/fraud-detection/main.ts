/**
 * The main job: tunes a fraud-detection network by Bayesian optimisation and by grid search, compares the two, and writes a
 * report. Run it with `npm run demo`; `npm run demo -- --help` lists the options.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { sqlite } from "assay/storage/sqlite";
import { createWorkerPool } from "assay/worker";
import { csvDataset, type Dataset, syntheticDataset } from "./dataset.ts";
import { type Method, plan, runExperiment } from "./experiment.ts";
import { listenForInterruption } from "./interruption.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { createProgress } from "./progress.ts";
import { UsageError } from "./usage-error.ts";

/** Exit codes: 0 done, 1 something broke, 2 a mistake in what was asked for, 130 stopped by the user. */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const datasets = seeds(options).map((seed) => loadDataset(options, seed));
  openFolder(options);
  const progress = createProgress({
    steps: datasets.flatMap(() => plan(options)),
    stream: process.stdout,
    environment: process.env,
    now: Date.now,
  });
  const interruption = listenForInterruption(() =>
    progress.say("Finishing what runs. Press Ctrl-C again to stop at once."),
  );
  const storage = sqlite(join(options.out, "study.db"));
  const pool = createWorkerPool({ workers: options.workers });
  const runs: Method[][] = [];
  try {
    for (const [index, dataset] of datasets.entries()) {
      const methods = await runExperiment({
        dataset,
        options,
        seed: options.seed + index,
        storage,
        pool,
        progress,
        firstStep: index * plan(options).length,
        interruption,
      });
      if (methods === null) return 130;
      runs.push(methods);
    }
  } finally {
    progress.close();
    interruption.release();
    await pool.close();
    await storage.close();
  }
  for (const methods of runs)
    for (const m of methods) {
      console.log(
        m.title,
        m.trials.length,
        m.seconds.toFixed(2),
        m.winner.value,
        m.winner.params,
        m.winner.test.metrics,
        m.winner.test.degeneracy,
      );
    }
  return 0;
}

function seeds({ seed, repeat }: Options): number[] {
  return Array.from({ length: repeat }, (_, index) => seed + index);
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
  return /^(study\.db(-wal|-shm)?|report\.html|results\.json|search-[0-9a-f]{12})$/.test(name);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
