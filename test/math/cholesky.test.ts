import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NumericalError } from "../../src/errors.ts";
import {
  appendRow,
  appendRows,
  cholesky,
  choleskyInverse,
  solveCholesky,
  solveLower,
  solveLowerMany,
  solveLowerTransposed,
  tryCholesky,
} from "../../src/math/cholesky.ts";
import { createRng } from "../../src/math/rng.ts";

/** A random positive definite matrix with eigenvalues of 0.1 and more, [n, n]. */
function positiveDefinite(n: number, seed: number): Float64Array {
  const rng = createRng(seed);
  const g = Float64Array.from({ length: n * n }, () => rng.normal());
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 0.1 : 0;
      for (let k = 0; k < n; k++) sum += (g[i * n + k]! * g[j * n + k]!) / n;
      a[i * n + j] = sum;
      a[j * n + i] = sum;
    }
  }
  return a;
}

/** The textbook loop, element by element. */
function naiveCholesky(a: Float64Array, n: number): Float64Array {
  const L = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= L[i * n + k]! * L[j * n + k]!;
      L[i * n + j] = i === j ? Math.sqrt(sum) : sum / L[j * n + j]!;
    }
  }
  return L;
}

/** A B for A [n, n], or Aᵀ B, and B [n, m]. */
function product(A: Float64Array, n: number, B: Float64Array, m: number, transposed = false): Float64Array {
  const C = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < m; c++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += A[transposed ? k * n + i : i * n + k]! * B[k * m + c]!;
      C[i * m + c] = sum;
    }
  }
  return C;
}

function largestDifference(a: Float64Array, b: Float64Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, element, i) => Math.max(largest, Math.abs(element - b[i]!)), 0);
}

const sizes = fc.integer({ min: 1, max: 41 });
const seeds = fc.nat({ max: 1e6 });

describe("the factor", () => {
  test("has the bits of the textbook loop at every size, and zeros above its diagonal", () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const a = positiveDefinite(n, seed);
        const { L, jitter } = cholesky(a, n, new Float64Array(n * n).fill(NaN));
        expect(jitter).toBe(0);
        expect(L).toEqual(naiveCholesky(a, n));
        expect(tryCholesky(a, n, a)).toBe(true);
        expect(a).toEqual(L);
      }),
    );
  });

  test("times its transpose is the matrix", () => {
    for (const n of [1, 7, 100]) {
      const a = positiveDefinite(n, n);
      const { L } = cholesky(a, n);
      const transposed = new Float64Array(n * n);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) transposed[i * n + j] = L[j * n + i]!;
      expect(largestDifference(product(L, n, transposed, n), a)).toBeLessThan(n * 1e-15);
    }
  });

  test("reads only the lower triangle", () => {
    const a = positiveDefinite(9, 1);
    const lower = a.map((element, at) => (at % 9 > Math.floor(at / 9) ? NaN : element));
    expect(cholesky(lower, 9).L).toEqual(cholesky(a, 9).L);
  });
});

describe("the jitter ladder", () => {
  test("adds the first of its steps that suffices to a matrix of rank one", () => {
    const a = new Float64Array(36).fill(4);
    const { L, jitter } = cholesky(a, 6);
    expect(jitter).toBeCloseTo(4e-8, 20);
    const b = Float64Array.of(1, 2, 3, 4, 5, 6);
    const x = solveCholesky(L, 6, b);
    const back = product(a, 6, x, 1).map((element, i) => element + jitter * x[i]!);
    expect(largestDifference(back, b)).toBeLessThan(1e-6);
  });

  test("climbs as high as a slightly negative eigenvalue asks", () => {
    // Eigenvalues 2 + 3e-6 and −3e-6; 1e-5 of the mean diagonal 1 is the first step beyond.
    const a = Float64Array.of(1, 1 + 3e-6, 1 + 3e-6, 1);
    expect(cholesky(a, 2).jitter).toBeCloseTo(1e-5, 15);
  });

  test("ends with an error for an indefinite matrix, one that is not finite, and one that is zero", () => {
    for (const a of [
      [1, 2, 2, 1],
      [-1, 0, 0, -1],
      [1, NaN, NaN, 1],
      [NaN, 0, 0, 1],
      [Infinity, 0, 0, 1],
      [0, 0, 0, 0],
    ]) {
      expect(() => cholesky(Float64Array.from(a), 2)).toThrow(NumericalError);
    }
  });
});

