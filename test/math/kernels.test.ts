import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { condition, posterior } from "../../src/gp/regression.ts";
import { cholesky } from "../../src/math/cholesky.ts";
import type { Kernels, Points, Process } from "../../src/math/kernels/engine.ts";
import { withKernels } from "../../src/math/kernels/index.ts";
import { KERNELS_WASM } from "../../src/math/kernels/kernels.wasm.ts";
import { typescriptKernels } from "../../src/math/kernels/typescript.ts";
import { createWasmKernels } from "../../src/math/kernels/wasm.ts";
import { createRng, type Rng } from "../../src/math/rng.ts";

const wasm = createWasmKernels()!;

/** What both engines make of the same input; the bits must agree. Arguments that are written to are made anew for each. */
function agree(compute: (kernels: Kernels) => readonly (Float64Array | boolean | null)[]): void {
  const [fast, plain] = [compute(wasm), compute(typescriptKernels)];
  expect(fast.length).toBe(plain.length);
  for (const [i, value] of plain.entries()) {
    if (value instanceof Float64Array) expect(sameBits(fast[i] as Float64Array, value)).toBe(true);
    else expect(fast[i]).toBe(value);
  }
}

/** Every NaN counts as the same: ECMAScript does not say which one an operation gives. */
function sameBits(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

/** Block edges, odd sizes, and one that is large. */
const SIZES = [1, 2, 3, 5, 15, 16, 17, 18, 19, 20, 31, 63, 64, 65, 130, 300];
const sizes = fc.oneof(fc.integer({ min: 0, max: 48 }), fc.constantFrom(...SIZES));
const seeds = fc.nat({ max: 1e6 });

function normals(rng: Rng, length: number): Float64Array {
  return Float64Array.from({ length }, () => rng.normal());
}

/** A lower triangle with a diagonal that dominates, at the scale of `scale`, [n, n]. */
function triangle(rng: Rng, n: number, scale = 1): Float64Array {
  const L = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k <= i; k++)
      L[i * n + k] = scale * (k === i ? 1 + rng.next() : (0.5 * rng.normal()) / Math.sqrt(n));
  return L;
}

function gram(L: Float64Array, n: number): Float64Array {
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k <= j; k++) sum += L[i * n + k]! * L[j * n + k]!;
      a[i * n + j] = sum;
      a[j * n + i] = sum;
    }
  return a;
}

function randomPoints(rng: Rng, n: number): Points {
  const d = 1 + rng.int(9);
  const nominal = Uint8Array.from({ length: d }, () => Number(rng.next() < 0.3));
  const spread = [1e-9, 1, 1, 1, 40][rng.int(5)]!;
  const x = Float64Array.from({ length: n * d }, (_, at) => (nominal[at % d] ? rng.int(3) : spread * rng.next()));
  // Points that repeat others.
  if (n > 3 && rng.next() < 0.3) x.copyWithin(d, 0, d);
  return { n, d, x, nominal };
}

function randomProcess(rng: Rng, n: number): Process {
  const points = randomPoints(rng, n);
  const weights = Float64Array.from({ length: points.d }, () => 0.1 + 20 * rng.next());
  const L = new Float64Array(n * n);
  const signalVariance = 0.1 + rng.next();
  const diagonal = new Float64Array(n).fill(signalVariance + 0.01 + rng.next());
  const covariance = { weights, signalVariance };
  expect(typescriptKernels.factorCovariance(points, covariance, diagonal, L)).toBe(true);
  return { ...points, ...covariance, L, alpha: normals(rng, n) };
}

