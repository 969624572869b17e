import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { PEERS } from "../../bench/peers/environments.ts";
import { taskOf } from "../../bench/problems/catalogue.ts";
import { ranking } from "../../bench/report/ranks.ts";
import { ourDriver } from "../../bench/suite/ours.ts";
import { processDriver } from "../../bench/suite/protocol.ts";
import { readResults, resultsWriter } from "../../bench/suite/results.ts";
import { type RunRecord, runTask } from "../../bench/suite/run.ts";
import { overFamilies, overTasks, pairedScores, scores } from "../../bench/suite/summary.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-suite-"));
afterAll(() => rmSync(folder, { recursive: true }));

const serve = {
  command: process.execPath,
  args: ["--conditions=assay-source", join(import.meta.dirname, "../../bench/serve.ts")],
};

test("a run over the protocol is the run in this process", async () => {
  const task = taskOf("conditional/branches");
  const here = await runTask(ourDriver("gp"), task, 3, 12);
  const driver = processDriver("gp", "gp", serve);
  const there = await runTask(driver, task, 3, 12);
  await driver.close();
  expect(there).toEqual({ ...here, askMs: expect.any(Array), tellMs: expect.any(Array) });
  expect(here.regrets).toHaveLength(12);
  expect(Object.keys(here.recommended)).toEqual(["10", "12"]);
});

test("what a served sampler refuses is told with its words", async () => {
  const driver = processDriver("nobody", "nobody", serve);
  await expect(runTask(driver, taskOf("numeric/branin"), 0, 2)).rejects.toThrow(
    /nobody refused start: A sampler must be one of/,
  );
  await driver.close();
});

test("a peer that ends is told with its last words", async () => {
  const driver = processDriver("gone", "gone", {
    command: process.execPath,
    args: ["-e", "throw new Error('no module')"],
  });
  await expect(runTask(driver, taskOf("numeric/branin"), 0, 2)).rejects.toThrow(
    /gone ended before it answered start:[\s\S]*no module/,
  );
});

test("a line that was cut off loses itself alone", () => {
  const record = recordOf("gp", "numeric/branin", 0, [0.5]);
  resultsWriter(folder)(record);
  appendFileSync(join(folder, "gp.jsonl"), '{"task":"numeric/bra');
  resultsWriter(folder)({ ...record, seed: 1 });
  expect(readResults(folder)).toEqual([record, { ...record, seed: 1 }]);
});

test("the kept runs of slow peers are whole, each once, of peers and tasks that there are", () => {
  const records = readResults(join(import.meta.dirname, "../../bench/recorded"));
  expect(records.length).toBeGreaterThan(300);
  expect(new Set(records.map(({ sampler, task, seed }) => `${sampler} ${task} ${seed}`)).size).toBe(records.length);
  for (const { sampler, task, trials, regrets, askMs } of records) {
    expect(Object.keys(PEERS)).toContain(sampler);
    expect(taskOf(task).name).toBe(task);
    expect([regrets.length, askMs.length]).toEqual([trials, trials]);
  }
});

test("families count alike, and the standard error is of the seeds within the tasks", () => {
  const records = [
    ...[1, 3].map((regret, seed) => recordOf("gp", "tables/car", seed, [regret])),
    ...[10, 10].map((regret, seed) => recordOf("gp", "tables/kc1", seed, [regret])),
    ...[0, 0].map((regret, seed) => recordOf("gp", "xgboost/11", seed, [regret])),
  ];
  expect(overTasks(scores(records.slice(0, 2), 1))).toEqual({ mean: 2, standardError: 1 });
  expect(overFamilies(scores(records, 1))).toEqual({ mean: 3, standardError: 0.25 });
});

test("runs are paired by task and seed, and those without a partner left out", () => {
  const first = [recordOf("a", "tables/car", 0, [0.5]), recordOf("a", "tables/car", 1, [0.4])];
  const second = [recordOf("b", "tables/car", 1, [0.1]), recordOf("b", "tables/kc1", 0, [0.1])];
  expect([...pairedScores(first, second, 1)]).toEqual([["tables/car", [0.4 - 0.1]]]);
});

test("equal scores share a rank, and a difference in every task parts two samplers", () => {
  const tasks = Array.from({ length: 12 }, (_, i) => i);
  const { ranks, cliques } = ranking(
    new Map([
      ["worst", tasks.map((i) => 3 + i)],
      ["first", tasks.map((i) => 1 + i)],
      ["twin", tasks.map((i) => 1 + i)],
    ]),
  );
  expect(ranks).toEqual([
    { name: "first", rank: 1.5 },
    { name: "twin", rank: 1.5 },
    { name: "worst", rank: 3 },
  ]);
  expect(cliques).toEqual([[0, 1]]);
});

function recordOf(sampler: string, task: string, seed: number, regrets: readonly number[]): RunRecord {
  const none = regrets.map(() => 0);
  return {
    task,
    sampler,
    version: "1",
    seed,
    trials: regrets.length,
    losses: none,
    regrets,
    recommended: {},
    askMs: none,
    tellMs: none,
  };
}
