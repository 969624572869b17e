import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import {
  activation,
  adam,
  batchNormalization,
  constant,
  dense,
  dropout,
  input,
  loadModel,
  modelFromJson,
  sequential,
  serializeModel,
} from "../../src/nn/index.ts";

/** Two noisy classes that a line does not separate: label = (x₀ x₁ > 0). */
function crossed(rows: number, columns = 4, seed = 1): { x: number[][]; y: number[] } {
  const rng = createRng(seed);
  const x = Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.normal()));
  return { x, y: x.map(([a, b]) => (a! * b! > 0 ? 1 : 0)) };
}

function network(seed: number | string) {
  const model = sequential(
    [input(4), dense(16, { activation: "relu" }), dropout(0.1), dense(1, { activation: "sigmoid" })],
    { seed },
  );
  model.compile({ optimizer: adam(0.01), loss: "binaryCrossentropy", metrics: ["accuracy", "auc"] });
  return model;
}

describe("a model", () => {
  test("learns what a line cannot separate", async () => {
    const { x, y } = crossed(600);
    const fresh = crossed(300, 4, 2);
    const model = network(1);
    const before = model.evaluate(fresh.x, fresh.y);
    await model.fit(x, y, { epochs: 40 });
    const after = model.evaluate(fresh.x, fresh.y);
    expect(before.auc).toBeLessThan(0.7);
    expect(after.auc).toBeGreaterThan(0.97);
    expect(after.accuracy).toBeGreaterThan(0.9);
  });

  test("reports every epoch by Keras's names", async () => {
    const { x, y } = crossed(100);
    const history = await network(1).fit(x, y, { epochs: 3, validationSplit: 0.2 });
    expect(history.epoch).toEqual([0, 1, 2]);
    expect(Object.keys(history.history)).toEqual(["loss", "accuracy", "auc", "val_loss", "val_accuracy", "val_auc"]);
    expect(history.history.val_auc).toHaveLength(3);
  });

  test("predicts the base rate when its last bias is the initial bias and its kernel is zero", () => {
    const model = sequential([
      input(2),
      dense(1, { activation: "sigmoid", kernelInitializer: "zeros", biasInitializer: constant(Math.log(0.25)) }),
    ]);
    expect(
      model.predict([
        [3, -1],
        [0, 5],
      ])[1],
    ).toBeCloseTo(0.2, 6);
  });

  test("gives the same weights for the same seed, and others for another", async () => {
    const { x, y } = crossed(70);
    const trained = async (seed: number | string) => {
      const model = network(seed);
      await model.fit(x, y, { epochs: 2, batchSize: 16 });
      return model.getWeights();
    };
    const first = await trained(7);
    expect(await trained(7)).toEqual(first);
    expect(await trained(8)).not.toEqual(first);
    expect(await trained("7")).not.toEqual(first);
  });

  test("goes on from its weights and optimiser when it is trained again", async () => {
    const { x, y } = crossed(64);
    const options = { shuffle: false, batchSize: 16 };
    const plain = (seed: number) => {
      const model = sequential([input(4), dense(3, { activation: "tanh" }), dense(1, { activation: "sigmoid" })], {
        seed,
      });
      model.compile({ loss: "binaryCrossentropy" });
      return model;
    };
    const once = plain(3);
    await once.fit(x, y, { ...options, epochs: 4 });
    const twice = plain(3);
    await twice.fit(x, y, { ...options, epochs: 1 });
    await twice.fit(x, y, { ...options, epochs: 3 });
    expect(twice.getWeights()).toEqual(once.getWeights());
  });

  test("survives JSON and bytes with the same predictions", async () => {
    const { x, y } = crossed(50);
    const model = sequential(
      [
        input(4),
        dense(5, { l2: 1e-3 }),
        batchNormalization(),
        activation("gelu"),
        dropout(0.25),
        dense(1, { activation: "sigmoid" }),
      ],
      { seed: 11, name: "kept" },
    );
    model.compile({ optimizer: adam(0.01), loss: "binaryCrossentropy", metrics: ["recall"] });
    await model.fit(x, y, { epochs: 2 });
    const fromJson = modelFromJson(JSON.parse(JSON.stringify(model)));
    fromJson.setWeights(model.getWeights());
    expect(fromJson.predict(x)).toEqual(model.predict(x));
    const fromBytes = loadModel(serializeModel(model));
    expect(fromBytes.predict(x)).toEqual(model.predict(x));
    expect(fromBytes.evaluate(x, y)).toEqual(model.evaluate(x, y));
    expect(fromBytes.toJSON()).toEqual(model.toJSON());
  });
});
