import { createRng, createSpace, type FlatParams, float, int, ordinal } from "assay";
import { expect, test } from "vitest";
import { selectTasks } from "../../bench/problems/catalogue.ts";
import { ProblemSearch } from "../../bench/problems/problem-search.ts";
import { SYNTHETIC } from "../../bench/problems/synthetic.ts";

const synthetic = Object.values(SYNTHETIC).flatMap((problems) => Object.entries(problems));

test.each(synthetic.map(([name, make]) => ({ name, make })))(
  "no configuration of $name is below its known minimum",
  ({ make }) => {
    const problem = make();
    const rng = createRng(1);
    const regrets = Array.from({ length: 1000 }, () => {
      const params = problem.space.build(({ parameter }) => parameter.decode(rng.next()));
      return problem.regret(problem.evaluate(params));
    }).sort((a, b) => a - b);
    expect(regrets[0]).toBeGreaterThan(-1e-8);
    expect(regrets[500]).toBeGreaterThan(0.8);
    expect(regrets[500]).toBeLessThan(1.25);
  },
);

test("noise has the loss as its mean and depends on its stream alone", () => {
  const problem = SYNTHETIC["noisy-synthetic"]!.branches!();
  const params = problem.space.decode(new Array(problem.space.coordinates.length).fill(0.3));
  const draw = (seed: number) => problem.observe!(params, createRng(seed));
  const mean = Array.from({ length: 4000 }, (_, seed) => draw(seed)).reduce((sum, value) => sum + value, 0) / 4000;
  expect(Math.abs(mean - problem.evaluate(params))).toBeLessThan(0.005);
  expect(draw(7)).toBe(draw(7));
});

test("the halves split each family evenly and share nothing", () => {
  const [a, b] = [selectTasks("development", "a"), selectTasks("development", "b")];
  expect(a.filter((task) => b.includes(task))).toEqual([]);
  expect(a.length + b.length).toBe(35);
  for (const family of ["tables", "lcbench", "xgboost"]) {
    const count = (half: typeof a) => half.filter((task) => task.family === family).length;
    expect(Math.abs(count(a) - count(b))).toBeLessThanOrEqual(1);
  }
});

test("a task that is none is refused with what there is", () => {
  expect(() => selectTasks("tables/none")).toThrow(/must be one of all, development.*"tables\/none"/);
});

test("a live training has one loss for a configuration", async () => {
  const problem = selectTasks("live")[0]!.make();
  const params = problem.space.decode(new Array(problem.space.coordinates.length).fill(0.5));
  const loss = await problem.evaluate(params);
  expect(loss).toBeGreaterThan(0.3);
  expect(loss).toBeLessThan(1);
  expect(await problem.evaluate(params)).toBe(loss);
});

test("a tuner searches a problem's own values, and is told its accuracy", async () => {
  const space = createSpace({
    rate: float(1e-4, 1, { log: true }),
    width: int(8, 64, { log: true }),
    batch: ordinal([16, 64]),
  });
  const losses: number[] = [];
  const evaluate = (params: Readonly<Record<string, unknown>>): number => {
    space.check(params as FlatParams);
    losses.push(Number(params.rate) / 2);
    return losses.at(-1)!;
  };
  const tuner = new ProblemSearch(
    { name: "rates", space, evaluate, regret: (loss) => loss },
    { maxTrials: 12, seed: 1 },
  );
  await tuner.search();
  const trials = await tuner.study.trials();
  const { dimensions } = tuner.study.space;
  await tuner.close();
  expect(trials.map(({ value }) => value)).toEqual(losses.map((loss) => 1 - loss));
  expect(dimensions.map(({ name, parameter }) => [name, parameter.levels])).toEqual([
    ["rate", Number.POSITIVE_INFINITY],
    ["width", 57],
    ["batch", 2],
  ]);
});

test("tasks are asked for by name, pattern, family and word", () => {
  const names = (list: string) => selectTasks(list).map(({ name }) => name);
  expect(names("tables/car,bbob-2d/f1-*,tables/car")).toEqual([
    "tables/car",
    ...Array.from({ length: 10 }, (_, i) => `bbob-2d/f1-i${i + 1}`),
  ]);
  expect(names("bbob-5d/*-i1")).toHaveLength(24);
  expect(names("few")).toHaveLength(9);
  expect(selectTasks("few", "b")).toHaveLength(9);
  expect(() => names("tables/ca")).toThrow(/^A task must be one of all, .*, but got "tables\/ca"\.$/);
});
