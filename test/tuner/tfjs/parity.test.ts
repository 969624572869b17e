import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import * as nn from "../../../src/nn/index.ts";
import { tfjsModel } from "../../../src/tuner/tfjs/index.ts";
import { x, y } from "./tables.ts";

const layers = () => [
  tf.layers.dense({
    units: 8,
    activation: "relu",
    inputShape: [3],
    kernelRegularizer: tf.regularizers.l2({ l2: 0.01 }),
  }),
  tf.layers.batchNormalization({ momentum: 0.9 }),
  tf.layers.dense({ units: 1, activation: "sigmoid" }),
];

/** TensorFlow.js gives what is not trained last: here the batch normalisation's means and variances. */
function inTheirOrder(weights: readonly Float32Array[]): Float32Array[] {
  return [0, 1, 2, 3, 6, 7, 4, 5].map((index) => weights[index]!);
}

describe.each(["cpu", "wasm"])("a training on the %s back end", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  test("takes the very steps that TensorFlow.js takes, where both can", async () => {
    const [ours, theirs] = [0, 1].map(() => tf.sequential({ layers: layers() }));
    ours!.setWeights(theirs!.getWeights());
    for (const model of [ours!, theirs!]) {
      model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: "binaryCrossentropy", metrics: ["accuracy"] });
    }
    const options = { epochs: 3, batchSize: 16, shuffle: false, classWeight: { 0: 1, 1: 2 } };
    const [inputs, targets] = [tf.tensor2d(x), tf.tensor2d(y, [y.length, 1])];
    const log = await theirs!.fit(inputs, targets, { ...options, verbose: 0 });
    const { history } = await tfjsModel(tf, ours!).fit(x, y, options);
    for (const [epoch, loss] of log.history.loss!.entries()) expect(history.loss![epoch]).toBeCloseTo(Number(loss), 6);
    for (const [epoch, share] of log.history.acc!.entries()) expect(history.acc![epoch]).toBeCloseTo(Number(share), 6);
    for (const [index, weight] of theirs!.getWeights().entries()) {
      expect(ours!.getWeights()[index]!.dataSync()).toEqual(weight.dataSync());
    }
  });

  test.each([
    ["adam, weighted classes", { classWeight: { 0: 0.5, 1: 2 } }],
    ["adam, weighted rows", { sampleWeight: y.map((_, row) => 0.5 + (row % 3)) }],
  ])("gives what `nn` gives from the same weights and seed: %s", async (_name, weighting) => {
    // TensorFlow.js adds ε after the bias correction, Keras and we before it; an ε too small to matter lets both agree.
    const network = nn.sequential(
      [
        nn.input(3),
        nn.dense(8, { activation: "relu", l2: 0.01 }),
        nn.batchNormalization({ momentum: 0.9 }),
        nn.dense(1, { activation: "sigmoid" }),
      ],
      { seed: 6 },
    );
    network.compile({
      optimizer: nn.adam(0.01, { epsilon: 1e-12 }),
      loss: "binaryCrossentropy",
      metrics: ["auc", "recall", "auprc"],
    });
    const model = tf.sequential({ layers: layers() });
    model.compile({ optimizer: tf.train.adam(0.01, 0.9, 0.999, 1e-12), loss: "binaryCrossentropy" });
    const other = tfjsModel(tf, model, { metrics: ["auc", "recall", "auprc"] });
    other.setWeights(inTheirOrder(network.getWeights()));

    const validationData = [x.slice(40), y.slice(40)] as const;
    const options = { epochs: 5, batchSize: 16, seed: 11, validationData, ...weighting };
    const { history: expected } = await network.fit(x, y, options);
    const { history } = await other.fit(x, y, options);
    expect(Object.keys(history)).toEqual(Object.keys(expected));
    for (const [name, values] of Object.entries(expected)) {
      for (const [epoch, value] of values.entries()) {
        expect(Math.abs(history[name]![epoch]! - value), `${name} of epoch ${epoch}`).toBeLessThan(2e-5);
      }
    }
    for (const [index, weights] of inTheirOrder(network.getWeights()).entries()) {
      for (const [k, value] of weights.entries()) {
        expect(Math.abs(other.getWeights()[index]![k]! - value)).toBeLessThan(2e-5);
      }
    }
    const outputs = network.predict(x);
    expect(other.predict(x).every((p, row) => Math.abs(p - outputs[row]!) < 2e-5)).toBe(true);
  });
});
