import { describe, expect, test } from "vitest";
import { memory } from "../../src/index.ts";
import {
  type CvResults,
  costScorer,
  cvResultsCsv,
  cvResultsTable,
  type Estimator,
  GridSearchCV,
  getScorer,
  type Refit,
} from "../../src/tuner/index.ts";
import { fromModule } from "../../src/worker/index.ts";
import fixture from "../fixtures/tuner/model-selection.json" with { type: "json" };
import { expectSame } from "./columns.ts";
import { meanRule } from "./mean-rule.ts";

const { x, y, grid } = fixture;
const scoring = ["accuracy", "recall", "average_precision"];

/** The smallest gain within one standard error of the best recall, as in the fixture's script. */
function simplest(results: CvResults): number {
  const recall = results.mean_test_recall!;
  const best = recall.indexOf(Math.max(...recall));
  const enough = recall[best]! - results.std_test_recall![best]! / Math.sqrt(3);
  const good = [...recall.keys()].filter((i) => recall[i]! >= enough);
  const gain = results.param_gain as number[];
  return good.reduce((a, b) => (gain[b]! < gain[a]! ? b : a));
}

describe("a search by several scores agrees with scikit-learn", () => {
  for (const expected of fixture.several) {
    test(`refitted by ${expected.refit ?? "a function of the table"}`, async () => {
      const refit: Refit = expected.refit ?? simplest;
      const search = await new GridSearchCV(meanRule, grid, { scoring, cv: 3, refit, returnTrainScore: true }).fit(
        x,
        y,
      );
      const table = search.cvResults as unknown as Record<string, readonly unknown[]>;
      expect(Object.keys(table).sort()).toEqual(expected.keys);
      // Means of average precision that differ by a rounding share a rank in one language and not in the other.
      const { rank_test_average_precision: _, ...columns } = expected.cvResults;
      for (const [column, values] of Object.entries(columns)) expectSame(table[column]!, values);
      expect(search.bestIndex).toBe(expected.bestIndex);
      expect(search.bestParams).toEqual(expected.bestParams);
      if (expected.bestScore === null) {
        expect(() => search.bestScore).toThrow("Where a function chooses among several scores");
      } else {
        expectSame([search.bestScore, await search.score(x, y)], [expected.bestScore, expected.score]);
      }
    });
  }
});

test("several scores are resumed from the storage as they were", async () => {
  const storage = memory();
  const search = () => new GridSearchCV(meanRule, grid, { scoring, cv: 3, refit: "recall", storage });
  const first = await search().fit(x, y);
  const trainings: number[] = [];
  const again = search();
  again.on("fold", ({ fold }) => trainings.push(fold));
  await again.fit(x, y);
  expect(trainings).toEqual([]);
  expect(again.cvResults.mean_test_accuracy).toEqual(first.cvResults.mean_test_accuracy);
});

test("names of one's own, functions and costs stand beside each other, on one prediction each", async () => {
  let predictions = 0;
  const counting = (params: object): Estimator => {
    const rule = meanRule(params);
    return {
      ...rule,
      predict: (rows) => {
        predictions++;
        return rule.predict(rows);
      },
    };
  };
  const search = new GridSearchCV(
    counting,
    { gain: [1, 2] },
    {
      cv: 2,
      refit: false,
      scoring: {
        right: "accuracy",
        cost: costScorer([
          [0, 1],
          [5, 0],
        ]),
        f1: getScorer("f1"),
        rows: (_, rows) => rows.rows,
      },
    },
  );
  await search.fit(x, y);
  expect(predictions).toBe(4);
  expect(search.cvResults.mean_test_rows).toEqual([36, 36]);
  expect(search.cvResults.mean_test_right![0]).toBeGreaterThan(0.5);
  expect(search.cvResults.mean_test_cost![0]).toBeLessThan(0);
  expect(() => search.bestIndex).toThrow("none says which candidate is the best. Set `refit` to the name of one");
});

test("a function may return several scores at once", async () => {
  const search = new GridSearchCV(meanRule, grid, {
    cv: 3,
    refit: "recall",
    scoring: async (estimator, rows, labels) => ({
      rows: rows.rows,
      recall: await getScorer("recall")(estimator, rows, labels),
    }),
  });
  await search.fit(x, y);
  expect(search.bestIndex).toBe(fixture.several[0]!.bestIndex);
  expect(search.bestScore).toBeCloseTo(fixture.several[0]!.bestScore!, 12);
});

test("a failed training has the error's score under every name", async () => {
  const search = new GridSearchCV(
    meanRule,
    { gain: [-1, 1] },
    { cv: 2, scoring: ["f1", "recall"], refit: "f1", errorScore: 0.125 },
  );
  await search.fit(x, y);
  expect([search.cvResults.mean_test_f1![0], search.cvResults.mean_test_recall![0]]).toEqual([0.125, 0.125]);
  expect(search.cvResults.rank_test_recall).toEqual([2, 1]);
});

