/** A results folder: run records as JSON lines, a file for each sampler, so that several machines' folders can be laid together. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunRecord } from "./run.ts";

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
