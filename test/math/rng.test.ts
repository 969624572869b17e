import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { normalCdf } from "../../src/math/normal.ts";
import { createRng, philox, type Rng, restoreRng } from "../../src/math/rng.ts";

function draws(rng: Rng, count: number): number[] {
  return Array.from({ length: count }, () => rng.next());
}

/** Kolmogorov–Smirnov: √n times the largest distance between the empirical distribution and the uniform one. */
function kolmogorov(sample: number[]): number {
  const sorted = [...sample].sort((a, b) => a - b);
  const n = sorted.length;
  return Math.sqrt(n) * Math.max(...sorted.map((u, i) => Math.max(u - i / n, (i + 1) / n - u)));
}

/** P(√n D > 2.7) is below 1e-6; the seeds are fixed, so a pass is a pass for ever. */
const KOLMOGOROV_LIMIT = 2.7;

describe("philox", () => {
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("gives the known answer for counter %j and key %j", (counter, key, answer) => {
    const out = new Uint32Array(4);
    philox(out, counter[0]!, counter[1]!, counter[2]!, counter[3]!, key[0]!, key[1]!);
    expect([...out]).toEqual(answer);
  });
});

describe("a stream", () => {
  test("is the same for the same seed and another for another, and 1 is not '1'", () => {
    expect(draws(createRng(7), 20)).toEqual(draws(createRng(7), 20));
    const first = [7, 8, "7", 0.5, -7, "", "study"].map((seed) => createRng(seed).next());
    expect(new Set(first).size).toBe(first.length);
    expect(createRng(0).next()).toBe(createRng(-0).next());
  });

  test("continues from its state at every position within a block", () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), fc.string(), (taken, seed) => {
        const rng = createRng(seed);
        for (let i = 0; i < taken; i++) rng.uint32();
        const restored = restoreRng(JSON.parse(JSON.stringify(rng.state())));
        expect(draws(restored, 5)).toEqual(draws(rng, 5));
      }),
    );
  });

  test("forks by label, whatever was drawn before, and apart from its own draws", () => {
    const fresh = createRng(3).fork(5);
    const used = createRng(3);
    draws(used, 17);
    expect(draws(used.fork(5), 10)).toEqual(draws(fresh, 10));
    const streams = [createRng(3), ...[0, 1, 2, 5, "5", "a", "ab", "b"].map((label) => createRng(3).fork(label))];
    streams.push(createRng(3).fork(1).fork(2), createRng(3).fork(2).fork(1));
    const all = streams.flatMap((rng) => Array.from({ length: 50 }, () => rng.next()));
    expect(new Set(all).size).toBe(all.length);
  });

  test("first draws of neighbouring forks are uniform and uncorrelated", () => {
    const root = createRng("forks");
    const first = Array.from({ length: 4000 }, (_, k) => root.fork(k).next());
    expect(kolmogorov(first)).toBeLessThan(KOLMOGOROV_LIMIT);
    let product = 0;
    for (let k = 1; k < first.length; k++) product += (first[k]! - 0.5) * (first[k - 1]! - 0.5);
    // The sum has variance n/144; five standard deviations.
    expect(Math.abs(product)).toBeLessThan((5 * Math.sqrt(4000)) / 12);
  });

  test("draws uniforms in [0, 1) and normals that pass Kolmogorov–Smirnov at fixed seeds", () => {
    for (const seed of [1, 2, 3]) {
      const uniform = draws(createRng(seed), 5000);
      expect(uniform.every((u) => u >= 0 && u < 1)).toBe(true);
      expect(kolmogorov(uniform)).toBeLessThan(KOLMOGOROV_LIMIT);
      const rng = createRng(seed).fork("normal");
      expect(kolmogorov(Array.from({ length: 5000 }, () => normalCdf(rng.normal())))).toBeLessThan(KOLMOGOROV_LIMIT);
    }
  });

  test("draws integers evenly, also where 2³² is no multiple of n", () => {
    const rng = createRng("dice");
    // A range of three quarters of 2³²: by the remainder alone, the lower third would come twice as often.
    const n = 3 * 1073741824;
    const counts = [0, 0, 0];
    for (let i = 0; i < 9000; i++) counts[Math.floor(rng.int(n) / 1073741824)]!++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 3000) ** 2 / 3000, 0);
    expect(chiSquare).toBeLessThan(27.6);
    const dice = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 6000; i++) dice[rng.int(6)]!++;
    expect(dice.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(35.9);
  });

  test("draws integers below any n up to 2⁵³", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), fc.nat(), (n, seed) => {
        const k = createRng(seed).int(n);
        expect(Number.isInteger(k) && k >= 0 && k < n).toBe(true);
      }),
    );
    expect(createRng(1).int(2 ** 53)).toBeLessThan(2 ** 53);
    for (const n of [0, -1, 1.5, NaN, 2 ** 53 + 2]) expect(() => createRng(1).int(n)).toThrow(ValidationError);
  });

  test("permutes evenly: every order of three comes up", () => {
    const rng = createRng("orders");
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = rng.permutation(3).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(35.9);
    expect([...rng.permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(rng.permutation(0).length).toBe(0);
  });

  test("refuses seeds and states that are none", () => {
    for (const seed of [NaN, Infinity, undefined, null, {}]) {
      expect(() => createRng(seed as number)).toThrow(ValidationError);
    }
    expect(() => restoreRng({ key: [1, -2], drawn: 0 })).toThrow(ValidationError);
  });
});
