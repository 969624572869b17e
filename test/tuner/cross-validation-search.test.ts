import { describe, expect, expectTypeOf, test } from "vitest";
import { configurations, float, int, memory, random } from "../../src/index.ts";
import { rank } from "../../src/tuner/cv-results.ts";
import { BayesSearchCV, type CvResults, GridSearchCV, kFold } from "../../src/tuner/index.ts";
import { type GridValues, gridSpace } from "../../src/tuner/parameter-grid.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };
import { expectSame } from "./columns.ts";
import { type MeanRuleParams, meanRegressor, meanRule } from "./mean-rule.ts";

const { x, y } = fixture;
const grids = fixture.grids as unknown as Record<
  string,
  { readonly grid: GridValues | readonly GridValues[]; readonly candidates: readonly object[] }
>;
const grid = { gain: [0.5, 1], column: [0, 1] };

describe("GridSearchCV agrees with scikit-learn", () => {
  for (const name of Object.keys(grids)) {
    test(`on the order of candidates of grid ${name}`, () => {
      const { space, params } = gridSpace(grids[name]!.grid);
      expect([...configurations(space)].map(params)).toEqual(grids[name]!.candidates);
    });
  }

  for (const expected of fixture.searches) {
    const { grid: name, scoring, errorScore } = expected;
    test(`by ${scoring} on grid ${name}${errorScore === null ? "" : `, failures scored ${errorScore}`}`, async () => {
      const search = new GridSearchCV(meanRule, grids[name]!.grid, {
        scoring,
        cv: 3,
        errorScore: errorScore ?? Number.NaN,
        returnTrainScore: true,
      });
      await search.fit(x, y);
      const table = search.cvResults as unknown as Record<string, readonly unknown[]>;
      expect(Object.keys(table).sort()).toEqual(expected.keys);
      const { rank_test_score, ...columns } = expected.cvResults;
      for (const [column, values] of Object.entries(columns)) expectSame(table[column]!, values);
      // Means that are equal but for a rounding may share a rank in one language and not in the other.
      expect(rank(columns.mean_test_score.map((value) => value ?? Number.NaN))).toEqual(rank_test_score);
      if (scoring !== "average_precision") expect(table.rank_test_score).toEqual(rank_test_score);
      expect(search.bestIndex).toBe(expected.bestIndex);
      expect(search.bestParams).toEqual(expected.bestParams);
      expectSame([search.bestScore], [expected.bestScore]);
      expect(await search.predict(x)).toEqual(expected.predictions);
      expectSame([await search.score(x, y)], [expected.score]);
      expect(search.cvResults.params).toEqual(grids[name]!.candidates);
    });
  }
});

test("ranks share the smaller number among equals and put what is no number last", () => {
  expect(rank([0.5, 0.9, 0.5, Number.NaN, 0.1])).toEqual([2, 1, 2, 5, 4]);
  expect(rank([Number.NaN, Number.NaN])).toEqual([1, 1]);
});

test("the params of a grid are typed", () => {
  const search = new GridSearchCV(meanRule, { gain: [0.5, 1], column: [0, 1] });
  expectTypeOf<(typeof search)["bestParams"]>().toEqualTypeOf<{ readonly gain: 0.5 | 1; readonly column: 0 | 1 }>();
  expectTypeOf<(typeof search)["cvResults"]["mean_test_score"]>().toEqualTypeOf<readonly number[]>();
  expect(search.size).toBe(4);
  expectTypeOf<CvResults["split0_test_score"]>().toEqualTypeOf<readonly number[]>();
});

test("regressors are tested on unstratified folds, as are labels that are no classes", async () => {
  const regressor = { ...meanRegressor({}), clone: () => regressor, setParams: () => regressor };
  const splits: number[] = [];
  const spy = {
    ...regressor,
    fit: (_: unknown, labels: ArrayLike<number>) => splits.push(Array.from(labels).reduce((a, b) => a + b)),
  };
  const cloning = { ...spy, clone: () => cloning, setParams: () => cloning };
  const sorted = [...y].sort();
  const search = new GridSearchCV(cloning, { gain: [1] }, { cv: 2, refit: false, scoring: () => 1 });
  await search.fit(x, sorted);
  const positives = sorted.filter((label) => label === 1).length;
  expect(splits).toEqual(
    kFold(2)
      .split(sorted)
      .map(({ train }) => [...train].filter((row) => sorted[row] === 1).length),
  );
  expect(splits.reduce((a, b) => a + b)).toBe(positives);
});

