import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import type { Sampler } from "../../src/sampler/sampler.ts";
import { float } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import { Space } from "../../src/space/space.ts";
import type { Observation } from "../../src/trial/history.ts";
import { gridOrder } from "../../src/tuner/grid-order.ts";
import { HyperParameters } from "../../src/tuner/hyper-parameters.ts";
import { hyperbandSampler, stageOf, trialCount } from "../../src/tuner/hyperband.ts";
import { kerasTunerGp } from "../../src/tuner/keras-tuner-gp.ts";
import fixture from "../fixtures/tuner/keras-tuner.json" with { type: "json" };

const studyRng = createRng(1);
const request = (space: Space, trials: readonly Observation[]) => ({
  space,
  trials,
  studyRng,
  rng: studyRng.fork(trials.length),
});

/** Everything a sampler tries, each trial ended before the next is asked for. */
function run(sampler: Sampler, space: Space, scoreOf: (number: number) => number | null): Observation[] {
  const trials: Observation[] = [];
  for (;;) {
    const next = sampler.sample(request(space, trials));
    if (next === null) return trials;
    const number = trials.length;
    const score = scoreOf(number);
    trials.push({
      number,
      state: score === null ? "failed" : "completed",
      params: next.params,
      loss: score === null ? null : -score,
      reports: [],
      note: next.note ?? null,
    });
  }
}

const line = new Space([{ name: "x", path: ["x"], parameter: float(0, 1), conditions: [] }]);

describe(`Hyperband keeps KerasTuner ${fixture.versions.kerasTuner}'s schedule`, () => {
  test.each(fixture.hyperband)("of $maxEpochs epochs by $factor, $iterations times", (theirs) => {
    const schedule = { maxEpochs: theirs.maxEpochs, factor: theirs.factor, iterations: theirs.iterations };
    const ours = run(hyperbandSampler(schedule), line, (number) => theirs.trials[number]!.score);
    const stages = ours.map(({ note }) => {
      const { round } = note as { round: number };
      return { round, ...stageOf(note) };
    });
    expect(stages).toEqual(theirs.trials.map(({ score: _, ...stage }) => stage));
    expect(trialCount(schedule)).toBe(theirs.trials.length);
  });

  test("and the trials that go on have their parents' parameters", () => {
    const trials = run(
      hyperbandSampler({ maxEpochs: 9, factor: 3, iterations: 1 }),
      line,
      (number) => (number * 7) % 11,
    );
    const children = trials.filter(({ note }) => stageOf(note)!.parent !== null);
    expect(children.length).toBeGreaterThan(5);
    for (const { params, note } of children) expect(params).toEqual(trials[stageOf(note)!.parent!]!.params);
  });
});

describe("a bracket of Hyperband", () => {
  const schedule = { maxEpochs: 9, factor: 3, iterations: 1 };

  test("ends although trials fail, which are worse than all others", () => {
    const trials = run(hyperbandSampler(schedule), line, (number) => (number % 3 === 0 ? null : number));
    const failed = new Set(trials.filter(({ state }) => state === "failed").map(({ number }) => number));
    const parents = trials.flatMap(({ note }) => stageOf(note)!.parent ?? []);
    expect(parents.some((parent) => failed.has(parent))).toBe(false);
    expect(trials.length).toBeGreaterThan(12);
  });

  test("that waits for its results lets the next one begin", () => {
    const sampler = hyperbandSampler(schedule);
    const trials: Observation[] = [];
    for (let number = 0; number < 15; number++) {
      const { params, note = null } = sampler.sample(request(line, trials))!;
      trials.push({ number, state: "pending", params, loss: null, reports: [], note });
    }
    expect(trials.map(({ note }) => (note as { sweep: number }).sweep)).toEqual([
      ...new Array(9).fill(0),
      ...new Array(5).fill(1),
      2,
    ]);
  });
});

test("GridSearch goes through KerasTuner's combinations in KerasTuner's order", () => {
  const first = new HyperParameters();
  first.Choice("kind", ["sgd", "adam"], { default: "adam" });
  const opened = new HyperParameters({ dimensions: first.dimensions, values: { kind: "sgd" } });
  opened.conditionalScope("kind", ["sgd"], () => opened.Float("momentum", { min: 0.5, max: 1, step: 0.25 }));
  opened.Boolean("norm");
  const second = new HyperParameters();
  second.Int("units", { min: 20, max: 40, step: 10, default: 30 });
  second.Choice("rate", [0.1, 0.2]);
  const grids = [opened, second].map(({ space }) =>
    run(gridOrder({ defaultsFirst: true }), space, () => 0).map(({ params }) => params),
  );
  expect(grids).toEqual(fixture.grids);
});

test("GridSearch takes ten points of an integer in log scale", () => {
  const hp = new HyperParameters();
  hp.Int("n", { min: 1, max: 1000, sampling: "log" });
  const tried = run(gridOrder({ defaultsFirst: true }), hp.space, () => 0).map(({ params }) => params.n);
  const theirs = fixture.parameters.find(
    ({ kind, options }) => kind === "Int" && "sampling" in options && options.max_value === 1000,
  )!;
  expect(tried).toEqual(theirs.values);
});

describe("the recipe of KerasTuner", () => {
  const hp = new HyperParameters({ values: { kind: "b" } });
  hp.Float("x", { min: 0, max: 1 });
  hp.Float("rate", { min: 1e-4, max: 1e-1, sampling: "log" });
  hp.Choice("kind", ["a", "b"]);
  hp.conditionalScope("kind", ["b"], () => hp.Float("extra", { min: 0, max: 1 }));
  const { space } = hp;
  const history = (trials: readonly { readonly values: object; readonly score: number }[]): Observation[] =>
    trials.map(({ values, score }, number) => ({
      number,
      state: "completed",
      params: values as FlatParams,
      loss: -score,
      reports: [],
      note: null,
    }));

  test.each(fixture.suggestions)(
    "goes where theirs goes with alpha $alpha and beta $beta",
    ({ alpha, beta, trials, suggested }) => {
      const sampler = kerasTunerGp({ alpha, beta, numInitialPoints: 9 });
      const ours = space.encode(sampler.sample(request(space, history(trials)))!.params);
      const theirs = space.encode(suggested as FlatParams);
      expect(Array.from(ours.active)).toEqual(Array.from(theirs.active));
      for (const [j, u] of ours.x.entries()) expect(Math.abs(u - theirs.x[j]!)).toBeLessThan(2e-3);
    },
  );

  test("keeps away from a trial that is pending", () => {
    const { trials } = fixture.suggestions[2]!;
    const sampler = kerasTunerGp({ alpha: 0.1, beta: 1, numInitialPoints: 9 });
    const ended = history(trials);
    const first = sampler.sample(request(space, ended))!.params;
    const pending: Observation = { number: 9, state: "pending", params: first, loss: null, reports: [], note: null };
    const second = sampler.sample(request(space, [...ended, pending]))!.params;
    const [a, b] = [space.encode(first).x, space.encode(second).x];
    expect(Math.hypot(...Array.from(a, (u, j) => u - b[j]!))).toBeGreaterThan(0.05);
  });
});
