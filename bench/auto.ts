/**
 * auto beside its parts in studies of a thousand trials: whether it is at least as good as each of them, before and beyond the limit of gp's model.
 *
 *   npm run bench -- auto [--check] [--quick] [--tasks LIST] [--seeds N] [--trials N] [--jobs N] [--out FOLDER]
 *
 * Runs, resumes and scores as `npm run bench -- suite` does, over half an hour with the defaults: the 24 functions of BBOB in five dimensions, an instance that the policy
 * was not made on, and three tasks with branches. `--check` exits with 1 where auto is behind a part by more than noise in the mean over
 * the tasks; `--quick` takes two functions and 620 trials, and only shows that it runs.
 */
import { parseArgs } from "node:util";
import { mean, meanWithError, standardError } from "./numbers.ts";
import { selectTasks, type Task } from "./problems/catalogue.ts";
import type { Job } from "./suite/child.ts";
import type { DriverName } from "./suite/drivers.ts";
import { countOf } from "./suite/options.ts";
import { complete, plan, resultsFolder } from "./suite/results.ts";
import type { RunRecord } from "./suite/run.ts";
import { pairedScores, regretAfter } from "./suite/summary.ts";

const PARTS = ["gp", "cmaEs", "tpe"] as const;
const CHECKPOINTS = [50, 100, 300, 600, 620, 700, 800, 1000, 1500, 2000];
/** So many standard errors of a mean difference are still noise, of the dozen and more that are looked at. */
const NOISE = 2.7;

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    tasks: { type: "string" },
    seeds: { type: "string", default: "1" },
    trials: { type: "string" },
    jobs: { type: "string", default: "2" },
    out: { type: "string", default: resultsFolder("auto") },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  let tasks: Task[];
  let jobs: Job[];
  let lanes: number;
  try {
    tasks = selectTasks(
      options.tasks ??
        (options.quick ? "bbob-2d/f8-i6,bbob-2d/f15-i6" : "bbob-5d/*-i6,xgboost/12,xgboost/470,xgboost/40966"),
    );
    const drivers = ["auto", ...PARTS].map((name): DriverName => ({ kind: "sampler", name }));
    const trials = countOf("trials", options.trials ?? (options.quick ? "620" : "1000"));
    jobs = plan(tasks, drivers, countOf("seeds", options.seeds), trials);
    lanes = countOf("jobs", options.jobs);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const { records, failed } = await complete(jobs, options.out, lanes);
  for (const message of failed) console.error(message);
  const shortfalls = report(records, tasks.length);
  for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
  return failed.length > 0 || (options.check && shortfalls.length > 0) ? 1 : 0;
}

function report(records: readonly RunRecord[], tasks: number): string[] {
  const least = Math.min(...records.map(({ trials }) => trials));
  const counts = CHECKPOINTS.filter((count) => count <= least);
  const of = (sampler: string): RunRecord[] => records.filter((record) => record.sampler === sampler);
  const line = (name: string, cells: readonly string[]): void =>
    console.log(`${name.padEnd(18)}${cells.map((cell) => cell.padStart(18)).join("")}`);
  console.log(
    `Score, mean over ${tasks} tasks (of BBOB the share of precisions not reached), and auto less each part\n`,
  );
  line(
    "",
    counts.map((count) => `@${count}`),
  );
  for (const name of ["auto", ...PARTS]) {
    line(
      name,
      counts.map((count) => mean(of(name).map((record) => regretAfter(record, count))).toFixed(4)),
    );
  }
  return PARTS.flatMap((part) => {
    const differences = counts.map((count) => [...pairedScores(of("auto"), of(part), count).values()].flat());
    line(
      `auto less ${part}`,
      differences.map((own) => meanWithError(own)),
    );
    return differences.flatMap((own, i) =>
      mean(own) > NOISE * standardError(own) ? [`auto is behind ${part} @${counts[i]} by ${meanWithError(own)}`] : [],
    );
  });
}
