import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  aucInterval,
  bootstrapInterval,
  compareOnTestSet,
  comparePaired,
  confusion,
  METRICS,
  precisionRecallCurve,
  rocCurve,
  scorecard,
  signedRankTest,
  wilsonInterval,
} from "../../src/analysis/index.ts";
import { spearman } from "../../src/analysis/leave-one-out.ts";
import { quantile } from "../../src/analysis/quantile.ts";
import { ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import reference from "../fixtures/analysis/statistics.json" with { type: "json" };

const TOLERANCE = 1e-10;

function expectClose(got: number, wanted: number): void {
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(wanted)));
}

describe("Wilson's interval", () => {
  test.each(reference.wilson)("agrees with SciPy for $successes of $trials at $level", (row) => {
    const { low, high } = wilsonInterval(row.successes, row.trials, row.level);
    expectClose(low, row.low);
    expectClose(high, row.high);
  });

  test("says nothing where nothing was tried", () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });

  test("refuses counts that are none, and levels outside (0, 1)", () => {
    expect(() => wilsonInterval(3, 2)).toThrow(ValidationError);
    expect(() => wilsonInterval(0.5, 2)).toThrow("successes=0.5");
    expect(() => wilsonInterval(1, 2, 1)).toThrow("level=1");
  });
});

describe("AUC, its standard error and its interval", () => {
  test.each(reference.auc.map((row, i) => ({ ...row, i })))(
    "agree with scikit-learn and DeLong's definition, case $i",
    (row) => {
      const estimate = aucInterval(row.labels, row.scores)!;
      expectClose(estimate.value, row.auc);
      expectClose(estimate.standardError, row.standardError);
      expectClose(estimate.low, row.low);
      expectClose(estimate.high, row.high);
    },
  );

  test("is not defined with one class, and of a perfect ranking stays unsure", () => {
    expect(aucInterval([1, 1], [0.2, 0.3])).toBeNull();
    const perfect = aucInterval([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])!;
    expect(perfect).toMatchObject({ value: 1, high: 1 });
    expect(perfect.low).toBeLessThan(0.5);
  });

  test("refuses labels other than 0 and 1, lengths that differ and scores that are not finite", () => {
    expect(() => aucInterval([0, 2], [0.1, 0.2])).toThrow("labels[1] is 2");
    expect(() => aucInterval([0, 1], [0.1])).toThrow("2 labels and 1 scores");
    expect(() => aucInterval([0, 1], [0.1, Number.NaN])).toThrow("scores[1] is NaN");
  });
});

describe("the curves over all thresholds", () => {
  test.each(reference.auc.map((row, i) => ({ ...row, i })))(
    "have scikit-learn's areas and lie on its points, case $i",
    (row) => {
      const roc = rocCurve(row.labels, row.scores);
      expectClose(roc.area!, row.auc);
      const [falsePositive, truePositive] = row.roc as [number[], number[]];
      // Both leave out points inside straight runs, by rules of their own; ours must lie on its polygon.
      for (const { x, y } of roc.points) {
        const heights = heightsAt(falsePositive, truePositive, x);
        expect(y).toBeGreaterThanOrEqual(Math.min(...heights) - 1e-9);
        expect(y).toBeLessThanOrEqual(Math.max(...heights) + 1e-9);
      }

      const curve = precisionRecallCurve(row.labels, row.scores);
      expectClose(curve.area!, row.averagePrecision);
      const [recall, precision] = row.precisionRecall as [number[], number[]];
      const shown = new Set(curve.points.map(({ x, y }) => `${x.toFixed(9)} ${y.toFixed(9)}`));
      // scikit-learn may leave out thresholds beyond full recall; each of its points is one of ours.
      for (let i = 0; i < recall.length; i++)
        expect(shown).toContain(`${recall[i]!.toFixed(9)} ${precision[i]!.toFixed(9)}`);
    },
  );

  test("have no points where a class is missing", () => {
    expect(rocCurve([1, 1], [0.3, 0.4])).toMatchObject({ points: [], area: null });
    expect(precisionRecallCurve([0, 0], [0.3, 0.4])).toMatchObject({ points: [], area: null });
  });

  test("mark the threshold in use", () => {
    const labels = [1, 1, 0, 0];
    const scores = [0.9, 0.4, 0.6, 0.1];
    expect(rocCurve(labels, scores).operatingPoint).toEqual({ x: 0.5, y: 0.5 });
    expect(precisionRecallCurve(labels, scores, 0.05).operatingPoint).toEqual({ x: 1, y: 0.5 });
    expect(precisionRecallCurve(labels, scores, 0.95).operatingPoint).toBeNull();
  });
});

