import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { looPredictions } from "../../src/gp/loo.ts";
import {
  append,
  condition,
  extend,
  type Gp,
  logMarginalLikelihood,
  posterior,
  posteriorGradient,
} from "../../src/gp/regression.ts";
import { createRng } from "../../src/math/rng.ts";

interface ReferenceCase {
  readonly name: string;
  readonly d: number;
  readonly nominal: readonly number[];
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly variance: readonly number[] | null;
  readonly lengthScales: readonly number[];
  readonly signalVariance: number;
  readonly noiseVariance: number;
  readonly points: readonly number[];
  readonly mean: readonly number[];
  readonly sigma: readonly number[];
  readonly logMarginalLikelihood: number;
  readonly looMean: readonly number[];
  readonly looSigma: readonly number[];
}

const { cases } = JSON.parse(readFileSync(new URL("../fixtures/gp/regression.json", import.meta.url), "utf8")) as {
  cases: ReferenceCase[];
};

function gpOf(reference: ReferenceCase): Gp {
  const { x, y, nominal, variance, lengthScales, signalVariance, noiseVariance } = reference;
  return condition(
    {
      x: Float64Array.from(x),
      y: Float64Array.from(y),
      nominal: Uint8Array.from(nominal),
      ...(variance === null ? {} : { variance: Float64Array.from(variance) }),
    },
    { lengthScales: Float64Array.from(lengthScales), signalVariance, noiseVariance },
  );
}

function expectClose(got: ArrayLike<number>, want: readonly number[], tolerance: number): void {
  expect(got.length).toBe(want.length);
  for (const [i, value] of want.entries()) {
    expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
  }
}

describe.each(cases)("agrees with scikit-learn to 1e-8 on $name:", (reference) => {
  const gp = gpOf(reference);

  test("posterior mean and standard deviation", () => {
    const { mean, sigma } = posterior(gp, Float64Array.from(reference.points));
    expectClose(mean, reference.mean, 1e-8);
    expectClose(sigma, reference.sigma, 1e-8);
  });

  test("log marginal likelihood", () => {
    expectClose([logMarginalLikelihood(gp)], [reference.logMarginalLikelihood], 1e-8);
  });

  test("leave-one-out predictions, against regressions without each point", () => {
    const { mean, sigma, logDensity } = looPredictions(gp);
    expectClose(mean, reference.looMean, 1e-8);
    expectClose(sigma, reference.looSigma, 1e-8);
    const density = reference.looMean.map((mu, i) => {
      const s = reference.looSigma[i]!;
      return -0.5 * ((reference.y[i]! - mu) / s) ** 2 - Math.log(s) - 0.5 * Math.log(2 * Math.PI);
    });
    expectClose(logDensity, density, 1e-7);
  });

  test("gradients, against central differences", () => {
    const { d, nominal } = reference;
    for (let i = 0; i < 3; i++) {
      const x = Float64Array.from(reference.points.slice(i * d, (i + 1) * d));
      const { mean, sigma, meanGradient, sigmaGradient } = posteriorGradient(gp, x);
      const here = posterior(gp, x);
      expect(mean).toBeCloseTo(here.mean[0]!, 10);
      expect(sigma).toBeCloseTo(here.sigma[0]!, 10);
      for (let j = 0; j < d; j++) {
        const at = (step: number) => {
          const moved = x.slice();
          moved[j]! += step;
          return posterior(gp, moved);
        };
        const h = 1e-5;
        const [up, down] = nominal[j] ? [here, here] : [at(h), at(-h)];
        expect(meanGradient[j]).toBeCloseTo((up.mean[0]! - down.mean[0]!) / (2 * h), 5);
        expect(sigmaGradient[j]).toBeCloseTo((up.sigma[0]! - down.sigma[0]!) / (2 * h), 5);
      }
    }
  });

  test("the last observations appended one by one give the bits of all at once", () => {
    const { d, x, y, variance } = reference;
    const first = y.length - 3;
    let grown = gpOf({
      ...reference,
      x: x.slice(0, first * d),
      y: y.slice(0, first),
      variance: variance?.slice(0, first) ?? null,
    });
    for (let i = first; i < y.length; i++) {
      grown = append(grown, Float64Array.from(x.slice(i * d, (i + 1) * d)), y[i]!, variance?.[i] ?? 0);
    }
    expectClose(grown.L, Array.from(gp.L), 1e-13);
    expectClose(grown.alpha, Array.from(gp.alpha), 1e-9);
    expect(grown.n).toBe(gp.n);
  });
});

