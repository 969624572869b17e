import { expect, test } from "vitest";
import { mean, median, quantile, standardError, variance } from "../../bench/numbers.ts";
import { TASKS } from "../../bench/problems/catalogue.ts";
import { checkFigures, type Figure } from "../../bench/report/check.ts";
import { evidenceOf, groundOf, panelsOf, tasksOf } from "../../bench/report/data.ts";
import { markdownPage } from "../../bench/report/markdown.ts";
import { pairOf, runsOf } from "../../bench/report/pairs.ts";
import { adjustedAgainst } from "../../bench/report/ranks.ts";
import { sectionsOf } from "../../bench/report/sections.ts";
import { askMs } from "../../bench/report/times.ts";
import type { RunRecord } from "../../bench/suite/run.ts";

const tasks = TASKS.filter(({ family }) => family === "lcbench").map(({ name }) => name);

/** A run whose regret is the same from the first trial on, unless a function of the trial says otherwise. */
function run(
  sampler: string,
  task: string,
  seed: number,
  trials: number,
  regret: number | ((trial: number) => number),
): RunRecord {
  const regrets = Array.from({ length: trials }, (_, i) => (typeof regret === "number" ? regret : regret(i + 1)));
  return {
    task,
    sampler,
    version: "1.0",
    seed,
    trials,
    losses: regrets,
    regrets,
    recommended: Object.fromEntries([10, 20, 30, 50, 100].map((count) => [count, regrets[count - 1] ?? 1])),
    askMs: regrets.map((_, i) => i + 1),
    tellMs: regrets.map(() => 0.5),
  };
}

/** Two that ran everything, and a slow one with fewer tasks, seeds and trials. */
const uneven = [
  ...tasks.flatMap((task) =>
    [0, 1, 2].flatMap((seed) => [run("gp", task, seed, 100, 0.1), run("random", task, seed, 100, 0.3)]),
  ),
  ...tasks.slice(0, 9).map((task, i) => run("slow", task, 0, 50, i === 0 ? 0.05 : 0.2)),
];

/** The lines of the table below a caption. */
function rowsOf(page: string, caption: string): string[] {
  const from = page.indexOf(`**${caption}`);
  if (from < 0) throw new Error(`There is no "${caption}" in\n${page}`);
  return page.slice(from).split("\n\n")[1]!.split("\n").slice(2);
}

const figuresOf = (records: readonly RunRecord[]): Figure[] => checkFigures(evidenceOf(records));

const pageOf = (records: readonly RunRecord[]): string =>
  markdownPage({ title: "", sections: sectionsOf(evidenceOf(records), figuresOf(records)) });

test("panels go from those that ran most to all, on the runs that all of a panel have", () => {
  const { samplers, records } = evidenceOf(uneven);
  const panels = panelsOf(samplers, records);
  expect(panels.map((panel) => panel.samplers)).toEqual([
    ["gp", "random"],
    ["gp", "random", "slow"],
  ]);
  expect(panels.map((panel) => tasksOf(panel.records).length)).toEqual([tasks.length, 9]);
  expect(panels.map((panel) => panel.records.length)).toEqual([2 * 3 * tasks.length, 3 * 9]);
});

test("a sampler with too few tasks for ranks is in no panel, but is compared with the main one", () => {
  const few = [...uneven.filter(({ sampler }) => sampler !== "slow"), run("slow", tasks[0]!, 0, 30, 0.05)];
  const { samplers, records } = evidenceOf(few);
  expect(panelsOf(samplers, records).map((panel) => panel.samplers)).toEqual([["gp", "random"]]);
  expect(rowsOf(pageOf(few), "gp beside each other").find((row) => row.startsWith("| slow"))).toMatch(
    /^\| slow \| 1 × 1 \| (\+0\.0500 \(\+100 %\) \| ){3}– \| – \|$/,
  );
});

test("two samplers are paired on what both have, as far as both go", () => {
  const { records } = evidenceOf(uneven);
  expect(pairOf(records, "gp", "slow", 50).own).toHaveLength(9);
  expect(pairOf(records, "gp", "slow", 100).own).toHaveLength(0);
  expect(runsOf(pairOf(records, "gp", "random", 100).own)).toBe(`${tasks.length} × 3`);
  const page = pageOf(uneven);
  const rows = rowsOf(page, "gp beside each other");
  expect(rows[0]).toContain(`| random | ${tasks.length} × 3 | **−0.2000 (−67 %)** −0.2000 … −0.2000 |`);
  // One of nine tasks is lost by 0.05, the others are won by 0.1.
  expect(rows[1]).toMatch(/^\| slow \| 9 × 1 \| \*\*−0\.0833 \(−45 %\)\*\*.* \| – \|$/);
  expect(rowsOf(page, "gp against each other")).toEqual([
    `| random | 50 | ${3 * tasks.length} / 0 / 0 |`,
    "| slow | 50 | 8 / 0 / 1 |",
  ]);
});

