import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { bonusOf } from "../../src/sampler/gp/bonus.ts";
import { domainOf } from "../../src/sampler/gp/domain.ts";
import { gather } from "../../src/sampler/gp/evidence.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import { createBelief, type Priors } from "../../src/sampler/priors.ts";
import { categorical } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Space } from "../../src/space/space.ts";
import type { Observation } from "../../src/trial/history.ts";

function search(space: Space, priors: Priors, loss: (params: FlatParams) => number, count: number, seed: number) {
  const sampler = gp({ priors });
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  for (let number = 0; number < count; number++) {
    const { params, note = null } = sampler.sample({
      space,
      trials: [...trials],
      rng: studyRng.fork(number),
      studyRng,
    })!;
    trials.push({ number, state: "completed", params, loss: loss(params), reports: [], note });
  }
  return trials;
}

describe("a belief about eight parameters", () => {
  const names = Array.from({ length: 8 }, (_, j) => `x${j}`);
  const space = createSpace(Object.fromEntries(names.map((name) => [name, float(0, 1)])));
  const optimum = names.map((_, j) => 0.15 + 0.1 * ((3 * j) % 8));
  const loss = (params: FlatParams): number =>
    Math.sqrt(names.reduce((sum, name, j) => sum + ((params[name] as number) - optimum[j]!) ** 2, 0));
  const at = (centres: readonly number[]): Priors =>
    Object.fromEntries(names.map((name, j) => [name, { centre: centres[j]!, width: 0.15 }]));
  const mean = (priors: Priors, count: number): number =>
    [0, 1, 2, 3, 4].reduce((sum, seed) => {
      const losses = search(space, priors, loss, count, seed).map((trial) => trial.loss!);
      return sum + Math.min(...losses) / 5;
    }, 0);

  test("helps when it is good, from the first trials on", () => {
    const good = at(optimum.map((value, j) => value + (j % 2 === 0 ? 0.08 : -0.08)));
    expect(mean(good, 8)).toBeLessThan(0.6 * mean({}, 8));
    expect(mean(good, 20)).toBeLessThan(mean({}, 20));
  });

  test("is forgotten when it is bad: forty trials come as near as without one, or nearly", () => {
    const bad = at(optimum.map((value) => (value > 0.5 ? value - 0.4 : value + 0.4)));
    expect(mean(bad, 8)).toBeGreaterThan(mean({}, 8));
    expect(mean(bad, 40)).toBeLessThan(mean({}, 40) + 0.1);
  });
});

test("a belief counts for as much as the trials leave it", () => {
  const space = createSpace({ x: float(0, 1), y: float(0, 1) });
  const domain = domainOf(space);
  const belief = createBelief(space, { x: { centre: 0.2, width: 0.1 } });
  const points = Array.from({ length: 20 }, (_, i) => ({ x: (i + 0.5) / 20, y: ((7 * i) % 20) / 20 }));
  const bonus = (count: number, loss: (x: number) => number): number => {
    const trials = points
      .filter((_, i) => i % (20 / count) === 0)
      .map((params, number): Observation => {
        return { number, state: "completed", params, loss: loss(params.x), reports: [], note: null };
      });
    const { x, active } = domain.encode({ x: 0.2, y: 0.5 });
    const row = new Float64Array(domain.width);
    domain.embed(x, active, row, 0);
    return bonusOf(belief, domain, gather(domain, trials))(row);
  };
  const full = belief.logDensity({ x: 0.2, y: 0.5 });
  expect(bonus(10, (x) => Math.abs(x - 0.2))).toBeCloseTo(full, 12);
  expect(bonus(10, () => 1)).toBeCloseTo(full, 12);
  expect(bonus(20, (x) => Math.abs(x - 0.2))).toBeCloseTo(full / 4, 12);
  expect(bonus(10, (x) => -Math.abs(x - 0.2))).toBe(0);
});

test("beliefs about branches, categories and integers steer the first trials and hold nowhere else", () => {
  const space = createSpace({
    method: oneOf({ tree: { depth: int(1, 20) }, line: { slope: float(0, 1) } }),
    kind: categorical(["a", "b", "c"]),
  });
  const priors: Priors = {
    "method.depth": { centre: 15, width: 0.05 },
    "method.slope": { centre: 0.9, width: 0.05 },
    kind: { weights: [0, 1, 9] },
  };
  const trials = search(space, priors, ({ kind }) => (kind === "c" ? 0 : 1), 24, 3);
  for (const { params } of trials.slice(0, 6)) {
    expect(params.kind).not.toBe("a");
    if (params["method.kind"] === "tree") expect(Math.abs((params["method.depth"] as number) - 15)).toBeLessThan(5);
    else expect(Math.abs((params["method.slope"] as number) - 0.9)).toBeLessThan(0.25);
  }
  expect(gp({ priors }).toJSON()).toMatchObject({ priors });
});

test("a belief about a parameter that the space does not have is refused when it is asked", () => {
  expect(() => search(createSpace({ x: float(0, 1) }), { y: { centre: 0, width: 1 } }, () => 0, 1, 0)).toThrow(
    'A prior must name a parameter of the space, but got "y"',
  );
});
