/** What runs in a process of its own: jobs by lines of JSON in, run records out, until the input ends. */
import { createInterface } from "node:readline";
import { taskOf } from "../problems/catalogue.ts";
import type { Driver } from "./driver.ts";
import { type DriverName, driverOf } from "./drivers.ts";
import { type RunRecord, runTask } from "./run.ts";

export interface Job {
  readonly driver: DriverName;
  readonly task: string;
  readonly seed: number;
  readonly trials: number;
}

/** A run's record, or why there is none. */
export type Answer = { readonly record: RunRecord } | { readonly error: string };

const drivers = new Map<string, Driver>();
for await (const line of createInterface(process.stdin)) {
  const answer = await run(JSON.parse(line) as Job);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
for (const driver of drivers.values()) await driver.close();

async function run({ driver: named, task, seed, trials }: Job): Promise<Answer> {
  const key = JSON.stringify(named);
  try {
    const driver = drivers.get(key) ?? driverOf(named);
    drivers.set(key, driver);
    return { record: await runTask(driver, taskOf(task), seed, trials) };
  } catch (error) {
    // A program that has ended is started anew for the next job.
    await drivers.get(key)?.close();
    drivers.delete(key);
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
