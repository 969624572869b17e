import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ValidationError } from "../../../src/errors.ts";
import { createRng } from "../../../src/math/rng.ts";
import { createBelief } from "../../../src/sampler/priors.ts";
import { random } from "../../../src/sampler/random.ts";
import type { Sampler } from "../../../src/sampler/sampler.ts";
import { neighbourGaps, normalReference } from "../../../src/sampler/tpe/bandwidth.ts";
import { createParzen } from "../../../src/sampler/tpe/parzen.ts";
import { split } from "../../../src/sampler/tpe/split.ts";
import { tpe } from "../../../src/sampler/tpe/tpe.ts";
import { categorical } from "../../../src/space/choice.ts";
import { createSpace, oneOf } from "../../../src/space/declare.ts";
import { float, int } from "../../../src/space/numeric.ts";
import type { FlatParams } from "../../../src/space/parameter.ts";
import { configurations, type Space } from "../../../src/space/space.ts";
import { branin, hartmann6 } from "../../../src/testing/test-functions.ts";
import type { Observation } from "../../../src/trial/history.ts";

interface Fixture {
  readonly cases: readonly {
    readonly observed: readonly FlatParams[];
    readonly asked: readonly FlatParams[];
    readonly logDensity: readonly number[];
  }[];
  readonly gamma: Readonly<Record<string, number>>;
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

const fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/sampler/tpe.json", import.meta.url), "utf8"),
) as Fixture;

function observation(number: number, params: FlatParams, loss: number | null): Observation {
  return { number, state: loss === null ? "failed" : "completed", params, loss, reports: [], note: null };
}

function search(sampler: Sampler, space: Space, loss: (p: FlatParams) => number | null, count: number, seed: number) {
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  for (let number = 0; number < count; number++) {
    const { params } = sampler.sample({ space, trials: [...trials], rng: studyRng.fork(number), studyRng })!;
    trials.push(observation(number, params, loss(params)));
  }
  return trials;
}

const lowest = (trials: readonly Observation[]): number => Math.min(...trials.map(({ loss }) => loss ?? Infinity));
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

test("densities are those of Optuna's estimator, whose prior weighs next to nothing here", () => {
  const space = createSpace({
    x: float(-2, 3),
    rate: float(1e-4, 1, { log: true }),
    units: int(10, 30, { step: 5 }),
    kind: categorical(["a", "b", "c"]),
  });
  const belief = createBelief(space, {});
  let compared = 0;
  for (const { observed, asked, logDensity } of fixture.cases) {
    const { bad } = split(
      observed.map((params, i) => observation(i, params, 0)),
      () => 0,
    );
    const parzen = createParzen(space, bad, belief, 1e-12, neighbourGaps);
    asked.forEach((params, i) => {
      // Optuna's is a density in the searched scale, and a probability of levels; the uniform one is 1/5, 1/log 10⁴, 1/5 and 1/3.
      const relative = logDensity[i]! + Math.log(5 * Math.log(1e4) * 5 * 3);
      // Where no kernel reaches, there is only the prior.
      if (relative < -18) return;
      compared++;
      expect(parzen.logDensity(space.encode(params))).toBeCloseTo(relative, 5);
    });
  }
  expect(compared).toBeGreaterThan(40);
});

