import { expect, test } from "vitest";
import { dense, input, type Sequential, sequential } from "../../src/nn/index.ts";
import { discover } from "../../src/tuner/discovery.ts";
import { HyperModel, type HyperParameters, type TrainingData } from "../../src/tuner/index.ts";

const data: TrainingData = { x: [[1]], y: [1], callbacks: [], seed: 0 };

class Net extends HyperModel<Sequential> {
  trained = 0;
  built = 0;

  build(hp: HyperParameters): Sequential {
    this.built++;
    const optimizer = hp.Choice("optimizer", ["adam", "sgd"]);
    hp.conditionalScope("optimizer", "sgd", () => {
      hp.Boolean("nesterov");
      hp.conditionalScope("nesterov", true, () => hp.Float("momentum", { min: 0.5, max: 0.99 }));
    });
    const model = sequential([input(1), dense(hp.Int("units", { min: 1, max: 4 }))], { seed: 1 });
    model.compile({ loss: "meanSquaredError", optimizer });
    return model;
  }

  override async fit(hp: HyperParameters, model: Sequential, { x, y }: TrainingData) {
    const history = await model.fit(x, y, {
      batchSize: hp.Choice("batchSize", [16, 32]),
      epochs: hp.Int("epochs", { min: 1, max: 3 }),
    });
    this.trained++;
    hp.Boolean("afterTraining");
    return history;
  }
}

test("parameters of build, of fit and of every conditional scope are found, and nothing is trained", async () => {
  const net = new Net();
  const dimensions = await discover(net, data);
  expect(dimensions.map(({ name }) => name)).toEqual([
    "optimizer",
    "units",
    "batchSize",
    "epochs",
    "nesterov",
    "momentum",
  ]);
  expect(dimensions.at(-1)!.conditions).toEqual([
    { parent: "optimizer", values: ["sgd"] },
    { parent: "nesterov", values: [true] },
  ]);
  expect(net.trained).toBe(0);
  expect(net.built).toBe(3);
});

test("without data only what build asks for is found", async () => {
  const names = (await discover(new Net(), null)).map(({ name }) => name);
  expect(names).toEqual(["optimizer", "units", "nesterov", "momentum"]);
});

test("a model without a fit of its own is not rehearsed, for its training could not be stopped", async () => {
  let fitted = 0;
  class Plain extends HyperModel<object> {
    build(hp: HyperParameters) {
      return { k: hp.Int("k", { min: 1, max: 2 }) };
    }
    override fit() {
      return ++fitted;
    }
  }
  expect(await discover(new Plain(), data)).toHaveLength(1);
  expect(fitted).toBe(0);
});

test("errors of the user's code come through, and a hypermodel without parameters is refused", async () => {
  class Broken extends Net {
    override async fit(): Promise<never> {
      throw new TypeError("no such thing");
    }
  }
  await expect(discover(new Broken(), data)).rejects.toThrow("no such thing");
  class Empty extends HyperModel<object> {
    build() {
      return {};
    }
  }
  await expect(discover(new Empty(), data)).rejects.toThrow("needs at least one parameter");
});
