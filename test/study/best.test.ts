import { describe, expect, test } from "vitest";
import { createStudy, float, gp, random } from "../../src/index.ts";
import { createRng } from "../../src/math/rng.ts";

const space = { x: float(0, 1), y: float(0, 1) };

function noisy(direction: "minimize" | "maximize") {
  const sign = direction === "minimize" ? 1 : -1;
  const rng = createRng(11);
  return ({ params: { x, y } }: { params: { x: number; y: number } }) =>
    5 + sign * ((x - 0.3) ** 2 + (y - 0.6) ** 2) + 0.05 * rng.normal();
}

describe.each(["minimize", "maximize"] as const)("the best of a noisy objective to %s", (direction) => {
  test("is the best observed trial, and beside it the one that is expected to be best", async () => {
    const study = await createStudy({ space, direction, sampler: gp(), seed: 4 });
    await study.optimize(noisy(direction), { trials: 40, progress: false });
    const best = (await study.best())!;
    const values = (await study.trials()).map(({ value }) => value!);
    expect(best.value).toBe(direction === "minimize" ? Math.min(...values) : Math.max(...values));
    const { number, params, value, standardDeviation } = best.expected!;
    expect((await study.trials())[number]!.params).toEqual(params);
    // The lucky observation is off by about two standard deviations of the noise, what is expected is not.
    expect(Math.abs(value - 5)).toBeLessThan(Math.abs(best.value! - 5));
    expect(Math.abs(value - 5)).toBeLessThan(0.05);
    expect(standardDeviation).toBeGreaterThan(0);
    expect(standardDeviation).toBeLessThan(0.05);
    expect(Math.hypot(params.x - 0.3, params.y - 0.6)).toBeLessThan(0.2);
  });
});

test("nothing is expected by a sampler without a model, nor of too few trials", async () => {
  const study = await createStudy({ space, sampler: random(), seed: 4 });
  await study.optimize(noisy("minimize"), { trials: 5, progress: false });
  expect((await study.best())!.expected).toBeNull();
  const short = await createStudy({ space, sampler: gp(), seed: 4 });
  await short.optimize(noisy("minimize"), { trials: 2, progress: false });
  expect((await short.best())!.expected).toBeNull();
});

describe("a trial explains why it was suggested", () => {
  test("by the sampler's name where it has no model", async () => {
    const study = await createStudy({ space, sampler: random(), seed: 4 });
    expect((await study.ask()).explain()).toEqual({ source: "random" });
  });

  test("by the design at first, then by what the model expects in the study's direction", async () => {
    const study = await createStudy({ space, direction: "maximize", seed: 4, sampler: gp() });
    const objective = ({ x, y }: { x: number; y: number }) => 100 - (x - 0.3) ** 2 - (y - 0.6) ** 2;
    const sources: string[] = [];
    for (let i = 0; i < 12; i++) {
      const trial = await study.ask();
      const { source, expected, acquisition, nearest } = trial.explain();
      sources.push(source);
      if (source === "model") {
        expect(expected!.value).toBeGreaterThan(98);
        expect(expected!.value).toBeLessThan(100.5);
        expect(expected!.standardDeviation).toBeGreaterThan(0);
        expect(Number.isFinite(acquisition)).toBe(true);
        expect(nearest!.number).toBeLessThan(trial.number);
        expect(nearest!.distance).toBeGreaterThan(0);
      }
      await study.tell(trial, objective(trial.params));
    }
    expect(sources.slice(0, 5)).toEqual(["centre", "design", "design", "design", "design"]);
    expect(sources.slice(5).every((source) => source === "model")).toBe(true);
  });
});
