// Where a search stands is read from the history alone.
import { describe, expect, test } from "vitest";
import { createRng } from "../../../src/math/rng.ts";
import { type CmaEsOptions, cmaEs } from "../../../src/sampler/cma-es/cma-es.ts";
import { random } from "../../../src/sampler/random.ts";
import type { Sampler } from "../../../src/sampler/sampler.ts";
import { categorical } from "../../../src/space/choice.ts";
import { createSpace, oneOf } from "../../../src/space/declare.ts";
import { float, int } from "../../../src/space/numeric.ts";
import type { FlatParams } from "../../../src/space/parameter.ts";
import type { Space } from "../../../src/space/space.ts";
import type { History, Observation } from "../../../src/trial/history.ts";
import type { Json } from "../../../src/trial/trial.ts";

const space = createSpace({
  a: float(-5, 5),
  b: float(1e-4, 1, { log: true }),
  c: int(0, 20),
  d: float(0, 1, { step: 0.25 }),
});

function bowl(params: FlatParams): number {
  const x = space.encode(params).x;
  return x.reduce((sum, v, j) => sum + (j + 1) * (v - 0.3) * (v - 0.3), 0);
}

function ask(sampler: Sampler, trials: History, seed = 3, over: Space = space): Observation {
  const studyRng = createRng(seed);
  const suggestion = sampler.sample({ space: over, trials, rng: studyRng.fork(trials.length), studyRng })!;
  // As a storage keeps it.
  const note = JSON.parse(JSON.stringify(suggestion.note ?? null)) as Json;
  return { number: trials.length, state: "pending", params: suggestion.params, loss: null, reports: [], note };
}

function complete(trial: Observation, loss = bowl(trial.params)): Observation {
  return { ...trial, state: "completed", loss };
}

function run(makeSampler: () => Sampler, count: number, trials: readonly Observation[] = []): Observation[] {
  const history = [...trials];
  while (history.length < count) history.push(complete(ask(makeSampler(), history)));
  return history;
}

/** Fields of a distribution that are short, missing, or would overflow a draw. */
const DAMAGES: Readonly<Record<string, Json>> = {
  mean: [1],
  late: [0, 99],
  rates: { mean: { numbers: [1, 0], average: [0, 0, 0, 0] } },
  numbers: [1, 0, 1],
  C: null,
  counts: [0, 0, 0],
  pC: [1e308, 1e308, 1e308, "1"],
  scales: [1, 1, 1e200, 1],
};

interface Note {
  readonly cmaEs: { readonly from: number; readonly generation: number; readonly restart: number; readonly run?: Json };
}

function noteOf(trial: Observation): Note["cmaEs"] {
  return (trial.note as unknown as Note).cmaEs;
}

describe("a search", () => {
  test("goes on the same in a new process as in the one that began it", () => {
    const kept = cmaEs();
    const whole = run(() => kept, 80);
    expect(run(() => cmaEs(), 80)).toEqual(whole);
    for (const length of [1, 7, 8, 9, 41]) {
      expect(run(() => cmaEs(), 80, structuredClone(whole.slice(0, length)))).toEqual(whole);
    }
  });

  test("has λ trials to a generation, of which the first carries its distribution", () => {
    const history = run(() => cmaEs({ populationSize: 6 }), 30);
    expect(history.map((trial) => noteOf(trial).generation)).toEqual(history.map((_, k) => Math.floor(k / 6)));
    expect(history.map((trial) => noteOf(trial).from)).toEqual(history.map((_, k) => 6 * Math.floor(k / 6)));
    expect(history.filter((trial) => noteOf(trial).run !== undefined).map(({ number }) => number)).toEqual([
      0, 6, 12, 18, 24,
    ]);
  });

  test("does not depend on the losses but by their order", () => {
    const history = run(() => cmaEs(), 30);
    const cubed = history.map((trial) => ({ ...trial, loss: 1e9 * trial.loss! ** 3 - 1e12 }));
    expect(ask(cmaEs(), cubed).params).toEqual(ask(cmaEs(), history).params);
  });
});

