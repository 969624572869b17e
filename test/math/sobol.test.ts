import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { type SobolSequence, sobol } from "../../src/math/sobol.ts";

const fixture: { readonly index: readonly number[]; readonly point: readonly (readonly number[])[] } = JSON.parse(
  readFileSync(new URL("../fixtures/math/sobol.json", import.meta.url), "utf8"),
);

/** Points first … first + count − 1. */
function block(sequence: SobolSequence, first: number, count: number): Float64Array[] {
  return Array.from({ length: count }, (_, k) => sequence.point(first + k));
}

/**
 * Whether 2ᵐ points are, in the given columns, a (t, m, s)-net in base 2: each box of volume 2ᵗ⁻ᵐ with sides 2^−aⱼ holds 2ᵗ of
 * them, for every way to share out a₁ + … + aₛ = m − t.
 */
function isNet(points: readonly Float64Array[], columns: readonly number[], t: number): boolean {
  const m = Math.log2(points.length);
  return shares(m - t, columns.length).every((share) => {
    const counts = new Map<string, number>();
    for (const point of points) {
      const box = share.map((a, j) => Math.floor(point[columns[j]!]! * (1 << a))).join();
      counts.set(box, (counts.get(box) ?? 0) + 1);
    }
    return counts.size === 1 << (m - t) && [...counts.values()].every((count) => count === 1 << t);
  });
}

function shares(total: number, parts: number): number[][] {
  if (parts === 1) return [[total]];
  return Array.from({ length: total + 1 }, (_, a) => a).flatMap((a) =>
    shares(total - a, parts - 1).map((rest) => [a, ...rest]),
  );
}

describe("the plain sequence", () => {
  test("has the points of scipy's in all 128 dimensions, bit for bit", () => {
    const sequence = sobol(128);
    expect(fixture.index.length).toBeGreaterThan(40);
    for (const [row, index] of fixture.index.entries()) {
      expect([...sequence.point(index)].map((x) => x * 2 ** 32)).toEqual(fixture.point[row]);
    }
  });

  test("has the same coordinates in fewer dimensions", () => {
    expect([...sobol(3).point(777)]).toEqual([...sobol(128).point(777)].slice(0, 3));
  });

  test("refuses what it cannot give", () => {
    expect(() => sobol(129)).toThrow(/at most 128/);
    for (const dimensions of [0, -1, 1.5, NaN]) expect(() => sobol(dimensions)).toThrow(ValidationError);
    for (const index of [-1, 0.5, NaN, 2 ** 32]) expect(() => sobol(2).point(index)).toThrow(ValidationError);
  });
});

describe("the scrambled sequence", () => {
  test("keeps the balance of nets in every aligned block", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), fc.nat({ max: 40 }), (seed, at) => {
        const sequence = sobol(5, createRng(seed));
        expect(isNet(block(sequence, at * 64, 64), [0, 1], 0)).toBe(true);
        expect(isNet(block(sequence, at * 64, 64), [0, 1, 2], 1)).toBe(true);
        // t is at most the sum of the degrees of the polynomials, less one each: 0 + 0 + 1 + 2 + 2.
        expect(isNet(block(sequence, at * 256, 256), [0, 1, 2, 3, 4], 5)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test("is stratified in each of 1000 dimensions, and balanced in pairs beyond the table too", () => {
    const sequence = sobol(1000, createRng(5));
    const points = block(sequence, 0, 64);
    for (let j = 0; j < 1000; j++) expect(isNet(points, [j], 0)).toBe(true);
    for (const first of [128, 256, 896]) {
      expect(isNet(points, [first, first + 1], 0)).toBe(true);
      expect(isNet(points, [first, first + 1, first + 2], 1)).toBe(true);
    }
    // The same column of the table in another block of dimensions is in another order.
    const columns = [0, 128, 256].map((j) => points.map((point) => Math.floor(point[j]! * 64)).join());
    expect(new Set(columns).size).toBe(3);
  });

  test("is the same for the same key, whatever was drawn from it, and in fewer dimensions; another for another", () => {
    const used = createRng(1);
    used.next();
    const point = sobol(200, createRng(1)).point(12345);
    expect(sobol(200, used).point(12345)).toEqual(point);
    expect(used.state()).toEqual({ ...createRng(1).state(), drawn: 2 });
    expect([...sobol(7, createRng(1)).point(12345)]).toEqual([...point].slice(0, 7));
    expect(sobol(200, createRng(2)).point(12345)).not.toEqual(point);
  });

  test("repeats no point and touches no face, up to the last index", () => {
    const sequence = sobol(2, createRng(8));
    const seen = new Set<number>();
    for (let k = 0; k < 4096; k++) {
      const x = sequence.point(k)[0]!;
      expect(x > 0 && x < 1).toBe(true);
      seen.add(x);
    }
    expect(seen.size).toBe(4096);
    const last = sequence.point(2 ** 32 - 1);
    expect(last.every((x) => x > 0 && x < 1)).toBe(true);
  });

  test("has each point uniform over the keys", () => {
    for (const index of [0, 1, 77]) {
      const counts = new Float64Array(64);
      const draws = 6400;
      for (let seed = 0; seed < draws; seed++) {
        const point = sobol(2, createRng(seed)).point(index);
        counts[Math.floor(point[0]! * 8) * 8 + Math.floor(point[1]! * 8)]!++;
      }
      const chiSquare = counts.reduce((sum, count) => sum + (count - draws / 64) ** 2 / (draws / 64), 0);
      // 63 degrees of freedom: beyond 130 once in a million.
      expect(chiSquare).toBeLessThan(130);
    }
  });

  test("integrates a smooth function far better than as many random points", () => {
    // ∏ (1 + (xⱼ − ½)/2) over five dimensions is 1.
    const error = (points: (k: number) => Float64Array): number => {
      let sum = 0;
      for (let k = 0; k < 1024; k++) sum += points(k).reduce((product, x) => product * (1 + (x - 0.5) / 2), 1);
      return (sum / 1024 - 1) ** 2;
    };
    let scrambled = 0;
    let random = 0;
    for (let seed = 0; seed < 20; seed++) {
      const sequence = sobol(5, createRng(seed));
      const rng = createRng(seed);
      scrambled += error((k) => sequence.point(k));
      random += error(() => Float64Array.from({ length: 5 }, () => rng.next()));
    }
    expect(Math.sqrt(scrambled)).toBeLessThan(Math.sqrt(random) / 30);
  });
});