test("a scoring function gets the fitted estimator and the rows of the fold", async () => {
  const rows: number[] = [];
  const search = new GridSearchCV(
    meanRule,
    { gain: [1] },
    {
      cv: 3,
      scoring: (estimator, fold, labels) => {
        rows.push(fold.rows);
        return (estimator.predict(fold) as number[]).filter((label, row) => label === labels[row]).length;
      },
    },
  );
  await search.fit(x, y);
  expect(rows).toEqual([20, 20, 20]);
  expect(search.bestScore).toBeGreaterThan(10);
});

test("sample weights are divided along with the rows", async () => {
  const seen: number[][] = [];
  const weighed = () => ({
    ...meanRule({}),
    fit: (_: unknown, labels: ArrayLike<number>, { sampleWeight }: { sampleWeight?: unknown }) => {
      seen.push(Array.from(sampleWeight as ArrayLike<number>).map((weight, row) => weight - labels[row]!));
    },
  });
  const search = new GridSearchCV(weighed, { gain: [1] }, { cv: 2, refit: false, scoring: () => 0 });
  await search.fit(x, y, { sampleWeight: y.map((label) => label + 1) });
  expect(seen).toHaveLength(2);
  expect(new Set(seen.flat())).toEqual(new Set([1]));
});

describe("a search that was interrupted goes on", () => {
  test("after `stop`, with the trainings that are missing, to the same table", async () => {
    const storage = memory();
    let trainings = 0;
    const counted = (params: MeanRuleParams) => {
      trainings++;
      return meanRule(params);
    };
    const options = { scoring: "roc_auc", cv: 3, storage, refit: false, seed: 1 } as const;
    const first = new GridSearchCV(counted, grid, options);
    first.on("tell", ({ trial }) => trial.number === 1 && first.stop());
    await first.fit(x, y);
    expect(trainings).toBe(6);
    expect(() => first.bestEstimator).toThrow("`bestEstimator` after a `fit` with `refit` that was not stopped");
    const second = new GridSearchCV(counted, grid, options);
    await second.fit(x, y);
    expect(trainings).toBe(12);
    const whole = await new GridSearchCV(meanRule, grid, { ...options, storage: memory() }).fit(x, y);
    expect(second.cvResults.mean_test_score).toEqual(whole.cvResults.mean_test_score);
    expect(second.cvResults.params).toEqual(whole.cvResults.params);
  });

  test("after its signal was aborted, which rejects with the reason", async () => {
    const storage = memory();
    const abort = new AbortController();
    const search = new GridSearchCV(meanRule, grid, { scoring: "f1", cv: 3, storage, signal: abort.signal });
    search.on("fold", ({ trial }) => trial === 2 && abort.abort(new Error("enough")));
    await expect(search.fit(x, y)).rejects.toThrow("enough");
    const trials = await search.study.trials();
    expect(trials.map(({ state }) => state)).toEqual(["completed", "completed", "waiting"]);
    await new GridSearchCV(meanRule, grid, { scoring: "f1", cv: 3, storage }).fit(x, y);
    expect(await search.study.trials()).toHaveLength(4);
  });

  test("but not with other data, folds or scores", async () => {
    const storage = memory();
    await new GridSearchCV(meanRule, grid, { scoring: "f1", cv: 3, storage }).fit(x, y);
    const again = (scoring: string, cv: number, labels: readonly number[] = y) =>
      new GridSearchCV(meanRule, grid, { scoring, cv, storage }).fit(x, labels);
    await expect(again("recall", 3)).rejects.toThrow("scoring: stored f1, given recall");
    await expect(again("f1", 4)).rejects.toThrow(/folds: stored 3, .* given 4, /);
    await expect(
      again(
        "f1",
        3,
        y.map((label) => 1 - label),
      ),
    ).rejects.toThrow("data: stored 60 × 3");
    await expect(
      new GridSearchCV(meanRule, { gain: [3] }, { scoring: "f1", cv: 3, storage }).fit(x, y),
    ).rejects.toThrow("parameter gain");
  });
});

