import { expect, test } from "vitest";
import { fantasize, fantasyMeans } from "../../src/gp/fantasies.ts";
import { append, condition, posterior } from "../../src/gp/regression.ts";
import { createRng } from "../../src/math/rng.ts";

const rng = createRng(3);
const x = Float64Array.from({ length: 20 }, () => rng.next());
const gp = condition(
  { x, y: Float64Array.from({ length: 10 }, () => rng.normal()) },
  { lengthScales: Float64Array.of(0.3, 0.5), signalVariance: 1.3, noiseVariance: 0.04 },
);
const points = Float64Array.of(0.2, 0.2, 0.25, 0.22, 0.9, 0.8);
const asked = Float64Array.of(0.22, 0.3, 0.5, 0.5, 0.9, 0.79);

test("each fantasy is the process conditioned on its values", () => {
  const fantasies = fantasize(gp, points, 4, createRng(1));
  const means = fantasyMeans(fantasies, asked);
  for (let s = 0; s < 4; s++) {
    let one = gp;
    for (let i = 0; i < 3; i++) one = append(one, points.subarray(2 * i, 2 * i + 2), fantasies.values[3 * s + i]!);
    const { mean, sigma } = posterior(one, asked);
    expect(posterior(fantasies.gp, asked).sigma).toEqual(sigma);
    for (let c = 0; c < 3; c++) expect(means[3 * s + c]).toBeCloseTo(mean[c]!, 10);
  }
});

test("the values have the mean and the covariance of the joint posterior, noise included", () => {
  const count = 4096;
  const { values } = fantasize(gp, points, count, createRng(2));
  const column = (i: number): Float64Array => Float64Array.from({ length: count }, (_, s) => values[3 * s + i]!);
  const mean = (of: Float64Array): number => of.reduce((sum, value) => sum + value, 0) / of.length;
  const { mean: expected, sigma } = posterior(gp, points);
  for (let i = 0; i < 3; i++) {
    expect(mean(column(i))).toBeCloseTo(expected[i]!, 2);
    const variance = mean(column(i).map((value) => (value - expected[i]!) * (value - expected[i]!)));
    expect(variance).toBeCloseTo(sigma[i]! * sigma[i]! + 0.04, 2);
  }
  // Of two points, covariance by how much the variance of one falls when the other is known: Σ₁₂² = (Σ₁₁ − Σ₁₁|₂) (Σ₂₂ + σ²).
  const known = append(gp, points.subarray(2, 4), 0);
  const fall = sigma[0]! * sigma[0]! - posterior(known, points.subarray(0, 2)).sigma[0]! ** 2;
  const covariance = mean(column(0).map((value, s) => (value - expected[0]!) * (values[3 * s + 1]! - expected[1]!)));
  expect(covariance).toBeCloseTo(Math.sqrt(fall * (sigma[1]! * sigma[1]! + 0.04)), 2);
});
