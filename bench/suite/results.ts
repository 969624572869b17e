/** A results folder: run records as JSON lines, a file for each sampler, so that several machines' folders can be laid together; and what fills one. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Task } from "../problems/catalogue.ts";
import type { Job } from "./child.ts";
import type { DriverName } from "./drivers.ts";
import { ourVersion } from "./ours.ts";
import { runAll } from "./pool.ts";
import type { RunRecord } from "./run.ts";
import { runKey } from "./summary.ts";

/**
 * All records of a folder. A line that an interrupted run left half written is passed over.
 *
 * @throws Error when there is no such folder
 */
export function readResults(folder: string): RunRecord[] {
  if (!existsSync(folder)) throw new Error(`A results folder must exist to be read, but there is no ${folder}.`);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".jsonl"))
    .sort()
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"))
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as RunRecord];
      } catch {
        return [];
      }
    });
}

/** Where results of this name go unless another folder is given: the user's cache. */
export function resultsFolder(name: string): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "assay/results", name);
}

/** Seed by seed, so that what is there after an interruption is balanced. */
export function plan(tasks: readonly Task[], all: readonly DriverName[], seeds: number, trials: number): Job[] {
  return Array.from({ length: seeds }, (_, seed) =>
    tasks.flatMap(({ name: task }) => all.map((driver): Job => ({ driver, task, seed, trials }))),
  ).flat();
}

/** The records of jobs: those that the folder has already, and those that are made now and added to it. */
export async function complete(
  jobs: readonly Job[],
  folder: string,
  lanes: number,
): Promise<{ records: RunRecord[]; failed: string[] }> {
  const wanted = new Set(jobs.map(jobKey));
  const had = (existsSync(folder) ? readResults(folder) : []).filter((record) => wanted.has(recordKey(record)));
  const known = new Set(had.map(recordKey));
  const others = new Set(had.map(({ version }) => version).filter((it) => it.startsWith("0.") && it !== ourVersion()));
  if (others.size > 0) {
    console.error(
      `The folder has runs of ${[...others].join(", ")}; now ours is ${ourVersion()}. For one version alone take another --out.`,
    );
  }
  console.error(`${jobs.length} runs, of which ${folder} has ${known.size}.`);
  const left = jobs.filter((job) => !known.has(jobKey(job)));
  const { made, failed } = await runAll(left, lanes, resultsWriter(folder));
  return { records: [...had, ...made], failed };
}

function jobKey({ driver, task, seed, trials }: Job): string {
  return `${driver.name} ${runKey({ task, seed })} ${trials}`;
}

function recordKey({ sampler, task, seed, trials }: RunRecord): string {
  return `${sampler} ${runKey({ task, seed })} ${trials}`;
}

/** Opens a folder to add records to; each goes to the file of its sampler. */
export function resultsWriter(folder: string): (record: RunRecord) => void {
  mkdirSync(folder, { recursive: true });
  const begun = new Set<string>();
  return (record) => {
    const file = join(folder, `${record.sampler.replaceAll(/[^\w.-]+/g, "_")}.jsonl`);
    // A line that was cut off must not swallow the next one.
    const isCut = !begun.has(file) && existsSync(file) && !readFileSync(file, "utf8").endsWith("\n");
    begun.add(file);
    appendFileSync(file, `${isCut ? "\n" : ""}${JSON.stringify(record)}\n`);
  };
}