test("almost without noise the posterior misses observations by σ²α alone, with almost no uncertainty there", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (n, d, seed) => {
      const rng = createRng(seed);
      const x = Float64Array.from({ length: n * d }, () => rng.next());
      const y = Float64Array.from({ length: n }, () => rng.normal());
      const gp = condition(
        { x, y },
        { lengthScales: new Float64Array(d).fill(0.2), signalVariance: 1, noiseVariance: 1e-10 },
      );
      const { mean, sigma } = posterior(gp, x);
      for (let i = 0; i < n; i++) {
        expect(mean[i]).toBeCloseTo(y[i]! - 1e-10 * gp.alpha[i]!, 5);
        expect(sigma[i]).toBeLessThan(1e-4);
      }
      const far = posterior(gp, new Float64Array(d).fill(100));
      expect(far.mean[0]).toBeCloseTo(0, 12);
      expect(far.sigma[0]).toBeCloseTo(1, 12);
    }),
    { numRuns: 50 },
  );
});

test("the same point observed many times is one point with less noise", () => {
  const parameters = { lengthScales: Float64Array.of(0.3), signalVariance: 1, noiseVariance: 0.1 };
  const many = condition({ x: new Float64Array(50).fill(0.5), y: new Float64Array(50).fill(1) }, parameters);
  const { mean, sigma } = posterior(many, Float64Array.of(0.5));
  expect(mean[0]).toBeCloseTo(1 / (1 + 0.1 / 50), 10);
  expect(sigma[0]).toBeCloseTo(Math.sqrt(1 - 1 / (1 + 0.1 / 50)), 10);
});

describe("data that do not fit together are refused:", () => {
  const parameters = { lengthScales: Float64Array.of(1, 1), signalVariance: 1, noiseVariance: 0.1 };
  const x = Float64Array.of(0, 0, 1, 1);
  const y = Float64Array.of(0, 1);

  test.each([
    ["no observations", { x: new Float64Array(0), y: new Float64Array(0) }, parameters, "at least one observation"],
    [
      "rows of uneven length",
      { x: new Float64Array(5), y, nominal: new Uint8Array(2) },
      parameters,
      "of the 2 in `nominal`",
    ],
    ["a NaN among the coordinates", { x: Float64Array.of(0, 0, Number.NaN, 1), y }, parameters, "x[2] is NaN"],
    ["an infinite value", { x, y: Float64Array.of(0, Infinity) }, parameters, "y[1] is Infinity"],
    ["a negative variance", { x, y, variance: Float64Array.of(0, -1) }, parameters, "variance[1] is -1"],
    ["too few variances", { x, y, variance: Float64Array.of(0) }, parameters, "has 1"],
    ["a length-scale of 0", { x, y }, { ...parameters, lengthScales: Float64Array.of(1, 0) }, "positive numbers"],
    ["too few length-scales", { x, y }, { ...parameters, lengthScales: Float64Array.of(1) }, "2 positive numbers"],
    ["a negative noise", { x, y }, { ...parameters, noiseVariance: -1 }, "noiseVariance=-1"],
  ])("%s", (_, data, wrong, message) => {
    expect(() => condition(data, wrong)).toThrow(ValidationError);
    expect(() => condition(data, wrong)).toThrow(message);
  });

  test("points of the wrong width", () => {
    expect(() => posterior(condition({ x, y }, parameters), new Float64Array(3))).toThrow("rows of 2 coordinates");
  });
});

describe("a process that goes on from an earlier one", () => {
  const rng = createRng("extended");
  const d = 3;
  const n = 45;
  const nominal = Uint8Array.of(0, 0, 1);
  const x = Float64Array.from({ length: n * d }, (_, i) => (i % d === 2 ? rng.int(3) : rng.next()));
  const y = Float64Array.from({ length: n }, () => rng.normal());
  const parameters = { lengthScales: Float64Array.of(0.3, 0.6, 1), signalVariance: 1.2, noiseVariance: 1e-3 };
  const first = (count: number, values = y) => ({ x: x.slice(0, count * d), y: values.slice(0, count), nominal });
  const all = condition(first(n), parameters);

  test.each([3, 20, 44, 45])(
    "of the first %i points has the bits of all at once, whatever their values were",
    (count) => {
      const earlier = condition(
        first(
          count,
          y.map((value) => -2 * value),
        ),
        parameters,
      );
      expect(extend(earlier, first(n), parameters)).toEqual(all);
    },
  );

  test("needs the same parameters, the same points first, and a factor without jitter", () => {
    const earlier = condition(first(20), parameters);
    expect(extend(earlier, first(n), { ...parameters, signalVariance: 1.3 })).toBeUndefined();
    expect(extend(earlier, first(n), { ...parameters, noiseVariance: 2e-3 })).toBeUndefined();
    expect(extend(earlier, first(n), { ...parameters, lengthScales: Float64Array.of(0.3, 0.5, 1) })).toBeUndefined();
    expect(extend(earlier, { ...first(n), x: x.toReversed() }, parameters)).toBeUndefined();
    expect(extend(earlier, first(10), parameters)).toBeUndefined();
    const noiseless = { ...parameters, noiseVariance: 0 };
    const twice = condition(
      { x: Float64Array.of(...x.slice(0, d), ...x), y: Float64Array.of(y[0]!, ...y), nominal },
      noiseless,
    );
    expect(extend(twice, { x: twice.x, y: twice.y, nominal }, noiseless)).toBeUndefined();
  });
});
