import { createSpace, type FrozenTrial, float } from "assay";
import { scorecard } from "assay/analysis";
import { describe, expect, test } from "vitest";
import type { Dataset, Part } from "../../../examples/fraud-detection/dataset.ts";
import type { Method, MethodKey } from "../../../examples/fraud-detection/experiment.ts";
import { findings, type Run, repeated, verdicts } from "../../../examples/fraud-detection/findings.ts";
import { parseOptions } from "../../../examples/fraud-detection/options.ts";
import { reportText } from "../../../examples/fraud-detection/report-text.ts";

const ROWS = 200;
const LABELS = Uint8Array.from({ length: ROWS }, (_, row) => row % 2);
const PART: Part = { x: { data: new Float32Array(ROWS), rows: ROWS, columns: 1 }, y: LABELS };
const DATASET: Dataset = {
  name: "a table",
  positive: "fraud",
  inputs: ["amount"],
  train: PART,
  validation: PART,
  test: PART,
  notes: [],
};

/** Probabilities that are right in all but `wrong` rows of each class. */
function probabilities(wrong: number): Float32Array {
  const right = (row: number) => row >= 2 * wrong;
  return Float32Array.from(LABELS, (label, row) => (right(row) === (label === 1) ? 0.9 : 0.1) - row / 10_000);
}

const ALL_POSITIVE = Float32Array.from(LABELS, (_, row) => 0.99 - ((row * 7919) % ROWS) / 1000);

function method(key: MethodKey, predicted: Float32Array, values: readonly number[]): Method {
  const space = createSpace({ x: float(0, 1) });
  const trials = values.map(
    (value, number): FrozenTrial => ({
      number,
      state: "completed",
      attempt: 1,
      params: { x: 0.5 },
      value,
      metrics: { val_recall: 0.8, val_precision: 0.8 },
      reports: [],
      attributes: {},
      note: null,
      error: null,
      startedAt: 0,
      finishedAt: 1,
    }),
  );
  return {
    key,
    title: key,
    valueMeans: "score",
    space,
    trials,
    trainingsPerTrial: key === "article" ? 1 : 3,
    seconds: 1,
    winner: {
      trial: 0,
      params: { x: 0.5 },
      value: Math.max(...values),
      standardError: key === "article" ? null : 0.01,
      summary: "a network",
      history: { loss: [1, 0.5] },
      epoch: 1,
      threshold: 0.5,
      thresholdIsMet: true,
      probabilities: predicted,
      test: scorecard(LABELS, predicted),
    },
  };
}

function run(wrong: { readonly bayes: number; readonly grid: number }, article = probabilities(20), seed = 7): Run {
  return {
    seed,
    dataset: DATASET,
    methods: [
      method("bayes", probabilities(wrong.bayes), [0.7, 0.76, 0.8]),
      method("grid", probabilities(wrong.grid), [0.74, 0.75, 0.72]),
      method("article", article, [0.8, 0.9]),
    ],
  };
}

const OPTIONS = parseOptions([])!;

describe("findings", () => {
  test("begin with a warning where a winner calls everything positive, and name what to use instead", () => {
    const [first] = findings(run({ bayes: 20, grid: 20 }, ALL_POSITIVE), OPTIONS);
    expect(first).toEqual({
      kind: "warning",
      text: expect.stringMatching(
        /^article: the winner must not be used\. It calls 100 % of all rows positive .* epoch 1 of 2, .* --objective "recall@precision>=0\.7", f2, auprc or auc instead\.$/,
      ),
    });
  });

  test("do not recommend the objective that was used", () => {
    const [first] = findings(run({ bayes: 20, grid: 20 }, ALL_POSITIVE), parseOptions(["--objective", "f2"])!);
    expect(first!.text).toContain('"recall@precision>=0.7", auprc or auc instead');
  });

  test("call a difference that the test set cannot tell from none the work of chance", () => {
    const texts = findings(run({ bayes: 20, grid: 21 }), OPTIONS).map(({ text }) => text);
    expect(texts).toContainEqual(
      expect.stringMatching(/^With 9 trainings each, .* differ by no more than chance would have it/),
    );
  });

  test("name the metrics in which a difference is clear", () => {
    const texts = findings(run({ bayes: 10, grid: 40 }), OPTIONS).map(({ text }) => text);
    expect(texts).toContainEqual(
      expect.stringMatching(
        /^With 9 trainings each, .* has higher accuracy \(\+0\.300, 95 % \+0\.\d+ to \+0\.\d+\), .* than the grid's\.$/,
      ),
    );
  });

  test("say after how many trainings the grid's best value was reached", () => {
    const texts = findings(run({ bayes: 20, grid: 20 }), OPTIONS).map(({ text }) => text);
    expect(texts).toContain(
      "Bayesian optimisation had reached the best value of the whole grid (0.7500) after 6 of 9 trainings, and ended at 0.8000.",
    );
  });
});

describe("over several seeds", () => {
  const options = parseOptions(["--repeat", "8"])!;
  const seeds = Array.from({ length: 8 }, (_, index) => index);

  test("a difference that holds in each of them is called better", () => {
    const runs = seeds.map((seed) => run({ bayes: 10 + (seed % 3), grid: 30 + (seed % 2) }, undefined, seed));
    const recall = repeated(runs, options).find(({ name }) => name === "test recall")!;
    expect(recall.comparison.meanDifference).toBeCloseTo(0.19625, 5);
    expect(recall.comparison.isClear).toBe(true);
    expect(verdicts(runs, options)).toContainEqual(
      expect.stringMatching(/^Bayesian optimisation is better than grid search: 8 seeds, .* test recall/),
    );
  });

  test("one that changes its sign is called noise", () => {
    const runs = seeds.map((seed) => run({ bayes: 20 + (seed % 2 ? 3 : -3), grid: 20 }, undefined, seed));
    expect(verdicts(runs, options)).toContainEqual(
      expect.stringMatching(
        /^No difference between Bayesian optimisation and grid search was shown: 8 seeds, .* test recall/,
      ),
    );
  });
});

test("the text report fits 80 columns and has the article's figures in a column of their own", () => {
  const text = reportText([run({ bayes: 20, grid: 25 })], OPTIONS);
  expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(text).toMatch(/the article\n.*\(other data\)/);
  expect(text).toMatch(/^recall +\.800 \.71–\.87 +\.750 .* 0\.8400$/m);
  expect(text).toMatch(/^precision .* 0\.8304$/m);
  expect(text).toMatch(/^accuracy .* 0\.7825$/m);
});
