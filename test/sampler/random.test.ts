import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { random } from "../../src/sampler/random.ts";
import { boolean, categorical } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Space } from "../../src/space/space.ts";

function draws(space: Space, count: number): FlatParams[] {
  const studyRng = createRng("random search");
  return Array.from({ length: count }, (_, number) => {
    return random().sample({ space, trials: [], rng: studyRng.fork(number), studyRng })!.params;
  });
}

function count(params: readonly FlatParams[], name: string, value: unknown): number {
  return params.filter((each) => each[name] === value).length;
}

describe("random search", () => {
  test("needs to know earlier trials only where it could repeat them, or has to keep constraints", () => {
    const studyRng = createRng(1);
    const isAhead = (space: Space, sampler = random()) =>
      sampler.sampleAhead!({ space, number: 3, rng: studyRng.fork(3), studyRng }) !== null;
    const x = float(0, 1);
    expect(isAhead(createSpace({ x, n: int(0, 1) }))).toBe(true);
    expect(isAhead(createSpace({ n: int(0, 9) }))).toBe(false);
    expect(isAhead(createSpace({ way: oneOf({ none: {}, some: { x } }) }))).toBe(false);
    expect(isAhead(createSpace({ x }).constrain((p) => p.x > 0.5, { name: "x > 0.5" }))).toBe(false);
    expect(isAhead(createSpace({ x }), random({ priors: { x: { centre: 0.5, width: 0.1 } } }))).toBe(false);
  });

  test("draws each value of an integer as often as any other, the ends included", () => {
    const params = draws(createSpace({ n: int(1, 5) }), 5000);
    // Five standard deviations of a binomial count of mean 1000.
    for (let n = 1; n <= 5; n++) expect(Math.abs(count(params, "n", n) - 1000)).toBeLessThan(5 * Math.sqrt(800));
  });

  test("gives each factor of ten of a logarithmic parameter the same share", () => {
    const params = draws(createSpace({ lr: float(1e-4, 1, { log: true }) }), 4000);
    for (let decade = 0; decade < 4; decade++) {
      const share = params.filter(
        ({ lr }) => (lr as number) >= 10 ** (decade - 4) && (lr as number) < 10 ** (decade - 3),
      );
      expect(Math.abs(share.length - 1000)).toBeLessThan(5 * Math.sqrt(750));
    }
  });

  test("takes each branch as often as any other, however many parameters it has", () => {
    const kind = oneOf({ none: {}, some: { x: float(0, 1), y: int(1, 100), c: categorical(["a", "b", "c"]) } });
    const params = draws(createSpace({ kind }), 2000);
    expect(Math.abs(count(params, "kind.kind", "none") - 1000)).toBeLessThan(5 * Math.sqrt(500));
  });

  test("goes on where a history of an earlier, smaller space is longer than the present one is large", () => {
    const space = createSpace({ a: boolean(), b: boolean() });
    const trials = Array.from({ length: 6 }, (_, number) => ({
      number,
      state: "completed" as const,
      params: { a: number % 2 === 0, old: number },
      loss: number,
      reports: [],
      note: null,
    }));
    const studyRng = createRng(1);
    const suggestion = random().sample({ space, trials, rng: studyRng.fork(6), studyRng });
    expect(suggestion).not.toBeNull();
    space.check(suggestion!.params);
  });
});
