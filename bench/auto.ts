/**
 * auto beside its parts in studies of a thousand trials: whether it is at least as good as each of them, before and beyond the limit of gp's model.
 *
 *   npm run bench -- auto [--check] [--quick] [--tasks LIST] [--seeds N] [--trials N] [--jobs N] [--out FOLDER]
 *
 * Runs, resumes and scores as `npm run bench -- suite` does, over half an hour with the defaults: the 24 functions of BBOB in five dimensions, an instance that the policy
 * was not made on, and three tasks with branches. `--check` exits with 1 where auto is behind a part by more than noise in the mean over
 * the tasks; `--quick` takes two functions and 620 trials, and only shows that it runs.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { mean, standardError } from "./numbers.ts";
import { selectTasks } from "./problems/catalogue.ts";
import type { Job } from "./suite/child.ts";
import { complete } from "./suite/results.ts";
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
    out: {
      type: "string",
      default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "assay/results/auto"),
    },
  },
});
const budget = Number(options.trials ?? (options.quick ? 620 : 1000));
const tasks = selectTasks(
  options.tasks ??
    (options.quick ? "bbob-2d/f8-i6,bbob-2d/f15-i6" : "bbob-5d/*-i6,xgboost/12,xgboost/470,xgboost/40966"),
);
const jobs = Array.from({ length: Number(options.seeds) }, (_, seed) =>
  tasks.flatMap(({ name: task }) =>
    ["auto", ...PARTS].map((name): Job => ({ driver: { kind: "sampler", name }, task, seed, trials: budget })),
  ),
).flat();

const { records, failed } = await complete(jobs, options.out, Number(options.jobs));
for (const message of failed) console.error(message);
const shortfalls = report();
for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
process.exitCode = failed.length > 0 || (options.check && shortfalls.length > 0) ? 1 : 0;

function report(): string[] {
  const counts = CHECKPOINTS.filter((count) => count <= budget);
  const of = (sampler: string): RunRecord[] => records.filter((record) => record.sampler === sampler);
  const line = (name: string, cells: readonly string[]): void =>
    console.log(`${name.padEnd(18)}${cells.map((cell) => cell.padStart(18)).join("")}`);
  console.log(
    `Score, mean over ${tasks.length} tasks (of BBOB the share of precisions not reached), and auto less each part\n`,
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
    line(`auto less ${part}`, differences.map(signed));
    return differences.flatMap((own, i) =>
      mean(own) > NOISE * standardError(own) ? [`auto is behind ${part} @${counts[i]} by ${signed(own)}`] : [],
    );
  });
}

function signed(values: readonly number[]): string {
  const centre = mean(values);
  return `${centre < 0 ? "−" : "+"}${Math.abs(centre).toFixed(4)} ± ${standardError(values).toFixed(4)}`;
}