describe("the split", () => {
  const params = { x: 0 };
  const completed = (losses: readonly number[]): Observation[] =>
    losses.map((loss, number) => observation(number, params, loss));

  test("takes as many good trials as Optuna, and weighs the others as it does", () => {
    for (const [n, count] of Object.entries(fixture.gamma)) {
      const trials = completed(Array.from({ length: Number(n) }, (_, i) => (i * 7) % 13));
      const { good, bad } = split(trials, (ended) => Math.min(Math.ceil(0.1 * ended), 25));
      expect(good.length).toBe(count);
      expect(bad.length).toBe(Math.min(400, Number(n) - count));
      if (bad.length === 400) continue;
      const worst = Math.max(...good.map(({ trial }) => trial.loss!));
      expect(Math.min(...bad.map(({ trial }) => trial.loss!), Infinity)).toBeGreaterThanOrEqual(worst);
    }
    for (const [n, weights] of Object.entries(fixture.weights)) {
      const { bad } = split(completed(new Array(Number(n)).fill(0)), () => 0);
      bad.forEach(({ weight }, i) => {
        expect(weight).toBeCloseTo(weights[i]!, 12);
      });
    }
  });

  test("judges pruned trials after completed ones, by how far they came; failed and running ones are bad", () => {
    const pruned = (number: number, step: number, loss: number): Observation => ({
      ...observation(number, params, loss),
      state: "pruned",
      reports: [{ step, value: loss }],
    });
    const trials = [
      pruned(0, 3, 5),
      pruned(1, 9, 8),
      pruned(2, 9, 7),
      observation(3, params, 100),
      observation(4, params, null),
      { ...observation(5, params, null), state: "pending" as const },
    ];
    const numbers = (count: number): number[] => split(trials, () => count).good.map(({ trial }) => trial.number);
    expect(numbers(1)).toEqual([3]);
    expect(numbers(2)).toEqual([2, 3]);
    expect(numbers(3)).toEqual([1, 2, 3]);
    expect(split(trials, () => 9).bad.map(({ trial }) => trial.number)).toEqual([4, 5]);
  });

  test("of very many trials keeps four hundred, which weigh as much as all of them", () => {
    const trials = completed(Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 20_011));
    const { good, bad } = split(trials, () => 25);
    expect(good.map(({ trial }) => trial.loss!).sort((a, b) => a - b)).toEqual(
      trials
        .map(({ loss }) => loss!)
        .sort((a, b) => a - b)
        .slice(0, 25),
    );
    expect(bad.length).toBe(400);
    const total = bad.reduce((sum, { weight }) => sum + weight, 0);
    expect(total / (25 + 0.5 * 19_950)).toBeCloseTo(1, 2);
  });
});

test("a density integrates to one, over grids and branches alike", () => {
  const space = createSpace({
    way: oneOf({ a: { n: int(1, 6) }, b: { k: categorical(["p", "q", "r"]), m: int(1, 40, { log: true }) } }),
  });
  const rng = createRng(4);
  const all = [...configurations(space)];
  const trials = Array.from({ length: 30 }, (_, i) => observation(i, all[rng.int(all.length)]!, rng.next()));
  const { good, bad } = split(trials, () => 4);
  // The volume of a configuration in the unit cube: the product of its cells.
  const volume = (params: FlatParams): number => {
    if (params["way.kind"] === "a") return 1 / 2 / 6;
    const cell = (m: number): number => (Math.log(m + 0.5) - Math.log(m - 0.5)) / (Math.log(40.5) - Math.log(0.5));
    return cell(params["way.m"] as number) / 2 / 3;
  };
  for (const [part, bandwidth] of [
    [good, neighbourGaps],
    [bad, neighbourGaps],
    [bad, normalReference],
  ] as const) {
    const parzen = createParzen(space, part, createBelief(space, {}), 1, bandwidth);
    const total = all.reduce(
      (sum, params) => sum + volume(params) * Math.exp(parzen.logDensity(space.encode(params))),
      0,
    );
    // Cells of a log grid end where the logarithms' middle is, which is not quite where their levels end.
    expect(Math.abs(total - 1)).toBeLessThan(0.03);
  }
});

describe("the bandwidth", () => {
  test("is the larger gap to a neighbour, within its clip", () => {
    expect([...neighbourGaps(Float64Array.of(0.5, 0.1, 0.9, 0.52), 3)]).toEqual(
      [0.4, 0.4, 0.38, 0.38].map((v) => expect.closeTo(v, 12)),
    );
    expect([...neighbourGaps(Float64Array.of(0.3), 3)]).toEqual([0.7]);
    const many = neighbourGaps(
      Float64Array.from({ length: 400 }, (_, i) => i / 399),
      3,
    );
    for (const sigma of many) expect(sigma).toBe(1 / 100);
  });

  test("by the normal reference is one for all, narrower with more observations and fewer dimensions", () => {
    const u = Float64Array.of(0.1, 0.5, 0.9);
    for (const sigma of normalReference(u, 2)) expect(sigma).toBeCloseTo(1.06 * 0.4 * 3 ** (-1 / 6), 12);
    const many = Float64Array.from({ length: 300 }, (_, i) => u[i % 3]!);
    expect(normalReference(many, 2)[0]!).toBeLessThan(normalReference(many, 12)[0]!);
    expect([...normalReference(Float64Array.of(0.3), 2)]).toEqual([0.5]);
    expect(normalReference(new Float64Array(8).fill(0.3), 2)[0]).toBe(1 / 10);
  });
});

