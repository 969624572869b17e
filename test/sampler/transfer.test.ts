import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import type { Trend } from "../../src/gp/regression.ts";
import { createRng } from "../../src/math/rng.ts";
import { auto } from "../../src/sampler/auto.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import { agreement, type Experience, sources, trendOf } from "../../src/sampler/gp/transfer.ts";
import { random } from "../../src/sampler/random.ts";
import { readExplanation, type Sampler } from "../../src/sampler/sampler.ts";
import { categorical } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Space } from "../../src/space/space.ts";
import { createStudy } from "../../src/study/create.ts";
import { transferFrom } from "../../src/study/transfer.ts";
import { hartmann6 } from "../../src/testing/test-functions.ts";
import type { Observation } from "../../src/trial/history.ts";

type Loss = (params: FlatParams) => number;

function search(sampler: Sampler, space: Space, loss: Loss, count: number, seed: number): Observation[] {
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  for (let number = 0; number < count; number++) {
    const request = { space, trials: [...trials], rng: studyRng.fork(number), studyRng };
    const { params, note = null } = sampler.sample(request)!;
    trials.push({ number, state: "completed", params, loss: loss(params), reports: [], note });
  }
  return trials;
}

function experience(space: Space, loss: Loss, count: number, sampler = gp()): Experience {
  const trials = search(sampler, space, loss, count, 77);
  return { name: "before", trials: trials.map(({ params, loss: own }) => ({ params, loss: own! })) };
}

function lowest(trials: readonly Observation[]): number {
  return Math.min(...trials.map(({ loss }) => loss!));
}

/** Mean over ten seeds of the lowest loss, by sampler. */
function meanLowest(make: () => Sampler, space: Space, loss: Loss, count: number): number {
  const all = Array.from({ length: 10 }, (_, seed) => lowest(search(make(), space, loss, count, seed)));
  return all.reduce((sum, value) => sum + value / all.length, 0);
}

describe("on Hartmann's function, in the mean of ten seeds,", () => {
  const { space } = hartmann6;
  const loss: Loss = (p) => hartmann6.loss(p as never);
  /** The same function with its optimum moved by a tenth of every range, in other units. */
  const shifted: Loss = (p) =>
    1000 * loss(Object.fromEntries(Object.entries(p).map(([name, v]) => [name, Math.min(1, (v as number) + 0.1)])));

  test("a study of a similar function saves most of fifteen trials", () => {
    const similar = experience(space, shifted, 40);
    const without = meanLowest(() => gp(), space, loss, 15);
    const with7 = meanLowest(() => gp({ transfer: [similar] }), space, loss, 7);
    expect(with7).toBeLessThan(without);
  });

  test("one of the function upside down costs little: less than a tenth of the range after twenty trials", () => {
    const inverted = experience(space, (p) => -loss(p), 40);
    const without = meanLowest(() => gp(), space, loss, 20);
    const misled = meanLowest(() => gp({ transfer: [inverted] }), space, loss, 20);
    expect(misled - without).toBeLessThan(0.33);
  });
});

describe("how far a study is believed", () => {
  const line = createSpace({ x: float(0, 1), y: float(0, 1) });
  const rng = createRng(4);
  const points = Array.from({ length: 12 }, () => ({ x: rng.next(), y: rng.next() }));
  const rows = Float64Array.from(points.flatMap(({ x, y }) => [x, y]));
  const bowl: Loss = (p) => ((p.x as number) - 0.3) ** 2 + ((p.y as number) - 0.6) ** 2;
  const made = (loss: Loss) => sources([experience(line, loss, 30, random())])(line);
  const losses = Float64Array.from(points, bowl);

  test("is the part of the rank agreement that chance does not explain", () => {
    const a = Float64Array.of(1, 2, 3, 4, 5);
    const chance = Math.sqrt(30 / (9 * 5 * 4));
    expect(agreement(a, a)).toBeCloseTo(1 - chance, 12);
    expect(agreement(a, Float64Array.of(2, 1, 3, 4, 5))).toBeCloseTo(0.8 - chance, 12);
    expect(agreement(a, Float64Array.of(5, 4, 3, 2, 1))).toBe(0);
    expect(agreement(a, Float64Array.of(1, 1, 1, 1, 1))).toBe(0);
    expect(agreement(a.subarray(0, 1), a.subarray(0, 1))).toBe(0);
  });

  test("a study that agrees makes a trend that goes the same way; what misleads makes none", () => {
    const trend = trendOf(made(bowl), rows, losses)!;
    const [low, high] = trend.values(Float64Array.of(0.3, 0.6, 0.95, 0.05));
    expect(low).toBeLessThan(high!);
    expect(
      trendOf(
        made((p) => -bowl(p)),
        rows,
        losses,
      ),
    ).toBeUndefined();
    expect(trendOf([], rows, losses)).toBeUndefined();
  });

  test("of two studies the one that agrees better has more weight", () => {
    const [good] = made(bowl);
    const [middling] = made((p) => ((p.x as number) - 0.3) ** 2 + 0.4 * (p.y as number));
    const at = Float64Array.of(0.3, 0.6, 0.3, 0.05);
    const difference = (trend: Trend): number => trend.values(at)[1]! - trend.values(at)[0]!;
    const alone = difference(trendOf([good!], rows, losses)!);
    const both = difference(trendOf([good!, middling!], rows, losses)!);
    expect(alone).toBeGreaterThan(0);
    expect(both).toBeGreaterThan(alone / 2);
  });

  test("the trend's gradient is that of central differences", () => {
    const trend = trendOf(made(bowl), rows, losses)!;
    const at = Float64Array.of(0.42, 0.77);
    const gradient = trend.gradient(at);
    for (const j of [0, 1]) {
      const moved = (step: number): number => trend.values(at.map((v, k) => (k === j ? v + step : v)))[0]!;
      expect(gradient[j]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 5);
    }
  });

  test("with a study that misleads, a model suggests what it would without one", () => {
    const trials = points.map(
      (params, number): Observation => ({
        number,
        state: "completed",
        params,
        loss: bowl(params),
        reports: [],
        note: null,
      }),
    );
    const studyRng = createRng(1);
    const request = { space: line, trials, rng: studyRng.fork(12), studyRng };
    const misleading = experience(line, (p) => -bowl(p), 30, random());
    expect(gp({ transfer: [misleading] }).sample(request)).toEqual(gp().sample(request));
    const agreeing = experience(line, bowl, 30, random());
    expect(gp({ transfer: [agreeing] }).sample(request)).not.toEqual(gp().sample(request));
  });
});

