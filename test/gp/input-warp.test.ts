import fc from "fast-check";
import { expect, test } from "vitest";
import { fit as fitGp } from "../../src/gp/fit.ts";
import { chooseInputWarps, type InputWarps, stretch, unstretch } from "../../src/gp/input-warp.ts";
import { createRng } from "../../src/math/rng.ts";

const exponent = fc.double({ min: 0.2, max: 4, noNaN: true });
const unit = fc.double({ min: 0, max: 1, noNaN: true });

test("a warp keeps the ends and the order of the unit interval", () => {
  fc.assert(
    fc.property(exponent, exponent, unit, unit, (a, b, x, y) => {
      const [low, high] = x < y ? [x, y] : [y, x];
      expect(stretch(low, { a, b })).toBeLessThanOrEqual(stretch(high, { a, b }));
      expect([stretch(0, { a, b }), stretch(1, { a, b })]).toEqual([0, 1]);
    }),
  );
});

test("its inverse leads back, as near as rounding at the ends allows", () => {
  fc.assert(
    fc.property(exponent, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (e, x) => {
      for (const warp of [
        { a: e, b: 1 },
        { a: 1, b: e },
      ]) {
        expect(unstretch(stretch(x, warp), warp)).toBeCloseTo(x, 9);
      }
    }),
  );
  expect(unstretch(stretch(0.37, { a: 0.5, b: 0.25 }), { a: 0.5, b: 0.25 })).toBeCloseTo(0.37, 12);
});

test("it is the distribution function of Kumaraswamy, whose median is (1 − 2^(−1/b))^(1/a)", () => {
  for (const [a, b] of [
    [0.5, 2],
    [3, 0.7],
  ] as const)
    expect(stretch((1 - 2 ** (-1 / b)) ** (1 / a), { a, b })).toBeCloseTo(0.5, 12);
});

/** Points in two dimensions, and their values by a function. */
function chosenFor(f: (x: number, y: number) => number, n = 40): InputWarps {
  const rng = createRng("points");
  const points = Array.from({ length: n }, () => [rng.next(), rng.next()] as const);
  const values = points.map(([x, y]) => f(x, y));
  const mean = values.reduce((sum, value) => sum + value / n, 0);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / n, 0));
  const observe = (warps: InputWarps) => ({
    x: Float64Array.from(points.flat(), (u, i) => (warps.has(i % 2) ? stretch(u, warps.get(i % 2)!) : u)),
    y: Float64Array.from(values, (value) => (value - mean) / deviation),
  });
  return chooseInputWarps([0, 1], fitGp(observe(new Map())).parameters, observe);
}

test("data ask for a warp where a function is quick at one end, and of that end", () => {
  const low = chosenFor((x, y) => Math.cos(4 * Math.log(x + 1e-3)) + y);
  expect(low.get(0)?.a).toBeLessThan(1);
  expect(low.has(1)).toBe(false);
  const high = chosenFor((x, y) => Math.sin(3 * x) + Math.cos(4 * Math.log(1 - y + 1e-3)));
  expect(high.get(1)?.b).toBeLessThan(1);
  expect(high.has(0)).toBe(false);
});

test("they ask for none where it is as quick everywhere, nor where there are few", () => {
  expect(chosenFor((x, y) => Math.cos(7 * x) + Math.sin(5 * y)).size).toBe(0);
  expect(chosenFor((x, y) => Math.cos(4 * Math.log(x + 1e-3)) + y, 4).size).toBe(0);
});
