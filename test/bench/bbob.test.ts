import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BBOB_FUNCTIONS, bbob, bbobFunction, targetsReached } from "../../bench/problems/bbob.ts";

type Case = readonly [
  number: number,
  d: number,
  instance: number,
  minimum: number,
  values: readonly (readonly [number[], number])[],
];
const file = new URL("../fixtures/bench/bbob.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] };

test.each(Array.from({ length: BBOB_FUNCTIONS }, (_, i) => i + 1))("BBOB's function %i has ioh's values", (number) => {
  const ofFunction = cases.filter(([f]) => f === number);
  expect(ofFunction).toHaveLength(12);
  for (const [, d, instance, minimum, values] of ofFunction) {
    const ours = bbobFunction(number, d, instance);
    expect(ours.minimum).toBe(minimum);
    for (const [x, value] of values) {
      const precision = value - minimum;
      expect(Math.abs(ours.evaluate(x) - precision)).toBeLessThanOrEqual(2e-9 * Math.max(1, precision));
    }
  }
});

test("as a problem, the regret of a value is its distance to the minimum, and targets are counted down to 1e-8", () => {
  const problem = bbob(1, 2, 1);
  const params = { x0: 1, x1: 2 };
  problem.space.check(params);
  expect(problem.regret(problem.evaluate(params))).toBeCloseTo(bbobFunction(1, 2, 1).evaluate([1, 2]), 9);
  expect([1000, 1, 0].map(targetsReached)).toEqual([0, 11 / 51, 1]);
});