test("a search that is stopped before its first candidate has no table", async () => {
  const search = new GridSearchCV(meanRule, grid, { scoring: "f1", cv: 3 });
  const running = search.fit(x, y);
  search.stop();
  await running;
  expect(() => search.cvResults).toThrow("A search has `cvResults` after `fit`");
  expect(await search.study.trials()).toEqual([]);
});

describe("BayesSearchCV", () => {
  const space = { gain: float(0.1, 2), column: int(0, 2) };

  test("tells the study the mean of the folds with its standard error", async () => {
    const search = await new BayesSearchCV(meanRule, space, { scoring: "roc_auc", cv: 3, trials: 8, seed: 3 }).fit(
      x,
      y,
    );
    const [trial] = await search.study.trials();
    const folds = [0, 1, 2].map((k) => search.cvResults[`split${k}_test_score`]![0]!);
    const centre = (folds[0]! + folds[1]! + folds[2]!) / 3;
    const squares = folds.reduce((sum, score) => sum + (score - centre) ** 2, 0);
    expect(trial!.value).toBeCloseTo(centre, 14);
    expect(trial!.standardError).toBeCloseTo(Math.sqrt(squares / 2 / 3), 14);
    expect(search.cvResults.params).toHaveLength(8);
    expect(search.bestScore).toBe(Math.max(...search.cvResults.mean_test_score));
  });

  test("takes any sampler, types its params and repeats itself under a seed", async () => {
    const run = () =>
      new BayesSearchCV(meanRule, space, { sampler: random(), scoring: "roc_auc", cv: 2, trials: 5, seed: 9 }).fit(
        x,
        y,
      );
    const [first, second] = [await run(), await run()];
    expectTypeOf(first.bestParams).toEqualTypeOf<{ gain: number; column: number }>();
    expect(first.cvResults.params).toEqual(second.cvResults.params);
    expect(first.cvResults.mean_test_score).toEqual(second.cvResults.mean_test_score);
  });

  test("finds the column that separates the classes", async () => {
    const search = await new BayesSearchCV(meanRule, space, { scoring: "roc_auc", cv: 3, trials: 12, seed: 1 }).fit(
      x,
      y,
    );
    expect(search.bestParams.column).toBe(0);
  });
});