describe("triangular systems", () => {
  test("are solved for one right-hand side", () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const { L } = cholesky(positiveDefinite(n, seed), n);
        const x = Float64Array.from({ length: n }, (_, i) => Math.cos(i + seed));
        expect(largestDifference(solveLower(L, n, product(L, n, x, 1)), x)).toBeLessThan(1e-11);
        expect(largestDifference(solveLowerTransposed(L, n, product(L, n, x, 1, true)), x)).toBeLessThan(1e-11);
      }),
    );
  });

  test("are solved for many with the bits of one by one, in place or not", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 19 }), seeds, (n, m, seed) => {
        const { L } = cholesky(positiveDefinite(n, seed), n);
        const rng = createRng(seed);
        const B = Float64Array.from({ length: n * m }, () => rng.normal());
        const before = B.slice();
        const X = solveLowerMany(L, n, B, m);
        expect(B).toEqual(before);
        for (let c = 0; c < m; c++) {
          const column = Float64Array.from({ length: n }, (_, i) => B[i * m + c]!);
          const x = solveLower(L, n, column);
          for (let i = 0; i < n; i++) {
            expect(X[i * m + c]).toBe(x[i]);
          }
          expect(solveLower(L, n, column.slice(), column)).toEqual(x);
        }
        expect(solveLowerMany(L, n, B, m, B)).toEqual(X);
      }),
    );
  });
});

describe("the inverse", () => {
  test("is symmetric and times the matrix the identity", () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const a = positiveDefinite(n, seed);
        const { L } = cholesky(a, n);
        const dirty = (): Float64Array => new Float64Array(n * n).fill(7);
        const inverse = choleskyInverse(L, n, dirty());
        const identity = new Float64Array(n * n);
        for (let i = 0; i < n; i++) {
          identity[i * n + i] = 1;
          for (let j = 0; j < n; j++) expect(inverse[i * n + j]).toBe(inverse[j * n + i]);
        }
        expect(largestDifference(product(a, n, inverse, n), identity)).toBeLessThan(1e-10);
        expect(choleskyInverse(L, n)).toEqual(inverse);
      }),
    );
  });
});

describe("a row appended", () => {
  test("gives the bits of factoring the larger matrix", () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const size = n + 1;
        const a = positiveDefinite(size, seed);
        const leading = new Float64Array(n * n);
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) leading[i * n + j] = a[i * size + j]!;
        const k = a.slice(n * size, n * size + n);
        const appended = appendRow(cholesky(leading, n).L, n, k, a[n * size + n]!);
        expect(appended).toEqual(cholesky(a, size).L);
      }),
    );
  });

  test("that repeats another is refused", () => {
    const a = positiveDefinite(3, 1);
    const { L } = cholesky(a, 3);
    expect(() => appendRow(L, 3, a.slice(0, 3), a[0]!)).toThrow(NumericalError);
    expect(() => appendRow(L, 3, Float64Array.of(0, 0, NaN), 1)).toThrow(NumericalError);
  });

  test("begins a factor from nothing", () => {
    expect([...appendRow(new Float64Array(0), 0, new Float64Array(0), 9)]).toEqual([3]);
  });
});

describe("several rows appended to a factor", () => {
  test.each([
    [0, 3],
    [1, 1],
    [20, 0],
    [20, 5],
    [70, 40],
  ])("of %i give the bits of a full factorisation with %i more", (n, m) => {
    const size = n + m;
    const a = positiveDefinite(size, 3);
    const leading = new Float64Array(n * n);
    for (let i = 0; i < n; i++) leading.set(a.subarray(i * size, i * size + n), i * n);
    const appended = appendRows(cholesky(leading, n).L, n, a.subarray(n * size), m, Math.max(0, ...leading));
    expect(appended).toEqual(cholesky(a, size).L);
  });

  test("are refused where one repeats another, or where what was enough of a pivot no longer is", () => {
    const a = positiveDefinite(3, 1);
    const repeated = Float64Array.of(...a.subarray(0, 3), a[0]!);
    expect(appendRows(cholesky(a, 3).L, 3, repeated, 1, 2)).toBeUndefined();
    const narrow = Float64Array.of(1, 0, 0, Math.sqrt(3 * Number.EPSILON));
    expect(appendRows(narrow, 2, Float64Array.of(0, 0, 1), 1, 1)).toBeUndefined();
  });
});
