import { describe, expect, expectTypeOf, test } from "vitest";
import {
  choice,
  crossValidate,
  crossValScore,
  type Estimator,
  GridSearchCV,
  groupKFold,
  kFold,
  loguniform,
  ParameterGrid,
  parameterSampler,
  RandomizedSearchCV,
  randint,
  uniform,
} from "../../src/tuner/index.ts";
import { createWorkerPool, fromModule } from "../../src/worker/index.ts";
import cv from "../fixtures/tuner/cross-validation.json" with { type: "json" };
import fixture from "../fixtures/tuner/model-selection.json" with { type: "json" };
import { expectSame } from "./columns.ts";
import { meanRule } from "./mean-rule.ts";

const { x, y, grid } = fixture;

describe("candidates", () => {
  test("of a grid come in scikit-learn's order", () => {
    const all = new ParameterGrid({ gain: [0.5, 1, 2], column: [0, 1, 2], offset: [0, 0.1] });
    expect([...all]).toEqual(cv.grids.one.candidates);
    expect(all.length).toBe(18);
    expect([...new ParameterGrid(cv.grids.several.grid as Record<string, number[]>[])]).toEqual(
      cv.grids.several.candidates,
    );
  });

  test("are drawn within their distributions, never twice, and typed", () => {
    const distributions = {
      a: uniform(-1, 1),
      b: loguniform(1e-4, 1e-1),
      c: randint(2, 5),
      d: choice(["x", "y"]),
      e: [7],
    };
    const drawn = [...parameterSampler(distributions, 400, { seed: 1 })];
    expect(drawn).toHaveLength(400);
    expect(new Set(drawn.map(({ c }) => c))).toEqual(new Set([2, 3, 4]));
    expect(new Set(drawn.map(({ d }) => d))).toEqual(new Set(["x", "y"]));
    expect(drawn.every(({ a, b, e }) => Math.abs(a) <= 1 && b >= 1e-4 && b <= 1e-1 && e === 7)).toBe(true);
    // Half of a log-uniform draw lies below the geometric mean of its ends: 400 draws, four standard deviations.
    const below = drawn.filter(({ b }) => b < Math.sqrt(1e-5)).length;
    expect(Math.abs(below - 200)).toBeLessThan(40);
    expectTypeOf(drawn[0]!).toEqualTypeOf<{
      readonly a: number;
      readonly b: number;
      readonly c: number;
      readonly d: "x" | "y";
      readonly e: number;
    }>();
  });

  test("of lists alone are all of them where more are asked for", () => {
    const drawn = [...parameterSampler([{ a: [1, 2], b: [3, 4] }, { c: [5] }], 10)];
    expect(drawn).toHaveLength(5);
    expect(new Set(drawn.map((params) => JSON.stringify(params))).size).toBe(5);
  });
});

describe("RandomizedSearchCV", () => {
  const distributions = { gain: uniform(0.1, 2), column: [0, 1, 2] };

  test("tries what the sampler of the same seed draws", async () => {
    const search = new RandomizedSearchCV(meanRule, distributions, { scoring: "roc_auc", cv: 3, trials: 6, seed: 5 });
    await search.fit(x, y);
    expect(search.cvResults.params).toEqual([...parameterSampler(distributions, 6, { seed: 5 })]);
    expect(search.bestScore).toBe(Math.max(...search.cvResults.mean_test_score));
    expectTypeOf(search.bestParams).toEqualTypeOf<{ readonly gain: number; readonly column: number }>();
  });

  test("tries the whole of a small grid once, and ten candidates unless told otherwise", async () => {
    const small = await new RandomizedSearchCV(
      meanRule,
      { column: [0, 1, 2] },
      { scoring: "f1", cv: 2, trials: 9 },
    ).fit(x, y);
    expect(small.cvResults.params.map(({ column }) => column).sort()).toEqual([0, 1, 2]);
    const usual = await new RandomizedSearchCV(meanRule, distributions, { scoring: "f1", cv: 2 }).fit(x, y);
    expect(usual.cvResults.params).toHaveLength(10);
  });
});

