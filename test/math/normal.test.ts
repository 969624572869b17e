import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  expectedExcess,
  logExpectedExcess,
  logExpectedExcessSlope,
  normalCdf,
  normalLogCdf,
  normalLogPdf,
  normalPdf,
  normalQuantile,
} from "../../src/math/normal.ts";
import { log } from "../../src/math/special.ts";
import { relativeError, ulps } from "./accuracy.ts";

interface Table {
  readonly x: readonly string[];
  readonly y: readonly string[];
}

const fixture: Record<string, Table> = JSON.parse(
  readFileSync(new URL("../fixtures/math/normal.json", import.meta.url), "utf8"),
);

function worst(name: string, f: (z: number) => number, apart: (got: number, want: number) => number): number {
  const { x, y } = fixture[name]!;
  expect(x.length).toBeGreaterThan(400);
  return Math.max(...x.map((argument, i) => apart(f(Number(argument)), Number(y[i]))));
}

describe("the normal distribution against values of 120 digits", () => {
  test.each([
    ["pdf", normalPdf],
    ["cdf", normalCdf],
    ["logCdf", normalLogCdf],
    ["quantile", normalQuantile],
  ] as const)("%s is within 4 units in the last place, tails included", (name, f) => {
    expect(worst(name, f, ulps)).toBeLessThanOrEqual(4);
  });

  test.each([
    ["expectedExcess", expectedExcess],
    ["logExpectedExcess", logExpectedExcess],
    ["logExpectedExcessSlope", logExpectedExcessSlope],
  ] as const)("%s is within 1e-12 from z = −1e8 to 1e8", (name, f) => {
    expect(worst(name, f, relativeError)).toBeLessThan(1e-12);
  });
});

describe("the normal distribution", () => {
  test("the quantile undoes the distribution function in both tails", () => {
    fc.assert(
      fc.property(fc.double({ min: -37, max: 7, noNaN: true }), (z) => {
        // Above 0 the rounding of Φ itself moves z by 2⁻⁵³/φ(z).
        const slack = z > 0 ? 2.3e-16 / normalPdf(z) : 0;
        expect(Math.abs(normalQuantile(normalCdf(z)) - z)).toBeLessThan(2e-15 * Math.max(1, Math.abs(z)) + slack);
      }),
    );
  });

  test("the distribution function undoes the quantile for the smallest probabilities", () => {
    fc.assert(
      fc.property(fc.double({ min: -300, max: -0.01, noNaN: true }), (exponent) => {
        const p = Number(`1e${exponent.toFixed(0)}`);
        expect(relativeError(normalCdf(normalQuantile(p)), p)).toBeLessThan(1e-12);
      }),
    );
  });

  test("limits are exact and what is outside [0, 1] is no probability", () => {
    expect([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(0)]).toEqual([0, 1, 0.5]);
    expect([normalQuantile(0), normalQuantile(1), normalQuantile(0.5)]).toEqual([-Infinity, Infinity, 0]);
    expect([normalQuantile(-1e-9), normalQuantile(1.1), normalQuantile(NaN), normalCdf(NaN)]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
    expect(normalLogPdf(3)).toBeCloseTo(log(normalPdf(3)), 14);
  });

  test("the slope of the log excess is its central difference", () => {
    fc.assert(
      fc.property(fc.double({ min: -60, max: 60, noNaN: true }), (z) => {
        const step = 1e-5;
        const difference = (logExpectedExcess(z + step) - logExpectedExcess(z - step)) / (2 * step);
        expect(Math.abs(logExpectedExcessSlope(z) - difference)).toBeLessThan(2e-7 * Math.max(1, Math.abs(z)));
      }),
    );
  });

  test("the log excess increases across the seams of its branches", () => {
    for (const seam of [-1, -20]) {
      const below = logExpectedExcess(seam * (1 + 2e-16));
      const above = logExpectedExcess(seam * (1 - 2e-16));
      expect(Math.abs(above - below)).toBeLessThan(2e-13 * Math.abs(above));
      expect(
        relativeError(logExpectedExcessSlope(seam * (1 + 2e-16)), logExpectedExcessSlope(seam * (1 - 2e-16))),
      ).toBeLessThan(2e-12);
    }
    expect(Number.isFinite(logExpectedExcess(-1e150))).toBe(true);
  });
});
