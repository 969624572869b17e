import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Warp, warp } from "../../src/gp/warp.ts";

const WARPS: readonly Warp[] = ["none", "half", "half-log", "yeo-johnson"];
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

describe.each(WARPS)("%s", (kind) => {
  test("gives values of mean 0 and variance 1, or all 0 where losses are equal, for any losses", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 40 }), (losses) => {
        const { y, slope } = warp(losses, kind);
        const mean = y.reduce((a, b) => a + b, 0) / y.length;
        const variance = y.reduce((a, b) => a + (b - mean) ** 2, 0) / y.length;
        expect(mean).toBeCloseTo(0, 9);
        if (new Set(losses).size === 1) expect(y.every((v) => v === 0)).toBe(true);
        else expect(variance).toBeCloseTo(1, 9);
        expect(slope.every((s) => s >= 0 && !Number.isNaN(s))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("keeps the order of losses", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 40 }), (losses) => {
        const { y } = warp(losses, kind);
        for (let i = 1; i < losses.length; i++) {
          expect(Math.sign(y[i]! - y[i - 1]!) * Math.sign(losses[i]! - losses[i - 1]!)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test("is the same in any unit and from any zero", () => {
    const losses = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 58, 97];
    const { y } = warp(losses, kind);
    for (const change of [
      (v: number) => v * 1e150,
      (v: number) => v * 1e-150,
      (v: number) => v + 1e12,
      (v: number) => (v - 50) * 7.3e-9,
    ]) {
      expect([...warp(losses.map(change), kind).y]).toEqual([...y]);
    }
  });

  test("has the slope of central differences", () => {
    // The warp is a function of all losses; where only one of the better ones moves a little, its own slope dominates.
    const losses = Array.from({ length: 200 }, (_, i) => (i * 7919) % 200).map((v) => v / 10 + (v / 100) ** 2);
    const { y, slope } = warp(losses, kind);
    const order = losses.map((_, i) => i).sort((a, b) => losses[a]! - losses[b]!);
    for (const k of [20, 40, 60]) {
      const [below, here, above] = [order[k - 1]!, order[k]!, order[k + 1]!];
      const secant = (y[above]! - y[below]!) / (losses[above]! - losses[below]!);
      expect(slope[here]! / secant).toBeCloseTo(1, 1);
    }
  });
});

test("the half-Gaussian warp leaves the better half in proportion and brings the tail near", () => {
  const losses = [0, 1, 2, 3, 4, 50, 1e6, 1e300];
  const { y } = warp(losses, "half");
  const unit = y[1]! - y[0]!;
  expect((y[3]! - y[0]!) / unit).toBeCloseTo(3, 8);
  expect((y[7]! - y[0]!) / unit).toBeLessThan(10);
  expect(y[5]! < y[6]! && y[6]! < y[7]!).toBe(true);
});

test("the half-log warp widens the distances among the best", () => {
  const losses = Array.from({ length: 41 }, (_, i) => i);
  const half = warp(losses, "half").y;
  const log = warp(losses, "half-log").y;
  expect(log[1]! - log[0]!).toBeGreaterThan(half[1]! - half[0]!);
  expect(log[40]! - log[39]!).toBeLessThan(half[40]! - half[39]!);
});

test("the Yeo-Johnson warp is scikit-learn's", () => {
  const { yeoJohnson } = JSON.parse(
    readFileSync(new URL("../fixtures/gp/regression.json", import.meta.url), "utf8"),
  ) as { yeoJohnson: { losses: number[]; warped: number[] } };
  const { y } = warp(yeoJohnson.losses, "yeo-johnson");
  for (const [i, value] of yeoJohnson.warped.entries()) expect(Math.abs(y[i]! - value)).toBeLessThan(2e-3);
});

test("a single disaster does not set the scale", () => {
  for (const kind of ["half", "half-log", "yeo-johnson"] as const) {
    const { y } = warp([0, 1, 2, 3, 4, 5, 6, 7, 8, 1e300], kind);
    expect(y[4]! - y[0]!).toBeGreaterThan(0.5);
  }
});
