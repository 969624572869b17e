import fc from "fast-check";
import { expect, test } from "vitest";
import { createEmbedding } from "../../src/gp/embedding.ts";
import { crossCovariance, matern52, matern52Slope } from "../../src/gp/kernel.ts";
import { tryCholesky } from "../../src/math/cholesky.ts";
import { createRng } from "../../src/math/rng.ts";

test("the correlation is 1 at distance 0, falls with distance, and is that of the formula", () => {
  expect(matern52(0)).toBe(1);
  for (const r of [1e-8, 0.1, 0.5, 1, 3, 10]) {
    const a = Math.sqrt(5) * r;
    expect(matern52(r * r)).toBeCloseTo((1 + a + (a * a) / 3) * Math.exp(-a), 14);
    expect(matern52(r * r)).toBeLessThan(matern52(r * r * 0.9));
  }
});

test("the slope is that of central differences, and finite at distance 0", () => {
  expect(matern52Slope(0)).toBe(-5 / 6);
  for (const r2 of [0.01, 0.3, 1, 4, 20]) {
    const h = 1e-5 * r2;
    const difference = (matern52(r2 + h) - matern52(r2 - h)) / (2 * h);
    expect(matern52Slope(r2)).toBeCloseTo(difference, 8);
  }
});

test("points farther apart than the kernel can tell count alike", () => {
  for (const r2 of [1e5, 1e6, 1e300, Infinity]) {
    expect(matern52(r2)).toBe(matern52(1e5));
    expect(matern52Slope(r2)).toBe(matern52Slope(1e5));
  }
  expect(matern52(1e5)).toBeGreaterThan(0);
  expect(matern52(1e5)).toBeLessThan(1e-300);
  expect(matern52(NaN)).toBeNaN();
});

test("squared distances are squares for numbers and 0 or 1 for levels, by weight", () => {
  const x = Float64Array.of(0, 3, 0.5, 3, 1, 7);
  const k = new Float64Array(9);
  crossCovariance(x, 3, x, 3, Uint8Array.of(0, 1), Float64Array.of(2, 10), 3, k);
  const distances = [0, 0.5, 12, 0.5, 0, 10.5, 12, 10.5, 0];
  expect([...k]).toEqual(distances.map((r2) => 3 * matern52(r2)));
});

test("the kernel of a mixed conditional space is positive definite", () => {
  const embedding = createEmbedding([
    { nominal: true },
    { nominal: false, branch: "a" },
    { nominal: true, branch: "a" },
    { nominal: false, branch: "b" },
    { nominal: false },
  ]);
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 2, max: 40 }), (seed, n) => {
      const rng = createRng(seed);
      const { width } = embedding;
      const rows = new Float64Array(n * width);
      for (let i = 0; i < n; i++) {
        const branch = rng.int(3);
        const x = [branch, rng.next(), rng.int(4), rng.next(), rng.next()];
        embedding.embed(x, [1, Number(branch === 0), Number(branch === 0), Number(branch === 1), 1], rows, i * width);
      }
      const weights = Float64Array.from({ length: width }, () => 0.1 + 10 * rng.next());
      const K = new Float64Array(n * n);
      crossCovariance(rows, n, rows, n, embedding.nominal, weights, 1, K);
      expect(tryCholesky(K, n, new Float64Array(n * n), 1e-9)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("inactive coordinates do not tell configurations apart, activity does", () => {
  const embedding = createEmbedding([
    { nominal: false },
    { nominal: false, branch: "deep" },
    { nominal: true, branch: "deep" },
  ]);
  const rows = new Float64Array(3 * embedding.width);
  embedding.embed([0.2, 0.1, 0.25], [1, 0, 0], rows, 0);
  embedding.embed([0.2, 0.9, 0.75], [1, 0, 0], rows, embedding.width);
  embedding.embed([0.2, 0.5, 0.75], [1, 1, 1], rows, 2 * embedding.width);
  expect(embedding.width).toBe(4);
  const k = new Float64Array(3);
  crossCovariance(rows, 1, rows, 3, embedding.nominal, Float64Array.of(1, 10, 100, 1000), 1, k);
  expect([...k]).toEqual([1, 1, matern52(1100)]);
});