describe("with several trials at a time", () => {
  test("asks beyond λ are drawn from the same distribution and count in", () => {
    const trials: Observation[] = [];
    for (let k = 0; k < 10; k++) trials.push(ask(cmaEs({ populationSize: 6 }), trials));
    expect(trials.map((trial) => noteOf(trial).from)).toEqual(trials.map(() => 0));
    const some = trials.map((trial, k) => (k < 5 ? complete(trial) : trial));
    expect(noteOf(ask(cmaEs({ populationSize: 6 }), some)).from).toBe(0);
    const six = trials.map((trial, k) => (k < 6 ? complete(trial) : trial));
    const all = trials.map((trial) => complete(trial));
    const [afterSix, afterAll] = [six, all].map((history) => ask(cmaEs({ populationSize: 6 }), history));
    expect([noteOf(afterSix!), noteOf(afterAll!)].map(({ from, generation }) => [from, generation])).toEqual([
      [10, 1],
      [10, 1],
    ]);
    expect(afterAll!.params).not.toEqual(afterSix!.params);
  });

  test("results that come too late for their generation count in the next, one of them as much as one of its own", () => {
    const sampler = () => cmaEs({ populationSize: 6 });
    const trials: Observation[] = [];
    for (let k = 0; k < 8; k++) trials.push(ask(sampler(), trials));
    const history = trials.map((trial, k) => (k < 6 ? complete(trial) : trial));
    for (let k = 0; k < 5; k++) history.push(complete(ask(sampler(), history)));
    expect(noteOf(history[8]!).run).toMatchObject({ late: [6, 7] });
    // Five of its own and none of the late ones, or one that failed, are not enough.
    expect(noteOf(ask(sampler(), history)).from).toBe(8);
    const failed = history.map((trial, k) => (k === 6 ? { ...trial, state: "failed" as const } : trial));
    expect(noteOf(ask(sampler(), failed)).from).toBe(8);
    const next = (loss: number) =>
      ask(
        sampler(),
        history.map((trial, k) => (k === 6 ? complete(trial, loss) : trial)),
      );
    expect(noteOf(next(0)).from).toBe(13);
    expect(noteOf(next(0)).run).toMatchObject({ late: [7] });
    expect(next(-1e9).params).not.toEqual(next(1e9).params);
  });

  test("eight workers that finish in any order find the minimum too", () => {
    const rng = createRng("workers");
    const trials: Observation[] = [];
    const busy: number[] = [];
    while (trials.length < 400) {
      if (busy.length === 8) {
        const [k] = busy.splice(rng.int(8), 1);
        trials[k!] = complete(trials[k!]!);
      }
      busy.push(trials.length);
      trials.push(ask(cmaEs({ populationSize: 8 }), trials));
    }
    expect(Math.min(...trials.map(({ loss }) => loss ?? 1))).toBeLessThan(0.005);
  });
});

describe("a history with", () => {
  test("failed and pruned trials ranks them behind the completed, whatever the pruned reported", () => {
    const first = run(() => cmaEs({ populationSize: 6 }), 6);
    const ending = (states: Record<number, Partial<Observation>>) => {
      const history = first.map((trial, k) => ({ ...trial, loss: k + 1, ...states[k] }));
      return ask(cmaEs({ populationSize: 6 }), history).params;
    };
    const ranked = ending({});
    expect(ending({ 5: { state: "failed", loss: null } })).toEqual(ranked);
    expect(ending({ 4: { state: "pruned", loss: -9 }, 5: { state: "failed", loss: null } })).toEqual(ranked);
    expect(ending({ 4: { state: "pruned", loss: -9 }, 5: { state: "pruned", loss: null } })).toEqual(ranked);
    expect(ending({ 0: { state: "failed", loss: null } })).not.toEqual(ranked);
  });

  test("failures only learns nothing from them, and goes on drawing", () => {
    const trials: Observation[] = [];
    for (let k = 0; k < 30; k++) trials.push({ ...ask(cmaEs(), trials), state: "failed" });
    expect(trials.map((trial) => noteOf(trial).from)).toEqual(trials.map(() => 0));
    expect(new Set(trials.map(({ params }) => space.key(params))).size).toBe(30);
  });

  test("trials of another sampler, and notes that are not its own or are damaged, passes them over", () => {
    const strangers: Json[] = [
      null,
      3,
      "cmaEs",
      { cmaEs: 1 },
      { cmaEs: { from: 0 } },
      { cmaEs: { from: 0.5, x: [0, 0, 0, 0] } },
      { cmaEs: { from: 0, x: [0, 0, null, 0], run: {} } },
      { cmaEs: { from: 0, x: [0.5], run: { names: ["z"], counts: [] } } },
    ];
    const before = strangers.map((note) => ({ ...complete(ask(random(), [])), note }));
    const numbered = before.map((trial, number) => ({ ...trial, number }));
    const history = run(() => cmaEs({ populationSize: 6 }), 30, numbered);
    expect(noteOf(history[8]!).from).toBe(8);
    expect(noteOf(history[20]!).generation).toBe(2);
    // A damaged distribution: the one before is still there.
    const { run: carried, ...rest } = noteOf(history[26]!) as { run: { [key: string]: Json } };
    for (const [name, value] of Object.entries(DAMAGES)) {
      const note = { cmaEs: { ...rest, run: { ...carried, [name]: value } } } as Json;
      const damaged = history.map((trial) => (trial.number === 26 ? { ...trial, note } : trial));
      expect(noteOf(ask(cmaEs({ populationSize: 6 }), damaged)).generation).toBe(3);
    }
    // Numbers that are allowed and absurd: whatever they mean, the suggestion is one of the space.
    for (const [name, value] of Object.entries({
      C: Array(10).fill(-1e307),
      pC: Array(4).fill(1e308),
      mean: Array(4).fill(-1e5),
    })) {
      const note = { cmaEs: { ...rest, run: { ...carried, [name]: value } } } as Json;
      const damaged = history.map((trial) => (trial.number === 26 ? { ...trial, note } : trial));
      for (const later of [damaged, run(() => cmaEs({ populationSize: 6 }), 45, damaged)]) {
        space.check(ask(cmaEs({ populationSize: 6 }), later).params);
      }
    }
  });

  test("a distribution that has become a point looks elsewhere, and says that it did", () => {
    const history = run(() => cmaEs({ populationSize: 6 }), 7);
    const { run: carried, ...rest } = noteOf(history[6]!) as { run: { [key: string]: Json } };
    const note = { cmaEs: { ...rest, run: { ...carried, numbers: [0.2, 1e-200, 1] } } } as Json;
    let later = history.map((trial) => (trial.number === 6 ? { ...trial, note } : trial));
    for (let k = 0; k < 4; k++) later = [...later, ask(cmaEs({ populationSize: 6 }), later)];
    expect(new Set(later.map(({ params }) => space.key(params))).size).toBe(11);
    expect(later.slice(8).map((trial) => (noteOf(trial) as { foreign?: boolean }).foreign)).toEqual([true, true, true]);
  });

  test("params that a user has changed learns from where they are", () => {
    const history = run(() => cmaEs({ populationSize: 6 }), 6);
    const moved = history.map((trial) =>
      trial.number === 2 ? { ...trial, params: { ...trial.params, a: 4.5 }, loss: -1 } : trial,
    );
    const after = ask(cmaEs({ populationSize: 6 }), moved);
    expect(noteOf(after).generation).toBe(1);
    const mean = (noteOf(after).run as unknown as { mean: number[] }).mean;
    const unmoved = history.map((trial) => (trial.number === 2 ? { ...trial, loss: -1 } : trial));
    const without = (noteOf(ask(cmaEs({ populationSize: 6 }), unmoved)).run as unknown as { mean: number[] }).mean;
    expect(mean[0]).toBeGreaterThan(without[0]!);
  });
});

