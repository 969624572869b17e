/**
 * A small suite that never changes and needs no data: every sampler on numeric, mixed, conditional and noisy tasks and on one whose optimum
 * lies at edges, in about a minute on two cores, beside what was recorded of it.
 *
 *   npm run bench -- frozen [--check] [--record] [--samplers LIST]
 *
 * `--check` exits with 1 where a sampler is worse than recorded by more than noise; `--record` writes bench/frozen.json anew, or the part
 * of it that `--samplers` names.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as assay from "assay";
import { mean, standardError } from "./numbers.ts";
import { taskOf } from "./problems/catalogue.ts";
import type { DriverName } from "./suite/drivers.ts";
import { runAll } from "./suite/pool.ts";
import { plan } from "./suite/results.ts";
import type { RunRecord } from "./suite/run.ts";

const TASKS = [
  "numeric/hartmann6",
  "numeric/edges",
  "mixed/shifted",
  "conditional/branches",
  "conditional/pipeline",
  "noisy-synthetic/hartmann6",
] as const;
const SEEDS = 24;
const TRIALS = 40;
const FILE = join(import.meta.dirname, "frozen.json");

/** Mean over the seeds of the common logarithm of the regret, and its standard error. */
interface Band {
  readonly mean: number;
  readonly standardError: number;
}

type Bands = Readonly<Record<string, Readonly<Record<string, Band>>>>;

/** So many standard errors of a difference are still noise: of one task, of which there are many, and of the mean over them. */
const NOISE_OF_TASK = 4;
const NOISE_OF_MEAN = 2.5;
/** Below this a regret is a solved task, however far below. */
const SOLVED = 1e-4;

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    samplers: { type: "string" },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  // In so few trials auto is gp.
  const samplers =
    options.samplers?.split(",") ?? ["random", "sobol", "halton", "gp", "tpe", "cmaEs"].filter((name) => name in assay);
  const drivers = samplers.map((name): DriverName => ({ kind: "sampler", name }));
  const jobs = plan(TASKS.map(taskOf), drivers, SEEDS, TRIALS);
  const { made, failed } = await runAll(jobs, 2);
  for (const message of failed) console.error(message);
  if (failed.length > 0) return 1;
  const bands = bandsOf(made, samplers);
  const recorded: Bands = existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : {};
  if (options.record) {
    writeFileSync(FILE, `${JSON.stringify({ ...recorded, ...bands }, null, 2)}\n`);
    return 0;
  }
  const worse = report(bands, recorded);
  for (const message of worse) console.log(`worse: ${message}`);
  return options.check && worse.length > 0 ? 1 : 0;
}

function bandsOf(records: readonly RunRecord[], samplers: readonly string[]): Bands {
  const band = (sampler: string, task: string): Band => {
    const values = records
      .filter((record) => record.sampler === sampler && record.task === task)
      .map(({ recommended }) => Math.log10(Math.max(SOLVED, recommended[TRIALS] ?? 1)));
    return { mean: digits(mean(values)), standardError: digits(standardError(values)) };
  };
  return Object.fromEntries(
    samplers.map((sampler) => [sampler, Object.fromEntries(TASKS.map((task) => [task, band(sampler, task)]))]),
  );
}

/** Prints what is and what was. @returns what is worse by more than noise */
function report(bands: Bands, recorded: Bands): string[] {
  const worse: string[] = [];
  console.log(
    `log10 of the regret of the recommended point after ${TRIALS} trials, mean ± standard error over ${SEEDS} seeds\n`,
  );
  for (const [sampler, tasks] of Object.entries(bands)) {
    const before = recorded[sampler];
    if (before === undefined)
      console.log(`${sampler} has not been recorded: run \`npm run bench -- frozen --record --samplers ${sampler}\`.`);
    for (const [task, now] of Object.entries(tasks)) {
      const was = before?.[task];
      console.log(
        `  ${sampler.padEnd(10)}${task.padEnd(28)}${shown(now)}${was === undefined ? "" : `   recorded ${shown(was)}`}`,
      );
      if (was !== undefined) judge(`${sampler} on ${task}`, now, was, NOISE_OF_TASK);
    }
    if (before !== undefined)
      judge(`${sampler} in the mean over the tasks`, overall(tasks), overall(before), NOISE_OF_MEAN);
  }
  return worse;

  function judge(what: string, now: Band, was: Band, noise: number): void {
    // A task that every seed solved has no scatter of its own.
    const error = Math.max(0.05, Math.hypot(now.standardError, was.standardError));
    if (now.mean > was.mean + noise * error) worse.push(`${what}, ${shown(now)}, recorded ${shown(was)}`);
  }
}

function overall(tasks: Readonly<Record<string, Band>>): Band {
  const all = Object.values(tasks);
  return {
    mean: mean(all.map((band) => band.mean)),
    standardError: Math.hypot(...all.map(({ standardError }) => standardError)) / all.length,
  };
}

function shown({ mean: centre, standardError }: Band): string {
  return `${centre.toFixed(3)} ± ${standardError.toFixed(3)}`;
}

function digits(value: number): number {
  return Number(value.toFixed(4));
}
