import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Acquisition } from "../../src/acquisition/acquisition.ts";
import { ei } from "../../src/acquisition/ei.ts";
import { logEi } from "../../src/acquisition/log-ei.ts";
import { pi } from "../../src/acquisition/pi.ts";
import { ucb } from "../../src/acquisition/ucb.ts";
import { ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";

const ALL: readonly (readonly [string, Acquisition])[] = [
  ["ei", ei({ xi: 0.1 })],
  ["logEi", logEi({ xi: 0.05 })],
  ["pi", pi({ xi: 0.2 })],
  ["what pi is climbed by", pi({ xi: 0.2 }).climbed!],
  ["what ei is climbed by", ei({ xi: 0.1 }).climbed!],
  ["ucb", ucb({ kappa: 1.8 })],
];

const mean = fc.double({ min: -3, max: 3, noNaN: true });
const sigma = fc.double({ min: 0.01, max: 3, noNaN: true });

describe.each(ALL)("%s", (_, acquisition) => {
  test("has the derivatives of central differences", () => {
    fc.assert(
      fc.property(mean, sigma, mean, (mu, s, best) => {
        const { value, byMean, bySigma } = acquisition.at(mu, s, best);
        const h = 1e-6 * s;
        const byMeanWanted = (acquisition.at(mu + h, s, best).value - acquisition.at(mu - h, s, best).value) / (2 * h);
        const bySigmaWanted = (acquisition.at(mu, s + h, best).value - acquisition.at(mu, s - h, best).value) / (2 * h);
        const tolerance =
          1e-5 * Math.max(1e-3, Math.abs(byMeanWanted), Math.abs(bySigmaWanted), 1e-3 * Math.abs(value / s));
        expect(Math.abs(byMean - byMeanWanted)).toBeLessThan(tolerance);
        expect(Math.abs(bySigma - bySigmaWanted)).toBeLessThan(tolerance);
      }),
      { numRuns: 500 },
    );
  });

  test("prefers a lower mean", () => {
    fc.assert(
      fc.property(mean, sigma, mean, (mu, s, best) => {
        expect(acquisition.at(mu - 0.01, s, best).value).toBeGreaterThanOrEqual(acquisition.at(mu, s, best).value);
      }),
    );
  });

  test("says its name and settings as JSON", () => {
    expect(JSON.parse(JSON.stringify(acquisition))).toEqual(acquisition.toJSON());
    expect(acquisition.toJSON().name).toBe(acquisition.name);
  });
});

test("EI and PI are what a million draws give", () => {
  const rng = createRng("acquisition");
  const draws = Float64Array.from({ length: 1_000_000 }, () => rng.normal());
  for (const [mu, s, best, xi] of [
    [0.3, 0.8, 0, 0],
    [-0.5, 0.4, 0, 0.1],
    [1.2, 0.9, -0.2, 0.05],
  ] as const) {
    let excess = 0;
    let square = 0;
    let below = 0;
    for (const z of draws) {
      const gain = Math.max(0, best - xi - (mu + s * z));
      excess += gain;
      square += gain * gain;
      if (gain > 0) below++;
    }
    const n = draws.length;
    const standardError = Math.sqrt((square / n - (excess / n) ** 2) / n);
    // Five standard errors: a right formula fails once in two million.
    expect(Math.abs(ei({ xi }).at(mu, s, best).value - excess / n)).toBeLessThan(5 * standardError);
    const p = pi({ xi }).at(mu, s, best).value;
    expect(Math.abs(p - below / n)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));
  }
});

test("the formulas of the article, by hand: z = 1, so Φ = 0.841345, φ = 0.241971", () => {
  expect(pi({ xi: 0.5 }).at(0.5, 1, 2).value).toBeCloseTo(0.841344746, 9);
  expect(ei({ xi: 0.5 }).at(0.5, 1, 2).value).toBeCloseTo(0.841344746 + 0.241970725, 8);
  expect(logEi({ xi: 0.5 }).at(0.5, 1, 2).value).toBeCloseTo(Math.log(0.841344746 + 0.241970725), 8);
  expect(ucb({ kappa: 2.6 }).at(0.5, 2, 99).value).toBeCloseTo(2.6 * 2 - 0.5, 12);
});

test("what is climbed in place of EI and PI rises where they rise, and still where they underflow", () => {
  for (const acquisition of [ei({ xi: 0 }), pi({ xi: 0 })]) {
    const climbed = acquisition.climbed!;
    for (const mu of [-1, 0, 1, 5]) {
      expect(climbed.at(mu, 0.7, 0).value).toBeCloseTo(Math.log(acquisition.at(mu, 0.7, 0).value), 9);
    }
    expect(acquisition.at(50, 0.5, 0).value).toBe(0);
    const far = climbed.at(50, 0.5, 0);
    expect(Number.isFinite(far.value)).toBe(true);
    expect(far.byMean).toBeLessThan(-1);
    expect(climbed.at(49, 0.5, 0).value).toBeGreaterThan(far.value);
    const farther = climbed.at(1e6, 1e-3, 0);
    expect([farther.value, farther.byMean, farther.bySigma].every(Number.isFinite)).toBe(true);
  }
});

test("ξ and κ ask for more exploration", () => {
  const sure = { mu: -0.1, sigma: 0.05 };
  const unsure = { mu: 0.2, sigma: 1 };
  const prefersUnsure = (a: Acquisition): boolean =>
    a.at(unsure.mu, unsure.sigma, 0).value > a.at(sure.mu, sure.sigma, 0).value;
  expect(prefersUnsure(pi({ xi: 0 }))).toBe(false);
  expect(prefersUnsure(pi({ xi: 1 }))).toBe(true);
  expect(prefersUnsure(ucb({ kappa: 0 }))).toBe(false);
  expect(prefersUnsure(ucb({ kappa: 2 }))).toBe(true);
});

test("the defaults are ξ = 0.01 for EI and PI, 0 for logEI, and κ = 2.6", () => {
  expect([ei().toJSON(), pi().toJSON(), logEi().toJSON(), ucb().toJSON()]).toEqual([
    { name: "ei", xi: 0.01 },
    { name: "pi", xi: 0.01 },
    { name: "log-ei", xi: 0 },
    { name: "ucb", kappa: 2.6 },
  ]);
});

test.each([-1, Number.NaN, Infinity, "1" as never])("a setting of %s is refused", (wrong) => {
  for (const make of [() => ei({ xi: wrong }), () => pi({ xi: wrong }), () => logEi({ xi: wrong })]) {
    expect(make).toThrow(ValidationError);
    expect(make).toThrow("`xi >= 0` must hold");
  }
  expect(() => ucb({ kappa: wrong })).toThrow("`kappa >= 0` must hold");
});