describe("a search", () => {
  test.each([
    ["branin", branin, 60],
    ["hartmann6", hartmann6, 100],
  ] as const)("comes nearer to the minimum of %s than random search", (_, { space, loss, minimum }, count) => {
    const regret = (sampler: Sampler): number =>
      median(
        Array.from({ length: 15 }, (_, seed) =>
          lowest(search(sampler, space, (p) => loss(p as never) - minimum, count, seed)),
        ),
      );
    expect(regret(tpe())).toBeLessThan(0.5 * regret(random()));
  });

  test("finds the better branch and what is best in it", () => {
    const space = createSpace({
      way: oneOf({ flat: { a: float(0, 1) }, deep: { rate: float(1e-4, 1, { log: true }), size: int(1, 64) } }),
    });
    const loss = (p: FlatParams): number =>
      p["way.kind"] === "flat"
        ? 0.6 + 0.1 * (p["way.a"] as number)
        : Math.abs(Math.log10(p["way.rate"] as number) + 2) / 2 + Math.abs((p["way.size"] as number) - 40) / 40;
    const bests = [1, 2, 3, 4, 5].map((seed) => lowest(search(tpe(), space, loss, 80, seed)));
    expect(median(bests)).toBeLessThan(0.15);
  });

  test("goes on where trials fail, and follows beliefs at first", () => {
    const space = createSpace({ x: float(0, 1), y: float(0, 1) });
    const trials = search(tpe({ startup: 4 }), space, (p) => ((p.x as number) > 0.5 ? null : (p.y as number)), 40, 1);
    const failures = (part: readonly Observation[]): number => part.filter(({ state }) => state === "failed").length;
    expect(failures(trials.slice(20))).toBeLessThan(6);
    const believed = search(tpe({ priors: { x: { centre: 0.9, width: 0.05 } } }), space, () => 0, 10, 1);
    for (const { params } of believed) expect(params.x).toBeGreaterThan(0.7);
  });
});

test("an ask after a hundred thousand trials ends, and never repeats one of the last", () => {
  const space = createSpace({ x: float(0, 1), n: int(1, 9), k: categorical(["a", "b"]) });
  const rng = createRng(2);
  const trials = Array.from({ length: 100_000 }, (_, number) => {
    const params = space.build(({ parameter }) => parameter.decode(rng.next()));
    return observation(number, params, Math.abs((params.x as number) - 0.4) + Math.abs((params.n as number) - 5));
  });
  const { params } = tpe().sample({ space, trials, rng: rng.fork(1), studyRng: rng })!;
  expect(Math.abs((params.x as number) - 0.4)).toBeLessThan(0.2);
  expect(Math.abs((params.n as number) - 5)).toBeLessThan(2);
});

describe("options", () => {
  test("are printed with every default filled in", () => {
    expect(tpe().toJSON()).toEqual({ startup: 10, candidates: 24, gamma: "min(ceil(0.1 n), 25)", priorWeight: 1 });
  });

  test.each([
    [{ startup: 0 }, "`startup` must be an integer of at least 1, but got 0."],
    [{ candidates: 2.5 }, "`candidates` must be an integer of at least 1, but got 2.5."],
    [{ priorWeight: 0 }, "`priorWeight` must be a positive number, but got 0."],
    [{ gamma: 3 }, "`gamma` must be a function of the number of trials, but got 3."],
  ] as const)("%j is refused", (options, message) => {
    expect(() => tpe(options as never)).toThrow(ValidationError);
    expect(() => tpe(options as never)).toThrow(message);
  });

  test("a gamma that says nothing of use is refused when it is asked", () => {
    const space = createSpace({ x: float(0, 1) });
    expect(() => search(tpe({ startup: 2, gamma: () => Number.NaN }), space, () => 1, 5, 1)).toThrow(
      "`gamma` must say that 1 trial or more is good, but said NaN of 2.",
    );
  });
});
