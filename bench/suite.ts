/**
 * Samplers, ours and peers, on tasks with many seeds: the runs of the evidence, kept as JSON lines in a results folder.
 *
 *   npm run bench -- suite [--tasks LIST] [--samplers LIST] [--peers LIST] [--seeds N] [--trials N] [--noisy] [--half a|b]
 *                          [--out FOLDER] [--against FOLDER] [--jobs N]
 *
 * `--tasks` takes names, in which * stands for anything, families, "development" (the default: 35 recorded tasks), "few" (nine of
 * them) and "all"; `--noisy` takes the noisy tables instead.
 * A sampler may have options, `gp{"explore":false}`. Runs that the folder already has are not made again, so that an interrupted suite
 * goes on where it stopped. `--against` compares with another folder's runs, pair by pair. See bench/README.md.
 */
import { parseArgs } from "node:util";
import { describeTasks, selectTasks, type Task } from "./problems/catalogue.ts";
import type { Job } from "./suite/child.ts";
import { meansTable, namesOf, pairedTable } from "./suite/compare.ts";
import { type DriverName, peerName } from "./suite/drivers.ts";
import { countOf } from "./suite/options.ts";
import { samplerOf } from "./suite/ours.ts";
import { complete, plan, readResults, resultsFolder } from "./suite/results.ts";
import type { RunRecord } from "./suite/run.ts";
import { recommendedAfter } from "./suite/summary.ts";

const { values: options } = parseArgs({
  options: {
    tasks: { type: "string" },
    samplers: { type: "string", default: "gp,random" },
    peers: { type: "string", default: "" },
    seeds: { type: "string", default: "20" },
    trials: { type: "string", default: "100" },
    noisy: { type: "boolean", default: false },
    half: { type: "string" },
    out: {
      type: "string",
      default: resultsFolder("default"),
    },
    against: { type: "string" },
    jobs: { type: "string", default: "2" },
    help: { type: "boolean", default: false },
  },
});

process.exitCode = options.help ? help() : await main();

function help(): number {
  console.log(`npm run bench -- suite [--tasks LIST] [--samplers LIST] [--peers LIST] [--seeds N] [--trials N] [--noisy] [--half a|b]
                       [--out FOLDER] [--against FOLDER] [--jobs N]

  tasks: ${describeTasks()}
  results by default: ${options.out}`);
  return 0;
}

async function main(): Promise<number> {
  let tasks: Task[];
  let jobs: Job[];
  let lanes: number;
  try {
    tasks = selectTasks(options.tasks ?? (options.noisy ? "noisy-tables" : "development"), half());
    // What is absent is said before anything runs.
    for (const task of tasks) task.make();
    jobs = plan(tasks, drivers(), countOf("seeds", options.seeds), countOf("trials", options.trials));
    lanes = countOf("jobs", options.jobs);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const { records, failed } = await complete(jobs, options.out, lanes);
  if (records.length > 0) print(records, tasks);
  for (const message of failed) console.error(message);
  return failed.length > 0 ? 1 : 0;
}

function print(records: readonly RunRecord[], tasks: readonly Task[]): void {
  console.log(`Normalised regret of the best so far, mean\n\n${meansTable(records)}`);
  const underNoise = new Set(tasks.filter((task) => task.make().observe !== undefined).map(({ name }) => name));
  const isNoisy = ({ task }: RunRecord): boolean => underNoise.has(task);
  const noisy = records.filter(isNoisy);
  if (noisy.length > 0)
    console.log(`\nOf the recommended point, under noise\n\n${meansTable(noisy, recommendedAfter)}`);
  if (options.against === undefined) return;
  const theirs = readResults(options.against);
  for (const name of namesOf(records)) {
    const own = records.filter(({ sampler }) => sampler === name);
    const other = theirs.filter(({ sampler }) => sampler === name);
    const label = `${name} against ${options.against}`;
    if (other.length > 0) console.log(`\n${pairedTable(own, other, label)}`);
    const [ownNoisy, otherNoisy] = [own.filter(isNoisy), other.filter(isNoisy)];
    if (ownNoisy.length > 0 && otherNoisy.length > 0)
      console.log(`\n${pairedTable(ownNoisy, otherNoisy, `${label}, the recommended point`, recommendedAfter)}`);
  }
}

function half(): "a" | "b" | undefined {
  if (options.half === undefined || options.half === "a" || options.half === "b") return options.half;
  throw new Error(`--half must be a or b, but got ${options.half}.`);
}

/** A list's words; a comma within braces is a sampler's own. */
function words(list: string): string[] {
  const found = [""];
  let depth = 0;
  for (const character of list) {
    if (character === "," && depth === 0) {
      found.push("");
      continue;
    }
    depth += Number(character === "{") - Number(character === "}");
    found.push(found.pop()! + character);
  }
  return found.filter((word) => word !== "");
}

function drivers(): DriverName[] {
  for (const name of words(options.samplers)) samplerOf(name);
  return [
    ...words(options.samplers).map((name): DriverName => ({ kind: "sampler", name })),
    ...words(options.peers).map(peerName),
  ];
}
