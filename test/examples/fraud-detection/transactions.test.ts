import { createRng } from "assay";
import { accuracy, rocAuc } from "assay/nn";
import { describe, expect, test } from "vitest";
import { syntheticDataset } from "../../../examples/fraud-detection/dataset.ts";
import { drawClasses } from "../../../examples/fraud-detection/transactions.ts";

describe("synthetic transactions", () => {
  const balanced = syntheticDataset("balanced", 1);

  test("become 19 inputs, standardised on the training part", () => {
    expect(balanced.inputs).toHaveLength(19);
    const { data, rows, columns } = balanced.train.x;
    for (let column = 0; column < 6; column++) {
      const values = Array.from({ length: rows }, (_, row) => data[row * columns + column]!);
      const mean = values.reduce((sum, value) => sum + value, 0) / rows;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
      expect(mean).toBeCloseTo(0, 4);
      expect(variance).toBeCloseTo(1, 4);
    }
    expect(new Set(data.subarray(6, columns))).toEqual(new Set([0, 1]));
  });

  test("come in the sizes and shares that their preset names", () => {
    const sizes = (preset: "balanced" | "imbalanced") => {
      const { train, validation, test } = syntheticDataset(preset, 1);
      return [train, validation, test].map(({ y }) => [y.length, y.filter((label) => label === 1).length]);
    };
    expect(sizes("balanced")).toEqual([
      [4000, 2000],
      [400, 200],
      [400, 200],
    ]);
    expect(sizes("imbalanced")).toEqual([
      [4000, 200],
      [2000, 100],
      [2000, 100],
    ]);
  });

  test("are the same for the same seed, and others for another", () => {
    expect(syntheticDataset("balanced", 1).train).toEqual(balanced.train);
    expect(syntheticDataset("balanced", 2).train).not.toEqual(balanced.train);
  });

  test("overlap: the true score itself reaches an area of about 0.90", () => {
    const drawn = drawClasses([4000, 4000], createRng(3));
    const labels = drawn.map(({ fraud }) => fraud);
    const scores = drawn.map(({ transaction }) => transaction.score);
    expect(rocAuc(labels, scores)).toBeGreaterThan(0.885);
    expect(rocAuc(labels, scores)).toBeLessThan(0.915);
    const accuracies = scores.slice(0, 200).map((threshold) => accuracy(labels, scores, { threshold }));
    expect(Math.max(...accuracies)).toBeGreaterThan(0.8);
    expect(Math.max(...accuracies)).toBeLessThan(0.84);
  });

  test("hide the fraud from every single column", () => {
    const { x, y } = balanced.train;
    const areas = balanced.inputs.map((_, column) => {
      const area = rocAuc(
        y,
        Array.from({ length: x.rows }, (_, row) => x.data[row * x.columns + column]!),
      );
      return Math.max(area, 1 - area);
    });
    expect(Math.max(...areas)).toBeLessThan(0.75);
  });
});
