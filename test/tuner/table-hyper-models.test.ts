import { expect, test } from "vitest";
import { initialBias, type Sequential } from "../../src/nn/index.ts";
import { HyperParameters } from "../../src/tuner/hyper-parameters.ts";
import { logisticRegressionHyperModel, mlpHyperModel } from "../../src/tuner/table-hyper-models.ts";
import { BayesianOptimization, RandomSearch } from "../../src/tuner/tuners.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };

const { x, y } = fixture;
const columns = x[0]!.length;
const validationData = [x, y];

test("the perceptron has a width for each of its layers, and momentum for sgd alone", async () => {
  const tuner = new RandomSearch({
    hypermodel: mlpHyperModel({ columns }),
    objective: "val_auc",
    maxTrials: 12,
    seed: 2,
  });
  await tuner.search(x, y, { validationData });
  const space = new Map(tuner.study.space.dimensions.map((dimension) => [dimension.name, dimension]));
  expect(new Set(space.keys())).toEqual(
    new Set([
      "depth",
      "activation",
      "normalization",
      "dropout",
      "units_1",
      "optimizer",
      "learningRate",
      "batchSize",
      "units_2",
      "units_3",
      "units_4",
      "momentum",
    ]),
  );
  expect(space.get("units_3")!.conditions).toEqual([{ parent: "depth", values: [3, 4] }]);
  for (const { params, state } of await tuner.study.trials()) {
    const { depth, optimizer, ...rest } = params as { depth: number; optimizer: string };
    expect(state).toBe("completed");
    expect(Object.keys(rest).filter((name) => name.startsWith("units_"))).toHaveLength(depth);
    expect("momentum" in rest).toBe(optimizer === "sgd");
  }
  const [model] = await tuner.getBestModels();
  expect(model!.inputUnits).toBe(columns);
  expect(model!.outputUnits).toBe(1);
});

test("its layers are what its parameters say", () => {
  const hp = new HyperParameters({
    values: { depth: 2, activation: "tanh", normalization: true, dropout: 0.3, units_1: 16, units_2: 64 },
  });
  const hypermodel = mlpHyperModel({ columns, task: "classes", outputs: 3 });
  const model = hypermodel.build(hp) as Sequential;
  const layers = model.toJSON().layers.map((layer) => [layer.type, "units" in layer ? layer.units : null]);
  const block = (units: number) => [
    ["dense", units],
    ["batchNormalization", null],
    ["activation", null],
    ["dropout", null],
  ];
  expect(layers).toEqual([["input", columns], ...block(16), ...block(64), ["dense", 3]]);
});

test("both learn a table that can be learnt, from its base rate on", async () => {
  const labels = x.map((row) => (row[0]! > row[1]! - 0.3 ? 1 : 0));
  for (const make of [mlpHyperModel, logisticRegressionHyperModel]) {
    const tuner = new BayesianOptimization({
      hypermodel: make({ columns, initialBias: initialBias(labels) }),
      objective: "val_auc",
      maxTrials: 6,
      seed: 3,
    });
    await tuner.search(x, labels, { validationData: [x, labels], epochs: 20 });
    expect((await tuner.study.best())!.value).toBeGreaterThan(0.97);
    expect((await tuner.study.best())!.metrics).toHaveProperty("val_recall");
  }
});

test("a regression has a linear output and a squared error", async () => {
  const targets = x.map((row) => 2 * row[0]! - row[1]!);
  const tuner = new RandomSearch({
    hypermodel: logisticRegressionHyperModel({ columns, task: "regression" }),
    objective: "val_loss",
    maxTrials: 10,
    seed: 1,
  });
  await tuner.search(x, targets, { validationData: [x, targets], epochs: 60 });
  expect((await tuner.study.best())!.value).toBeLessThan(0.05);
});

test("tables that are none are refused", () => {
  expect(() => mlpHyperModel({} as never)).toThrow('`columns` must be an integer >= 1 for the task "binary"');
  expect(() => mlpHyperModel({ columns, task: "rank" as never })).toThrow('"classes" or "regression", but got "rank"');
  expect(() => mlpHyperModel({ columns, task: "classes" })).toThrow("`outputs` must be an integer >= 2");
  expect(() => mlpHyperModel({ columns, outputs: 2 })).toThrow('say `task: "classes"`');
  expect(() => mlpHyperModel({ columns, initialBias: Number.NaN })).toThrow("`initialBias` must be a finite number");
});
