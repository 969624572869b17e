// A process about a trend is the trend and a process of the residuals.
import { expect, test } from "vitest";
import { fantasize, fantasyMeans } from "../../src/gp/fantasies.ts";
import { fit as fitGp } from "../../src/gp/fit.ts";
import { looPredictions } from "../../src/gp/loo.ts";
import {
  append,
  condition,
  logMarginalLikelihood,
  posterior,
  posteriorGradient,
  type Trend,
} from "../../src/gp/regression.ts";
import { createRng } from "../../src/math/rng.ts";

const rng = createRng(5);
const n = 14;
const x = Float64Array.from({ length: 2 * n }, () => rng.next());
const y = Float64Array.from({ length: n }, () => rng.normal());
const trend: Trend = {
  values: (at) => Float64Array.from({ length: at.length / 2 }, (_, i) => 3 * at[2 * i]! - 2 * at[2 * i + 1]! ** 2 + 1),
  gradient: (at) => Float64Array.of(3, -4 * at[1]!),
};
const parameters = { lengthScales: Float64Array.of(0.4, 0.6), signalVariance: 0.8, noiseVariance: 0.01 };
const means = trend.values(x);
const about = condition({ x, y, trend }, parameters);
const residual = condition({ x, y: y.map((value, i) => value - means[i]!) }, parameters);
const asked = Float64Array.of(0.2, 0.9, 0.5, 0.5, 1, 0.1, 3, 3);

function expectClose(got: ArrayLike<number>, want: ArrayLike<number>): void {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < got.length; i++) expect(got[i]).toBeCloseTo(want[i]!, 10);
}

test("its posterior is theirs, and far from all data the trend alone", () => {
  const own = posterior(about, asked);
  const rest = posterior(residual, asked);
  const added = trend.values(asked);
  expect(own.sigma).toEqual(rest.sigma);
  expectClose(
    own.mean,
    rest.mean.map((value, i) => value + added[i]!),
  );
  const far = Float64Array.of(40, -40);
  expect(posterior(about, far).mean[0]).toBeCloseTo(trend.values(far)[0]!, 10);
});

test("its gradient is that of central differences", () => {
  const at = asked.slice(0, 2);
  const { mean, meanGradient } = posteriorGradient(about, at);
  expect(mean).toBeCloseTo(posterior(about, at).mean[0]!, 10);
  for (const j of [0, 1]) {
    const moved = (step: number): number =>
      posterior(
        about,
        at.map((v, k) => (k === j ? v + step : v)),
      ).mean[0]!;
    expect(meanGradient[j]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
  }
});

test("an observation more, fantasies, leave-one-out, likelihood and fit are those of the residuals", () => {
  const point = Float64Array.of(0.3, 0.4);
  const more = append(about, point, 0.7);
  const together = condition({ x: Float64Array.of(...x, ...point), y: Float64Array.of(...y, 0.7), trend }, parameters);
  expectClose(posterior(more, asked).mean, posterior(together, asked).mean);

  const fantasies = fantasize(about, asked.slice(0, 4), 3, createRng(1));
  const all = fantasyMeans(fantasies, asked);
  for (let s = 0; s < 3; s++) {
    let one = about;
    for (let i = 0; i < 2; i++) one = append(one, asked.slice(2 * i, 2 * i + 2), fantasies.values[2 * s + i]!);
    expectClose(all.subarray(4 * s, 4 * s + 4), posterior(one, asked).mean);
  }

  const left = looPredictions(residual);
  expectClose(
    looPredictions(about).mean,
    left.mean.map((value, i) => value + means[i]!),
  );
  expectClose(looPredictions(about).logDensity, left.logDensity);
  expect(logMarginalLikelihood(about)).toBeCloseTo(logMarginalLikelihood(residual), 10);
  expect(fitGp({ x, y, trend }).parameters).toEqual(fitGp({ x, y: residual.y }).parameters);
});
