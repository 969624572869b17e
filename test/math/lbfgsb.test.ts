import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { type DifferentiableFunction, minimizeLbfgsb } from "../../src/math/lbfgsb.ts";
import { createRng } from "../../src/math/rng.ts";

const rosenbrock: DifferentiableFunction = (x, gradient) => {
  gradient.fill(0);
  let value = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const a = x[i + 1]! - x[i]! * x[i]!;
    const b = 1 - x[i]!;
    value += 100 * a * a + b * b;
    gradient[i]! += -400 * a * x[i]! - 2 * b;
    gradient[i + 1]! += 200 * a;
  }
  return value;
};

const styblinskiTang: DifferentiableFunction = (x, gradient) => {
  let value = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!;
    value += (v ** 4 - 16 * v * v + 5 * v) / 2;
    gradient[i] = 2 * v ** 3 - 16 * v + 2.5;
  }
  return value;
};

/** ½ xᵀA x − bᵀx with A = GᵀG + ridge·I. */
function quadratic(n: number, seed: number): DifferentiableFunction {
  const rng = createRng(seed);
  const g = Float64Array.from({ length: n * n }, () => rng.normal());
  const b = Float64Array.from({ length: n }, () => 3 * rng.normal());
  return (x, gradient) => {
    const gx = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) gx[i]! += g[i * n + j]! * x[j]!;
    let value = 0;
    for (let j = 0; j < n; j++) {
      let ax = 0.1 * x[j]!;
      for (let i = 0; i < n; i++) ax += g[i * n + j]! * gx[i]!;
      gradient[j] = ax - b[j]!;
      value += (0.5 * ax - b[j]!) * x[j]!;
    }
    return value;
  };
}

function full(n: number, value: number): Float64Array {
  return new Float64Array(n).fill(value);
}

describe("without active bounds", () => {
  test.each([2, 5, 20])("Rosenbrock's valley is followed to its end in %i dimensions", (n) => {
    const x0 = Float64Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
    const { x, value, status, evaluations, iterations } = minimizeLbfgsb(rosenbrock, x0, {
      maxIterations: 500,
      gradientTolerance: 1e-9,
    });
    expect(status).toBe("converged");
    expect(Math.max(...x.map((v) => Math.abs(v - 1)))).toBeLessThan(1e-8);
    expect(value).toBeLessThan(1e-16);
    // scipy's L-BFGS-B takes 45, 69 and 172 evaluations from here.
    expect(evaluations).toBeLessThan(60 + 7 * n);
    expect(iterations).toBeLessThan(evaluations);
  });

  test("the valley of Styblinski and Tang nearest to the start is found", () => {
    const { x, value } = minimizeLbfgsb(styblinskiTang, full(4, -1), { lower: full(4, -5), upper: full(4, 5) });
    for (const v of x) expect(v).toBeCloseTo(-2.903534, 6);
    expect(value).toBeCloseTo(4 * -39.16616570377142, 9);
  });

  test("a start at the minimum costs one evaluation", () => {
    const result = minimizeLbfgsb(rosenbrock, full(3, 1));
    expect(result).toMatchObject({ status: "converged", iterations: 0, evaluations: 1, value: 0 });
  });
});

