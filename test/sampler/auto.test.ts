import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { auto } from "../../src/sampler/auto.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import { random } from "../../src/sampler/random.ts";
import { readExplanation, type Sampler, type Suggestion } from "../../src/sampler/sampler.ts";
import { boolean, categorical } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import type { FlatParams } from "../../src/space/parameter.ts";
import type { Space } from "../../src/space/space.ts";
import { createStudy } from "../../src/study/create.ts";
import { samplerConformance } from "../../src/testing/sampler-conformance.ts";
import type { History, Observation } from "../../src/trial/history.ts";
import { aged } from "./aged.ts";

const numeric = createSpace({ a: float(0, 1), b: float(1e-4, 1, { log: true }), c: int(0, 30), flag: boolean() });
const mixed = createSpace({
  a: float(0, 1),
  kind: categorical(["x", "y", "z"]),
  way: oneOf({ one: { b: float(0, 1) }, two: {} }),
});

function loss(space: Space, params: FlatParams): number {
  const { x, active } = space.encode(params);
  return x.reduce((sum, u, j) => sum + (active[j] ? (j + 1) * (u - 0.83) * (u - 0.83) : 0.2), 0);
}

function ask(sampler: Sampler, space: Space, trials: History, seed = 1): Suggestion {
  const studyRng = createRng(seed);
  return sampler.sample({ space, trials, rng: studyRng.fork(trials.length), studyRng })!;
}

/** Trials up to `count`, told as soon as they are asked for. */
function run(sampler: Sampler, space: Space, count: number, trials: History = []): Observation[] {
  const history = [...trials];
  while (history.length < count) {
    const { params, note = null } = ask(sampler, space, history);
    const number = history.length;
    history.push({ number, state: "completed", params, loss: loss(space, params), reports: [], note });
  }
  return history;
}

function sourceOf({ note }: { readonly note?: Observation["note"] }): string {
  return readExplanation(note ?? null)!.source;
}

/** Who suggested, by the explanation. */
function partOf(trial: { readonly note?: Observation["note"] }): string {
  return sourceOf(trial).split(":")[0]!;
}

describe("up to 600 trials", () => {
  test.each([
    ["numeric", numeric],
    ["mixed", mixed],
  ])("it suggests what gp suggests, and says so: %s", (_, space) => {
    const before = run(random(), space, 40);
    for (const trials of [[], before.slice(0, 1), before.slice(0, 5), before]) {
      const own = ask(auto(), space, trials);
      const its = ask(gp(), space, trials);
      expect(own.params).toEqual(its.params);
      expect(sourceOf(own)).toBe(`gp:${sourceOf(its)}`);
    }
    const long = run(random(), space, 599);
    expect(ask(auto(), space, long).params).toEqual(ask(gp(), space, long).params);
  });

  test("what gp keeps in its notes is found again by gp", () => {
    const trials = run(auto(), numeric, 24);
    const its = run(gp(), numeric, 24);
    expect(trials.map(({ params }) => params)).toEqual(its.map(({ params }) => params));
  });
});

describe("beyond", () => {
  test("ordered numbers are cmaEs's but for every fourth trial, which goes on where its generation stands", () => {
    const trials = run(auto(), numeric, 640, run(random(), numeric, 600));
    const later = trials.slice(600);
    expect(later.map(partOf)).toEqual(later.map((_, i) => (i % 4 === 0 ? "gp" : "cmaEs")));
    type Member = { readonly from: number; readonly generation: number };
    const members = later.flatMap(({ note }) => (note as { cmaEs?: Member }).cmaEs ?? []);
    // λ is 8 for four parameters.
    expect(members.map(({ generation }) => generation)).toEqual(members.map((_, i) => Math.floor(i / 8)));
    expect(members[0]!.from).toBe(601);
  });

  test("gp keeps its three warps in turn, and finds what it had fitted", () => {
    const trials = run(auto(), numeric, 625, run(random(), numeric, 600));
    const notes = trials.slice(600).filter((trial) => partOf(trial) === "gp");
    const warps = notes.map(({ note }) => (note as { warp: string }).warp);
    expect(warps).toEqual(["half", "half-log", "yeo-johnson", "half", "half-log", "yeo-johnson", "half"]);
    const fittedTo = notes.map(({ note }) => (note as { fittedTo: number }).fittedTo);
    expect(fittedTo.slice(3)).toEqual([...fittedTo.slice(0, 3), fittedTo[0]]);
  });

  test("categories and branches are gp's and tpe's in turn", () => {
    const later = run(auto(), mixed, 608, run(random(), mixed, 600)).slice(600);
    expect(later.map(partOf)).toEqual(["gp", "tpe", "gp", "tpe", "gp", "tpe", "gp", "tpe"]);
  });

  test("it goes on improving where random search of as many trials has stopped", () => {
    const before = run(random(), numeric, 600);
    const best = (trials: History) => Math.min(...trials.map((trial) => trial.loss!));
    // What the cells of c and flag leave.
    const floor = loss(numeric, { ...before[0]!.params, a: 0.83, b: 10 ** (-4 + 4 * 0.83), c: 25, flag: true });
    expect(best(before) - floor).toBeGreaterThan(1e-3);
    expect(best(run(auto(), numeric, 700, before)) - floor).toBeLessThan(1e-6);
  });
});

describe.each([
  ["auto", () => auto()],
  ["auto beyond 600 trials", () => aged(auto())],
] as const)("%s", (_, makeSampler) => {
  for (const check of samplerConformance(makeSampler)) test(check.name, check.run);
});

test("a study has it by default, and says so", async () => {
  const study = await createStudy({ space: numeric, seed: 1 });
  expect(study.sampler.name).toBe("auto");
  expect(study.describe()).toContain('sampler auto: {"gpAlone":600,"parts":{"gp":');
  expect((await study.ask()).explain()).toEqual({ source: "gp:centre" });
});

test("beliefs reach its parts, and what it cannot have is refused", () => {
  const priors = { a: { centre: 0.9, width: 0.01 } };
  expect(ask(auto({ priors }), numeric, []).params.a).toBeCloseTo(0.9, 6);
  for (const options of [{ priors: 3 }, { priors: { a: 7 } }, { transfer: "old" }]) {
    expect(() => auto(options as never)).toThrow(ValidationError);
  }
});
