// A search that begins from finished trials.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createRng } from "../../../src/math/rng.ts";
import { type CmaEsOptions, cmaEs } from "../../../src/sampler/cma-es/cma-es.ts";
import { promisingDistribution, type SourceTrial } from "../../../src/sampler/cma-es/warm-start.ts";
import { random } from "../../../src/sampler/random.ts";
import { boolean, categorical } from "../../../src/space/choice.ts";
import { createSpace, oneOf } from "../../../src/space/declare.ts";
import { float, int } from "../../../src/space/numeric.ts";
import type { FlatParams } from "../../../src/space/parameter.ts";
import type { Space } from "../../../src/space/space.ts";
import { createStudy } from "../../../src/study/create.ts";
import type { Observation } from "../../../src/trial/history.ts";

const url = new URL("../../fixtures/sampler/cma-es.json", import.meta.url);
const { warm } = JSON.parse(readFileSync(url, "utf8")) as {
  readonly warm: readonly {
    readonly points: number[][];
    readonly losses: number[];
    readonly mean: number[];
    readonly sigma: number;
    readonly C: number[];
  }[];
};

function run(
  space: Space,
  count: number,
  lossOf: (params: FlatParams) => number,
  seed: number,
  options?: CmaEsOptions,
) {
  const sampler = cmaEs(options);
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  while (trials.length < count) {
    const rng = studyRng.fork(trials.length);
    const { params, note = null } = sampler.sample({ space, trials, rng, studyRng })!;
    trials.push({
      number: trials.length,
      state: "completed",
      params,
      loss: lossOf(params),
      reports: [],
      note: JSON.parse(JSON.stringify(note)),
    });
  }
  return trials;
}

test.each(warm)(
  "the first distribution is that of the cmaes package ($sigma)",
  ({ points, losses, mean, sigma, C }) => {
    const ranked = [...points.keys()].sort((a, b) => losses[a]! - losses[b]!).map((k) => Float64Array.from(points[k]!));
    const full = promisingDistribution(ranked, false);
    expect(full.sigma).toBeCloseTo(sigma, 12);
    for (const [i, v] of full.mean.entries()) expect(v).toBeCloseTo(mean[i]!, 12);
    for (const [i, v] of full.C.entries()) expect(v).toBeCloseTo(C[i]!, 10);
    const n = mean.length;
    const diagonal = promisingDistribution(ranked, true);
    for (const [i, v] of diagonal.C.entries()) {
      expect(v * diagonal.sigma ** 2).toBeCloseTo(C[i * n + i]! * sigma ** 2, 10);
    }
  },
);

describe("over twelve seeds, on a sphere beside the one that is known", () => {
  const space = createSpace(Object.fromEntries(Array.from({ length: 5 }, (_, j) => [`x${j}`, float(-5, 5)])));
  const sphere = (at: number) => (params: FlatParams) =>
    Object.values(params).reduce<number>((sum, v) => sum + ((v as number) - at) ** 2, 0);
  const best = (trials: readonly Observation[]) => Math.min(...trials.map(({ loss }) => loss!));

  test("a warm start is far ahead after 60 trials, and one from the wrong end falls less behind than that", () => {
    let ahead = 0;
    let behind = 0;
    for (let seed = 0; seed < 12; seed++) {
      const source = (at: number): SourceTrial[] =>
        Array.from({ length: 200 }, (_, k) => {
          const rng = createRng(seed).fork("source").fork(k);
          const { params } = random().sample({ space, trials: [], rng, studyRng: rng })!;
          return { params, loss: sphere(at)(params) };
        });
      const cold = best(run(space, 60, sphere(2.4), seed));
      const near = best(run(space, 60, sphere(2.4), seed, { warmStart: { trials: source(2) } }));
      const far = best(run(space, 60, sphere(2.4), seed, { warmStart: { trials: source(-2) } }));
      ahead += Math.log(cold / near) / 12;
      behind += Math.log(far / cold) / 12;
    }
    expect(ahead).toBeGreaterThan(Math.log(1.5));
    expect(behind).toBeLessThan(3);
  });
});

test("trials of a study, flat or nested, with values in its direction, are taken as they are", async () => {
  const space = createSpace({
    net: { a: float(0, 1), b: int(0, 9) },
    way: oneOf({ fast: { rate: float(0, 1) }, slow: {} }),
  });
  const study = await createStudy({ space, sampler: random(), seed: 3, direction: "maximize" });
  await study.optimize(
    ({ params: { net, way } }) => (way.kind === "fast" ? way.rate : 0) - Math.abs(net.a - 0.9) - net.b / 9,
    {
      trials: 60,
    },
  );
  const trials = await study.trials();
  const ask = (warmStart: CmaEsOptions["warmStart"]) => {
    const studyRng = createRng(1);
    const rng = studyRng.fork(0);
    return cmaEs({ ...(warmStart && { warmStart }) }).sample({ space, trials: [], rng, studyRng })!;
  };
  const nested = ask({ trials, direction: "maximize" });
  const flat = trials.map(({ params, value, state }) => ({ params: space.flatten(params), loss: -value!, state }));
  expect(ask({ trials: flat })).toEqual(nested);
  const { mean } = (nested.note as unknown as { cmaEs: { run: { mean: number[] } } }).cmaEs.run;
  // The best 6 of 60 random trials, whose a and b pull towards 0.9 and 0.
  expect(mean[0]).toBeGreaterThan(0.5);
  expect(mean[1]).toBeLessThan(0.4);
  expect(ask({ trials: trials.map((trial) => ({ ...trial, state: "failed" })) })).toEqual(ask(undefined));
});

test("a search goes on the same from its history, whether or not the known trials are given again", () => {
  const space = createSpace({ a: float(0, 1), on: boolean(), kind: categorical(["p", "q", "r"]) });
  const lossOf = (params: FlatParams) => (params.a as number) + (params.kind === "q" ? 0 : 1);
  const warmStart = {
    trials: Array.from({ length: 20 }, (_, k) => ({ params: { a: k / 20, on: k % 2 === 0 }, value: k })),
  };
  const trials = run(space, 30, lossOf, 4, { warmStart });
  for (const options of [{ warmStart }, {}]) {
    const studyRng = createRng(4);
    const history = trials.slice(0, 29);
    const again = cmaEs(options).sample({ space, trials: history, rng: studyRng.fork(29), studyRng })!;
    expect(again.params).toEqual(trials[29]!.params);
  }
});

test("what is no warm start is refused", () => {
  const bad: readonly [object, RegExp][] = [
    [{ trials: 3 }, /`warmStart\.trials` of cmaEs must be a list of trials with params, but got 3/],
    [{ trials: [{ value: 1 }] }, /must be a list of trials with params/],
    [{ trials: [], direction: "up" }, /`warmStart\.direction` of cmaEs must be "minimize" or "maximize", but got "up"/],
  ];
  for (const [warmStart, message] of bad) expect(() => cmaEs({ warmStart } as CmaEsOptions)).toThrow(message);
  const space = createSpace({ a: float(0, 1), b: float(0, 1) });
  const elsewhere = {
    trials: [
      { params: { a: 0.5, c: 1 }, value: 1 },
      { params: { a: 0.5, b: 2 }, value: 1 },
    ],
  };
  expect(() => run(space, 1, () => 0, 1, { warmStart: elsewhere })).toThrow(
    /must have a completed trial with a value for each searched parameter \("a", "b"\), but got 2 trials of which none/,
  );
});