describe("WebAssembly and TypeScript give the same bits:", () => {
  test("factors, at every size and scale, and their failures", () => {
    fc.assert(
      fc.property(sizes, seeds, fc.constantFrom(1, 1e-150, 1e-75, 1e75, 1e150), (n, seed, scale) => {
        const rng = createRng(seed);
        const a = gram(triangle(rng, n, scale), n);
        if (rng.next() < 0.3 && n > 0) {
          const nasty = [NaN, Infinity, -Infinity, 0, -0, 5e-324, 1e300, -1e300][rng.int(8)]!;
          a[rng.int(n) * n + rng.int(n)] = nasty;
        }
        const jitter = rng.next() < 0.5 ? 0 : 1e-6 * scale * scale;
        agree((kernels) => {
          const L = new Float64Array(n * n).fill(NaN);
          const succeeded = kernels.factor(a, n, L, jitter);
          return succeeded ? [true, L] : [false];
        });
      }),
      { numRuns: 200, examples: SIZES.map((n) => [n, n, 1]) },
    );
  });

  test("matrices of low rank, on which rounding decides", () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const rng = createRng(seed);
        const v = normals(rng, n);
        const a = Float64Array.from({ length: n * n }, (_, at) => v[Math.floor(at / n)]! * v[at % n]!);
        for (const jitter of [0, 1e-16, 1e-14, 1e-8]) {
          agree((kernels) => {
            const L = new Float64Array(n * n);
            return kernels.factor(a, n, L, jitter) ? [true, L] : [false];
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  test("triangular solves and inverses", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 70 }), seeds, (n, m, seed) => {
        const rng = createRng(seed);
        const L = triangle(rng, n);
        const B = normals(rng, n * m);
        if (rng.next() < 0.2 && B.length > 0) B[rng.int(B.length)] = [NaN, Infinity, 1e300, -0][rng.int(4)]!;
        agree((kernels) => {
          const X = new Float64Array(n * m);
          const inverse = new Float64Array(n * n).fill(NaN);
          kernels.solveLowerMany(L, n, B, m, X);
          kernels.inverse(L, n, inverse);
          return [X, inverse];
        });
      }),
      { numRuns: 120, examples: [[300, 65, 1]] },
    );
  });

  test("kernel matrices and their factors, with repeated points, levels, and distances that overflow", () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const rng = createRng(seed);
        const points = randomPoints(rng, n);
        const size = [1, 1, 1, 1e-150, 1e150, 1e308][rng.int(6)]!;
        const covariance = {
          weights: Float64Array.from({ length: points.d }, () => size * rng.next()),
          signalVariance: rng.next(),
        };
        const diagonal = new Float64Array(n).fill(covariance.signalVariance + 10 ** -rng.int(20));
        agree((kernels) => {
          const L = new Float64Array(n * n);
          return kernels.factorCovariance(points, covariance, diagonal, L) ? [true, L] : [false];
        });
      }),
      { numRuns: 150 },
    );
  });

  test("covariances of two lists of points", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }), seeds, (m, n, seed) => {
        const { d, nominal, x } = randomPoints(createRng(seed), m + n);
        const covariance = { weights: new Float64Array(d).fill(seed % 7), signalVariance: 2 };
        agree((kernels) => {
          const out = new Float64Array(m * n).fill(NaN);
          kernels.crossCovariance(x, m, x.subarray(m * d), n, nominal, covariance, out);
          return [out];
        });
      }),
    );
  });

  test("the steps of a fit, one interrupted by other work", () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const rng = createRng(seed);
        const points = randomPoints(rng, n);
        const y = normals(rng, n);
        const steps = Array.from({ length: 3 }, () => ({
          weights: Float64Array.from({ length: points.d }, () => 5 * rng.next()),
          signalVariance: rng.next(),
        }));
        const other = randomProcess(rng, 20);
        agree((kernels) => {
          const evaluate = kernels.likelihood(points);
          return steps.flatMap((covariance, step) => {
            if (step === 1)
              kernels.gradient(other, other.x.slice(0, other.d), 1e-12, new Float64Array(2 + 2 * other.d));
            const at = evaluate(covariance, new Float64Array(n).fill(covariance.signalVariance + 0.01), y);
            if (at === null) return [null];
            return [at.alpha, at.contractions, at.factorDiagonal, at.inverseDiagonal].map((all) => all.slice());
          });
        });
      }),
      { numRuns: 100, examples: [[300, 1]] },
    );
  });

  test("posteriors at many points and gradients at one, of processes taken in turn", () => {
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 70 }),
        seeds,
        (ns, m, seed) => {
          const rng = createRng(seed);
          const processes = ns.map((n) => randomProcess(rng, Math.max(1, n)));
          for (let turn = 0; turn < 6; turn++) {
            const process = processes[rng.int(processes.length)]!;
            const at = Float64Array.from({ length: m * process.d }, () => rng.next());
            const x = Float64Array.from({ length: process.d }, () => rng.next());
            agree((kernels) => {
              const [mean, variance] = [new Float64Array(m), new Float64Array(m)];
              kernels.moments(process, at, m, mean, variance);
              const out = new Float64Array(2 + 2 * process.d);
              kernels.gradient(process, x, turn === 5 ? Infinity : 1e-12, out);
              return [mean, variance, out];
            });
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("the jitter ladder ends alike on both engines where a matrix is far from positive definite", () => {
  const a = new Float64Array(400).fill(-1);
  for (const name of ["wasm", "typescript"] as const)
    withKernels(name, () => expect(() => cholesky(a, 20)).toThrow("must be positive definite"));
});

test("points that are all equal are a process on both engines, with the bits of each other", () => {
  const x = new Float64Array(60).fill(0.5);
  const y = Float64Array.from({ length: 30 }, (_, i) => i);
  const parameters = { lengthScales: Float64Array.of(1, 1), signalVariance: 1, noiseVariance: 0 };
  const of = () =>
    posterior(condition({ x, y, nominal: Uint8Array.of(0, 0) }, parameters), Float64Array.of(0.5, 0.5, 1, 0));
  expect(withKernels("wasm", of)).toEqual(withKernels("typescript", of));
});

test("memory that a large matrix took is given back, and what it held is read anew", () => {
  const rng = createRng(4);
  const kernels = createWasmKernels()!;
  const process = randomProcess(rng, 40);
  const read = (): number[] => {
    const out = new Float64Array(2 + 2 * process.d);
    kernels.gradient(process, process.x.subarray(0, process.d), 1e-12, out);
    return [...out];
  };
  const before = read();
  kernels.inverse(triangle(rng, 2200), 2200, new Float64Array(2200 * 2200));
  expect(read()).toEqual(before);
  for (let i = 0; i < 3; i++) {
    const { d, ...rest } = randomProcess(rng, 40);
    kernels.gradient({ d, ...rest }, rest.x.subarray(0, d), 1e-12, new Float64Array(2 + 2 * d));
    expect(read()).toEqual(before);
  }
});

test("the module has at most 12 KB", () => {
  expect(Buffer.from(KERNELS_WASM, "base64").length).toBeLessThanOrEqual(12 * 1024);
});

test("nothing is compiled before the first use, and then once", async () => {
  const platform = globalThis as unknown as { WebAssembly: { Module: new (bytes: Uint8Array) => object } };
  const { Module } = platform.WebAssembly;
  let compiled = 0;
  platform.WebAssembly.Module = class extends Module {
    constructor(bytes: Uint8Array) {
      super(bytes);
      compiled++;
    }
  };
  try {
    vi.resetModules();
    const { kernels } = await import("../../src/math/kernels/index.ts");
    expect(compiled).toBe(0);
    const start = performance.now();
    expect(kernels().name).toBe("wasm");
    expect(performance.now() - start).toBeLessThan(250);
    expect(kernels().name).toBe("wasm");
    expect(compiled).toBe(1);
  } finally {
    platform.WebAssembly.Module = Module;
  }
});

test("without WebAssembly the TypeScript engine takes over", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  try {
    vi.resetModules();
    const { kernels } = await import("../../src/math/kernels/index.ts");
    expect(kernels().name).toBe("typescript");
  } finally {
    vi.unstubAllGlobals();
  }
});