test("by family, and in wins and losses, a pair is told at a number of trials that all its runs reach", () => {
  const shorter = [...uneven.filter(({ sampler }) => sampler !== "slow"), run("slow", tasks[0]!, 0, 50, 0.2)];
  const page = pageOf([...shorter, ...tasks.slice(1, 9).map((task) => run("slow", task, 0, 30, 0.2))]);
  expect(rowsOf(page, "gp against each other")[1]).toBe("| slow | 30 | 9 / 0 / 0 |");
  expect(rowsOf(page, "gp beside each other")[1]).toMatch(/^\| slow \| 9 × 1 \|.* \| −0\.1000 \(−50 %\) \| – \|$/);
});

test("where another is ahead is told with the seeds that it was judged by", () => {
  expect(pageOf(uneven)).toContain("In the mean over families no other is ahead of gp.");
  expect(pageOf([...uneven, run("quick", tasks[0]!, 0, 20, 0.05)])).toContain(
    "ahead of gp, shown or not: quick @10, @20.",
  );
  expect(rowsOf(pageOf(uneven), "Tasks on which another is ahead of gp")).toEqual(
    [20, 30, 50].map((count) => `| ${tasks[0]} | slow | ${count} | 1 | 0.1000 | 0.0500 |`),
  );
});

test("of several runs of one task and seed the longest counts", () => {
  const { records } = evidenceOf([run("gp", tasks[0]!, 0, 100, 0.1), run("gp", tasks[0]!, 0, 50, 0.2)]);
  expect(records.map(({ trials }) => trials)).toEqual([100]);
});

test("kinds of tasks are told apart, and BBOB by the share of targets at multiples of the dimension", () => {
  expect(
    ["tables/car", "mixed/mixed14", "bbob-5d/f1-i1", "noisy-tables/car", "noisy-synthetic/edges"].map(groundOf),
  ).toEqual(["tuning", "synthetic", "bbob", "noisy", "noisy"]);
  const functions = Array.from({ length: 8 }, (_, i) => `bbob-2d/f${i + 1}-i1`);
  const records = functions.flatMap((task) => [
    run("gp", task, 0, 40, (trial) => (trial < 20 ? 0.75 : 0.25)),
    run("random", task, 0, 40, 0.75),
  ]);
  expect(rowsOf(pageOf(records), "bbob-2d: 2 samplers, 8 × 1")).toEqual([
    "| gp | 0.2500 ± 0.0000 | 0.7500 ± 0.0000 | 0.7500 ± 0.0000 | – |",
    "| random | 0.2500 ± 0.0000 | 0.2500 ± 0.0000 | 0.2500 ± 0.0000 | +0.5000 ± 0.0000 |",
  ]);
});

test("a standard error stands where every task has several seeds", () => {
  const spread = (seeds: readonly number[]) =>
    tasks
      .slice(0, 2)
      .flatMap((task, i) => seeds.slice(0, seeds.length - i).map((seed) => run("gp", task, seed, 10, seed)));
  const row = (seeds: readonly number[]) => rowsOf(pageOf(spread(seeds)), "lcbench: 1 sampler,")[0];
  expect(row([1, 2, 3])).toBe("| gp | **1.7500** ± 0.3819 |");
  expect(row([1, 2])).toBe("| gp | **1.2500** |");
});

test("an ask's cost is the median around the n-th trial, and unknown where no run is as long", () => {
  const records = [run("gp", tasks[0]!, 0, 100, 0.1)];
  // Asks 90 to 100, and half a millisecond of tell.
  expect(askMs(records, 100)).toBe(95.5);
  expect(askMs(records, 200)).toBeNaN();
});

test("the main sampler alone makes a report too", () => {
  const page = pageOf(uneven.filter(({ sampler }) => sampler === "gp"));
  expect(rowsOf(page, "lcbench: 1 sampler,")).toEqual([`| gp | ${"**0.1000** | ".repeat(5).trim()}`]);
});

test("against the main one alone, fewer tests are corrected less", () => {
  const places = Array.from({ length: 12 }, (_, i) => i);
  const p = adjustedAgainst(
    new Map([
      ["gp", places],
      ["worse", places.map((i) => i + 1)],
      ["twin", places],
    ]),
    "gp",
  );
  expect(p.get("worse")!).toBeLessThan(0.005);
  expect(p.get("twin")).toBe(1);
  expect(adjustedAgainst(new Map([["a", places]]), "gp").size).toBe(0);
});

