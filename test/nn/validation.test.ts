import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import {
  activation,
  adam,
  batchNormalization,
  constant,
  dense,
  dropout,
  type FitOptions,
  input,
  loadModel,
  type MetricLike,
  metric,
  modelFromJson,
  rmsprop,
  sequential,
  serializeModel,
  sgd,
} from "../../src/nn/index.ts";
import { decodeTensors, encodeTensors } from "../../src/nn/safetensors.ts";

function expectRule(action: () => unknown, message: string): void {
  expect(action).toThrow(ValidationError);
  expect(action).toThrow(message);
}

const X = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
];
const Y = [0, 1, 1, 0];

function model(units = 1, loss: "binaryCrossentropy" | "categoricalCrossentropy" | "huber" = "binaryCrossentropy") {
  const built = sequential([input(2), dense(units, { activation: units > 1 ? "softmax" : "sigmoid" })], { seed: 1 });
  built.compile({ loss });
  return built;
}

describe("layers", () => {
  test("must be one input and at least one more", () => {
    expectRule(() => sequential([]), "A model must start with `input(units)`, but its first layer is undefined.");
    expectRule(() => sequential([dense(1)]), 'but its first layer is "dense"');
    expectRule(() => sequential([input(3)]), "A model must have a layer after its input");
    expectRule(() => sequential([input(3), input(3)]), "`input` must be a model's first layer only");
    expectRule(
      () => sequential([input(3), dense(1, { name: "a" }), dense(1, { name: "a" })]),
      'must be unique within a model, but got "a" twice',
    );
  });

  test("must have settings that make sense", () => {
    expectRule(() => input(0), "`units` of input must be a whole number >= 1, but got 0.");
    expectRule(() => dense(2.5), "`units` of dense must be a whole number >= 1, but got 2.5.");
    expectRule(() => dense(2, { l2: -1 }), "`l2` of dense must be a finite number >= 0, but got -1.");
    expectRule(() => dense(2, { name: "" }), "The name of a layer must be a string that is not empty");
    expectRule(() => dropout(1), "`rate` of dropout must be at least 0 and below 1, but got 1.");
    expectRule(
      () => batchNormalization({ momentum: 2 }),
      "`momentum` of batchNormalization must be between 0 and 1, but got 2.",
    );
    expectRule(
      () => batchNormalization({ epsilon: 0 }),
      "`epsilon` of batchNormalization must be a finite number > 0, but got 0.",
    );
    expectRule(() => constant(Number.NaN), "The value of `constant(…)` must be a finite number, but got NaN.");
  });

  test("must have names that are known; the error lists them", () => {
    expectRule(
      () => dense(2, { activation: "rellu" as "relu" }),
      'must be one of linear, relu, tanh, sigmoid, elu, gelu, softmax, but got "rellu".',
    );
    expectRule(() => activation("swish" as "relu"), "The activation must be one of linear, relu");
    expectRule(
      () => dense(2, { kernelInitializer: "ones" as "zeros" }),
      'must be one of glorotUniform, heNormal, zeros, constant, but got "ones".',
    );
    const json = sequential([input(1), dense(1)]).toJSON();
    expectRule(
      () => modelFromJson({ ...json, layers: [{ type: "conv" }] as never }),
      "must be one of input, dense, dropout",
    );
    expectRule(
      () => modelFromJson({ layers: [] } as never),
      'A model\'s JSON must have format "assay/nn" and version 1',
    );
  });
});

