import { describe, expect, test } from "vitest";
import { type CallbackContext, dense, earlyStopping, input, sequential } from "../../src/nn/index.ts";
import fixture from "../fixtures/nn/early-stopping.json" with { type: "json" };

/** A training whose only number is given, and whose one weight is the epoch. */
function replay(stopping: ReturnType<typeof earlyStopping>, values: readonly number[], name = "val_x") {
  let weights = new Float32Array([-1]);
  let stopped = false;
  const context: CallbackContext = {
    model: {
      name: "replayed",
      getWeights: () => [weights.slice()],
      setWeights: ([first]) => {
        weights = Float32Array.from(first!);
      },
      predict: () => new Float32Array(0),
      evaluate: () => ({}),
    },
    epochs: values.length,
    stop: () => {
      stopped = true;
    },
    directionOf: (asked) => (asked === "val_loss" ? "min" : asked === "val_recall" ? "max" : undefined),
  };
  stopping.onTrainBegin?.(context);
  let epoch = 0;
  for (; epoch < values.length && !stopped; epoch++) {
    weights = new Float32Array([epoch]);
    stopping.onEpochEnd?.(epoch, { [name]: values[epoch]! }, context);
  }
  stopping.onTrainEnd?.({}, context);
  return { epochs: epoch, stopped, weights: weights[0] };
}

describe("early stopping", () => {
  test(`does what Keras ${fixture.versions.keras} does, option by option`, () => {
    for (const { options, values, ...expected } of fixture.cases) {
      const stopping = earlyStopping({ ...options, mode: options.mode as "min", monitor: "val_x" });
      expect({ options, values, ...replay(stopping, values) }).toEqual({ options, values, ...expected });
    }
  });

  test("knows which way losses and metrics are better", () => {
    expect(replay(earlyStopping({ patience: 1 }), [0.5, 0.6], "val_loss").stopped).toBe(true);
    expect(replay(earlyStopping({ monitor: "val_recall", patience: 1 }), [0.5, 0.6], "val_recall").stopped).toBe(false);
  });

  test("tells what it found, and a copy knows nothing of it", () => {
    const stopping = earlyStopping({ patience: 2 });
    replay(stopping, [0.9, 0.4, 0.5, 0.6, 0.7], "val_loss");
    expect([stopping.best, stopping.bestEpoch, stopping.stoppedEpoch]).toEqual([0.4, 1, 3]);
    const copy = stopping.copy();
    expect([copy.best, copy.bestEpoch, copy.stoppedEpoch]).toEqual([Number.NaN, -1, -1]);
    expect(copy.options).toEqual({ patience: 2 });
  });

  test("never takes NaN for an improvement, and recovers from it", () => {
    const stopping = earlyStopping({ patience: 3, restoreBestWeights: true });
    const { stopped, weights } = replay(stopping, [Number.NaN, 0.5, Number.NaN, 0.4], "val_loss");
    expect(stopped).toBe(false);
    expect(weights).toBe(3);
  });

  test("gives a trained model the weights of its best epoch back", async () => {
    const x = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
    const y = x.map(([a]) => (a! > 0 ? 1 : 0));
    const noise = x.map((_, i) => (i % 2 === 0 ? 1 : 0));
    const model = sequential([input(2), dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })], {
      seed: 4,
    });
    model.compile({ optimizer: "rmsprop", loss: "binaryCrossentropy" });
    const stopping = earlyStopping({ patience: 3, restoreBestWeights: true });
    const { history } = await model.fit(x, y, {
      epochs: 60,
      batchSize: 8,
      validationData: [x, noise],
      callbacks: [stopping],
    });
    expect(stopping.stoppedEpoch).toBe(history.loss!.length - 1);
    expect(history.loss!.length).toBeLessThan(60);
    expect(model.evaluate(x, noise).loss).toBe(Math.min(...history.val_loss!));
  });

  test("refuses what it cannot watch", () => {
    expect(() => earlyStopping({ patience: -1 })).toThrow(
      "`patience` of earlyStopping must be a whole number >= 0, but got -1.",
    );
    expect(() => earlyStopping({ mode: "up" as "max" })).toThrow('must be one of auto, min, max, but got "up"');
    expect(() => replay(earlyStopping({ monitor: "val_recal", mode: "max" }), [0.5], "val_recall")).toThrow(
      'must be a name in the logs (val_recall), but got "val_recal". Give `fit` validation data.',
    );
    expect(() => replay(earlyStopping({ monitor: "score" }), [0.5], "score")).toThrow(
      'give `mode: "min"` or `mode: "max"`',
    );
  });
});