describe("the signed-rank test", () => {
  test.each(reference.signedRank.map((row, i) => ({ ...row, i, n: row.differences.length })))(
    "agrees with SciPy, case $i of $n differences",
    ({ differences, statistic, p }) => {
      const result = signedRankTest(differences);
      expectClose(result.statistic, statistic);
      expectClose(result.pValue, p);
    },
  );

  test("finds nothing in differences that are all 0", () => {
    expect(signedRankTest([0, 0, 0])).toEqual({ statistic: 0, pValue: 1, n: 0, method: "exact" });
  });

  test("gives the same p when all signs are turned", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 40 }), (differences) => {
        const turned = differences.map((value) => -value);
        expect(signedRankTest(turned).pValue).toBeCloseTo(signedRankTest(differences).pValue, 12);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a paired comparison", () => {
  const names = ["Bayesian optimisation", "grid search"] as const;

  test("names the better method when the difference is clear, whichever comes first and whatever the direction", () => {
    const high = Array.from({ length: 12 }, (_, i) => 0.8 + i / 1000);
    const low = high.map((value, i) => value - 0.02 - i / 5000);
    const options = { names, metric: "recall", unit: "seeds" };
    expect(comparePaired(high, low, options).verdict).toMatch(
      /^Bayesian optimisation is better than grid search: 12 seeds, \+0\.0211/,
    );
    expect(comparePaired(low, high, options).verdict).toMatch(
      /^grid search is better than Bayesian optimisation: 12 seeds, \+0\.0211/,
    );
    expect(comparePaired(low, high, { ...options, direction: "minimize" }).verdict).toMatch(
      /^Bayesian optimisation is better than grid search: 12 seeds, −0\.0211/,
    );
    expect(comparePaired(high, low, options).verdict).toContain(
      "+0.02110 recall, 95 % interval +0.02073 … +0.02148, p < 0.001.",
    );
  });

  test("calls noise noise, and too few pairs too few", () => {
    const rng = createRng("noise");
    const a = Array.from({ length: 20 }, () => rng.normal());
    const b = Array.from({ length: 20 }, () => rng.normal());
    const noise = comparePaired(a, b, { names, metric: "recall", unit: "seeds" });
    expect(noise.isClear).toBe(false);
    expect(noise.verdict).toMatch(/^No difference between Bayesian optimisation and grid search was shown: 20 seeds, /);
    expect(comparePaired([1, 2, 3], [0, 1, 1], { names, metric: "recall" }).verdict).toContain("3 pairs are too few");
  });

  test("refuses results that cannot be paired", () => {
    expect(() => comparePaired([1], [1, 2], { names, metric: "recall" })).toThrow(ValidationError);
    expect(() => comparePaired([], [], { names, metric: "recall" })).toThrow("got 0 and 0");
    expect(() => comparePaired([Number.NaN], [1], { names, metric: "recall" })).toThrow("NaN");
  });
});

describe("the bootstrap", () => {
  test("is the same for the same seed and another for another", () => {
    const values = Array.from({ length: 50 }, (_, i) => Math.sin(i));
    const mean = (rows: Uint32Array) => rows.reduce((sum, row) => sum + values[row]!, 0) / rows.length;
    const once = bootstrapInterval(50, mean, { seed: 1, resamples: 300 });
    expect(bootstrapInterval(50, mean, { seed: 1, resamples: 300 })).toEqual(once);
    expect(bootstrapInterval(50, mean, { seed: 2, resamples: 300 })).not.toEqual(once);
  });

  test("covers the mean of a normal sample as often as it says, within the error of the count", () => {
    const rng = createRng("coverage");
    let covered = 0;
    for (let run = 0; run < 200; run++) {
      const values = Array.from({ length: 60 }, () => rng.normal());
      const { low, high } = bootstrapInterval(60, (rows) => rows.reduce((sum, row) => sum + values[row]!, 0), {
        seed: run,
        resamples: 300,
      })!;
      if (low <= 0 && 0 <= high) covered++;
    }
    // 95 % less the percentile method's small-sample loss, ± 3 standard errors.
    expect(covered / 200).toBeGreaterThan(0.88);
    expect(covered / 200).toBeLessThan(0.99);
  });

  test("leaves out resamples without a value, and has nothing to say where all are", () => {
    expect(bootstrapInterval(4, () => Number.NaN)).toBeNull();
    expect(() => bootstrapInterval(0, () => 1)).toThrow("n=0");
  });
});

