// Estimators as they are used without a search, which brings tables into one form before it hands them on.
import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { dense, type Inputs, input, type Matrix, sequential } from "../../src/nn/index.ts";
import {
  columnTransformer,
  GridSearchCV,
  logisticRegression,
  nnClassifier,
  nnRegressor,
  pipeline,
  standardScaler,
  tunedThresholdClassifierCV,
} from "../../src/tuner/index.ts";

const rng = createRng("estimators");
const rows = Array.from({ length: 40 }, () => [rng.normal(), rng.normal()]);
const labels = rows.map(([a, b]) => Number(a! + b! > 0));
const matrix: Matrix = { data: Float64Array.from(rows.flat()), rows: 40, columns: 2 };

function network(_: object, { columns, seed }: { readonly columns: number; readonly seed: number }) {
  const model = sequential([input(columns), dense(1, { activation: "sigmoid" })], { seed });
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
  return model;
}

const makers = {
  logisticRegression: () => logisticRegression(),
  nnClassifier: () => nnClassifier(network),
  nnRegressor: () => nnRegressor(network),
  pipeline: () => pipeline({ scale: standardScaler() }, logisticRegression()),
  tunedThresholdClassifierCV: () => tunedThresholdClassifierCV(logisticRegression()),
};

/** Undefined for a regressor. */
const probabilities = (estimator: object, x: Inputs) =>
  (estimator as { predictProba?(x: Inputs): unknown }).predictProba?.(x);

describe.each(Object.entries(makers))("%s", (_, make) => {
  test("takes rows of numbers where it takes a matrix, and does the same with them", async () => {
    const byRows = make();
    await byRows.fit(rows, labels, { seed: 1 });
    const byMatrix = make();
    await byMatrix.fit(matrix, labels, { seed: 1 });
    expect(await byRows.predict(rows)).toEqual(await byMatrix.predict(matrix));
    expect(await byRows.predict(rows)).toHaveLength(rows.length);
    expect(await probabilities(byRows, rows)).toEqual(await probabilities(byMatrix, matrix));
  });

  test("refuses labels and weights that are not one a row", async () => {
    const learn = async (y: number[], sampleWeight?: number[]) => make().fit(rows, y, { sampleWeight });
    await expect(learn([0, 1])).rejects.toThrow("the same number of rows, but X has 40 and y has 2");
    await expect(learn(labels, [1, 2])).rejects.toThrow("for each of the 40 rows, but has 2");
  });
});

test("what a search has found takes rows of numbers, as the search does", async () => {
  const search = new GridSearchCV(makers.pipeline(), { "model.C": [0.1, 1] }, { cv: 2 });
  await search.fit(rows, labels);
  expect(await search.bestEstimator.predict(rows)).toEqual(await search.predict(rows));
});

test("transformers refuse what is no table, in place of learning from nothing", () => {
  const nothing = [] as unknown as Matrix;
  for (const transformer of [
    standardScaler(),
    columnTransformer({ first: { columns: [0], transformer: standardScaler() } }),
  ]) {
    expect(() => transformer.fit(nothing, labels)).toThrow("X must be an array of at least one row");
  }
});
