import { describe, expect, test } from "vitest";
import { halton } from "../../src/sampler/halton.ts";
import { points } from "../../src/sampler/points.ts";
import { sobol } from "../../src/sampler/sobol.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { createStudy } from "../../src/study/create.ts";

const space = createSpace({ units: int(1, 99), way: oneOf({ sgd: { m: float(0, 1) }, adam: {} }) });

describe("a list of points", () => {
  test("is tried in order, nested or flat, each point once, and then ends", async () => {
    const list = [
      { units: 3, way: { kind: "sgd", m: 0.5 } },
      { units: 4, "way.kind": "adam" },
      { units: 3, "way.kind": "sgd", "way.m": 0.5 },
    ];
    const study = await createStudy({ space, sampler: points(list), seed: 1 });
    await study.optimize(({ params }) => params.units, { trials: 9 });
    expect((await study.trials()).map(({ params }) => params)).toEqual([
      { units: 3, way: { kind: "sgd", m: 0.5 } },
      { units: 4, way: { kind: "adam" } },
    ]);
    await expect(study.ask()).rejects.toThrow(/Sampler points has no configuration left/);
  });

  test("goes on with another sampler", async () => {
    const study = await createStudy({
      space,
      sampler: points([{ units: 7, way: { kind: "adam" } }], { fallback: halton() }),
      seed: 2,
    });
    await study.optimize(({ params }) => params.units, { trials: 5 });
    expect((await study.trials()).map(({ params }) => params.units)[0]).toBe(7);
    expect(await study.trials()).toHaveLength(5);
    expect(study.describe()).toContain('"fallback":{"name":"halton"');
  });

  test.each([
    [[{ units: 3 }], /Point 0 of the list is wrong: Parameter "way.kind" .* needs a value/],
    [[{ units: 300, "way.kind": "adam" }], /Point 0 .* "units" must be a value of its range .* got 300/],
    [[{ units: 3, way: { kind: "adam", m: 1 } }], /Point 0 .* got "way.m": 1/],
  ])("says which point is no configuration of the space, and why", async (list, message) => {
    const study = await createStudy({ space, sampler: points(list), seed: 3 });
    await expect(study.ask()).rejects.toThrow(message);
  });

  test("keeps constraints, and its options are checked", async () => {
    const small = space.constrain((p) => p.units < 5, { name: "small" });
    const study = await createStudy({ space: small, sampler: points([{ units: 9, "way.kind": "adam" }]), seed: 4 });
    await expect(study.ask()).rejects.toThrow(/constraint "small"/);
    expect(() => points("all" as never)).toThrow(/list of configurations/);
    expect(() => points([], { fallback: "random" as never })).toThrow(/must be a sampler/);
  });
});

test("under a constraint, Sobol search takes the points of its sequence that keep it, in order", async () => {
  const square = createSpace({ x: float(0, 1), y: float(0, 1) });
  const all = await createStudy({ space: square, sampler: sobol(), seed: 5 });
  await all.optimize(() => 0, { trials: 60 });
  const half = await createStudy({ space: square.constrain((p) => p.x <= p.y), sampler: sobol(), seed: 5 });
  await half.optimize(() => 0, { trials: 20 });
  const kept = (await all.trials()).map(({ params }) => params).filter(({ x, y }) => x <= y);
  expect((await half.trials()).map(({ params }) => params)).toEqual(kept.slice(0, 20));
});
