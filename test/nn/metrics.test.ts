import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  accuracy,
  averagePrecision,
  balancedClassWeights,
  brierScore,
  confusionMatrix,
  f1,
  fBeta,
  initialBias,
  logLoss,
  precision,
  precisionRecallCurve,
  recall,
  recallAtPrecision,
  rocAuc,
  rocCurve,
} from "../../src/nn/index.ts";
import fixture from "../fixtures/nn/metrics.json" with { type: "json" };

function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)));
}

function expectAllClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expectClose(actual[i]!, value);
}

describe.each(fixture.cases)("metrics of $name agree with scikit-learn", (one) => {
  const { yTrue, yScore } = one;

  test.each(one.at)("at threshold $threshold", (at) => {
    const options = { threshold: at.threshold };
    expect(confusionMatrix(yTrue, yScore, options)).toEqual(at.confusion);
    expectClose(accuracy(yTrue, yScore, options), at.accuracy);
    expectClose(precision(yTrue, yScore, options), at.precision);
    expectClose(recall(yTrue, yScore, options), at.recall);
    expectClose(f1(yTrue, yScore, options), at.f1);
    expectClose(fBeta(yTrue, yScore, { ...options, beta: 2 }), at.f2);
    expectClose(fBeta(yTrue, yScore, { ...options, beta: 0.5 }), at.fHalf);
  });

  test("over all thresholds", () => {
    expectClose(rocAuc(yTrue, yScore), one.rocAuc);
    expectClose(averagePrecision(yTrue, yScore), one.averagePrecision);
    expectClose(logLoss(yTrue, yScore), one.logLoss);
    expectClose(brierScore(yTrue, yScore), one.brier);
    for (const [wanted, value] of Object.entries(one.recallAtPrecision)) {
      expectClose(recallAtPrecision(yTrue, yScore, { precision: Number(wanted) }), value);
    }
  });

  test("in their curves", () => {
    const roc = rocCurve(yTrue, yScore);
    expectAllClose(roc.falsePositiveRate, one.roc.falsePositiveRate);
    expectAllClose(roc.truePositiveRate, one.roc.truePositiveRate);
    expect(roc.thresholds[0]).toBe(Number.POSITIVE_INFINITY);
    expectAllClose(roc.thresholds.slice(1), one.roc.thresholds);
    const curve = precisionRecallCurve(yTrue, yScore);
    expectAllClose(curve.precision, one.precisionRecall.precision);
    expectAllClose(curve.recall, one.precisionRecall.recall);
    expectAllClose(curve.thresholds, one.precisionRecall.thresholds);
  });
});

describe("the area under the ROC curve", () => {
  const labelled = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: -4, max: 4 })), {
    minLength: 2,
    maxLength: 40,
  });

  test("is the share of pairs in the right order, ties counting half", () => {
    fc.assert(
      fc.property(labelled, (rows) => {
        const ones = rows.filter(([label]) => label === 1).map(([, score]) => score);
        const zeros = rows.filter(([label]) => label === 0).map(([, score]) => score);
        fc.pre(ones.length > 0 && zeros.length > 0);
        const pairs = ones.flatMap((one) => zeros.map((zero): number => (one > zero ? 1 : one === zero ? 0.5 : 0)));
        const expected = pairs.reduce((sum, pair) => sum + pair, 0) / pairs.length;
        const scores = rows.map(([, score]) => score);
        expect(
          rocAuc(
            rows.map(([label]) => label),
            scores,
          ),
        ).toBeCloseTo(expected, 12);
      }),
    );
  });

  test("does not exist with one class, and takes 0 and -0 as one score", () => {
    expect(rocAuc([1, 1], [0.2, 0.8])).toBeNaN();
    expect(rocAuc([1, 0], [-0, 0])).toBe(0.5);
  });
});

describe("what a metric cannot measure", () => {
  test("names the rule that is broken", () => {
    expect(() => rocAuc([0, 1], [0.5])).toThrow("Labels and scores must have the same length, but got 2 and 1.");
    expect(() => accuracy([], [])).toThrow("at least one label");
    expect(() => accuracy([0, 2], [0, 1])).toThrow("Labels must be 0 or 1, but yTrue[1] is 2.");
    expect(() => recall([0, 1], [0, Number.NaN])).toThrow("Scores must be finite, but yScore[1] is NaN.");
    expect(() => logLoss([0, 1], [0, 1.5])).toThrow("Probabilities must lie between 0 and 1, but number 1 is 1.5.");
    expect(() => fBeta([0, 1], [0, 1], { beta: 0 })).toThrow("`beta` must be a finite number > 0, but got 0.");
    expect(() => recallAtPrecision([0, 1], [0, 1], { precision: 2 })).toThrow(
      "`precision` must be between 0 and 1, but got 2.",
    );
    expect(() => accuracy([0, 1], [0, 1], { threshold: Number.NaN })).toThrow("A threshold must be a number");
    expect(() => rocCurve([1, 1], [0, 1])).toThrow("labels of both classes, but got 2 ones and 0 zeros");
    expect(() => precisionRecallCurve([0, 0], [0, 1])).toThrow("at least one label 1");
  });
});

describe("the article's formulas", () => {
  test("give balanced class weights as scikit-learn does", () => {
    const { labels, weights } = fixture.balanced;
    for (const [label, weight] of Object.entries(balancedClassWeights(labels))) {
      expectClose(weight, (weights as Record<string, number>)[label]!);
    }
    expect(balancedClassWeights([0, 0, 0, 1])).toEqual({ 0: 4 / 6, 1: 2 });
  });

  test("give log(positives / negatives) as initial bias", () => {
    expectClose(initialBias([1, 0, 0, 0, 0]), Math.log(0.25));
    expect(initialBias([1, 0])).toBe(0);
  });

  test("refuse labels that they cannot balance", () => {
    expect(() => initialBias([1, 1])).toThrow("labels of both classes, but got 2 ones and 0 zeros");
    expect(() => initialBias([1, 3])).toThrow("Labels must be 0 or 1, but y[1] is 3.");
    expect(() => balancedClassWeights([0.5])).toThrow("Class labels must be whole numbers >= 0, but y[0] is 0.5.");
    expect(() => balancedClassWeights([])).toThrow("at least one label");
  });
});
