import { describe, expect, test } from "vitest";
import { createRng } from "../../../src/math/rng.ts";
import { isotropic, rootOf } from "../../../src/sampler/cma-es/distribution.ts";
import {
  advance,
  firstRun,
  hasCollapsed,
  isOver,
  isSound,
  nextRun,
  type Run,
} from "../../../src/sampler/cma-es/run.ts";

const begin = (): Run => firstRun(isotropic(new Float64Array(3).fill(0.5), 0.2, false), 7, false);
const over = (run: Run, restarts: "ipop" | "bipop" = "ipop"): boolean =>
  isOver(run, rootOf(run.distribution), restarts);
const changed = (run: Run, change: Partial<Run["distribution"]>): Run => ({
  ...run,
  distribution: { ...run.distribution, ...change },
});

/** `count` generations with these losses, the distribution standing still. */
function generations(run: Run, count: number, losses: (k: number) => number[]): Run {
  for (let k = 0; k < count; k++) {
    const distribution = { ...run.distribution, generation: run.distribution.generation + 1 };
    run = advance(run, { ...run, distribution }, losses(k), 7);
  }
  return run;
}

describe("a run is over", () => {
  test("when losses stay equal for 10 + ⌈30 n/λ⌉ generations, at whatever scale and height", () => {
    const length = 10 + Math.ceil(90 / 7);
    for (const [height, scale] of [
      [0, 1],
      [1e12, 1e3],
      [0, 1e300],
      [0, 1e-300],
    ] as const) {
      const first = generations(begin(), 1, () => [height, height + scale]);
      expect(over(first)).toBe(false);
      const flat = (count: number) => generations(first, count, () => [height, height]);
      expect([over(flat(length)), over(flat(length + 1))]).toEqual([false, true]);
      expect(over(generations(first, 99, (k) => [height, height + scale * (k % 2)]))).toBe(false);
    }
    const constant = (count: number) => generations(begin(), count, () => [1, 1]);
    expect([over(constant(length)), over(constant(length + 1))]).toEqual([false, true]);
  });

  test("when its steps vanish or run away, or its covariance matrix is ill-conditioned", () => {
    const run = begin();
    expect(over(run)).toBe(false);
    expect(over(changed(run, { sigma: 1e-14 }))).toBe(true);
    expect(over(changed(run, { sigma: 1e-17 }))).toBe(true);
    expect(over(changed(run, { sigma: 1e4 }))).toBe(true);
    const C = isotropic(new Float64Array(3), 1, false).C;
    C[0] = 1e15;
    expect(over(changed(run, { C, sigma: 1e-6 }))).toBe(true);
    expect(isSound(run.distribution, run.scales)).toBe(true);
    expect(isSound(changed(run, { sigma: Number.POSITIVE_INFINITY }).distribution, run.scales)).toBe(false);
    expect(isSound(changed(run, { C: C.map(() => Number.NaN) }).distribution, run.scales)).toBe(false);
  });
});

test("a distribution has collapsed when one coordinate's draws are all the same, unless a margin spreads them", () => {
  const run = begin();
  const thin = changed(run, { C: run.distribution.C.map((v, at) => (at === 4 ? 1e-34 : v)) });
  expect([hasCollapsed(run), hasCollapsed(thin)]).toEqual([false, true]);
  expect(hasCollapsed({ ...thin, scales: Float64Array.of(1, 1e16, 1) })).toBe(false);
});

describe("the next run", () => {
  test("of IPOP has twice the population and begins at another point with the first step size", () => {
    const second = nextRun(begin(), "ipop", 7, 0.2, createRng(1));
    const third = nextRun(second, "ipop", 7, 0.2, createRng(2));
    expect([second, third].map(({ restart, lambda, sigma0 }) => [restart, lambda, sigma0])).toEqual([
      [1, 14, 0.2],
      [2, 28, 0.2],
    ]);
    expect(third.distribution.mean).not.toEqual(second.distribution.mean);
    expect(third.distribution.mean.every((m) => m >= 0 && m < 1)).toBe(true);
    expect(third.losses).toBeNull();
  });

  test("of BIPOP gives small and large populations about as many evaluations", () => {
    const rng = createRng("bipop");
    let run: Run = { ...begin(), evaluations: 1000 };
    const used = { small: 1000, large: 0 };
    const lambdas: number[] = [];
    for (let k = 0; k < 40; k++) {
      run = nextRun(run, "bipop", 7, 0.2, rng.fork(k));
      expect(run.used).toEqual(used);
      expect(run.isLarge).toBe(used.large <= used.small);
      if (run.isLarge) {
        lambdas.push(run.lambda);
        expect(run.sigma0).toBe(0.2);
        run = { ...run, evaluations: 100 * run.lambda };
        used.large += run.evaluations;
      } else {
        expect(run.lambda).toBeGreaterThanOrEqual(7);
        expect(run.lambda).toBeLessThanOrEqual(Math.max(7, run.lambdaLarge / 2));
        expect(run.sigma0).toBeLessThanOrEqual(0.2);
        expect(run.sigma0).toBeGreaterThanOrEqual(0.002);
        const half = Math.ceil(run.evaluationsLarge / 2);
        expect(over({ ...run, evaluations: half }, "bipop")).toBe(true);
        expect(over({ ...run, evaluations: half - 1 }, "bipop")).toBe(false);
        run = { ...run, evaluations: half };
        used.small += half;
      }
    }
    expect(lambdas).toEqual(lambdas.map((_, k) => 14 * 2 ** k));
    expect(lambdas.length).toBeGreaterThan(4);
  });
});
