import { describe, expect, test } from "vitest";
import { adam, type Callback, dense, input, sequential } from "../../src/nn/index.ts";
import { shareMatrix } from "../../src/tuner/dataset.ts";
import { GridSearchCV, metricNamed, nnClassifier } from "../../src/tuner/index.ts";
import { createWorkerPool, fromModule } from "../../src/worker/index.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };
import { createEstimator } from "./networks.ts";

const { x, y } = fixture;
const matrix = shareMatrix(x);
const params = { units: 4, learningRate: 0.05 };

const fitted = () => createEstimator.clone().setParams(params).fit(matrix, y, { seed: 3 });

test("a classifier trains a network of its params and predicts classes and probabilities", async () => {
  const classifier = await fitted();
  const p = classifier.predictProba(matrix);
  expect(p).toHaveLength(60);
  expect([...classifier.predict(matrix)]).toEqual([...p].map((value) => (value > 0.5 ? 1 : 0)));
  expect(classifier.history.history.loss).toHaveLength(3);
  expect(classifier.model.summary()).toContain("dense");
  const again = await fitted();
  expect(again.predictProba(matrix)).toEqual(p);
});

test("clones are not fitted and go their own way", async () => {
  const one = await fitted();
  const other = one.clone().setParams({ units: 2 });
  expect(one.getParams()).toEqual(params);
  expect(other.getParams()).toEqual({ units: 2, learningRate: 0.05 });
  expect(() => other.model).toThrow("has a network after `fit`");
  expect(() => other.predict(matrix)).toThrow("has a network after `fit`");
});

test("params of the training go before what is given to fit, and that before the defaults", async () => {
  const classifier = await createEstimator
    .clone()
    .setParams({ ...params, epochs: 5 })
    .fit(matrix, y, { epochs: 9, seed: 1 });
  expect(classifier.history.history.loss).toHaveLength(5);
  const given = await createEstimator.clone().setParams(params).fit(matrix, y, { epochs: 2, seed: 1 });
  expect(given.history.history.loss).toHaveLength(2);
});

test("three classes are predicted by the largest of the outputs", async () => {
  const labels = x.map(([a]) => (a! < 0.2 ? 0 : a! < 0.8 ? 1 : 2));
  const classifier = nnClassifier(
    (_, { columns, classes, seed }) => {
      const model = sequential([input(columns), dense(classes, { activation: "softmax" })], { seed });
      model.compile({ loss: "categoricalCrossentropy", optimizer: adam(0.05) });
      return model;
    },
    { epochs: 40, batchSize: 4 },
  );
  await classifier.fit(matrix, labels, { seed: 1 });
  expect(classifier.predictProba(matrix)).toHaveLength(180);
  const right = labels.filter((label, row) => classifier.predict(matrix)[row] === label);
  expect(right.length).toBeGreaterThan(36);
});

describe("in a search", () => {
  const grid = { units: [2, 4], learningRate: [0.01, 0.1] };
  const source = fromModule<typeof createEstimator>(new URL("./networks.ts", import.meta.url), "createEstimator");

  test("trains the same networks in workers as here, and can be constrained", async () => {
    const options = { scoring: "recall@precision>=0.7", cv: 3, seed: 5 } as const;
    const here = await new GridSearchCV(createEstimator, grid, options).fit(x, y, { epochs: 4 });
    const pool = createWorkerPool({ workers: 2 });
    const there = new GridSearchCV(source, grid, { ...options, workers: pool });
    const epochs = new Set<number>();
    there.on("epoch", ({ epoch, epochs: of }) => epochs.add(epoch).add(of));
    await there.fit(x, y, { epochs: 4, validationData: [x, y] });
    await pool.close();
    expect(there.cvResults.mean_test_score).toEqual(here.cvResults.mean_test_score);
    expect(there.bestEstimator.predictProba(matrix)).toEqual(here.bestEstimator.predictProba(matrix));
    expect([...epochs].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test("gives every training callbacks of its own", async () => {
    let made = 0;
    const callback = (): Callback => {
      made++;
      return {};
    };
    await new GridSearchCV(createEstimator, grid, { scoring: "f2", cv: 2, seed: 1 }).fit(x, y, {
      callbacks: [callback],
    });
    expect(made).toBe(4 * 2 + 1);
  });
});

test("labels that are no classes, and a build that is no function, are refused", async () => {
  await expect(
    createEstimator
      .clone()
      .setParams(params)
      .fit(
        matrix,
        y.map((label) => label - 0.5),
      ),
  ).rejects.toThrow("must be 0, 1, …, but y[0] is");
  expect(() => nnClassifier(7 as never)).toThrow("must be a function (params, data) => model, but got 7");
});

test("the names of scores are metrics of networks as well", () => {
  expect(metricNamed("recall@precision>=0.7")).toEqual({
    name: "recallAtPrecision",
    precision: 0.7,
    as: "recall@precision>=0.7",
  });
  expect(metricNamed("f0.5")).toEqual({ name: "fBeta", beta: 0.5, as: "f0.5" });
  expect(metricNamed("auc")).toBe("auc");
  const model = sequential([input(3), dense(1, { activation: "sigmoid" })], { seed: 1 });
  model.compile({ loss: "binaryCrossentropy", metrics: ["f2", "recall@precision>=0.7", "auprc"].map(metricNamed) });
  expect(Object.keys(model.evaluate(x, y))).toEqual(["loss", "f2", "recall@precision>=0.7", "auprc"]);
});
