import { describe, expect, test } from "vitest";
import { categorical, float, sobol } from "../../src/index.ts";
import { adam, constant, dense, input, type Matrix, sequential } from "../../src/nn/index.ts";
import {
  BayesSearchCV,
  chain,
  columnTransformer,
  crossValScore,
  GridSearchCV,
  HalvingGridSearchCV,
  logisticRegression,
  nnClassifier,
  nnRegressor,
  oneHotEncoder,
  pipeline,
  simpleImputer,
  standardScaler,
  type Transformer,
} from "../../src/tuner/index.ts";
import { fromModule } from "../../src/worker/index.ts";
import fixture from "../fixtures/tuner/pipeline.json" with { type: "json" };
import { scaledNetwork, scaledRegression } from "./pipelines.ts";

type Rows = readonly (readonly (number | null)[])[];

/** JSON has no NaN: a missing value is null there. */
const matrix = (rows: Rows): Matrix => ({
  data: Float64Array.from(rows.flat(), (value) => value ?? Number.NaN),
  rows: rows.length,
  columns: rows[0]!.length,
});
const rowsOf = (rows: Rows) => rows.map((row) => row.map((value) => value ?? Number.NaN));

function expectTable(actual: Matrix, expected: Rows): void {
  expect([actual.rows, actual.columns]).toEqual([expected.length, expected[0]!.length]);
  const wanted = matrix(expected).data;
  for (const [i, value] of wanted.entries()) {
    if (Number.isNaN(value)) expect(actual.data[i]).toBeNaN();
    else expect(Math.abs(actual.data[i]! - value)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(value)));
  }
}

const x = rowsOf(fixture.x);
const y = fixture.y;
const z = fixture.z;
const makers: Record<string, (params: object) => Transformer> = { standardScaler, simpleImputer, oneHotEncoder };

describe("columns are prepared as scikit-learn does it", () => {
  for (const { name, params, train, test: tested, expected } of fixture.transforms) {
    test(`by ${name}(${JSON.stringify(params)})`, () => {
      const fitted = makers[name]!(params).fit(matrix(train), []);
      expectTable(fitted.transform(matrix(tested)), expected);
      expect(fitted.columns).toBe(expected[0]!.length);
      // The same by way of params that are set later.
      expectTable(makers[name]!({}).withParams(params).fit(matrix(train), []).transform(matrix(tested)), expected);
    });
  }

  const prepare = (remainder: "drop" | "passthrough" = "drop") =>
    columnTransformer(
      {
        numbers: { columns: [1, 0, 2], transformer: chain({ impute: simpleImputer(), scale: standardScaler() }) },
        categories: { columns: [3, 4], transformer: oneHotEncoder({ handleUnknown: "ignore" }) },
      },
      { remainder },
    );

  test("side by side, the rest dropped or passed through", () => {
    const { train, test: tested, drop, passthrough } = fixture.sideBySide;
    expectTable(prepare().fit(matrix(train), []).transform(matrix(tested)), drop);
    expectTable(prepare("passthrough").fit(matrix(train), []).transform(matrix(tested)), passthrough);
  });

  test("in a pipeline under cross-validation, to the same scores", async () => {
    const estimator = pipeline({ prepare: prepare() }, logisticRegression({ tol: 1e-9 }));
    const search = await new GridSearchCV(
      estimator,
      { "prepare.numbers.impute.strategy": ["mean", "median"], "model.C": [0.1, 1, 10] },
      { scoring: "roc_auc", cv: 4 },
    ).fit(x, y);
    const { bestIndex, meanTestScore, params } = fixture.search;
    for (const given of search.cvResults.params) {
      const place = params.findIndex(
        ({ strategy, C }) => strategy === given["prepare.numbers.impute.strategy"] && C === given["model.C"],
      );
      const own = search.cvResults.params.indexOf(given);
      expect(search.cvResults.mean_test_score[own]).toBeCloseTo(meanTestScore[place]!, 10);
    }
    expect(search.bestParams["model.C"]).toBe(params[bestIndex]!.C);
    const p = search.bestEstimator.predictProba!(matrix(fixture.x)) as Float64Array;
    expect(p.every((value) => value > 0 && value < 1)).toBe(true);
  });
});

