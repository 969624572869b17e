// Learning rates that adapt: as in the `cmaes` package, and what they are for.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createRng } from "../../../src/math/rng.ts";
import { type CmaEsOptions, cmaEs } from "../../../src/sampler/cma-es/cma-es.ts";
import { isotropic, rootOf, update } from "../../../src/sampler/cma-es/distribution.ts";
import { adapt, firstRates } from "../../../src/sampler/cma-es/learning-rate.ts";
import { strategy } from "../../../src/sampler/cma-es/strategy.ts";
import { createSpace } from "../../../src/space/declare.ts";
import { float } from "../../../src/space/numeric.ts";
import type { Observation } from "../../../src/trial/history.ts";

interface Generation {
  readonly xs: number[][];
  readonly losses: number[];
  readonly mean: number[];
  readonly sigma: number;
  readonly C: number[];
  readonly etas: number[];
}

const url = new URL("../../fixtures/sampler/cma-es.json", import.meta.url);
const { adapted } = JSON.parse(readFileSync(url, "utf8")) as {
  readonly adapted: readonly { readonly n: number; readonly lambda: number; readonly generations: Generation[] }[];
};

function expectClose(got: Iterable<number>, want: readonly number[], scale = 1): void {
  for (const [i, v] of [...got].entries()) expect(Math.abs(v - want[i]!)).toBeLessThan(1e-9 * scale);
}

test.each(adapted)("as the cmaes package from the same populations, in $n dimensions", ({ n, lambda, generations }) => {
  let distribution = isotropic(new Float64Array(n).fill(0.5), 0.2, false);
  let rates = firstRates(distribution);
  for (const { xs, losses, mean, sigma, C, etas } of generations) {
    const population = [...xs.keys()].sort((a, b) => losses[a]! - losses[b]!).map((k) => Float64Array.from(xs[k]!));
    const root = rootOf(distribution);
    const proposed = update(distribution, root, population, strategy(n, lambda, false));
    ({ distribution, rates } = adapt(distribution, root, proposed, rates));
    expectClose([rates.mean.eta, rates.sigma.eta], etas);
    expectClose(distribution.mean, mean);
    expectClose([distribution.sigma], [sigma]);
    expectClose(distribution.C, C, Math.max(...C));
  }
  expect(rates.mean.eta).toBeLessThan(1);
});

test("a population without spread leaves the rates numbers, and they come down", () => {
  const distribution = isotropic(new Float64Array(2).fill(0.5), 0.2, false);
  const { rates } = adapt(distribution, rootOf(distribution), distribution, firstRates(distribution));
  expect(rates.mean.eta).toBeGreaterThan(0);
  expect(rates.mean.eta).toBeLessThan(1);
});

describe("over twelve seeds", () => {
  const SEEDS = Array.from({ length: 12 }, (_, seed) => seed);
  type Loss = (x: readonly number[]) => number;

  /** The lowest loss without noise, and that at the last mean. */
  function search(d: number, loss: Loss, noise: number, count: number, seed: number, options: CmaEsOptions) {
    const space = createSpace(Object.fromEntries(Array.from({ length: d }, (_, j) => [`x${j}`, float(-5, 5)])));
    const sampler = cmaEs({ restarts: "none", ...options });
    const studyRng = createRng(seed);
    const errors = studyRng.fork("noise");
    const trials: Observation[] = [];
    for (let number = 0; number < count; number++) {
      const { params, note = null } = sampler.sample({ space, trials, rng: studyRng.fork(number), studyRng })!;
      const value = loss(Object.values(params) as number[]) + noise * errors.normal();
      trials.push({ number, state: "completed", params, loss: value, reports: [], note });
    }
    const means = trials.flatMap(({ note }) => {
      const { run } = (note as unknown as { cmaEs: { run?: { mean: number[] } } }).cmaEs;
      return run === undefined ? [] : [run.mean];
    });
    const best = Math.min(...trials.map(({ params }) => loss(Object.values(params) as number[])));
    return { best, last: loss(means.at(-1)!.map((u) => 10 * u - 5)) };
  }

  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

  test("the mean comes closer to the minimum of a sphere under noise", () => {
    const sphere: Loss = (x) => x.reduce((sum, v) => sum + (v - 1) ** 2, 0);
    const last = (learningRateAdaptation: boolean) =>
      median(SEEDS.map((seed) => search(5, sphere, 1, 800, seed, { learningRateAdaptation }).last));
    expect(last(true)).toBeLessThan(last(false) / 2);
  });

  test("the best of Rastrigin's minima is found more often, without restarts", () => {
    const rastrigin: Loss = (x) =>
      x.reduce((sum, v) => sum + (v - 1) ** 2 + 10 * (1 - Math.cos(2 * Math.PI * (v - 1))), 0);
    // The next best is 0.995.
    const found = (learningRateAdaptation: boolean) =>
      SEEDS.filter((seed) => search(2, rastrigin, 0, 1800, seed, { learningRateAdaptation }).best < 0.9).length;
    expect(found(true)).toBeGreaterThanOrEqual(found(false) + 4);
  });
});