describe("spaces that overlap in part", () => {
  const before = createSpace({ lr: float(1e-4, 1, { log: true }), units: int(1, 100), gone: categorical(["a", "b"]) });
  const after = createSpace({
    lr: float(1e-3, 1, { log: true }),
    units: int(1, 100),
    kind: oneOf({ plain: {}, deep: { layers: int(2, 9) } }),
  });
  const loss: Loss = (p) => Math.log10((p.lr as number) / 0.02) ** 2 + ((p.units as number) - 70) ** 2 / 2000;
  const found = experience(before, loss, 40);

  test("begin with the best configuration, completed, and the trend does not change along what the study had not", () => {
    const [first] = search(gp({ transfer: [found] }), after, loss, 1, 1);
    expect(loss(first!.params)).toBeLessThan(0.01);
    expect(readExplanation(first!.note)).toEqual({ source: "transfer" });
    const [source] = sources([found])(after);
    const width = 5;
    const row = Float64Array.of(0.4, 0.7, 0, 0.5, 0);
    expect(row.length).toBe(width);
    const value = source!.trend.values(row)[0];
    for (const j of [2, 3, 4]) {
      expect(source!.trend.values(row.map((v, k) => (k === j ? 1 : v)))[0]).toBe(value);
      expect(source!.trend.gradient(row)[j]).toBe(0);
    }
    expect(source!.trend.values(row.map((v, k) => (k === 0 ? 1 : v)))[0]).not.toBe(value);
  });

  test("leave out trials whose values the new space does not have", () => {
    const narrow = createSpace({ lr: float(0.01, 0.05), units: int(1, 100) });
    const [first] = search(gp({ transfer: [found] }), narrow, loss, 1, 1);
    expect(first!.params.lr).toBeGreaterThanOrEqual(0.01);
  });

  test("are refused where nothing of the study lies in the space", () => {
    const ask = (space: Space) => () => search(gp({ transfer: [found] }), space, () => 0, 1, 1);
    expect(ask(createSpace({ x: float(0, 1) }))).toThrow(ValidationError);
    expect(ask(createSpace({ x: float(0, 1) }))).toThrow(
      /of the 40 of "before" 0 do. They have no parameter in common: the study has lr, units, gone, the space x\./,
    );
    expect(ask(createSpace({ lr: float(2, 3), units: int(1, 9) }))).toThrow(
      "They have lr, units in common, but not in the same range.",
    );
  });
});

test("a study gives its completed trials, as losses and by full names, through JSON", async () => {
  const space = createSpace({ net: { lr: float(0, 1) }, way: oneOf({ a: { depth: int(1, 3) }, b: {} }) });
  const study = await createStudy({ name: "old", space, direction: "maximize", seed: 3, sampler: random() });
  await study.optimize(
    ({ number, params }) => {
      if (number === 2) throw new Error("no");
      return params.net.lr;
    },
    { trials: 8 },
  );
  const found = await transferFrom(study);
  expect(found.name).toBe("old");
  expect(found.trials.length).toBe(7);
  for (const { params, loss } of found.trials) {
    space.check(params);
    expect(loss).toBe(-(params["net.lr"] as number));
  }
  const stored = JSON.parse(JSON.stringify(found)) as Experience;
  for (const sampler of [gp({ transfer: [stored] }), auto({ transfer: [stored] })]) {
    const next = await createStudy({ space, direction: "maximize", seed: 4, sampler });
    const best = Math.max(...(await study.trials()).map(({ value }) => value ?? 0));
    expect((await next.ask()).params.net.lr).toBe(best);
    expect(next.describe()).toContain('"transfer":[{"name":"old","trials":7}]');
  }
});

test.each([3, null, {}, [3], [{ trials: [] }], [{ name: "a", trials: [{ params: { x: 1 } }] }]])(
  "transfer of %o is refused",
  (wrong) => {
    expect(() => gp({ transfer: wrong as never })).toThrow(ValidationError);
    expect(() => gp({ transfer: wrong as never })).toThrow("`transfer` must be a list of what");
  },
);