describe("logistic regression finds scikit-learn's minimum", () => {
  for (const { y: labels, params, sampleWeight, ...expected } of fixture.regressions) {
    test(`with ${JSON.stringify(params)}${sampleWeight === null ? "" : " and weights"}, ${new Set(labels).size} classes`, () => {
      const model = logisticRegression({ tol: 1e-9, ...(params as object) });
      model.fit(matrix(z), labels, sampleWeight === null ? {} : { sampleWeight });
      for (const [k, weights] of expected.coef.entries()) {
        for (const [j, weight] of weights.entries()) expect(model.coef[k]![j]).toBeCloseTo(weight, 6);
        expect(model.intercept[k]).toBeCloseTo(expected.intercept[k]!, 6);
      }
      const p = model.predictProba(matrix(z));
      for (const [i, value] of expected.probabilities.entries()) expect(p[i]).toBeCloseTo(value, 6);
      expect([...model.predict(matrix(z))]).toEqual(expected.predictions);
      expect(model.iterations).toBeLessThan(1000);
    });
  }

  test("and says when it was stopped before", () => {
    const model = logisticRegression({ maxIter: 2 }).fit(matrix(z), y);
    expect(model.iterations).toBe(2);
  });
});

test("nothing of the test rows is learned: a fold's preparation is that of its training rows", async () => {
  const learned: number[] = [];
  const spy: Transformer = {
    getParams: () => ({}),
    withParams: () => spy,
    fit: (rows) => {
      learned.push(rows.rows);
      return { columns: rows.columns, transform: (table) => table };
    },
  };
  await crossValScore(pipeline({ spy }, logisticRegression()), z, y, { cv: 4, scoring: "accuracy" });
  expect(learned).toEqual([60, 60, 60, 60]);
});

test("a pipeline's clones are not fitted and go their own way", async () => {
  const one = pipeline({ scale: standardScaler() }, logisticRegression({ C: 2 }));
  await one.fit(matrix(z), y, {});
  const other = one.clone().setParams({ "scale.withStd": false, model: { C: 3 } });
  expect(other.getParams()).toMatchObject({ "scale.withStd": false, "scale.withMean": true, "model.C": 3 });
  expect(one.getParams()).toMatchObject({ "scale.withStd": true, "model.C": 2 });
  expect(() => other.predict(matrix(z))).toThrow("prepare data after `fit`");
  expect(one.model.coef).toHaveLength(1);
  expect(one.type).toBe("classifier");
});