describe("compile", () => {
  test("must be told names that are known", () => {
    const built = model();
    expectRule(
      () => built.compile({ loss: "bce" as "huber" }),
      "The loss must be one of binaryCrossentropy, categoricalCrossentropy, meanSquaredError, huber",
    );
    expectRule(
      () => built.compile({ loss: "huber", optimizer: "lion" as "adam" }),
      'The optimiser must be one of sgd, adam, adamW, rmsprop, but got "lion".',
    );
    expectRule(
      () => built.compile({ loss: "huber", metrics: ["recal" as "recall"] }),
      "A metric must be one of accuracy, precision, recall",
    );
    expectRule(
      () => sequential([input(1), dense(1)], { engine: "gpu" as "wasm" }),
      '`engine` must be one of wasm, typescript, but got "gpu".',
    );
  });

  test("must be told metrics that fit", () => {
    const compile = (units: number, metrics: MetricLike[]) => () =>
      sequential([input(2), dense(units)]).compile({ loss: "meanSquaredError", metrics });
    expectRule(compile(3, ["auc"]), 'The metric "auc" is for one output, but the model has 3.');
    expectRule(
      compile(1, ["auc", "auc"]),
      'Names in the logs must be unique, but got "auc" twice. Name a metric with `as`.',
    );
    expectRule(
      compile(1, ["recallAtPrecision"]),
      'needs `precision`, but got undefined. Write metric("recallAtPrecision", { precision: … }).',
    );
    expectRule(compile(1, [metric("fBeta")]), "needs `beta`");
    expectRule(
      compile(1, [{ name: "", direction: "min", evaluate: () => 0 }]),
      "A metric of one's own must have a name",
    );
    expectRule(compile(1, [{ name: "a", direction: "up" as "max", evaluate: () => 0 }]), "must be one of min, max");
    expectRule(
      () => model().compile({ loss: "categoricalCrossentropy" }),
      "needs at least 2 outputs, but the model has 1. Use binaryCrossentropy.",
    );
  });

  test("must be told optimisers whose settings make sense", () => {
    expectRule(() => adam(0), "`learningRate` of adam must be a finite number > 0, but got 0.");
    expectRule(() => adam(1e-3, { beta1: 1 }), "`beta1` of adam must be at least 0 and below 1, but got 1.");
    expectRule(() => sgd(0.1, { nesterov: 1 as never }), "`nesterov` of sgd must be true or false, but got 1.");
    expectRule(() => rmsprop(0.1, { epsilon: 0 }), "`epsilon` of rmsprop must be a finite number > 0, but got 0.");
  });

  test("must come before fit and evaluate", async () => {
    const built = sequential([input(2), dense(1)]);
    await expect(built.fit(X, Y)).rejects.toThrow("A model must be compiled before `fit`.");
    expectRule(() => built.evaluate(X, Y), "A model must be compiled before `evaluate`.");
  });
});

describe("data", () => {
  const refused: [string, unknown, unknown, string][] = [
    ["X and y of different lengths", X, [0, 1], "X and y must have the same number of rows, but X has 4 and y has 2."],
    [
      "X of another width",
      X.map((row) => [...row, 0]),
      Y,
      "X must have 2 columns, as the model's input says, but has 3.",
    ],
    ["rows of different widths", [[1, 2], [3]], [0, 1], "as many columns as the first, 2, but row 1 has 1."],
    [
      "NaN in X",
      [
        [1, 2],
        [3, Number.NaN],
      ],
      [0, 1],
      "but got NaN in row 1, column 1. Impute missing values first.",
    ],
    [
      "numbers beyond single precision",
      [
        [1, 2],
        [1e39, 2],
      ],
      [0, 1],
      "but got 1e+39 in row 1, column 0.",
    ],
    [
      "text in X",
      [
        [1, "2"],
        [3, "four"],
      ],
      [0, 1],
      'but got "2" in row 0, column 1.',
    ],
    ["no rows", [], [], "X must be an array of rows or { data, rows, columns }, but got an array without rows."],
    ["numbers instead of rows", [1, 2, 3], Y, "X must be an array of rows"],
    [
      "a matrix whose sizes do not fit",
      { data: new Float32Array(5), rows: 2, columns: 2 },
      Y,
      "data.length = rows × columns, all at least 1, but got length 5",
    ],
    ["labels that are not 0 or 1", X, [0, 1, 2, 0], "Labels must be 0 or 1 for binaryCrossentropy, but y[2] is 2."],
    [
      "labels that are missing",
      X,
      [0, 1, undefined, 0],
      "Labels must be 0 or 1 for binaryCrossentropy, but y[2] is undefined.",
    ],
    ["labels of several columns", X, X, "y must have one column for each of the model's 1 outputs, but has 2."],
    ["no labels", X, undefined, "y must be an array of labels, a typed array or a table, but got undefined."],
  ];

  test.each(refused)("refuses %s", async (_name, x, y, message) => {
    const built = model();
    const before = built.getWeights();
    await expect(built.fit(x as never, y as never)).rejects.toThrow(message);
    await expect(built.fit(x as never, y as never)).rejects.toBeInstanceOf(ValidationError);
    expect(built.getWeights()).toEqual(before);
    await expect(built.fit(X, Y)).resolves.toBeDefined();
  });

  test("refuses classes that the model does not have", async () => {
    const built = model(3, "categoricalCrossentropy");
    await expect(built.fit(X, [0, 1, 2, 3])).rejects.toThrow(
      "Class labels must be whole numbers from 0 to 2 for a model with 3 outputs, but y[3] is 3.",
    );
    await expect(
      built.fit(
        X,
        X.map(() => [1, 1, 0]),
      ),
    ).rejects.toThrow("Each row of y must sum to 1 for categoricalCrossentropy, but row 0 sums to 2.");
    await expect(
      built.fit(
        X,
        X.map(() => [2, -1, 0]),
      ),
    ).rejects.toThrow("must be class probabilities for categoricalCrossentropy, but row 0 has 2.");
    await expect(model(1, "huber").fit(X, [0, 1, Number.NaN, 3])).rejects.toThrow(
      "y must hold finite single-precision numbers, but y[2] is NaN.",
    );
  });

  test("takes class indices, one-hot rows and a one-hot matrix alike", async () => {
    const trained = async (y: Parameters<ReturnType<typeof model>["fit"]>[1]) => {
      const built = model(3, "categoricalCrossentropy");
      await built.fit(X, y, { epochs: 2 });
      return built.getWeights();
    };
    const rows = [
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
    ];
    const expected = await trained([2, 0, 1, 0]);
    expect(await trained(Uint8Array.of(2, 0, 1, 0))).toEqual(expected);
    expect(await trained(rows)).toEqual(expected);
    expect(await trained({ data: Float32Array.from(rows.flat()), rows: 4, columns: 3 })).toEqual(expected);
  });

  test("is checked in predict and evaluate as well", () => {
    expectRule(() => model().predict([[1, 2, 3]]), "X must have 2 columns");
    expectRule(() => model().predict([[1, Number.POSITIVE_INFINITY]]), "but got Infinity in row 0, column 1");
    expectRule(() => model().evaluate(X, [0]), "X and y must have the same number of rows");
  });
});

