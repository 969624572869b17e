// Statistical tests of the draws of random, Sobol and Halton search at α = 1e-6, each with a fixed seed: a sampler that is as it
// should be fails one of them once in some ten thousand seeds.
import { describe, expect, test } from "vitest";
import { halton as haltonSequence } from "../../src/math/halton.ts";
import { createRng } from "../../src/math/rng.ts";
import { halton } from "../../src/sampler/halton.ts";
import { random } from "../../src/sampler/random.ts";
import type { Sampler } from "../../src/sampler/sampler.ts";
import { sobol } from "../../src/sampler/sobol.ts";
import { boolean, categorical, ordinal } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Observation } from "../../src/trial/history.ts";

const space = createSpace({
  x: float(-3, 5),
  rate: float(1e-6, 10, { log: true }),
  units: int(1, 12),
  way: oneOf({ a: {}, b: {}, c: { y: float(0, 1) } }),
  batch: ordinal([16, 32, 64, 128, 256]),
  flag: boolean(),
  act: categorical(["u", "v", "w", "z"]),
});
const N = 4096;

/** Suggestions for trials 0 … N − 1, one after another. */
function drawsOf(sampler: Sampler, seed: number): FlatParams[] {
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  for (let number = 0; number < N; number++) {
    const { params } = sampler.sample({ space, trials, rng: studyRng.fork(number), studyRng })!;
    trials.push({ number, state: "pending", params, loss: null, reports: [], note: null });
  }
  return trials.map(({ params }) => params);
}

/** Kolmogorov and Smirnov's √n sup |F − F₀| of numbers that should be uniform; above 2.69 once in 10⁶. */
function ks(u: readonly number[]): number {
  const sorted = u.toSorted((a, b) => a - b);
  const n = sorted.length;
  return Math.sqrt(n) * Math.max(...sorted.map((x, i) => Math.max((i + 1) / n - x, x - i / n)));
}

/** χ² of counts that should be equal, by their degrees of freedom in standard deviations (Wilson and Hilferty 1931). */
function chiSquareScore(counts: readonly number[]): number {
  const n = counts.reduce((a, b) => a + b, 0);
  const k = counts.length - 1;
  const chi2 = counts.reduce((sum, count) => sum + (count - n / counts.length) ** 2 / (n / counts.length), 0);
  return (Math.cbrt(chi2 / k) - 1 + 2 / (9 * k)) / Math.sqrt(2 / (9 * k));
}

function countOf(values: readonly unknown[]): number[] {
  const counts = new Map<unknown, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()];
}

describe.each([
  ["random", random],
  ["sobol", sobol],
  ["halton", halton],
])("%s", (name, make) => {
  const draws = drawsOf(make(), 11);
  const positions = (key: string) =>
    draws.flatMap((params) => (key in params ? [space.get(key)!.parameter.encode(params[key]!)] : []));

  test("draws continuous parameters uniformly in their scale", () => {
    for (const key of ["x", "rate", "way.y"]) expect(ks(positions(key)), key).toBeLessThan(2.69);
  });

  test("draws each level as often as another, alone and in pairs", () => {
    const discrete = { units: 12, "way.kind": 3, batch: 5, flag: 2, act: 4 };
    for (const [key, levels] of Object.entries(discrete)) {
      const counts = countOf(draws.map((params) => params[key]));
      expect(counts, key).toHaveLength(levels);
      expect(chiSquareScore(counts), key).toBeLessThan(4.76);
    }
    const pairs = countOf(draws.map((params) => `${params.units} ${params.act} ${params.batch}`));
    expect(pairs).toHaveLength(12 * 4 * 5);
    expect(chiSquareScore(pairs)).toBeLessThan(4.76);
  });

  test("is independent between the halves of the draws where it is random, and more even where it fills space", () => {
    const cells = countOf(
      draws.map(({ x, rate }) => {
        const [u, v] = [space.get("x")!.parameter.encode(x!), space.get("rate")!.parameter.encode(rate!)];
        return 16 * Math.floor(16 * u) + Math.floor(16 * v);
      }),
    );
    const score = chiSquareScore(cells);
    if (name === "random") expect(Math.abs(score)).toBeLessThan(4.76);
    else expect(score).toBeLessThan(-4.76);
  });
});

describe("the Halton sequence", () => {
  test("has one of b^m points in each of b^m intervals, whatever the scrambling", () => {
    const sequence = haltonSequence(6, createRng("balance"));
    for (const [j, base] of [2, 3, 5, 7, 11, 13].entries()) {
      const count = base ** Math.floor(Math.log(2000) / Math.log(base));
      for (const from of [0, 3 * count]) {
        const cells = Array.from({ length: count }, (_, i) => Math.floor(sequence.point(from + i)[j]! * count));
        expect(new Set(cells).size).toBe(count);
      }
    }
  });

  test("does not walk up in step in large bases, as it would without scrambling", () => {
    const sequence = haltonSequence(200, createRng("large"));
    const points = Array.from({ length: 256 }, (_, i) => sequence.point(i));
    let worst = 0;
    for (let j = 100; j < 199; j++) {
      let sum = 0;
      for (const point of points) sum += (point[j]! - 0.5) * (point[j + 1]! - 0.5);
      worst = Math.max(worst, Math.abs((12 * sum) / points.length));
    }
    // 99 correlations of 256 points have standard deviations of 1/16.
    expect(worst).toBeLessThan(5.2 / 16);
  });

  test("stays inside the open cube up to its last index, and depends on nothing but key and index", () => {
    for (const index of [0, 1, 12_345, 2 ** 32 - 1]) {
      const point = haltonSequence(1000, createRng(3)).point(index);
      expect(point.every((x) => x > 0 && x < 1)).toBe(true);
      const sequence = haltonSequence(1000, createRng(3));
      sequence.point(77);
      expect(sequence.point(index)).toEqual(point);
    }
    expect(() => haltonSequence(0, createRng(3))).toThrow(/1 dimension or more/);
    expect(() => haltonSequence(2, createRng(3)).point(-1)).toThrow(/0 to 2\^32/);
  });
});