describe("crossValidate", () => {
  test("agrees with scikit-learn", async () => {
    const expected = fixture.crossValidate;
    const result = await crossValidate(meanRule, x, y, {
      params: { gain: 2 },
      cv: 4,
      scoring: ["f1", "roc_auc"],
      returnTrainScore: true,
      returnIndices: true,
    });
    expect(Object.keys(result).sort()).toEqual(expected.keys);
    for (const name of ["test_f1", "test_roc_auc", "train_f1", "train_roc_auc"] as const) {
      expectSame(result[name]!, expected[name]);
    }
    expect(result.indices!.map(({ test: rows }) => [...rows])).toEqual(expected.test);
  });

  test("returns the fitted estimators, and works in workers as here", async () => {
    const here = await crossValidate(meanRule, x, y, { cv: 3, scoring: "f1", returnEstimator: true });
    expect(here.estimator).toHaveLength(3);
    expect(here.estimator![0]!.predict({ data: new Float64Array(3), rows: 1, columns: 3 })).toHaveLength(1);
    const pool = createWorkerPool({ workers: 2 });
    const source = fromModule<typeof meanRule>(new URL("./mean-rule.ts", import.meta.url), "meanRule");
    const there = await crossValidate(source, x, y, { cv: 3, scoring: "f1", workers: pool });
    await pool.close();
    expect(there.test_score).toEqual(here.test_score);
  });

  test("keeps the errors of failed trainings, and their score", async () => {
    const sometimes = (): Estimator => ({
      ...meanRule({}),
      fit: (rows) => {
        if (rows.data[0] === x[0]![0]) throw new Error("not these rows");
      },
    });
    const result = await crossValidate(sometimes, x, y, { cv: kFold(3), scoring: "accuracy", errorScore: -1 });
    expect(result.test_score.slice(1)).toEqual([-1, -1]);
    expect(result.errors).toEqual([undefined, "not these rows", "not these rows"]);
    await expect(
      crossValScore(sometimes, x, y, { cv: kFold(3), scoring: "accuracy", errorScore: "raise" }),
    ).rejects.toThrow("not these rows");
    await expect(crossValScore(meanRule, x, y, { params: { gain: -1 }, cv: 2, scoring: "f1" })).rejects.toThrow(
      "all 2 failed. The first one said: gain must not be negative",
    );
  });

  test("hands groups to the splitter", async () => {
    const groups = y.map((_, row) => row % 6);
    const { indices } = await crossValidate(meanRule, x, y, {
      groups,
      cv: groupKFold(3),
      scoring: "f1",
      returnIndices: true,
    });
    expect(indices!.map(({ test: rows }) => new Set([...rows].map((row) => groups[row])).size)).toEqual([2, 2, 2]);
    const search = new GridSearchCV(meanRule, { gain: [1] }, { cv: groupKFold(3), scoring: "f1" });
    await expect(search.fit(x, y)).rejects.toThrow("but got no `groups`. Give them beside the labels");
    await search.fit(x, y, { groups });
    expect(search.cvResults.params).toHaveLength(1);
  });
});

describe("nested cross-validation", () => {
  test("agrees with scikit-learn", async () => {
    const search = () => new GridSearchCV(meanRule, grid, { scoring: "roc_auc", cv: 3 });
    expectSame(await crossValScore(search, x, y, { cv: kFold(4), scoring: "accuracy" }), fixture.nested);
  });

  test("seeds the inner searches, one by one", async () => {
    const seeds: unknown[] = [];
    const inner = () => {
      const search = new RandomizedSearchCV(meanRule, { gain: uniform(0.1, 2) }, { scoring: "f1", cv: 2, trials: 2 });
      search.on("refit", () => seeds.push(search.study.seed));
      return search;
    };
    const run = () => crossValScore(inner, x, y, { cv: 3, scoring: "f1", seed: 8 });
    expect(await run()).toEqual(await run());
    expect(new Set(seeds).size).toBe(3);
    expect(seeds.slice(0, 3)).toEqual(seeds.slice(3));
  });

  test("scores by the inner search's own score where none is given", async () => {
    const search = () => new GridSearchCV(meanRule, { column: [0, 1] }, { scoring: "roc_auc", cv: 3 });
    const own = await crossValScore(search, x, y, { cv: kFold(3) });
    expect(own).toEqual(await crossValScore(search, x, y, { cv: kFold(3), scoring: "roc_auc" }));
  });
});
