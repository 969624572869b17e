/** One run: a driver on a task with one seed, trial after trial, and what is recorded of it. */
import { createRng } from "assay";
import type { Task } from "../problems/catalogue.ts";
import type { Driver } from "./driver.ts";

/** Numbers of trials at which the score is told, and under noise the recommendation is asked for. */
export const CHECKPOINTS = [10, 20, 30, 50, 100, 200] as const;

export interface RunRecord {
  readonly task: string;
  readonly sampler: string;
  readonly version: string;
  readonly seed: number;
  readonly trials: number;
  /** What was told, [trials]; null where the evaluation failed. */
  readonly losses: readonly (number | null)[];
  /** Of the trial with the lowest loss so far, judged without noise, [trials]; null before one has completed. */
  readonly regrets: readonly (number | null)[];
  /** Of the point recommended, judged without noise, by trials at the checkpoints and at the end. */
  readonly recommended: Readonly<Record<string, number>>;
  /** CPU milliseconds, [trials]. */
  readonly askMs: readonly number[];
  readonly tellMs: readonly number[];
}

/** The run of a driver on a task; a space that has been tried whole keeps its regret to the end. */
export async function runTask(driver: Driver, task: Task, seed: number, trials: number): Promise<RunRecord> {
  const problem = task.make();
  const noise = createRng(seed).fork(`noise of ${task.name}`);
  const session = await driver.start({ space: problem.space, seed, trials });
  const record = {
    losses: [] as (number | null)[],
    regrets: [] as (number | null)[],
    recommended: {} as Record<string, number>,
    askMs: [] as number[],
    tellMs: [] as number[],
  };
  let lowest = Number.POSITIVE_INFINITY;
  let regret: number | null = null;
  for (let number = 0; number < trials; number++) {
    const asked = await session.ask();
    if (asked === null) break;
    const { params, ms } = asked;
    problem.space.check(params);
    // By the trial's number, so that every sampler meets the same noise.
    const told = problem.observe?.(params, noise.fork(number)) ?? (await problem.evaluate(params));
    const loss = Number.isFinite(told) ? told : null;
    if (loss !== null && loss < lowest) {
      lowest = loss;
      regret = problem.regret(problem.observe === undefined ? loss : await problem.evaluate(params));
    }
    record.askMs.push(rounded(ms));
    record.tellMs.push(rounded(await session.tell(params, loss)));
    record.losses.push(loss);
    record.regrets.push(regret);
    const isCheckpoint = CHECKPOINTS.some((count) => count === number + 1) || number + 1 === trials;
    if (isCheckpoint && regret !== null) {
      record.recommended[number + 1] =
        problem.observe === undefined ? regret : problem.regret(await problem.evaluate(await session.recommend()));
    }
  }
  await session.stop();
  while (record.regrets.length < trials) record.regrets.push(regret);
  return { task: task.name, sampler: driver.name, version: session.version, seed, trials, ...record };
}

/** Microseconds are enough. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
