import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { type GridOptions, grid } from "../../src/sampler/grid.ts";
import type { Sampler } from "../../src/sampler/sampler.ts";
import { boolean, categorical, ordinal } from "../../src/space/choice.ts";
import { createSpace, list, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import { configurations, type Space } from "../../src/space/space.ts";
import type { Observation } from "../../src/trial/history.ts";

/** Everything that the sampler suggests until it has nothing left. */
function searchAll(sampler: Sampler, space: Space, seed = 1, most = 2000): FlatParams[] {
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  for (let number = 0; number < most; number++) {
    const suggestion = sampler.sample({ space, trials, rng: studyRng.fork(number), studyRng });
    if (suggestion === null) return trials.map(({ params }) => params);
    trials.push({ number, state: "completed", params: suggestion.params, loss: 0, reports: [], note: null });
  }
  throw new Error("The search did not end.");
}

const mixed = createSpace({
  units: int(20, 60, { step: 20 }),
  optimizer: oneOf({ sgd: { nesterov: boolean() }, adam: {} }),
  layers: list({ wide: boolean() }, { min: 1, max: 2 }),
});

describe("grid search", () => {
  test("tries every configuration of a finite space in the order in which the last parameter changes fastest", () => {
    expect(searchAll(grid(), mixed)).toEqual([...configurations(mixed)]);
    expect(searchAll(grid(), mixed).length).toBe(mixed.size);
  });

  test("spreads points over a continuous parameter in its own scale, both ends included", () => {
    const space = createSpace({ lr: float(1e-4, 1, { log: true }), x: float(-1, 1) });
    const params = searchAll(grid({ points: { lr: 5, x: 3 } }), space);
    expect(params.length).toBe(15);
    expect(params.slice(0, 3).map(({ x }) => x)).toEqual([-1, 0, 1]);
    const rates = [...new Set(params.map(({ lr }) => lr as number))];
    expect(rates[0]).toBe(1e-4);
    expect(rates[4]).toBe(1);
    for (const [k, rate] of rates.entries()) expect(rate).toBeCloseTo(10 ** (k - 4), 12);
  });

  test("takes values by name, thins long ranges, and leaves other discrete parameters whole", () => {
    const space = createSpace({ units: int(1, 1000), batch: ordinal([16, 32, 64]), c: categorical(["a", "b"]) });
    const params = searchAll(grid({ points: { units: [8, 64, 8], batch: 2 } }), space);
    expect(params.length).toBe(2 * 2 * 2);
    expect(new Set(params.map(({ units }) => units))).toEqual(new Set([8, 64]));
    expect(new Set(params.map(({ batch }) => batch))).toEqual(new Set([16, 64]));
    const thinned = searchAll(grid({ points: { units: 4, batch: [32], c: ["b"] } }), space);
    expect(thinned.map(({ units }) => units)).toEqual([1, 334, 667, 1000]);
  });

  test("passes over what has been tried, in whatever way", () => {
    const studyRng = createRng(1);
    const all = [...configurations(mixed)];
    const trials = [all[0]!, all[2]!].map(
      (params, number): Observation => ({ number, state: "failed", params, loss: null, reports: [], note: null }),
    );
    expect(grid().sample({ space: mixed, trials, rng: studyRng.fork(2), studyRng })!.params).toEqual(all[1]);
  });

  test("goes through the whole grid in an order of the seed where that is asked for", () => {
    const first = searchAll(grid({ order: "random" }), mixed, 1);
    const keys = (params: FlatParams[]): string[] => params.map((each) => mixed.key(each));
    expect(new Set(keys(first))).toEqual(new Set(keys([...configurations(mixed)])));
    expect(keys(first)).not.toEqual(keys([...configurations(mixed)]));
    expect(searchAll(grid({ order: "random" }), mixed, 1)).toEqual(first);
    expect(searchAll(grid({ order: "random" }), mixed, 2)).not.toEqual(first);
  });

  test("walks a grid of 10^30 configurations without laying it out, in either order", () => {
    const space = createSpace(Object.fromEntries(Array.from({ length: 30 }, (_, j) => [`x${j}`, int(0, 9)])));
    const studyRng = createRng(1);
    const request = { space, trials: [], rng: studyRng.fork(0), studyRng };
    expect(Object.values(grid().sample(request)!.params)).toEqual(new Array(30).fill(0));
    expect(new Set(Object.values(grid({ order: "random" }).sample(request)!.params)).size).toBeGreaterThan(3);
  });

  test("says what is wrong with a grid that cannot be", () => {
    const space = createSpace({ lr: float(0, 1), c: categorical(["a", "b"]) });
    const studyRng = createRng(1);
    const request = { space, trials: [], rng: studyRng.fork(0), studyRng };
    expect(() => grid().sample(request)).toThrow(/needs a number of points.*none for "lr"/);
    expect(() => grid({ points: { lr: 2, c: ["z"] } }).sample(request)).toThrow(/"c".*but got "z"/);
    for (const options of [{ points: 0 }, { points: { lr: 1.5 } }, { points: { lr: [] } }, { order: "zigzag" }]) {
      expect(() => grid(options as GridOptions)).toThrow(ValidationError);
    }
  });
});