describe("networks in a pipeline", () => {
  const network = nnClassifier(
    ({ units }: { units: number }, { columns, initialBias, seed }) => {
      const output = dense(1, { activation: "sigmoid", biasInitializer: constant(initialBias) });
      const model = sequential([input(columns), dense(units, { activation: "relu" }), output], { seed });
      model.compile({ optimizer: adam(0.05), loss: "binaryCrossentropy" });
      return model;
    },
    { epochs: 5 },
  );
  const steps = { impute: simpleImputer(), scale: standardScaler() };

  test("are addressed by model.… for the network and fit.… for its training", async () => {
    const search = new GridSearchCV(
      pipeline(steps, network),
      { "model.model.units": [2, 3], "model.fit.batchSize": [8, 80], "impute.strategy": ["median"] },
      { scoring: "roc_auc", cv: 2, seed: 1 },
    );
    await search.fit(x, y, { epochs: 3, validationData: [x, y] });
    const { model } = search.bestEstimator;
    expect(model.model.getWeights()[0]!.length).toBe(6 * search.bestParams["model.model.units"]);
    expect(model.history.history.loss).toHaveLength(3);
    // Validation data go the way of all tables: missing values in them would have made their loss NaN.
    expect(model.history.history.val_loss!.every(Number.isFinite)).toBe(true);
    expect(new Set(search.cvResults.mean_test_score).size).toBeGreaterThan(1);
  });

  test("take settings of the training alone by fit.…, class weights among them", async () => {
    const estimator = network.clone().setParams({ "model.units": 2, fit: { epochs: 2, classWeight: "balanced" } });
    await estimator.fit(matrix(z as Rows), y, { epochs: 9, seed: 1 });
    expect(estimator.history.history.loss).toHaveLength(2);
    await expect(
      network
        .clone()
        .setParams({ units: 2, "fit.epoch": 2 })
        .fit(matrix(z as Rows), y, { seed: 1 }),
    ).rejects.toThrow('Params of a training are "fit.epochs", "fit.batchSize"');
  });

  test("predict numbers as regressors, scored by R²", async () => {
    const target = z.map(([a, b]) => 3 + 2 * a! - b!);
    const regressor = nnRegressor(
      ({ units = 8 }: { units?: number }, { columns, mean, seed }) => {
        const output = dense(1, { biasInitializer: constant(mean) });
        const model = sequential([input(columns), dense(units, { activation: "relu" }), output], { seed });
        model.compile({ optimizer: adam(0.03), loss: "meanSquaredError" });
        return model;
      },
      { epochs: 60, batchSize: 8 },
    );
    const scores = await crossValScore(pipeline({ scale: standardScaler() }, regressor), z, target, { cv: 3, seed: 2 });
    for (const score of scores) expect(score).toBeGreaterThan(0.7);
    const fitted = await regressor.clone().fit(matrix(z as Rows), target, { seed: 4 });
    expect(fitted.predict(matrix(z as Rows))).toHaveLength(80);
    expect(() => regressor.clone().model).toThrow("A regressor has a network after `fit`");
    const two = nnRegressor((_, { columns }) => {
      const model = sequential([input(columns), dense(2)]);
      model.compile({ loss: "meanSquaredError" });
      return model;
    });
    await expect(two.fit(matrix(z as Rows), target)).rejects.toThrow();
  });
});

describe("bad input is refused with its rule and a remedy", () => {
  const table = matrix([
    [1, 2],
    [3, 4],
  ]);

  test("params and steps that are not there", () => {
    const estimator = pipeline({ scale: standardScaler() }, logisticRegression());
    expect(() => estimator.setParams({ "scale.with_mean": true })).toThrow(
      'standardScaler has no parameter "with_mean". It has: withMean, withStd',
    );
    expect(() => estimator.setParams({ "scaler.withMean": true })).toThrow(
      'takes params of its steps, "<step>.<param>", but got "scaler". Its steps are: scale',
    );
    expect(() => estimator.setParams({ "model.c": 1 })).toThrow("It has: C, penalty, fitIntercept");
    expect(() => estimator.setParams({ model: 1 })).toThrow('named "model.<param>", but got model = 1');
    expect(() => logisticRegression({ c: 1 } as never)).toThrow('logisticRegression has no parameter "c"');
  });

  test("values out of range", () => {
    expect(() => logisticRegression({ C: 0 })).toThrow(
      "`C` of logisticRegression must be a finite number > 0, but got 0",
    );
    expect(() => logisticRegression({ penalty: "l1" as never })).toThrow('"l2" or null, but got "l1"');
    expect(() => simpleImputer({ strategy: "mode" as never })).toThrow('"most_frequent", "constant", but got "mode"');
    expect(() => simpleImputer({ fillValue: Number.NaN })).toThrow("a finite number, but got NaN");
    expect(() => oneHotEncoder({ drop: "last" as never })).toThrow(
      'must be null, "first", "if_binary", but got "last"',
    );
    expect(() => standardScaler({ withMean: 1 as never })).toThrow("must be true, false, but got 1");
  });

  test("what is no pipeline", () => {
    expect(() => pipeline({}, logisticRegression())).toThrow("at least one transformer, but got {}");
    expect(() => pipeline({ scale: standardScaler as never }, logisticRegression())).toThrow(
      'such as standardScaler(), but "scale" is [function standardScaler]',
    );
    expect(() => pipeline({ scale: standardScaler() }, logisticRegression as never)).toThrow("Call it first");
    expect(() => pipeline({ model: standardScaler() }, logisticRegression())).toThrow('cannot be named "model"');
    expect(() => columnTransformer({})).toThrow("at least one group of columns, but got {}");
    expect(() => columnTransformer({ a: { columns: [-1], transformer: standardScaler() } })).toThrow(
      'Columns of group "a" must be a list of at least one whole number >= 0, but got -1',
    );
    const beyond = columnTransformer({ a: { columns: [2], transformer: standardScaler() } });
    expect(() => beyond.fit(table, [])).toThrow("names column 2, but X has columns 0 to 1");
  });

  test("data that do not fit", () => {
    const fitted = standardScaler().fit(table, []);
    expect(() => fitted.transform(matrix([[1]]))).toThrow("has learned from 2 columns, but got a table with 1");
    expect(() =>
      oneHotEncoder()
        .fit(table, [])
        .transform(matrix([[1, 9]])),
    ).toThrow('column 1 has 9, which is not among [2,4]. Set `handleUnknown: "ignore"`');
    expect(() => logisticRegression().fit(matrix([[1], [null]]), [0, 1])).toThrow(
      "row 1, column 0 is NaN. Put simpleImputer() before it in a pipeline",
    );
    expect(() => logisticRegression().fit(table, [1, 1])).toThrow("at least two classes, but all are of class 1");
    expect(() => logisticRegression().fit(table, [0.5, 1])).toThrow("must be 0, 1, …, but y[0] is 0.5");
    expect(() => logisticRegression().predict(table)).toThrow("has weights after `fit`");
    expect(() =>
      logisticRegression()
        .fit(table, [0, 1])
        .predict(matrix([[1]])),
    ).toThrow("learned from 2 columns");
  });
});

