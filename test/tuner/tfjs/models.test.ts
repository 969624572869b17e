import * as tf from "@tensorflow/tfjs";
import { beforeEach, describe, expect, test } from "vitest";
import { loadTfjsModel, serializeTfjsModel, tfjsModel } from "../../../src/tuner/tfjs/index.ts";
import { dense, x, y } from "./tables.ts";

beforeEach(async () => {
  await tf.setBackend("wasm");
});

/** Each row as 12 columns. */
const wide = x.map(([a, b, c]) => [a!, b!, c!, a! * b!, b! * c!, a! * c!, a! - b!, b! - c!, a!, b!, c!, 1]);
const words = x.map((row) => row.map((value) => Math.min(9, Math.floor(Math.abs(value) * 5))));
const head = () => tf.layers.dense({ units: 1, activation: "sigmoid" });

const KINDS: [string, () => tf.layers.Layer[], number[][], missing?: string][] = [
  ["dense", () => [tf.layers.dense({ units: 4, inputShape: [12] })], wide],
  [
    "convolutional in one dimension",
    () => [tf.layers.conv1d({ filters: 2, kernelSize: 3, inputShape: [12, 1] }), tf.layers.flatten()],
    wide,
    "Conv2DBackpropFilter",
  ],
  [
    "convolutional in two dimensions",
    () => [tf.layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [3, 4, 1] }), tf.layers.flatten()],
    wide,
    "Conv2DBackpropFilter",
  ],
  ["recurrent, LSTM", () => [tf.layers.lstm({ units: 3, inputShape: [4, 3], dropout: 0.2 })], wide],
  ["recurrent, GRU over any number of steps", () => [tf.layers.gru({ units: 3, inputShape: [null, 3] })], wide],
  [
    "embedding",
    () => [tf.layers.embedding({ inputDim: 10, outputDim: 2, inputLength: 3 }), tf.layers.flatten()],
    words,
    "UnsortedSegmentSum",
  ],
];

describe("a model of any layers", () => {
  test.each(KINDS)("trains on a table: %s", async (_name, layers, rows, missing) => {
    const before = tf.memory().numTensors;
    const run = async () => {
      const warnings: string[] = [];
      const model = tf.sequential({ layers: [...layers(), head()] });
      model.compile({ optimizer: tf.train.adam(0.05), loss: "binaryCrossentropy" });
      const adapted = tfjsModel(tf, model, { metrics: ["auc"], onWarning: (message) => warnings.push(message) });
      const start = adapted.getWeights().map((values, index) => values.map((_, k) => Math.sin(index + k) / 2));
      adapted.setWeights(start);
      const { history } = await adapted.fit(rows, y, { epochs: 3, seed: 1, batchSize: 30, validationSplit: 0.2 });
      const weights = adapted.getWeights();
      adapted.dispose();
      return { history, weights, warnings };
    };
    const first = await run();
    expect(first.history.loss!.at(-1)).toBeLessThan(first.history.loss![0]!);
    expect(await run(), "the same seed trains the same network").toEqual(first);
    expect(first.warnings).toEqual(
      missing === undefined ? [] : [expect.stringContaining(`wasm back end of TensorFlow.js lacks ${missing}`)],
    );
    expect(tf.getBackend()).toBe("wasm");
    expect(tf.memory().numTensors).toBe(before);
  });

  test("has several inputs and outputs, given by name or in order", async () => {
    const [left, right] = ["left", "right"].map((name) => tf.input({ shape: [3], name }));
    const joined = tf.layers.concatenate().apply([left!, right!]) as tf.SymbolicTensor;
    const [fraud, kind] = [
      tf.layers.dense({ units: 1, activation: "sigmoid", name: "fraud" }).apply(joined) as tf.SymbolicTensor,
      tf.layers.dense({ units: 3, activation: "softmax", name: "kind" }).apply(joined) as tf.SymbolicTensor,
    ];
    const model = tf.model({ inputs: [left!, right!], outputs: [fraud!, kind!] });
    model.compile({ optimizer: "sgd", loss: { fraud: "binaryCrossentropy", kind: "categoricalCrossentropy" } });
    const adapted = tfjsModel(tf, model, { metrics: ["accuracy"] });
    const kinds = y.map((_, row) => row % 3);
    const start = adapted.getWeights();
    const { history } = await adapted.fit({ left: x, right: x }, { fraud: y, kind: kinds }, { epochs: 2, seed: 3 });
    expect(Object.keys(history)).toEqual(["loss", "fraud_accuracy", "kind_accuracy", "fraud_loss", "kind_loss"]);
    adapted.setWeights(start);
    const again = await adapted.fit([x, tf.tensor2d(x)], [y, kinds], { epochs: 2, seed: 3 });
    expect(again.history).toEqual(history);
    const logs = adapted.evaluate([x, x], [y, kinds]);
    expect(logs.loss).toBeCloseTo(logs.fraud_loss! + logs.kind_loss!, 5);
    expect(() => adapted.predict([x, x])).toThrow("`predict` is for models with one output");
  });

  test("tells classes apart by their indices", async () => {
    const kinds = x.map((row) => row.indexOf(Math.max(...row)));
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 3, activation: "softmax", inputShape: [3] })] });
    model.compile({ optimizer: tf.train.adam(0.2), loss: "sparseCategoricalCrossentropy" });
    const adapted = tfjsModel(tf, model, { metrics: ["accuracy"] });
    const { history } = await adapted.fit(x, kinds, { epochs: 15, seed: 1 });
    expect(history.accuracy!.at(-1)).toBeGreaterThan(0.85);
  });
});