test("the promised gain is judged on the runs that both rivals have", () => {
  const families = ["tables/car", "xgboost/11", tasks[0]!];
  const records = families.flatMap((task) => [
    run("gp", task, 0, 100, 0.1),
    run("gp", task, 1, 100, 5),
    run("optuna-tpe", task, 0, 100, 0.3),
    run("optuna-tpe", task, 1, 100, 0.01),
    run("optuna-gp", task, 0, 50, 0.2),
  ]);
  const gains = figuresOf(records).filter(({ what }) => what.startsWith("mean over families"));
  expect(gains.map(({ isReached }) => isReached)).toEqual([true, true, true, true, false]);
  expect(gains[0]!.got).toMatch(/^50\.0 % less than optuna-gp, 0\.1000 to 0\.2000, .* over 3 pairs$/);
  expect(gains[4]!.got).toBe("not measured");
  // The page tells those that were measured.
  const told = rowsOf(pageOf(records), "Figures");
  expect(told.filter((row) => row.startsWith("| mean over families @"))).toHaveLength(4);
  expect(told[0]).toMatch(/\| at least 35 % less, interval below 0 \| 50\.0 % less than optuna-gp, .* \| yes \|$/);
});

test("a rank is judged among the most samplers that have three seeds, a family by noise between them", () => {
  const others = ["tables/car", "tables/kc1"];
  const all = [...others, ...tasks.slice(0, 9)].flatMap((task) =>
    [0, 1, 2].flatMap((seed) => [
      run("gp", task, seed, 50, 0.1),
      // Ahead on the tables: by noise on the first seeds, by far in the end.
      run("optuna-tpe", task, seed, 50, others.includes(task) ? (n) => (n < 50 ? 0.2 * seed - 0.11 : 0) : 0.3),
      run("random", task, seed, 20, 0.4),
    ]),
  );
  const once = tasks.slice(0, 9).map((task) => run("vizier", task, 0, 20, 0));
  const ranks = figuresOf([...all, ...once]).filter(({ what }) => what.startsWith("mean rank"));
  expect(ranks.map(({ what, got, isReached }) => `${what}: ${got}, ${isReached}`)).toEqual([
    "mean rank @20, 3 samplers, 11 × 3 tasks and seeds: 1.18, true",
    "mean rank @20 on tables, 3 samplers, 11 × 3 tasks and seeds: 2.00 behind optuna-tpe 1.00, regret +0.0100 ± 0.0816, true",
    "mean rank @20 on lcbench, 3 samplers, 11 × 3 tasks and seeds: 1.00, true",
    "mean rank @50, 2 samplers, 11 × 3 tasks and seeds: 1.18, true",
    "mean rank @50 on tables, 2 samplers, 11 × 3 tasks and seeds: 2.00 behind optuna-tpe 1.00, regret +0.1000 ± 0.0000, false",
    "mean rank @50 on lcbench, 2 samplers, 11 × 3 tasks and seeds: 1.00, true",
    "mean rank @100: not measured, false",
  ]);
});

test("on BBOB the most targets are asked for at 20 d, and at 100 d no more than to be level with CMA-ES", () => {
  const functions = Array.from({ length: 8 }, (_, i) => `bbob-2d/f${i + 1}-i1`);
  const records = functions.flatMap((task, i) => [
    run("gp", task, 0, 200, 0.5),
    run("cmaEs", task, 0, 200, (trial) => (trial < 200 ? 0.6 : i < 4 ? 0.3 : 0.6)),
    run("optuna-cma-es", task, 0, 200, (trial) => (trial < 200 ? 0.4 : 0.3)),
  ]);
  const figures = figuresOf(records).filter(({ what }) => what.startsWith("bbob-2d"));
  expect(figures.map(({ got, isReached }) => `${got}, ${isReached}`)).toEqual([
    "optuna-cma-es 0.6000, gp 0.5000, cmaEs 0.4000, false",
    "−0.0500 ± 0.0567 over 8 runs, true",
    "−0.2000 ± 0.0000 over 8 runs, false",
  ]);
});

test("numbers that stand for many are those of the textbooks", () => {
  expect(mean([1, 2, 6])).toBe(3);
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(quantile([0, 10, 20, 30], 0.25)).toBe(7.5);
  expect([quantile([7, 3], 0), quantile([7, 3], 1)]).toEqual([3, 7]);
  expect(quantile([], 0.5)).toBeNaN();
  expect(variance([1, 3])).toBe(2);
  expect(variance([4])).toBe(0);
  expect(standardError([1, 3])).toBe(1);
});