describe("searches of pipelines", () => {
  const source = fromModule<typeof scaledRegression>(new URL("./pipelines.ts", import.meta.url), "scaledRegression");

  test("take nested spaces as well as paths, and any sampler", async () => {
    const search = new BayesSearchCV(
      scaledRegression,
      { model: { C: float(1e-2, 10, { log: true }) }, impute: { strategy: categorical(["mean", "median"]) } },
      { scoring: "neg_log_loss", cv: 3, trials: 5, seed: 2, sampler: sobol() },
    );
    await search.fit(x, y);
    expect(search.bestEstimator.model.getParams().C).toBe(search.bestParams.model.C);
    expect(search.cvResults["param_model.C"]).toHaveLength(5);
    expect(new Set(search.cvResults.mean_test_score).size).toBeGreaterThan(1);
  });

  test("train in workers what they train here", async () => {
    const grid = { "model.C": [0.1, 1], "impute.strategy": ["mean", "median"] };
    const options = { scoring: ["roc_auc", "f1"], refit: "roc_auc", cv: 3 } as const;
    const here = await new GridSearchCV(scaledRegression, grid, options).fit(x, y);
    const there = await new GridSearchCV(source, grid, { ...options, workers: 2 }).fit(x, y);
    expect(there.cvResults.mean_test_roc_auc).toEqual(here.cvResults.mean_test_roc_auc);
    expect(there.cvResults.mean_test_f1).toEqual(here.cvResults.mean_test_f1);
    expect(there.bestEstimator.model.coef).toEqual(here.bestEstimator.model.coef);
  });

  test("by halving give a network more epochs round by round", async () => {
    const search = new HalvingGridSearchCV(
      scaledNetwork,
      { "model.units": [1, 2, 3, 4, 5, 6, 7, 8, 9] },
      { scoring: "roc_auc", cv: 2, resource: "model.fit.epochs", maxResources: 9, seed: 3 },
    );
    await search.fit(x, y);
    expect(search.schedule.nResources).toEqual([1, 3, 9]);
    expect(search.cvResults["param_model.fit.epochs"]).toEqual([...Array(9).fill(1), 3, 3, 3, 9]);
    expect(search.bestEstimator.model.history.history.loss).toHaveLength(9);
  });
});