test("categories and branches follow the best trial half the time, and stay open", () => {
  const mixed = createSpace({
    x: float(0, 1),
    kind: categorical(["p", "q", "r"]),
    way: oneOf({ fast: { rate: float(0, 1) }, slow: {} }),
  });
  const trials: Observation[] = [];
  for (let k = 0; k < 300; k++) {
    const trial = ask(cmaEs(), trials, 5, mixed);
    const x = trial.params.x as number;
    trials.push(complete(trial, (x - 0.4) * (x - 0.4) + (trial.params.kind === "q" ? 0 : 1)));
  }
  const late = trials.slice(150);
  const share = late.filter(({ params }) => params.kind === "q").length / late.length;
  expect(share).toBeGreaterThan(0.55);
  expect(share).toBeLessThan(0.8);
  expect(late.some(({ params }) => params["way.kind"] === "slow")).toBe(true);
  expect(late.some(({ params }) => params["way.kind"] === "fast")).toBe(true);
});

test("numbers of the best trial's branch are drawn close to its own, and not only as it has them", () => {
  const branched = createSpace({
    x: float(0, 1),
    y: float(0, 1),
    way: oneOf({ fast: { rate: float(0, 1), size: int(1, 200) }, slow: {} }),
  });
  const away = (p: FlatParams): number => (p["way.kind"] === "slow" ? 2 : Math.abs((p["way.rate"] as number) - 0.7));
  const trials: Observation[] = [];
  for (let k = 0; k < 400; k++) {
    const trial = ask(cmaEs({ restarts: "none" }), trials, 6, branched);
    const [x, y] = [trial.params.x as number, trial.params.y as number];
    trials.push(complete(trial, (x - 0.4) ** 2 + (y - 0.6) ** 2 + away(trial.params)));
  }
  const within = (width: number, part: readonly Observation[]) =>
    part.filter(({ params }) => away(params) < width).length / part.length;
  // Uniform draws of half the branches would have 4 % within a twenty-fifth to each side.
  expect(within(0.04, trials.slice(200))).toBeGreaterThan(0.15);
  expect(new Set(trials.slice(200).map(({ params }) => params["way.size"])).size).toBeGreaterThan(20);
});

test("options that it cannot have are refused, and the settings are complete", () => {
  const wrong: CmaEsOptions[] = [
    { sigma0: 0 },
    { sigma0: 2 },
    { sigma0: Number.NaN },
    { populationSize: 1 },
    { populationSize: 4.5 },
    { restarts: "never" as never },
    { margin: 1 as never },
    { separable: "yes" as never },
    { learningRateAdaptation: 0.1 as never },
  ];
  for (const options of wrong) expect(() => cmaEs(options)).toThrow(/of cmaEs must be .* but got/);
  expect(cmaEs().toJSON()).toEqual({
    sigma0: 0.2,
    populationSize: "4 + floor(3 log n)",
    restarts: "ipop",
    margin: true,
    separable: "n > 100",
    learningRateAdaptation: false,
  });
});
