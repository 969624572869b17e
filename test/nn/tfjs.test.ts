import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { adam, dense, input, type Optimizer, rmsprop, sequential, sgd } from "../../src/nn/index.ts";

const rng = createRng(17);
const x = Array.from({ length: 40 }, () => [rng.normal(), rng.normal(), rng.normal()]);
const y = x.map(([a, b]) => (a! * b! > 0 ? 1 : 0));

const OPTIMIZERS: [string, Optimizer, () => tf.Optimizer][] = [
  ["sgd", sgd(0.1), () => tf.train.sgd(0.1)],
  ["sgd with momentum", sgd(0.1, { momentum: 0.9 }), () => tf.train.momentum(0.1, 0.9)],
  [
    "sgd with Nesterov's momentum",
    sgd(0.1, { momentum: 0.9, nesterov: true }),
    () => tf.train.momentum(0.1, 0.9, true),
  ],
  // TensorFlow.js adds ε after the bias correction, Keras and we before it; an ε that is too small to matter lets both agree.
  ["adam", adam(0.01, { epsilon: 1e-12 }), () => tf.train.adam(0.01, 0.9, 0.999, 1e-12)],
  ["rmsprop", rmsprop(0.01), () => tf.train.rmsprop(0.01, 0.9, 0, 1e-7)],
  ["rmsprop with momentum", rmsprop(0.01, { momentum: 0.5 }), () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-7)],
];

describe(`the fused trainer and TensorFlow.js ${tf.version.tfjs}`, () => {
  beforeAll(async () => {
    // Spares the test's output an advertisement for the native backend.
    tf.enableProdMode();
    await tf.setBackend("cpu");
  });

  test.each(OPTIMIZERS)("agree after ten steps of %s", async (_name, ours, theirs) => {
    const model = sequential([input(3), dense(8, { activation: "relu" }), dense(1, { activation: "sigmoid" })], {
      seed: 6,
    });
    model.compile({ optimizer: ours, loss: "binaryCrossentropy" });
    const other = tf.sequential({
      layers: [
        tf.layers.dense({ units: 8, activation: "relu", inputShape: [3] }),
        tf.layers.dense({ units: 1, activation: "sigmoid" }),
      ],
    });
    other.compile({ optimizer: theirs(), loss: "binaryCrossentropy" });
    const start = model.getWeights();
    const [inputs, targets] = [tf.tensor2d(x), tf.tensor2d(y, [40, 1])];
    other.setWeights(start.map((values, index) => tf.tensor(values, [...model.weights[index]!.shape])));

    const options = { epochs: 5, batchSize: 20, shuffle: false };
    const { history } = await model.fit(x, y, options);
    const log = await other.fit(inputs, targets, { ...options, verbose: 0 });

    for (const [index, weight] of other.getWeights().entries()) {
      const expected = weight.dataSync();
      const actual = model.getWeights()[index]!;
      for (const [k, value] of expected.entries()) expect(Math.abs(actual[k]! - value)).toBeLessThan(1e-5);
      expect(actual).not.toEqual(start[index]);
    }
    for (const [epoch, loss] of log.history.loss!.entries())
      expect(Math.abs(history.loss![epoch]! - Number(loss))).toBeLessThan(1e-5);
  });
});
