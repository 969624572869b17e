import { describe, expect, expectTypeOf, it, test } from "vitest";
import { SpaceInfeasibleError, ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { searchFeasible, walk } from "../../src/sampler/feasible.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import { grid } from "../../src/sampler/grid.ts";
import { random } from "../../src/sampler/random.ts";
import { sobol } from "../../src/sampler/sobol.ts";
import { categorical } from "../../src/space/choice.ts";
import { createSpace, type InferParams, list, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { configurations } from "../../src/space/space.ts";
import { memory } from "../../src/storage/memory.ts";
import { createStudy } from "../../src/study/create.ts";

const pair = { min: int(1, 6), max: int(1, 6) };
const parts = {
  a: int(0, 2),
  kind: oneOf({ x: { u: int(0, 2) }, y: { v: int(0, 1) } }),
  layers: list({ width: int(1, 2) }, { min: 1, max: 3 }),
  b: int(1, 2),
};
type Parts = InferParams<typeof parts>;
const ordered = () => createSpace(pair).constrain((p) => p.min <= p.max, { name: "min <= max" });

describe("a constrained space", () => {
  it("knows the params of its rules, and leaves the space it was made of as it was", () => {
    const space = createSpace({ x: float(0, 1), o: oneOf({ a: { y: int(1, 3) }, b: {} }) });
    const constrained = space.constrain((p) => {
      expectTypeOf(p.x).toEqualTypeOf<number>();
      return p.o.kind === "b" || p.o.y > 3 * p.x;
    });
    expectTypeOf(constrained).toEqualTypeOf<typeof space>();
    expect(space.constraints).toEqual([]);
    expect(constrained.constraints[0]!.name).toMatch(/p\.o\.y > 3 \* p\.x/);
    // @ts-expect-error there is no z
    space.constrain((p) => p.z > 0);
  });

  it("counts and lists the configurations that keep all its rules", () => {
    const space = ordered();
    expect(space.size).toBe(21);
    expect([...configurations(space)].every(({ min, max }) => min! <= max!)).toBe(true);
    expect(space.constrain((p) => p.min + p.max === 7).size).toBe(3);
  });

  it.each<[string, (p: Parts) => boolean]>([
    ["two parameters", (p) => p.a < p.layers.length],
    ["a branch", (p) => p.kind.kind === "x" && p.kind.u !== 1],
    ["whether a branch has a parameter", (p) => "u" in p.kind],
    ["the items of a list", (p) => p.layers.every(({ width }) => width > 1)],
    ["all by their names", (p) => Object.values(p.kind).length > 1 && p.b > 1],
    ["a copy", (p) => structuredClone(p).b === 2],
    ["nothing", () => false],
  ])("lists without those that differ only in what a rule did not read: %s", (_, holds) => {
    const space = createSpace(parts);
    const kept = [...configurations(space)].filter((params) => holds(space.nest(params) as Parts));
    expect([...configurations(space.constrain(holds))]).toEqual(kept);
  });

  it("passes over a thousand million combinations that break a rule about the first of them", () => {
    const wide = int(0, 999);
    let asked = 0;
    const space = createSpace({ a: wide, b: wide, c: wide, d: wide }).constrain(({ a, b }) => {
      asked++;
      return a === 3 && b === 998;
    });
    expect(configurations(space).next().value).toEqual({ a: 3, b: 998, c: 0, d: 0 });
    expect(asked).toBeLessThan(20_000);
  });

  it("checks configurations, naming the rule", () => {
    expect(() => ordered().check({ min: 3, max: 2 })).toThrow(/constraint "min <= max", but got {"min":3,"max":2}/);
    ordered().check({ min: 2, max: 2 });
  });

  it("says which rule threw, or answered with something else than a boolean", () => {
    const throwing = createSpace(pair).constrain(
      () => {
        throw new Error("boom");
      },
      { name: "odd" },
    );
    expect(() => throwing.isFeasible({ min: 1, max: 2 })).toThrow(/"odd" threw for {"min":1,"max":2}: Error: boom/);
    const vague = createSpace(pair).constrain(((p: { min: number }) => p.min) as never, { name: "vague" });
    expect(() => vague.isFeasible({ min: 1, max: 2 })).toThrow(/"vague" returned 1 for {"min":1,"max":2}/);
    expect(() => createSpace(pair).constrain(7 as never)).toThrow(ValidationError);
    expect(() => ordered().constrain((p) => p.min > 0, { name: "min <= max" })).toThrow(/stands twice/);
  });

  it("reads a configuration back from its key, unless it keeps the rules no longer", () => {
    const space = createSpace({ a: int(1, 3), o: oneOf({ x: { b: categorical(["u", null]) }, y: {} }) });
    for (const params of configurations(space)) expect(space.ofKey(space.key(params))).toEqual(params);
    expect(ordered().ofKey(createSpace(pair).key({ min: 2, max: 1 }))).toBeUndefined();
    expect(ordered().ofKey('[["gone"],[1]]')).toBeUndefined();
  });
});

describe("every sampler", () => {
  const samplers = { random, sobol, grid: () => grid({ points: 12 }), gp };

  it.each(Object.entries(samplers))("%s tries all of a finite space that keep the rules, and ends", async (_, make) => {
    const study = await createStudy({ space: ordered(), sampler: make(), seed: 1 });
    await study.optimize(({ params }) => params.max - params.min, { trials: 40 });
    const trials = await study.trials();
    expect(trials).toHaveLength(21);
    expect(trials.every(({ params }) => params.min <= params.max)).toBe(true);
    await expect(study.ask()).rejects.toThrow(/All 21 configurations/);
  });

  it.each(Object.entries(samplers))("%s keeps the rules of an infinite space, once each", async (name, make) => {
    const space = createSpace({ a: float(0, 1), b: float(0, 1), c: categorical(["x", "y"]) })
      .constrain((p) => p.a <= p.b)
      .constrain((p) => p.c === "x" || p.b > 0.8);
    const study = await createStudy({ space, sampler: make(), seed: 2 });
    await study.optimize(({ params }) => (params.a - 0.9) ** 2 + params.b, { trials: 25 });
    for (const { params } of await study.trials()) space.check({ ...params });
    expect(new Set((await study.trials()).map(({ params }) => JSON.stringify(params))).size, name).toBe(25);
  });

  it.each([
    ["random", random],
    ["gp", gp],
  ])("%s finds a ten-thousandth of the space, and stays in it", async (_, make) => {
    const space = createSpace({ x: float(0, 1), y: float(0, 1) }).constrain(
      (p) => Math.abs(p.x - 0.317) < 0.005 && Math.abs(p.y - 0.71) < 0.005,
    );
    const study = await createStudy({ space, sampler: make(), seed: 3 });
    await study.optimize(({ params }) => params.x + params.y, { trials: 12 });
    expect(new Set((await study.trials()).map(({ params }) => JSON.stringify(params))).size).toBe(12);
  });

  it("walks along a linear equation between integers once it knows two solutions", async () => {
    const space = createSpace({ a: int(0, 1e6), b: int(0, 1e6) }).constrain((p) => p.a + p.b === 1e6);
    const study = await createStudy({ space, sampler: random(), seed: 4 });
    await study.enqueue({ a: 1, b: 999_999 });
    await study.enqueue({ a: 900_000, b: 100_000 });
    await study.optimize(({ params }) => params.a, { trials: 8 });
    expect(new Set((await study.trials()).map(({ params }) => params.a)).size).toBe(8);
  });

  it("approaches several rules one after another: eight numbers in order, one in 40,320", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;
    let space = createSpace(Object.fromEntries(names.map((name) => [name, float(0, 1)])));
    for (const [i, name] of names.slice(1).entries())
      space = space.constrain((p) => (p[names[i]!] as number) <= (p[name] as number), { name });
    for (const seed of [1, 2, 3]) space.check(searchFeasible(space, createRng(seed)));
  });

  it("says what it tried where nothing is feasible", async () => {
    const nothing = createSpace({ x: float(0, 1) })
      .constrain(() => true, { name: "fine" })
      .constrain((p) => p.x > 2, { name: "too much" });
    const study = await createStudy({ space: nothing, sampler: random(), seed: 5 });
    await expect(study.ask()).rejects.toThrow(SpaceInfeasibleError);
    await expect(study.ask()).rejects.toThrow(/120000 draws; "too much" was broken most often, in 120000 of them/);
    const none = await createStudy({ space: ordered().constrain(() => false, { name: "no" }), seed: 6 });
    await expect(none.ask()).rejects.toThrow(/keeps all its constraints: "min <= max", "no". All of them were tried/);
  });
});

test("a walk leaves the uniform distribution over a triangle as it is", () => {
  const space = createSpace({ x: float(0, 1), y: float(0, 1) }).constrain((p) => p.x + p.y <= 1);
  const rng = createRng("triangle");
  const counts = new Float64Array(4);
  const n = 4000;
  let at = { x: 0.2, y: 0.2 } as Record<string, number>;
  for (let i = 0; i < n; i++) {
    at = walk(space, at, [], rng) as Record<string, number>;
    counts[(at.x! < 0.5 ? 0 : 1) + (at.y! < 0.5 ? 0 : 2)]!++;
  }
  // The quarters hold 1/2, 1/4, 1/4 and none of the triangle; χ² with 2 degrees of freedom exceeds 27.6 once in 10⁶.
  const chi2 = [0.5, 0.25, 0.25].reduce((sum, p, k) => sum + (counts[k]! - n * p) ** 2 / (n * p), 0);
  expect(counts[3]).toBe(0);
  expect(chi2).toBeLessThan(27.6);
});

describe("a study with constraints", () => {
  it("takes them beside a plain declaration, typed", async () => {
    const study = await createStudy({
      space: pair,
      constraints: { "min <= max": (p) => p.min <= p.max },
      sampler: random(),
      seed: 1,
    });
    expect(study.space.size).toBe(21);
    expect(study.describe()).toContain('must keep "min <= max"');
    await expect(createStudy({ constraints: { a: () => true } } as never)).rejects.toThrow(/need a declared `space`/);
  });

  it("refuses to enqueue what breaks them, and completes what leaves something open", async () => {
    const study = await createStudy({ space: ordered(), sampler: random(), seed: 7 });
    await expect(study.enqueue({ min: 5, max: 2 })).rejects.toThrow(/constraint "min <= max"/);
    for (let i = 0; i < 6; i++) await study.enqueue({ min: 5 });
    await study.optimize(({ params }) => params.max, { trials: 6 });
    expect((await study.trials()).every(({ params }) => params.min === 5 && params.max >= 5)).toBe(true);
    const impossible = createSpace(pair).constrain((p) => p.min < 6 && p.min <= p.max, { name: "below six" });
    const other = await createStudy({ space: impossible, sampler: random(), seed: 7 });
    await expect(other.enqueue({ min: 6 })).rejects.toThrow(SpaceInfeasibleError);
  });

  it("is resumed with the same rules, refuses others, and is read without them", async () => {
    const storage = memory();
    const before = await createStudy({ storage, space: ordered(), sampler: random(), seed: 8 });
    await before.optimize(({ params }) => params.max, { trials: 5 });
    const again = await createStudy({ storage, space: ordered(), sampler: random() });
    await again.optimize(({ params }) => params.max, { trials: 9 });
    expect((await again.trials()).every(({ params }) => params.min <= params.max)).toBe(true);
    await expect(createStudy({ storage, space: createSpace(pair) })).rejects.toThrow(
      /constraint "min <= max": stored, not given/,
    );
    const more = ordered().constrain((p) => p.max < 6, { name: "small" });
    await expect(createStudy({ storage, space: more })).rejects.toThrow(/constraint "small": not stored, given/);
    const extended = await createStudy({ storage, space: more, spaceChange: "extend", sampler: random() });
    await extended.optimize(({ params }) => params.max, { trials: 12 });
    expect((await extended.trials()).slice(9).every(({ params }) => params.max < 6)).toBe(true);
    const reading = await createStudy({ storage });
    expect(await reading.trials()).toHaveLength(12);
    await expect(reading.ask()).rejects.toThrow(/code and not stored/);
  });

  it("keeps the constraints where a running objective adds parameters", async () => {
    const study = await createStudy({ space: ordered(), sampler: random(), seed: 9 });
    await study.optimize((trial) => trial.float("extra", 0, 1) + trial.params.max, { trials: 10 });
    expect((await study.trials()).every(({ params }) => params.min <= params.max)).toBe(true);
  });
});
