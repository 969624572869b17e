import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { constant, dense, glorotUniform, heNormal, input, sequential, zeros } from "../../src/nn/index.ts";
import { initialValues } from "../../src/nn/initializers.ts";

function moments(values: Float32Array): { mean: number; variance: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance, largest: Math.max(...values.map(Math.abs)) };
}

describe("first weights", () => {
  const shape = [300, 200] as const;

  test("of Glorot fill the interval that keeps the variance, and no more", () => {
    const { mean, variance, largest } = moments(initialValues(glorotUniform(), shape, createRng(1)));
    const limit = Math.sqrt(6 / 500);
    expect(largest).toBeLessThanOrEqual(Math.fround(limit));
    expect(largest).toBeGreaterThan(0.999 * limit);
    expect(variance / (2 / 500)).toBeCloseTo(1, 1);
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(2 / 500 / 60_000));
  });

  test("of He have variance 2 / fanIn and nothing beyond two deviations of the uncut normal", () => {
    const { mean, variance, largest } = moments(initialValues(heNormal(), shape, createRng(2)));
    expect(variance / (2 / 300)).toBeCloseTo(1, 1);
    expect(largest).toBeLessThanOrEqual(Math.fround((2 * Math.sqrt(2 / 300)) / 0.8796256610342398));
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(2 / 300 / 60_000));
  });

  test("can be zero or a constant, which is how Keras starts biases", () => {
    expect(initialValues(zeros(), [3], createRng(1))).toEqual(new Float32Array(3));
    expect(initialValues(constant(-1.5), [2, 2], createRng(1))).toEqual(new Float32Array(4).fill(-1.5));
    const [, bias] = sequential([input(2), dense(3)], { seed: 1 }).getWeights();
    expect(bias).toEqual(new Float32Array(3));
  });

  test("of a layer do not depend on how wide the layers after it are", () => {
    const first = (units: number) => sequential([input(4), dense(5), dense(units)], { seed: 3 }).getWeights()[0];
    expect(first(2)).toEqual(first(9));
  });

  test("differ from model to model when no seed is given", () => {
    const fresh = () => sequential([input(4), dense(5)]);
    expect(fresh().getWeights()).not.toEqual(fresh().getWeights());
    const model = fresh();
    expect(sequential([input(4), dense(5)], { seed: model.seed }).getWeights()).toEqual(model.getWeights());
  });
});