describe("options of fit", () => {
  const refused: [FitOptions, string][] = [
    [{ batchSize: 0 }, "`batchSize` must be a whole number >= 1, but got 0."],
    [{ epochs: 1.5 }, "`epochs` must be a whole number >= 1, but got 1.5."],
    [{ validationSplit: 1 }, "`validationSplit` must be at least 0 and below 1, but got 1."],
    [{ validationSplit: 0.9 }, "must leave rows on both sides, but 0.9 of 4 rows leaves 0 to train on."],
    [{ validationSplit: 0.5, validationData: [X, Y] }, "Give `validationData` or `validationSplit`, not both."],
    [{ validationData: X as never }, "`validationData` must be [x, y], [x, y, sampleWeight] or { x, y }"],
    [{ validationData: [X, [1]] }, "X and y must have the same number of rows, but X has 4 and y has 1."],
    [{ sampleWeight: [1] }, "`sampleWeight` must have one number for each of the 4 rows, but has 1."],
    [{ sampleWeight: [1, 1, -1, 1] }, "Weights must be finite and >= 0, but sampleWeight[2] is -1."],
    [{ classWeight: { 0: Number.NaN } }, "Weights must be finite and >= 0, but classWeight[0] is NaN."],
    [{ seed: Number.NaN }, "A seed must be a finite number or a string, but got NaN."],
  ];

  test.each(refused)("refuses %j", async (options, message) => {
    await expect(model().fit(X, Y, options)).rejects.toThrow(message);
  });

  test("are refused while the model is being trained", async () => {
    const built = model();
    const running = built.fit(X, Y, { epochs: 3 });
    await expect(built.fit(X, Y)).rejects.toThrow('The model "sequential" is being trained already.');
    await running;
  });
});

describe("weights and files", () => {
  test("must fit the model", () => {
    expectRule(() => model().setWeights([[1, 2]]), "`setWeights` needs 2 arrays for this model, but got 1.");
    expectRule(
      () => model().setWeights([[1, 2, 3], [0]]),
      "Weights of dense/kernel must have shape [2, 1], 2 numbers, but got 3.",
    );
  });

  test("must be a model's", () => {
    expectRule(
      () => loadModel(Uint8Array.of(1, 2, 3)),
      "A file of weights must be in the safetensors layout, but got Uint8Array(3).",
    );
    const bytes = serializeModel(model());
    expectRule(() => loadModel(bytes.slice(0, -4)), "A safetensors file must hold each tensor as F32, whole, but has");
    const empty = new Uint8Array(10);
    empty.set([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]);
    expectRule(
      () => loadModel(empty),
      "A model file must hold the model's JSON in `__metadata__.model`, but has none.",
    );
    const { tensors, metadata } = decodeTensors(bytes);
    expectRule(
      () => loadModel(encodeTensors({ tensors: tensors.slice(1), metadata })),
      "The model file must hold dense/kernel as [2, 1], but has nothing for it.",
    );
  });
});
