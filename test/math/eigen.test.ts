import { expect, test } from "vitest";
import { eigen } from "../../src/math/eigen.ts";
import { createRng } from "../../src/math/rng.ts";

/** Σ_k values[k] v_k v_kᵀ. */
function rebuilt(values: Float64Array, vectors: Float64Array, n: number): Float64Array {
  const a = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) a[i * n + j]! += values[k]! * vectors[k * n + i]! * vectors[k * n + j]!;
    }
  }
  return a;
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0);
}

test("values and vectors give the matrix again, and the vectors are orthonormal, whatever its size and scale", () => {
  const rng = createRng("eigen");
  for (const n of [1, 2, 3, 10, 40]) {
    for (const scale of [1e-150, 1, 1e150]) {
      const a = new Float64Array(n * n);
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = scale * rng.normal();
      const before = a.slice();
      const { values, vectors } = eigen(a, n);
      expect(a).toEqual(before);
      expect(largestDifference(rebuilt(values, vectors, n), a) / scale).toBeLessThan(1e-14 * n * n);
      const identity = Float64Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 1 : 0));
      const products = new Float64Array(n * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          for (let k = 0; k < n; k++) products[i * n + j]! += vectors[i * n + k]! * vectors[j * n + k]!;
        }
      }
      expect(largestDifference(products, identity)).toBeLessThan(1e-14 * n);
    }
  }
});

test("a matrix with known eigenvalues has them: 2 on the diagonal and −1 beside it", () => {
  const n = 9;
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    a[i * n + i] = 2;
    if (i > 0) a[i * n + i - 1] = a[(i - 1) * n + i] = -1;
  }
  const known = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)));
  const found = [...eigen(a, n).values].sort((x, y) => x - y);
  for (const [k, value] of known.entries()) expect(Math.abs(found[k]! - value)).toBeLessThan(1e-14);
});

test("equal eigenvalues, and a matrix of zeros, are decomposed too", () => {
  const n = 4;
  const ones = new Float64Array(n * n).fill(1);
  const { values } = eigen(ones, n);
  expect([...values].sort((x, y) => x - y)[3]).toBeCloseTo(4, 13);
  expect(eigen(new Float64Array(n * n), n).values).toEqual(new Float64Array(n));
});