describe("bad input is refused with its rule and a remedy", () => {
  const search =
    (options: object, given: object = grid) =>
    () =>
      new GridSearchCV(meanRule, given as typeof grid, options);

  test("grids", () => {
    expect(search({}, {})).toThrow("A grid needs at least one parameter with its values, but got {}");
    expect(search({}, [])).toThrow("needs at least one grid");
    expect(search({}, { gain: [] })).toThrow('"gain" has []');
    expect(search({}, { gain: 1 })).toThrow('"gain" has 1');
    expect(search({}, { gain: [1, 1] })).toThrow(
      'Grid parameter "gain": The choices of a parameter of type ordinal must differ',
    );
    expect(search({}, { gain: [{}] })).toThrow(/A choice must be a string, a finite number/);
    expect(search({}, { constructor: [1] })).toThrow(/cannot be named "constructor"/);
  });

  test("scores, with the list of the known ones", () => {
    expect(search({ scoring: "acuracy" })).toThrow(/one of accuracy, .*recall@precision>=0\.7, but got "acuracy"/);
    expect(search({ scoring: "f0" })).toThrow('but got "f0"');
    expect(search({ scoring: "recall@precision>=7" })).toThrow("a share from 0 to 1, but got 7");
    expect(search({ scoring: 7 })).toThrow("but got 7");
  });

  test("options", () => {
    expect(search({ cv: 1 })).toThrow("at least 2, but got 1");
    expect(search({ errorScore: "ignore" })).toThrow('a number, NaN or "raise", but got "ignore"');
    expect(search({ concurrency: 0 })).toThrow("`concurrency` must be an integer >= 1, but got 0");
    expect(search({ workers: 0 })).toThrow("`workers` must be an integer >= 1");
    expect(() => new BayesSearchCV(meanRule, { gain: float(0, 1) }, { trials: 0 })).toThrow(
      "`trials` must be an integer >= 1",
    );
    expect(() => new BayesSearchCV(meanRule, {})).toThrow("at least one parameter");
  });

  test("closures for workers, with what to write instead", () => {
    expect(search({ workers: 2 })).toThrow(
      /lives|of this thread.*Export it from a module and give fromModule\(new URL/,
    );
  });

  test("estimators", async () => {
    expect(() => new GridSearchCV(7 as never, grid)).toThrow("An estimator must be a function (params) => estimator");
    expect(() => new GridSearchCV({ fit: () => {}, predict: () => [] } as never, grid)).toThrow(
      "without clone, setParams",
    );
    const nothing = (() => ({})) as never;
    await expect(new GridSearchCV(nothing, grid, { scoring: "f1", cv: 2 }).fit(x, y)).rejects.toThrow(
      "must have `fit` and `predict`",
    );
    const { predictProba: _, ...without } = meanRule({});
    await expect(new GridSearchCV(() => without, grid, { scoring: "roc_auc", cv: 2 }).fit(x, y)).rejects.toThrow(
      "has no `predictProba`",
    );
    const { type: __, ...untyped } = meanRule({});
    await expect(new GridSearchCV(() => untyped, grid, { cv: 2 }).fit(x, y)).rejects.toThrow(
      "needs `scoring` to be given",
    );
  });

  test("data", async () => {
    const fitOn = (rows: unknown, labels: unknown, options: object = {}) =>
      new GridSearchCV(meanRule, grid, { cv: 3, scoring: "f1" }).fit(
        rows as number[][],
        labels as number[],
        options as never,
      );
    await expect(fitOn(x, y.slice(1))).rejects.toThrow("X has 60 and y has 59");
    await expect(fitOn([], [])).rejects.toThrow("at least one row");
    await expect(fitOn([[1], [2, 3]], [0, 1])).rejects.toThrow("as many columns as the first, 1, but row 1 has 2");
    await expect(fitOn({ data: new Float64Array(3), rows: 2, columns: 2 }, [0, 1])).rejects.toThrow(
      "got length 3, rows 2, columns 2",
    );
    await expect(
      fitOn(
        x,
        y.map((label, i) => (i === 4 ? Number.NaN : label)),
      ),
    ).rejects.toThrow("y[4] is NaN");
    await expect(fitOn(x, "labels")).rejects.toThrow('y must be an array of numbers, but got "labels"');
    await expect(
      fitOn(
        x,
        y.map((_, i) => (i < 2 ? 1 : 0)),
      ),
    ).rejects.toThrow("class 1 has 2 and there are 3 folds");
    await expect(fitOn(x, y, { sampleWeight: [1] })).rejects.toThrow("one number for each of the 60 rows, but has 1");
  });

  test("failing trainings: raised when asked for, and an error when none succeeds", async () => {
    const failing = { gain: [-1], column: [0, 1] };
    await expect(
      new GridSearchCV(meanRule, { gain: [1, -1] }, { cv: 2, scoring: "f1", errorScore: "raise" }).fit(x, y),
    ).rejects.toThrow("gain must not be negative");
    const all = new GridSearchCV(meanRule, failing, { cv: 2, scoring: "f1" });
    const warnings: string[] = [];
    all.on("warning", ({ message }) => warnings.push(message));
    await expect(all.fit(x, y)).rejects.toThrow(
      "At least one training must succeed, but all 4 failed. The first one said: gain must not be negative",
    );
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/scored NaN; the first said: gain must not be negative/);
  });

  test("failures alone are not resumed, since it was the program that failed", async () => {
    const storage = memory();
    let broken = true;
    const sometimes = (params: MeanRuleParams) => meanRule({ ...params, ...(broken ? { gain: -1 } : {}) });
    const search = () => new GridSearchCV(sometimes, grid, { scoring: "f1", cv: 2, storage, name: "mended" });
    await expect(search().fit(x, y)).rejects.toThrow("all 8 failed");
    broken = false;
    const mended = search();
    const warnings: string[] = [];
    mended.on("warning", ({ message }) => warnings.push(message));
    await mended.fit(x, y);
    expect(mended.cvResults.mean_test_score.every((score) => score > 0)).toBe(true);
    expect(warnings).toEqual(['All 4 stored trials of "mended" had failed, so that the search begins anew.']);
  });

  test("results before they are there", () => {
    const unused = new GridSearchCV(meanRule, grid);
    expect(() => unused.cvResults).toThrow("A search has `cvResults` after `fit`, and not before");
    expect(() => unused.study).toThrow("once `fit` has begun");
  });
});