describe("a model's weights", () => {
  test("are written in the safetensors layout, and make the same model again", async () => {
    const model = tfjsModel(tf, dense(5));
    const bytes = serializeTfjsModel(model);
    const header = JSON.parse(
      new TextDecoder().decode(bytes.subarray(8, 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)))),
    );
    expect(Object.keys(header)).toEqual([
      "__metadata__",
      ...model.model.weights.map(({ originalName }) => originalName),
    ]);
    const [layer] = model.model.layers;
    expect(header[`${layer!.name}/kernel`]).toEqual({ dtype: "F32", shape: [3, 5], data_offsets: [0, 60] });
    const loaded = await loadTfjsModel(tf, bytes);
    expect(loaded.getWeights()).toEqual(model.getWeights());
    expect(loaded.predict(x)).toEqual(model.predict(x));
    expect(loaded.summary()).toContain("Total params: 26");
    await expect(loaded.fit(x, y)).rejects.toThrow("must be compiled before `fit`");
  });
});

describe("bad input", () => {
  const compiled = (loss = "binaryCrossentropy") => {
    const model = dense(2);
    model.compile({ optimizer: "sgd", loss });
    return model;
  };

  test("is refused with the rule, and leaves no tensor", async () => {
    const model = tfjsModel(tf, compiled());
    const before = tf.memory().numTensors;
    const refuses = (promise: Promise<unknown>, text: string) => expect(promise).rejects.toThrow(text);
    await refuses(model.fit(wide, y), "X must have 3 columns, as the model's input says, but has 12.");
    await refuses(model.fit(x, y.slice(1)), "X and y must have the same number of rows, but X has 60 and y has 59.");
    await refuses(model.fit([[1, 2, Number.NaN]], [1]), "got NaN in row 0, column 2");
    await refuses(model.fit(x, y, { epochs: 0 }), "`epochs` must be a whole number >= 1");
    await refuses(model.fit(x, y, { validationSplit: 1 }), "`validationSplit` must be at least 0 and below 1");
    await refuses(model.fit(x, y, { validationSplit: 0.1, validationData: [x, y] }), "not both");
    await refuses(model.fit(x, y, { validationData: [x] as never }), "`validationData` must be [x, y]");
    await refuses(model.fit(x, y, { validationData: [wide, y] }), "X must have 3 columns");
    await refuses(
      model.fit(x, y, { sampleWeight: [1] }),
      "`sampleWeight` must have one number for each of the 60 rows",
    );
    await refuses(model.fit(x, y, { signal: AbortSignal.abort(new Error("not now")) }), "not now");
    await refuses(model.fit(x, tf.tidy(() => tf.ones([60, 2])) as never, {}), "y must have the shape of the output");
    expect(() => model.setWeights([[1]])).toThrow("`setWeights` needs 4 arrays for this model, but got 1.");
    expect(() => model.setWeights([[1], [], [], []])).toThrow(
      "Weights 0 must have shape [3, 2], 6 numbers, but got 1.",
    );
    expect(tf.memory().numTensors - before, "the tensor that the test made").toBe(1);
    const running = model.fit(x, y);
    await refuses(model.fit(x, y), "is being trained already");
    await running;
  });

  test("names what a metric or a back end must be", async () => {
    expect(() => tfjsModel(tf, compiled(), { metrics: ["recal" as never] })).toThrow(
      "A metric must be one of accuracy",
    );
    expect(() => tfjsModel(tf, compiled(), { metrics: ["auc", "auc"] })).toThrow('but got "auc" twice');
    const softmax = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
    softmax.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    expect(() => tfjsModel(tf, softmax, { metrics: ["recall"] })).toThrow("is for one output, but the model has 2");
    await expect(tfjsModel(tf, compiled(), { backend: "webgl9" }).fit(x, y)).rejects.toThrow(
      'Import its package first, such as "@tensorflow/tfjs-backend-webgl9"',
    );
    expect(() => tfjsModel({} as never, compiled())).toThrow("must be TensorFlow.js with its Layers API");
    expect(() => tfjsModel(tf, tf.sequential())).toThrow("must have an input");
  });
});