describe("the table as text", () => {
  const results = {
    mean_fit_time: [1, 2],
    param_kind: ["=HYPERLINK(1)", 'plain, "quoted"'],
    param_rate: [-0.5, undefined],
    params: [{ kind: "=HYPERLINK(1)", rate: -0.5 }, { kind: 'plain, "quoted"' }],
    mean_test_score: [0.123456789, 0.5],
    std_test_score: [0, 0.1],
    rank_test_score: [2, 1],
  } as unknown as CvResults;

  test("for a terminal, the best first, in columns", () => {
    expect(cvResultsTable(results).split("\n")).toEqual([
      "rank_test_score  mean_test_score  std_test_score  param_kind       param_rate",
      '              1              0.5             0.1  plain, "quoted"           –',
      "              2          0.12346               0  =HYPERLINK(1)          -0.5",
    ]);
    expect(cvResultsTable(results, { columns: ["param_rate"], limit: 1 })).toBe("param_rate\n         –");
    expect(() => cvResultsTable(results, { limit: -1 })).toThrow("`limit` must be an integer >= 1, but got -1");
    expect(() => cvResultsTable(results, { columns: ["mean_test_f1"] })).toThrow(
      'no column "mean_test_f1". It has: mean_fit_time',
    );
  });

  test("for a terminal, without characters that it would obey", () => {
    const hostile = { ...results, param_kind: ["\u001b[2J", "a\nb"] } as unknown as CvResults;
    expect(cvResultsTable(hostile)).not.toContain("\u001b");
    expect(cvResultsTable(hostile).split("\n")).toHaveLength(3);
  });

  test("as CSV, with formulas disarmed and numbers left alone", () => {
    expect(cvResultsCsv(results).split("\r\n")).toEqual([
      "mean_fit_time,param_kind,param_rate,params,mean_test_score,std_test_score,rank_test_score",
      `1,'=HYPERLINK(1),-0.5,"{""kind"":""=HYPERLINK(1)"",""rate"":-0.5}",0.123456789,0,2`,
      `2,"plain, ""quoted""",,"{""kind"":""plain, \\""quoted\\""""}",0.5,0.1,1`,
      "",
    ]);
  });

  test("as CSV, of a whole search", async () => {
    const search = await new GridSearchCV(meanRule, grid, { scoring: "f1", cv: 3 }).fit(x, y);
    const lines = cvResultsCsv(search.cvResults).trimEnd().split("\r\n");
    expect(lines).toHaveLength(1 + search.size);
    expect(lines[0]!.split(",")).toEqual(Object.keys(search.cvResults));
  });
});

describe("bad input is refused with its rule and a remedy", () => {
  const search = (options: object) => () => new GridSearchCV(meanRule, grid, options);

  test("several scores without one that chooses", () => {
    expect(search({ scoring })).toThrow(
      'must say which of them chooses the best candidate ("accuracy", "recall", "average_precision"), be a function of the table, or false, but got true',
    );
    expect(search({ scoring, refit: "f1" })).toThrow('but got "f1"');
    expect(search({ scoring: "f1", refit: "recall" })).toThrow(
      "a search by one score must be true, false or a function",
    );
  });

  test("no scores, unknown ones, and one twice", () => {
    expect(search({ scoring: [], refit: false })).toThrow("at least one, but got []");
    expect(search({ scoring: ["f1", "f1"], refit: "f1" })).toThrow('but got "f1" twice');
    expect(search({ scoring: { a: "accuracyy" }, refit: "a" })).toThrow('but got "accuracyy"');
  });

  test("functions among the scores that workers could not load", () => {
    const source = fromModule<typeof meanRule>(new URL("./mean-rule.ts", import.meta.url), "meanRule");
    const scores = { f1: "f1", own: () => 1 };
    expect(() => new GridSearchCV(source, grid, { scoring: scores, refit: "f1", workers: 2 })).toThrow(
      /`scoring` is \[function own\] of this thread\. Export it from a module/,
    );
  });

  test("a function of the table that returns no place in it", async () => {
    for (const wrong of [18, -1, 0.5, "0"]) {
      await expect(
        new GridSearchCV(meanRule, grid, { scoring: "f1", cv: 2, refit: () => wrong as number }).fit(x, y),
      ).rejects.toThrow(/0 to 17, but returned/);
    }
  });

  test("scores that are no numbers", async () => {
    const scored = (value: unknown) =>
      new GridSearchCV(meanRule, grid, { cv: 2, errorScore: "raise", scoring: () => value as number }).fit(x, y);
    await expect(scored("0.5")).rejects.toThrow(
      'A score must be a number, or a record of numbers for several scores, but "scoring" returned "0.5"',
    );
    await expect(scored({ f1: null })).rejects.toThrow('"f1" returned null');
    await expect(scored({})).rejects.toThrow('"scoring" returned {}');
  });
});
