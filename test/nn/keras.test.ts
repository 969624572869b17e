import { describe, expect, test } from "vitest";
import {
  activation,
  batchNormalization,
  dense,
  dropout,
  type FitOptions,
  input,
  type LayerConfig,
  modelFromJson,
  sequential,
} from "../../src/nn/index.ts";
import fixture from "../fixtures/nn/keras.json" with { type: "json" };

/** Largest distance of two lists, relative to numbers above 1. */
function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value))));
}

function table(data: readonly number[], columns: number) {
  return { data: Float32Array.from(data), rows: data.length / columns, columns };
}

describe(`the fused trainer and Keras ${fixture.versions.keras}`, () => {
  const { columns, epochs, batchSize } = fixture;
  for (const engine of ["wasm", "typescript"] as const) {
    test.each(fixture.cases.map((one) => [one.name, one] as const))(
      `agree after 12 steps of %s (${engine})`,
      async (_name, one) => {
        const layers = [{ type: "input", units: columns }, ...one.layers] as LayerConfig[];
        const model = modelFromJson({ format: "assay/nn", version: 1, name: "m", seed: 1, layers }, { engine });
        model.compile({
          optimizer: one.optimizer as never,
          loss: one.loss as "huber",
          metrics: one.units === 1 ? ["accuracy"] : [],
        });
        model.setWeights(one.start);
        const [x, y] = [table(one.x, columns), table(one.y, one.units)];
        const weighting: FitOptions = {
          ...(one.sampleWeight === null ? {} : { sampleWeight: one.sampleWeight }),
          ...(one.classWeight === null ? {} : { classWeight: one.classWeight as unknown as Record<number, number> }),
        };
        const { history } = await model.fit(x, y, {
          epochs,
          batchSize,
          shuffle: false,
          validationData: [x, y],
          ...weighting,
        });
        for (const [index, weights] of model.getWeights().entries())
          expect(distance(weights, one.end[index]!)).toBeLessThan(1e-5);
        expect(distance(history.loss!, one.history.loss)).toBeLessThan(1e-5);
        expect(distance(history.val_loss!, one.history.val_loss)).toBeLessThan(1e-5);
        expect(distance(model.predict(x), one.predictions)).toBeLessThan(1e-5);
        if (one.units === 1) expect(distance(history.val_accuracy!, one.history.val_accuracy)).toBeLessThan(1e-6);
      },
    );
  }

  test("print the same summary", () => {
    const model = sequential(
      [
        input(19),
        dense(40, { activation: "relu" }),
        dropout(0.2),
        batchNormalization(),
        activation("tanh"),
        dense(1200, { activation: "relu" }),
        dense(1, { activation: "sigmoid" }),
      ],
      { name: "fraud" },
    );
    const lines = (text: string) => text.split("\n").map((line) => line.trimEnd());
    expect(lines(model.summary())).toEqual(lines(fixture.summary));
  });
});
