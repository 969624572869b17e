import { describe, expect, test } from "vitest";
import { shareMatrix } from "../../src/tuner/dataset.ts";
import {
  type CloneableEstimator,
  costScorer,
  crossValScore,
  type Estimator,
  GridSearchCV,
  getScorer,
  logisticRegression,
  pipeline,
  standardScaler,
  tunedThresholdClassifierCV,
} from "../../src/tuner/index.ts";
import fixture from "../fixtures/tuner/model-selection.json" with { type: "json" };
import { expectSame } from "./columns.ts";
import { type MeanRuleParams, meanRule } from "./mean-rule.ts";

const { x, y } = fixture;
const matrix = shareMatrix(x);
const costs = [
  [0, 1],
  [5, 0],
];

/** The rule as an estimator that clones itself. */
function cloneable(params: MeanRuleParams): CloneableEstimator {
  let current = params;
  let rule: Estimator = meanRule(params);
  const self: CloneableEstimator = {
    type: "classifier",
    fit: (rows, labels, options) => {
      rule = meanRule(current);
      return rule.fit(rows, labels, options);
    },
    predict: (rows) => rule.predict(rows),
    predictProba: (rows) => rule.predictProba!(rows),
    clone: () => cloneable(current),
    setParams: (more) => {
      current = { ...current, ...more };
    },
  };
  return self;
}

describe("thresholds agree with scikit-learn", () => {
  for (const { scoring, options, ...expected } of fixture.thresholds) {
    test(`by ${scoring} with ${JSON.stringify(options)}`, async () => {
      const tuned = tunedThresholdClassifierCV(cloneable({ gain: 0.8 }), {
        scoring: scoring === "cost" ? costScorer(costs) : scoring,
        cv: 3,
        ...(options as { readonly thresholds?: number }),
      });
      await tuned.fit(matrix, y);
      expectSame(tuned.curve.thresholds, expected.thresholds);
      expectSame(tuned.curve.scores, expected.scores);
      expectSame([tuned.bestThreshold, tuned.bestScore], [expected.bestThreshold, expected.bestScore]);
      expect([...(await tuned.predict(matrix))]).toEqual(expected.predictions);
    });
  }
});

test("a tuned classifier costs less on rows that it has not seen than one that decides at one half", async () => {
  const plain = pipeline({ scale: standardScaler() }, logisticRegression());
  const scoring = costScorer(costs);
  const [tuned, untuned] = [
    await crossValScore(tunedThresholdClassifierCV(plain, { scoring, cv: 4 }), x, y, { scoring, cv: 4 }),
    await crossValScore(plain, x, y, { scoring, cv: 4 }),
  ];
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b);
  expect(sum(tuned)).toBeGreaterThan(sum(untuned));
});

test("params of the estimator behind it are searched as estimator.…", async () => {
  const tuned = tunedThresholdClassifierCV(pipeline({ scale: standardScaler() }, logisticRegression()), { cv: 3 });
  const search = new GridSearchCV(tuned, { "estimator.model.C": [0.01, 1] }, { scoring: "balanced_accuracy", cv: 3 });
  await search.fit(x, y);
  expect(search.bestEstimator.estimator.model.getParams().C).toBe(search.bestParams["estimator.model.C"]);
  expect(search.bestEstimator.getParams()["estimator.model.C"]).toBe(search.bestParams["estimator.model.C"]);
});

test("one share can be held out instead of folds, and its estimator kept", async () => {
  const sizes: number[] = [];
  const base = cloneable({});
  const counting: CloneableEstimator = {
    ...base,
    fit: (rows, labels, options) => {
      sizes.push(rows.rows);
      return base.fit(rows, labels, options);
    },
    clone: () => counting,
  };
  await tunedThresholdClassifierCV(counting, { cv: 0.25 }).fit(matrix, y);
  await tunedThresholdClassifierCV(counting, { cv: 0.25, refit: false }).fit(matrix, y);
  expect(sizes).toEqual([54, 72, 54]);
});

test("an estimator that is fitted already is used as it is", async () => {
  const fitted = logisticRegression().fit(matrix, y);
  const { coef } = fitted;
  const tuned = await tunedThresholdClassifierCV(fitted, { cv: "prefit", scoring: "f1" }).fit(matrix, y);
  expect(tuned.estimator.coef).toBe(coef);
  expect(await getScorer("f1")(tuned, matrix, y)).toBeCloseTo(tuned.bestScore, 12);
});

describe("bad input is refused with its rule and a remedy", () => {
  const tuned = (options: object) => () => tunedThresholdClassifierCV(cloneable({}), options);

  test("options", () => {
    expect(tuned({ scoring: "roc_auc" })).toThrow('but "roc_auc" scores probabilities. Score by decisions');
    expect(tuned({ scoring: "f1x" })).toThrow('but got "f1x"');
    expect(tuned({ thresholds: 1 })).toThrow("an integer >= 2 or a list of numbers, but got 1");
    expect(tuned({ thresholds: [] })).toThrow("a list of numbers, but got []");
    expect(tuned({ refit: "f1" })).toThrow('true or false, but got "f1"');
    expect(tuned({ cv: "prefit", refit: true })).toThrow('cv "prefit" with `refit: true`. Leave one of them out');
    expect(tuned({ cv: 1 })).toThrow("at least 2, but got 1");
  });

  test("estimators", () => {
    expect(() => tunedThresholdClassifierCV(logisticRegression as never)).toThrow("Call it first");
    const { predictProba: _, ...without } = cloneable({});
    expect(() => tunedThresholdClassifierCV(without)).toThrow("the estimator has no `predictProba`");
    expect(() => tunedThresholdClassifierCV(cloneable({})).setParams({ gain: 1 })).toThrow(
      '"estimator.<param>", but got "gain"',
    );
  });

  test("data and folds", async () => {
    await expect(
      tuned({})().fit(
        matrix,
        y.map((label) => 2 * label),
      ),
    ).rejects.toThrow("0 and 1, but a label is 2");
    await expect(tuned({ refit: false })().fit(matrix, y)).rejects.toThrow("`cv` has 5 folds. Hold out one share");
    const constant = tunedThresholdClassifierCV(cloneable({ gain: 0 }));
    await expect(constant.fit(matrix, y)).rejects.toThrow("but the estimator predicts 0.5 for all");
    expect(() => tuned({})().bestThreshold).toThrow("has a threshold after `fit`");
  });
});