describe("a scorecard", () => {
  const { labels, scores, auc, f1 } = reference.auc[2]!;

  test("has scikit-learn's figures inside their intervals, and counts that add up", () => {
    const card = scorecard(labels, scores);
    expectClose(card.metrics.auc!.value, auc);
    expectClose(card.metrics.f1!.value, f1);
    for (const metric of METRICS) {
      const { value, low, high } = card.metrics[metric]!;
      expect(low).toBeLessThan(value);
      expect(value).toBeLessThan(high);
    }
    const { truePositives, falsePositives, trueNegatives, falseNegatives } = card.confusion;
    expect(truePositives + falsePositives + trueNegatives + falseNegatives).toBe(labels.length);
    expect(card.baseRate).toBe(30 / 400);
  });

  test("leaves open what is not defined", () => {
    const { metrics, degeneracy } = scorecard([0, 0, 0], [0.1, 0.2, 0.3]);
    expect(metrics).toMatchObject({ precision: null, recall: null, auc: null, f1: null });
    expect(metrics.accuracy!.value).toBe(1);
    expect(degeneracy).toBeNull();
  });

  test("flags a classifier that calls everything positive", () => {
    const flags = scorecard([0, 1, 0, 1], [0.9, 0.8, 0.7, 0.95]).degeneracy!;
    expect(flags.kind).toBe("all-positive");
    expect(flags.reason).toContain("100 % of all rows positive (recall 1.00, precision 0.50, base rate 0.50)");
  });

  test("counts a score at the threshold as positive", () => {
    expect(confusion([1, 0], [0.5, 0.5])).toEqual({
      truePositives: 1,
      falsePositives: 1,
      trueNegatives: 0,
      falseNegatives: 0,
    });
  });
});

describe("two classifiers on one test set", () => {
  const { labels, scores } = reference.auc[3]!;

  test("do not differ from themselves, and differ from chance", () => {
    for (const { difference, isClear } of compareOnTestSet(labels, { scores }, { scores }, { resamples: 100 })) {
      expect(difference).toBe(0);
      expect(isClear).toBe(false);
    }
    const coin = labels.map((_, i) => ((i * 7919) % 100) / 100);
    const auc = compareOnTestSet(labels, { scores }, { scores: coin }, { resamples: 200 }).find(
      ({ metric }) => metric === "auc",
    )!;
    expect(auc.isClear).toBe(true);
    expectClose(auc.difference!, rocCurve(labels, scores).area! - rocCurve(labels, coin).area!);
  });

  test("have no difference in what one of them does not define", () => {
    const never = compareOnTestSet(labels, { scores }, { scores: labels.map(() => 0) }, { resamples: 50 });
    expect(never.find(({ metric }) => metric === "precision")).toMatchObject({ difference: null, isClear: false });
  });
});

test("quantiles are NumPy's", () => {
  const { values, p, q } = reference.quantile;
  p.forEach((at, i) => {
    expectClose(quantile(values, at), q[i]!);
  });
});

test("rank correlation is SciPy's, and undefined for a constant", () => {
  expectClose(spearman(reference.spearman.a, reference.spearman.b)!, reference.spearman.rho);
  expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
});

/** All heights of a step polygon over x. */
function heightsAt(xs: readonly number[], ys: readonly number[], x: number): number[] {
  const heights: number[] = [];
  for (let i = 1; i < xs.length; i++) {
    const [from, to] = [xs[i - 1]!, xs[i]!];
    if (x < from - 1e-12 || x > to + 1e-12) continue;
    if (to - from < 1e-12) heights.push(ys[i - 1]!, ys[i]!);
    else heights.push(ys[i - 1]! + ((x - from) / (to - from)) * (ys[i]! - ys[i - 1]!));
  }
  return heights;
}
