import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fit as fitGp, negativeLogPosterior } from "../../src/gp/fit.ts";
import { defaultPrior } from "../../src/gp/prior.ts";
import { posterior } from "../../src/gp/regression.ts";
import { createRng } from "../../src/math/rng.ts";

interface MapReference {
  readonly d: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
  readonly theta: readonly number[];
  readonly value: number;
  readonly valueAtMeans: number;
}

const { map: reference } = JSON.parse(
  readFileSync(new URL("../fixtures/gp/regression.json", import.meta.url), "utf8"),
) as { map: MapReference };
const data = { x: Float64Array.from(reference.x), y: Float64Array.from(reference.y) };
const priors = reference.means.map((mean, j) => ({ mean, deviation: reference.deviations[j]! }));

/** The objective leaves out (n/2) log 2π. */
const CONSTANT = (data.y.length / 2) * Math.log(2 * Math.PI);

test("the objective is that of scikit-learn's marginal likelihood and the priors, to 1e-8", () => {
  const objective = negativeLogPosterior(data, priors);
  const gradient = new Float64Array(4);
  expect(objective(Float64Array.from(reference.means), gradient) + CONSTANT).toBeCloseTo(reference.valueAtMeans, 8);
  expect(objective(Float64Array.from(reference.theta), gradient) + CONSTANT).toBeCloseTo(reference.value, 8);
  for (const g of gradient) expect(Math.abs(g)).toBeLessThan(1e-3);
});

test("its gradient is that of central differences, with nominal coordinates and known variances too", () => {
  const rng = createRng(3);
  const [n, d] = [20, 4];
  const x = Float64Array.from({ length: n * d }, (_, i) => (i % d === 2 ? rng.int(3) : rng.next()));
  const mixed = {
    x,
    y: Float64Array.from({ length: n }, () => rng.normal()),
    nominal: Uint8Array.of(0, 0, 1, 0),
    variance: Float64Array.from({ length: n }, () => 0.2 * rng.next()),
  };
  const objective = negativeLogPosterior(mixed, new Array(d + 2).fill({ mean: -0.3, deviation: 0.9 }));
  for (let repeat = 0; repeat < 5; repeat++) {
    const theta = Float64Array.from({ length: d + 2 }, () => -0.5 + rng.normal());
    const gradient = new Float64Array(d + 2);
    const scratch = new Float64Array(d + 2);
    objective(theta, gradient);
    for (let j = 0; j < d + 2; j++) {
      const h = 1e-5;
      const at = (step: number): number =>
        objective(
          theta.map((t, k) => (k === j ? t + step : t)),
          scratch,
        );
      const difference = (at(h) - at(-h)) / (2 * h);
      expect(Math.abs(gradient[j]! - difference)).toBeLessThan(1e-6 * Math.max(1, Math.abs(difference)));
    }
  }
});

test("a fit finds the optimum that scipy finds from twenty starts", () => {
  const prior = {
    lengthScale: priors[0]!,
    lengthScaleNominal: priors[0]!,
    signalVariance: priors[2]!,
    noiseVariance: priors[3]!,
  };
  const { parameters } = fitGp(data, { prior, gradientTolerance: 1e-5, maxIterations: 100 });
  const theta = [...parameters.lengthScales, parameters.signalVariance, parameters.noiseVariance].map(Math.log);
  for (const [j, t] of theta.entries()) expect(t).toBeCloseTo(reference.theta[j]!, 3);
});

test("of several starts the best end is taken, and a start at the optimum stays there", () => {
  const good = fitGp(data, { gradientTolerance: 1e-4, maxIterations: 100 }).parameters;
  const again = fitGp(data, { starts: [good], maxIterations: 0 }).parameters;
  expect(again.signalVariance).toBeCloseTo(good.signalVariance, 12);
  const flat = { lengthScales: Float64Array.of(500, 500), signalVariance: 1e-3, noiseVariance: 5 };
  const best = fitGp(data, { starts: [flat, good], maxIterations: 0 }).parameters;
  expect(best.lengthScales[0]).toBeCloseTo(good.lengthScales[0]!, 12);
});

test("length-scales tell coordinates that matter from those that do not", () => {
  const rng = createRng(5);
  const [n, d] = [60, 3];
  const x = Float64Array.from({ length: n * d }, () => rng.next());
  const raw = Float64Array.from({ length: n }, (_, i) => Math.sin(7 * x[i * d]!) * Math.SQRT2);
  const { parameters } = fitGp({ x, y: raw }, { maxIterations: 100 });
  expect(parameters.lengthScales[1]! / parameters.lengthScales[0]!).toBeGreaterThan(3);
  expect(parameters.lengthScales[2]! / parameters.lengthScales[0]!).toBeGreaterThan(3);
  expect(parameters.noiseVariance).toBeLessThan(1e-3);
});

test("noise in the data is found", () => {
  const rng = createRng(6);
  const n = 120;
  const x = Float64Array.from({ length: n }, () => rng.next());
  const y = x.map((v) => Math.sin(6 * v) + 0.5 * rng.normal());
  const gp = fitGp({ x, y }, { maxIterations: 100 });
  expect(gp.parameters.noiseVariance).toBeGreaterThan(0.15);
  expect(gp.parameters.noiseVariance).toBeLessThan(0.4);
  const { mean } = posterior(gp, Float64Array.of(0.2, 0.7));
  expect(mean[0]).toBeCloseTo(Math.sin(1.2), 0);
  expect(mean[1]).toBeCloseTo(Math.sin(4.2), 0);
});

test("one observation, equal observations and a thousand coordinates can be fitted", () => {
  const one = fitGp({ x: Float64Array.of(0.5), y: Float64Array.of(0) });
  expect(posterior(one, Float64Array.of(0.5)).sigma[0]).toBeGreaterThan(0);
  const equal = fitGp({ x: new Float64Array(10).fill(0.5), y: new Float64Array(5), nominal: new Uint8Array(2) });
  expect(posterior(equal, Float64Array.of(0.1, 0.1)).mean[0]).toBe(0);
  const rng = createRng(1);
  const wide = fitGp({ x: Float64Array.from({ length: 5000 }, () => rng.next()), y: Float64Array.of(-1, 0, 1, 2, -2) });
  expect(wide.parameters.lengthScales.every(Number.isFinite)).toBe(true);
});

test("the prior expects longer length-scales in more dimensions", () => {
  expect(defaultPrior(16).lengthScale.mean - defaultPrior(4).lengthScale.mean).toBeCloseTo(Math.log(2), 12);
  expect(defaultPrior(16).lengthScaleNominal).toEqual(defaultPrior(4).lengthScaleNominal);
});

test("a known noise is kept, and the rest is fitted around it", () => {
  const rng = createRng("known");
  const x = Float64Array.from({ length: 20 }, () => rng.next());
  const y = x.map((v) => Math.sin(6 * v) + 0.2 * rng.normal());
  const free = fitGp({ x, y });
  expect(free.parameters.noiseVariance).toBeGreaterThan(1e-3);
  expect(fitGp({ x, y }, { noiseVariance: 1e-6 }).parameters.noiseVariance).toBeCloseTo(1e-6, 12);
  const known = fitGp({ x, y }, { noiseVariance: 0.2 });
  expect(known.parameters.noiseVariance).toBeCloseTo(0.2, 12);
  expect(known.parameters.lengthScales[0]).not.toBeCloseTo(free.parameters.lengthScales[0]!, 3);
});
