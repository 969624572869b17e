import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../../src/math/rng.ts";
import { earlyStopping, f1, type Logs, precision, recall, rocAuc } from "../../../src/nn/index.ts";
import { HyperParameters } from "../../../src/tuner/index.ts";
import { tfjsHyperModel, tfjsModel } from "../../../src/tuner/tfjs/index.ts";
import { build, dense, x, y } from "./tables.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});
afterEach(() => tf.disposeVariables());

const inputs = () => tf.tensor2d(x);
const targets = () => tf.tensor2d(y, [y.length, 1]);
const compiled = (metrics: string[] = [], optimizer: tf.Optimizer = tf.train.adam(0.02)) => {
  const model = dense(4);
  model.compile({ optimizer, loss: "binaryCrossentropy", metrics });
  return model;
};
/** The same first weights in every run, for what depends on how a training goes. */
const begunAlike = (model: tf.Sequential) => {
  const rng = createRng("first weights");
  model.setWeights(
    model.getWeights().map(({ size, shape }) =>
      tf.tensor(
        Array.from({ length: size }, () => rng.normal() / 2),
        shape,
      ),
    ),
  );
  return model;
};

describe(`what TensorFlow.js ${tf.version.tfjs} lacks`, () => {
  test.each(["recall", "auc"])("`metrics: [%j]` throws there, and is logged here", async (name) => {
    expect(() => compiled([name])).toThrow("Unknown metric");
    const hypermodel = tfjsHyperModel(tf, () => compiled([name]));
    const model = await hypermodel.build(new HyperParameters());
    const { history } = await model.fit(x, y, { epochs: 2, validationSplit: 0.3 });
    expect(Object.keys(history)).toEqual(["loss", name, "val_loss", `val_${name}`]);
    expect(() => compiled([name]), "compile is as it was once the model is built").toThrow("Unknown metric");
  });

  test("precision and recall are 0 there for every sigmoid output, and right here", async () => {
    const theirs = compiled(["precision"]);
    const log = await theirs.fit(inputs(), targets(), { epochs: 30, verbose: 0 });
    expect(new Set(log.history.precision)).toEqual(new Set([0]));
    const p = theirs.predict(inputs()) as tf.Tensor2D;
    expect(tf.metrics.recall(targets(), p).dataSync()[0]).toBe(0);

    const model = tfjsModel(tf, begunAlike(compiled([], tf.train.adam(0.05))), {
      metrics: ["precision", "recall", "f1"],
    });
    await model.fit(x, y, { epochs: 30, seed: 1 });
    const logs = model.evaluate(x, y);
    const scores = model.predict(x);
    expect(logs.precision).toBe(precision(y, scores));
    expect(logs.recall).toBe(recall(y, scores));
    expect(logs.f1).toBe(f1(y, scores));
    expect(logs.precision).toBeGreaterThan(0.8);
  });

  test("metrics are means over batches there, and of whole predictions here", async () => {
    const spread = (_: tf.Tensor, p: tf.Tensor) => tf.sub(tf.max(p), tf.min(p));
    const still = () => {
      const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, activation: "sigmoid", inputShape: [3] })] });
      model.compile({ optimizer: tf.train.sgd(0), loss: "binaryCrossentropy", metrics: [spread] });
      model.setWeights([tf.tensor2d([[1], [1], [0]]), tf.zeros([1])]);
      return model;
    };
    const options = { epochs: 1, batchSize: 7 };
    const log = await still().fit(inputs(), targets(), { ...options, verbose: 0 });
    const model = tfjsModel(tf, still(), { metrics: ["auc"] });
    const { history } = await model.fit(x, y, { ...options, validationData: [x, y] });
    const scores = model.predict(x);
    const whole = Math.max(...scores) - Math.min(...scores);
    expect(history.spread![0]).toBeCloseTo(whole, 6);
    expect(history.val_spread).toEqual(history.spread);
    expect(log.history.spread![0]).toBeLessThan(whole - 0.1);
    expect([history.auc![0], history.val_auc![0]]).toEqual([rocAuc(y, scores), rocAuc(y, scores)]);
  });

  test("callbacks find `val_` metrics in the logs, also those written for TensorFlow.js", async () => {
    const names: string[][] = [];
    const callback = new tf.CustomCallback({
      onEpochEnd: async (_epoch, logs) => {
        names.push(Object.keys(logs!));
      },
    });
    const model = tfjsModel(tf, compiled(), { metrics: ["recall"] });
    await model.fit(x, y, { epochs: 2, validationSplit: 0.2, callbacks: callback });
    expect(names).toEqual([
      ["loss", "recall", "val_loss", "val_recall"],
      ["loss", "recall", "val_loss", "val_recall"],
    ]);
  });

  test("early stopping cannot restore the best weights there, and does here", async () => {
    expect(() => tf.callbacks.earlyStopping({ restoreBestWeights: true })).toThrow("not implemented");
    const model = tfjsModel(tf, begunAlike(compiled([], tf.train.sgd(5))));
    const stopping = earlyStopping({ monitor: "val_loss", patience: 2, restoreBestWeights: true });
    const { history } = await model.fit(x, y, { epochs: 40, seed: 2, validationData: [x, y], callbacks: [stopping] });
    expect(history.val_loss!.length).toBeLessThan(40);
    expect(model.evaluate(x, y).loss).toBeCloseTo(Math.min(...history.val_loss!), 6);
    expect(history.val_loss!.at(-1)).toBeGreaterThan(stopping.best);
  });

  test("early stopping minimises a recall there when its mode is auto, and maximises it here", async () => {
    const rising = [0.1, 0.2, 0.3, 0.4];
    const theirs = tf.callbacks.earlyStopping({ monitor: "val_recall", patience: 2 });
    const told = compiled();
    theirs.setModel(told);
    await theirs.onTrainBegin();
    for (const [epoch, value] of rising.entries()) await theirs.onEpochEnd(epoch, { val_recall: value });
    expect(told.stopTraining).toBe(true);

    const rises = { onEpochEnd: (epoch: number, logs: Logs) => Object.assign(logs, { val_recall: rising[epoch] }) };
    const stopping = earlyStopping({ monitor: "val_recall", patience: 2 });
    const model = tfjsModel(tf, compiled(), { metrics: ["recall"] });
    const callbacks = [rises as never, stopping];
    const { epoch } = await model.fit(x, y, { epochs: 4, validationData: [x, y], callbacks });
    expect(epoch).toHaveLength(4);
    expect(stopping.best).toBe(0.4);
  });

  test("sample weights throw there, and weigh here as class weights do", async () => {
    const sampleWeight = tf.ones([y.length]);
    await expect(compiled().fit(inputs(), targets(), { sampleWeight, verbose: 0 } as never)).rejects.toThrow(
      "sample weight",
    );
    const hypermodel = tfjsHyperModel(tf, build);
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => hypermodel.build(new HyperParameters({ seed: 5 }))));
    await a!.fit(x, y, { epochs: 3, seed: 1, sampleWeight: y.map((label) => (label === 1 ? 3 : 0.5)) });
    await b!.fit(x, y, { epochs: 3, seed: 1, classWeight: { 0: 0.5, 1: 3 } });
    await c!.fit(x, y, { epochs: 3, seed: 1 });
    expect(a!.getWeights()).toEqual(b!.getWeights());
    expect(a!.getWeights()).not.toEqual(c!.getWeights());
  });

  test("sample weights may be the tensor that TensorFlow.js declares, to train, to validate and to evaluate", async () => {
    const numbers = y.map((_, row) => 0.5 + (row % 3));
    const outcome = async (sampleWeight: number[] | tf.Tensor) => {
      const model = await tfjsHyperModel(tf, build).build(new HyperParameters({ seed: 5 }));
      const split = await model.fit(x, y, { seed: 1, sampleWeight, validationSplit: 0.25 });
      const { history } = await model.fit(x, y, { seed: 2, sampleWeight, validationData: [x, y, sampleWeight] });
      return [split.history, history, model.evaluate(x, y, { sampleWeight })];
    };
    expect(await outcome(tf.tensor1d(numbers))).toEqual(await outcome(numbers));
  });

  test("a seeded dropout drops the same units at every step there, and others at each step here", async () => {
    const layer = tf.layers.dropout({ rate: 0.5, seed: 3 });
    const [first, second] = [0, 1].map(() => layer.apply(tf.ones([1, 50]), { training: true }) as tf.Tensor);
    expect(first!.dataSync()).toEqual(second!.dataSync());

    const still = async (dropoutSeed?: number) => {
      const model = dense(16, dropoutSeed);
      model.compile({ optimizer: tf.train.sgd(0), loss: "binaryCrossentropy" });
      model.setWeights(model.getWeights().map((weight) => tf.onesLike(weight)));
      const options = { epochs: 5, batchSize: 60, shuffle: false, seed: 4 };
      const { history } = await tfjsModel(tf, model).fit(x, y, options);
      expect((model.layers[1] as unknown as { seed?: number }).seed).toBe(dropoutSeed);
      return history.loss;
    };
    const losses = await still(3);
    expect(new Set(losses).size, "the weights stay, so only the masks can change the loss").toBe(5);
    expect(await still(3)).toEqual(losses);
    expect(await still()).toEqual(await still());
  });

  test("initialisers, dropout and the order of rows come from Math.random there, and from a seed here", async () => {
    const hypermodel = tfjsHyperModel(tf, build);
    const run = async (seed: number, fitSeed: number) => {
      const model = await hypermodel.build(new HyperParameters({ seed }));
      const { history } = await model.fit(x, y, { epochs: 3, batchSize: 16, seed: fitSeed });
      return { history, weights: model.getWeights() };
    };
    const first = await run(1, 1);
    expect(await run(1, 1)).toEqual(first);
    expect(await run(2, 1)).not.toEqual(first);
    expect(await run(1, 2)).not.toEqual(first);
  });

  test("Math.random is the engine's again after a build and a step, whether they end or throw", async () => {
    const { random } = Math;
    const late = tfjsHyperModel(tf, async (hp) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(Math.random).not.toBe(random);
      return build(hp);
    });
    const failing = tfjsHyperModel(tf, async (): Promise<tf.Sequential> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      throw new Error("no such model");
    });
    const [model] = await Promise.all([
      late.build(new HyperParameters({ seed: 3 })),
      expect(failing.build(new HyperParameters())).rejects.toThrow("no such model"),
    ]);
    expect(Math.random).toBe(random);
    const same = await tfjsHyperModel(tf, build).build(new HyperParameters({ seed: 3 }));
    expect(same.getWeights(), "overlapping builds may mix, one alone may not").toHaveLength(4);

    const seen: boolean[] = [];
    const callbacks = [{ onEpochEnd: () => void seen.push(Math.random === random) }];
    await model.fit(x, y, { epochs: 2, callbacks });
    const stops = { onEpochEnd: () => Promise.reject(new Error("enough")) };
    await expect(model.fit(x, y, { callbacks: [stops] })).rejects.toThrow("enough");
    expect(seen).toEqual([true, true]);
    expect(Math.random).toBe(random);
  });
});
