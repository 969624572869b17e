import { describe, expect, test } from "vitest";
import type { Matrix } from "../../src/nn/index.ts";
import { costScorer, type Estimator, getScorer, makeScorer, scorerNames } from "../../src/tuner/index.ts";
import fixture from "../fixtures/tuner/scorers.json" with { type: "json" };

const rowsOf = (rows: number): Matrix => ({ data: new Float64Array(rows), rows, columns: 1 });

/** Answers with what it is given, as its twin in the fixture's script. */
function answering(predictions: readonly number[], probabilities?: readonly number[]): Estimator {
  return {
    fit: () => {},
    predict: () => predictions,
    ...(probabilities === undefined ? {} : { predictProba: () => probabilities }),
  };
}

test("every score of scikit-learn's that fits has its name here", () => {
  const missing = fixture.names.filter((name) => !scorerNames().includes(name));
  expect(missing).toEqual(["f1_samples", "jaccard_samples", "precision_samples", "recall_samples"]);
  const checked = new Set(fixture.cases.flatMap(({ scores }) => Object.keys(scores)));
  expect(fixture.names.filter((name) => !checked.has(name))).toEqual(missing);
});

describe("scores agree with scikit-learn", () => {
  for (const { name, y, predictions, probabilities, scores } of fixture.cases as readonly {
    readonly name: string;
    readonly y: readonly number[];
    readonly predictions: readonly number[];
    readonly probabilities?: readonly number[];
    readonly scores: Readonly<Record<string, number | null>>;
  }[]) {
    test(`on ${name}`, async () => {
      const estimator = answering(predictions, probabilities);
      for (const [scoring, expected] of Object.entries(scores)) {
        const score = await getScorer(scoring)(estimator, rowsOf(y.length), y);
        const distance = expected === null ? Number(!Number.isNaN(score)) : Math.abs(score - expected);
        expect(distance, `${scoring}: ${score}, expected ${expected}`).toBeLessThanOrEqual(
          1e-12 * Math.max(1, Math.abs(expected ?? 0)),
        );
      }
    });
  }
});

test("a scorer of one's own scores predictions or probabilities, and a loss with the other sign", async () => {
  const estimator = answering([1, 0, 1], [0.9, 0.2, 0.6]);
  const sum = (y: ArrayLike<number>, given: ArrayLike<number>) =>
    Array.from(given).reduce((total, value, i) => total + value * (1 + y[i]!), 0);
  expect(await makeScorer(sum)(estimator, rowsOf(3), [1, 0, 0])).toBe(3);
  const loss = makeScorer(sum, { response: "predictProba", greaterIsBetter: false, name: "sum" });
  expect(await loss(estimator, rowsOf(3), [1, 0, 0])).toBeCloseTo(-2.6, 14);
  expect([loss.scorerName, makeScorer(sum).scorerName]).toEqual(["sum", "sum"]);
});

test("costs are those of the German credit table: five for a bad debtor trusted, one for a good one refused", async () => {
  const score = costScorer([
    [0, 1],
    [5, 0],
  ]);
  expect(await score(answering([0, 1, 0, 1]), rowsOf(4), [0, 0, 1, 1])).toBe(-6 / 4);
  expect(score.scorerName).toBe("cost [[0,1],[5,0]]");
});

describe("bad input is refused with its rule and a remedy", () => {
  const scored = (name: string, y: readonly number[], predictions: readonly number[], p?: readonly number[]) =>
    getScorer(name)(answering(predictions, p), rowsOf(y.length), y);

  test("three classes for a score of two, naming what there is instead", async () => {
    await expect(scored("precision", [0, 1, 2], [0, 1, 2])).rejects.toThrow(
      'labels 0 and 1, but for "precision" a label is 2. For several classes add how to average: "_macro"',
    );
    await expect(scored("f2", [0, 1, 1], [0, 1, 2])).rejects.toThrow("a prediction is 2");
    await expect(scored("roc_auc", [0, 1, 2], [], [1, 0, 0, 0, 1, 0, 0, 0, 1])).rejects.toThrow(
      '"roc_auc" is a score of two classes, but the estimator knows 3. Score by "roc_auc_ovr"',
    );
  });

  test("a class that the estimator has not learned", async () => {
    await expect(scored("neg_log_loss", [0, 2], [], [0.5, 0.5])).rejects.toThrow(
      "a class that the estimator has learned, 0 to 1, but one is 2. Use stratified folds",
    );
  });

  test("answers of another length", async () => {
    await expect(scored("accuracy", [0, 1], [1])).rejects.toThrow(
      "one number a row, but the estimator returned 1 for 2",
    );
    await expect(scored("roc_auc", [0, 1], [], [0.5, 0.5, 0.5])).rejects.toThrow("or one for each class");
    await expect(scored("roc_auc", [0, 1], [0, 1])).rejects.toThrow("has no `predictProba`");
  });

  test("numbers that a measure does not take", async () => {
    await expect(scored("neg_mean_squared_log_error", [1, -2], [1, 1])).rejects.toThrow("> -1, but y of row 1 is -2");
    await expect(scored("neg_mean_poisson_deviance", [0, 1], [1, 0])).rejects.toThrow("a prediction of row 1 is 0");
    await expect(scored("neg_mean_gamma_deviance", [0, 1], [1, 1])).rejects.toThrow("> 0, but y of row 0 is 0");
  });

  test("scorers and costs that are none", async () => {
    expect(() => makeScorer("f1" as never)).toThrow('but got "f1". For a known name use getScorer');
    expect(() => makeScorer(() => 1, { response: "predict_proba" as never })).toThrow('but got "predict_proba"');
    expect(() => makeScorer(() => 1, { greaterIsBetter: 1 as never })).toThrow("true or false, but got 1");
    expect(() => costScorer([[0, 1]])).toThrow("a square table of numbers");
    expect(() =>
      costScorer([
        [0, 1],
        [5, Number.NaN],
      ]),
    ).toThrow("a square table of numbers");
    const two = costScorer([
      [0, 1],
      [5, 0],
    ]);
    await expect(two(answering([2]), rowsOf(1), [0])).rejects.toThrow("row 0 is of class 0 and was taken for 2");
  });
});
