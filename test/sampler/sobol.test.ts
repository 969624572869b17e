import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { random } from "../../src/sampler/random.ts";
import type { Sampler } from "../../src/sampler/sampler.ts";
import { sobol } from "../../src/sampler/sobol.ts";
import { categorical } from "../../src/space/choice.ts";
import { createSpace } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Space } from "../../src/space/space.ts";
import type { Observation } from "../../src/trial/history.ts";

function search(sampler: Sampler, space: Space, count: number, seed: number): FlatParams[] {
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  for (let number = 0; number < count; number++) {
    const { params } = sampler.sample({ space, trials, rng: studyRng.fork(number), studyRng })!;
    trials.push({ number, state: "pending", params, loss: null, reports: [], note: null });
  }
  return trials.map(({ params }) => params);
}

describe("Sobol search", () => {
  test("puts one of sixteen trials into each sixteenth of every parameter, and into each cell of every pair of halves", () => {
    const space = createSpace({ a: float(0, 1), b: float(1, 65536, { log: true }), c: int(1, 16) });
    const params = search(sobol(), space, 16, 3);
    expect(new Set(params.map(({ a }) => Math.floor((a as number) * 16))).size).toBe(16);
    expect(new Set(params.map(({ b }) => Math.floor(Math.log2(b as number)))).size).toBe(16);
    expect(new Set(params.map(({ c }) => c)).size).toBe(16);
    const cells = params.map(({ a, c }) => `${(a as number) < 0.5} ${(c as number) <= 8}`);
    for (const cell of new Set(cells)) expect(cells.filter((other) => other === cell).length).toBe(4);
  });

  test("covers a square more evenly than random search at every seed", () => {
    const space = createSpace({ x: float(0, 1), y: float(0, 1) });
    const emptyCells = (params: FlatParams[]): number =>
      64 - new Set(params.map(({ x, y }) => Math.floor((x as number) * 8) * 8 + Math.floor((y as number) * 8))).size;
    for (let seed = 0; seed < 10; seed++) {
      expect(emptyCells(search(sobol(), space, 64, seed))).toBe(0);
      expect(emptyCells(search(random(), space, 64, seed))).toBeGreaterThan(10);
    }
  });

  test("goes another way for another seed, and the same whatever becomes of the trials", () => {
    const space = createSpace({ x: float(0, 1), kind: categorical(["a", "b", "c"]) });
    expect(search(sobol(), space, 8, 1)).toEqual(search(sobol(), space, 8, 1));
    expect(search(sobol(), space, 8, 1)).not.toEqual(search(sobol(), space, 8, 2));
  });
});