describe("with bounds", () => {
  test("a Rosenbrock minimum cut off by its box agrees with scipy's", () => {
    const options = { lower: full(10, -1.5), upper: full(10, 0.8), maxIterations: 300, gradientTolerance: 1e-9 };
    const { x, value } = minimizeLbfgsb(rosenbrock, full(10, -1), options);
    expect(value).toBeCloseTo(6.001016394606179, 12);
    expect(x[0]).toBe(0.8);
    expect(x[1]).toBeCloseTo(0.665886491, 8);
  });

  test("any quadratic ends where the first-order conditions hold", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.nat({ max: 1e6 }),
        fc.double({ min: 0.01, max: 3, noNaN: true }),
        (n, seed, half) => {
          const fn = quadratic(n, seed);
          const rng = createRng(seed).fork("box");
          const lower = Float64Array.from({ length: n }, () => rng.normal() - half);
          const upper = lower.map((low) => low + 2 * half);
          const { x, status } = minimizeLbfgsb(fn, full(n, 0), {
            lower,
            upper,
            maxIterations: 1000,
            gradientTolerance: 1e-8,
          });
          expect(["converged", "stalled"]).toContain(status);
          const gradient = full(n, 0);
          fn(x, gradient);
          for (let i = 0; i < n; i++) {
            // Where it stalls, differences of the function are rounding: the gradient is then near the root of epsilon.
            if (x[i]! > lower[i]!) expect(gradient[i]).toBeLessThan(1e-5);
            if (x[i]! < upper[i]!) expect(gradient[i]).toBeGreaterThan(-1e-5);
          }
        },
      ),
    );
  });

  test("the function is never asked outside its box", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), fc.double({ min: -9, max: 9, noNaN: true }), (seed, start) => {
        const lower = Float64Array.of(-2, -0.5, 3, -Infinity);
        const upper = Float64Array.of(-1, 0.5, Infinity, 1);
        const fn = quadratic(4, seed);
        minimizeLbfgsb(
          (x, gradient) => {
            for (let i = 0; i < 4; i++) expect(x[i]! >= lower[i]! && x[i]! <= upper[i]!).toBe(true);
            return fn(x, gradient);
          },
          full(4, start),
          { lower, upper },
        );
      }),
    );
  });

  test("a variable whose bounds are equal stays, and the others move", () => {
    const lower = Float64Array.of(0.5, -5);
    const upper = Float64Array.of(0.5, 5);
    const { x, status } = minimizeLbfgsb(rosenbrock, Float64Array.of(0, 0), { lower, upper, gradientTolerance: 1e-9 });
    expect(x[0]).toBe(0.5);
    expect(x[1]).toBeCloseTo(0.25, 9);
    expect(status).toBe("converged");
    expect(minimizeLbfgsb(rosenbrock, full(2, 9), { lower: full(2, 3), upper: full(2, 3) }).evaluations).toBe(1);
  });

  test("no variable moves further in a step than it may, before the search lengthens it", () => {
    const seen: number[] = [];
    minimizeLbfgsb(
      (x, gradient) => {
        seen.push(x[0]!);
        gradient[0] = 2000 * (x[0]! - 50);
        return 1000 * (x[0]! - 50) * (x[0]! - 50);
      },
      full(1, 0),
      { maxStep: 0.25, maxIterations: 1 },
    );
    expect(seen[1]).toBe(0.25);
  });
});

describe("with a function that misbehaves", () => {
  test("NaN and infinite values or gradients are stepped back from", () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const inGradient of [false, true]) {
        // A parabola with a wall at 1.3, which the first long steps from −50 run into.
        const { x } = minimizeLbfgsb(
          (x, gradient) => {
            const v = x[0]!;
            gradient[0] = v > 1.3 && inGradient ? bad : 2 * (v - 1);
            return v > 1.3 && !inGradient ? bad : (v - 1) * (v - 1);
          },
          full(1, -50),
        );
        expect(x[0]).toBeCloseTo(1, 6);
      }
    }
  });

  test("a start where it is not finite is said, and nothing is made up", () => {
    const result = minimizeLbfgsb(() => NaN, full(2, 1));
    expect(result).toMatchObject({ status: "not-finite", evaluations: 1, iterations: 0 });
    expect([...result.x]).toEqual([1, 1]);
  });

  test("a gradient of the wrong sign stalls at the start instead of running away", () => {
    const result = minimizeLbfgsb(
      (x, gradient) => {
        gradient[0] = -2 * x[0]!;
        return x[0]! * x[0]!;
      },
      full(1, 3),
    );
    expect(result.status).toBe("stalled");
    expect(result.x[0]).toBe(3);
  });

  test("a linear function without a bound stops after a bounded number of evaluations", () => {
    const result = minimizeLbfgsb(
      (x, gradient) => {
        gradient[0] = -1;
        return -x[0]!;
      },
      full(1, 0),
      { maxIterations: 5 },
    );
    expect(result.evaluations).toBeLessThan(300);
    expect(result.value).toBeLessThan(0);
  });

  test("the limit on iterations is kept", () => {
    const result = minimizeLbfgsb(rosenbrock, full(20, -1), { maxIterations: 7 });
    expect(result).toMatchObject({ status: "iterations", iterations: 7 });
  });

  test("boxes that are none are refused", () => {
    expect(() => minimizeLbfgsb(rosenbrock, full(2, 0), { lower: full(3, 0) })).toThrow(ValidationError);
    expect(() => minimizeLbfgsb(rosenbrock, full(2, 0), { lower: full(2, 1), upper: full(2, 0) })).toThrow(
      /variable 0/,
    );
    expect(() => minimizeLbfgsb(rosenbrock, full(2, 0), { lower: full(2, NaN) })).toThrow(ValidationError);
  });
});
