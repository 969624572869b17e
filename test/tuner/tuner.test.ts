import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import { type Callback, dense, earlyStopping, input, type Sequential, sequential } from "../../src/nn/index.ts";
import {
  BayesianOptimization,
  executionsOf,
  GridSearch,
  HyperModel,
  type HyperParameters,
  Objective,
  RandomSearch,
} from "../../src/tuner/index.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };
import { hypermodel, Net } from "./networks.ts";

const { x, y } = fixture;
const validationData = [x, y];
const base = { hypermodel, objective: "val_auc", seed: 7 } as const;

const root = mkdtempSync(join(tmpdir(), "tuner-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let directory = root;
let count = 0;
beforeEach(() => {
  directory = join(root, String(count++));
});

/** A hypermodel whose score is known: no network, one number. */
class Parabola extends HyperModel<{ readonly at: number }> {
  fits = 0;

  build(hp: HyperParameters) {
    return { at: hp.Float("at", { min: -1, max: 1 }) };
  }

  override fit(hp: HyperParameters, { at }: { readonly at: number }) {
    this.fits++;
    return { score: 1 - at * at, units: hp.Int("units", { min: 1, max: 3 }) };
  }
}
const score = new Objective("score", "max");

describe("a search", () => {
  test("scores each training at its best epoch, keeps every execution and tells their mean with its error", async () => {
    const tuner = new RandomSearch({ ...base, maxTrials: 3, executionsPerTrial: 3 });
    await tuner.search(x, y, { validationData });
    for (const trial of await tuner.study.trials()) {
      const executions = executionsOf(trial);
      const values = executions.map(({ history }) => Math.max(...history!.val_auc!));
      const centre = values.reduce((a, b) => a + b) / 3;
      const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
      expect(executions.map(({ value }) => value)).toEqual(values);
      expect(
        executions.map(({ epoch, history }) => history!.val_auc!.indexOf(Math.max(...history!.val_auc!)) === epoch),
      ).toEqual([true, true, true]);
      expect(trial.value).toBeCloseTo(centre, 14);
      expect(trial.standardError).toBeCloseTo(Math.sqrt(squares / 2 / 3), 14);
      expect(trial.metrics.val_auc).toBeCloseTo(centre, 14);
      expect(new Set(executions.map(({ seed }) => seed)).size).toBe(3);
    }
  });

  test("gives the best models back with the weights of their best epoch", async () => {
    const tuner = new BayesianOptimization({ ...base, maxTrials: 8, executionsPerTrial: 2 });
    await tuner.search(x, y, { validationData, epochs: 6 });
    const trials = await tuner.getBestTrials(3);
    const models = await tuner.getBestModels(3);
    expectTypeOf(models).toEqualTypeOf<Sequential[]>();
    for (const [i, model] of models.entries()) {
      const best = Math.max(...executionsOf(trials[i]!).map(({ value }) => value));
      expect(model.evaluate(x, y).auc).toBe(best);
    }
    const [hp] = await tuner.getBestHyperparameters();
    expect(hp!.values).toEqual(trials[0]!.params);
    expect(Object.keys(hp!.values)).toEqual(["units", "learningRate", "batchSize"]);
  });

  test("is the same again under the same seed, and with seeded models says nothing of it", async () => {
    const run = async () => {
      const tuner = new BayesianOptimization({ ...base, maxTrials: 7 });
      const warnings: string[] = [];
      tuner.on("warning", ({ message }) => warnings.push(message));
      await tuner.search(x, y, { validationData });
      expect(warnings).toEqual([]);
      return (await tuner.study.trials()).map(({ params, value }) => [params, value]);
    };
    expect(await run()).toEqual(await run());
  });

  test("warns when the search has a seed and its models have none", async () => {
    const unseeded = (hp: HyperParameters) => {
      const model = sequential([input(3), dense(hp.Int("units", { min: 1, max: 2 }))]);
      model.compile({ loss: "meanSquaredError" });
      return model;
    };
    const tuner = new RandomSearch({ hypermodel: unseeded, objective: "loss", maxTrials: 1, seed: 1 });
    const warnings: string[] = [];
    tuner.on("warning", ({ message }) => warnings.push(message));
    await tuner.search(x, y);
    expect(warnings.join()).toMatch(/cannot be repeated exactly.*hp\.seed/);
  });

  test("gives each execution callbacks of its own, after which it sees the epochs", async () => {
    let made = 0;
    const shared: Callback & { begun: number } = { begun: 0, onTrainBegin: () => void shared.begun++ };
    const stopping = earlyStopping({ monitor: "val_loss", patience: 0 });
    const tuner = new RandomSearch({ ...base, maxTrials: 2, executionsPerTrial: 2 });
    const epochs: number[] = [];
    tuner.on("epoch", ({ epoch, epochs: of }) => epochs.push(epoch, of));
    const added = (): Callback => {
      made++;
      return { onEpochEnd: (_, logs) => void Object.assign(logs, { val_auc: 0.125 }) };
    };
    await tuner.search(x, y, { validationData, callbacks: [added, shared, stopping] });
    expect([made, shared.begun]).toEqual([4, 4]);
    expect(stopping.bestEpoch).toBe(-1);
    expect((await tuner.study.best())!.value).toBe(0.125);
    expect(epochs).toContain(4);
  });

  test("tells what every study tells", async () => {
    const tuner = new RandomSearch({ hypermodel: new Parabola(), objective: score, maxTrials: 3, seed: 1 });
    const told: string[] = [];
    for (const event of ["ask", "tell", "best"] as const)
      tuner.on(event, ({ trial }) => told.push(`${event} ${trial.number}`));
    await tuner.search([], []);
    expect(told.slice(0, 3)).toEqual(["ask 0", "tell 0", "best 0"]);
    expect(told.filter((line) => line.startsWith("tell"))).toHaveLength(3);
  });

  test("takes what `fit` returns: logs, a number or a history", async () => {
    const tuner = new BayesianOptimization({ hypermodel: new Parabola(), objective: score, maxTrials: 12, seed: 3 });
    await tuner.search(null, null);
    const best = await tuner.study.best();
    expect(best!.value).toBeGreaterThan(0.95);
    expect(best!.metrics.score).toBe(best!.value);
    class Bare extends Parabola {
      override fit(_: HyperParameters, { at }: { readonly at: number }) {
        return Math.abs(at) as never;
      }
    }
    const bare = new RandomSearch({
      hypermodel: new Bare(),
      objective: new Objective("distance", "min"),
      maxTrials: 4,
      seed: 3,
    });
    await bare.search(null, null);
    expect(bare.study.direction).toBe("minimize");
    expect((await bare.study.best())!.metrics).toHaveProperty("distance");
  });

  test("meets a parameter in a trial, and searches it from then on", async () => {
    class Late extends Parabola {
      override fit(hp: HyperParameters, model: { readonly at: number }) {
        const returned = super.fit(hp, model);
        return model.at > 0 ? { ...returned, late: hp.Int("late", { min: 1, max: 50 }) } : returned;
      }
    }
    const tuner = new RandomSearch({ hypermodel: new Late(), objective: score, maxTrials: 12, seed: 5, directory });
    await tuner.search(null, null);
    const trials = await tuner.study.trials();
    const met = trials.filter(({ params }) => (params as { at: number }).at > 0);
    const values = met.map(({ params, metrics }) => [(params as { late: number }).late, metrics.late]);
    expect(values[0]).toEqual([1, 1]);
    expect(new Set(values.map(([value]) => value)).size).toBeGreaterThan(3);
    for (const [param, used] of values) expect(param).toBe(used);
    for (const { params } of trials.filter((trial) => !met.includes(trial))) expect(params).not.toHaveProperty("late");
    await tuner.close();
    const again = new RandomSearch({ hypermodel: new Late(), objective: score, maxTrials: 14, seed: 5, directory });
    await again.search(null, null);
    expect(await again.study.trials()).toHaveLength(14);
    await again.close();
  });
});

describe("tuners", () => {
  test("GridSearch tries the defaults first, then every combination, the last parameter fastest", async () => {
    const build = (hp: HyperParameters) => ({
      a: hp.Choice("a", ["x", "y"], { default: "y" }),
      b: hp.Int("b", { min: 1, max: 3 }),
    });
    class Constant extends HyperModel<object> {
      build = build;
      override fit() {
        return 1;
      }
    }
    const tuner = new GridSearch({ hypermodel: new Constant(), objective: score });
    await tuner.search(null, null);
    expect((await tuner.study.trials()).map(({ params }) => Object.values(params as object).join(""))).toEqual([
      "y1",
      "y2",
      "y3",
      "x1",
      "x2",
      "x3",
    ]);
  });

  test("GridSearch takes ten points of a continuous parameter", async () => {
    const tuner = new GridSearch({ hypermodel: new Parabola(), objective: score, maxTrials: 100 });
    await tuner.search(null, null);
    const at = (await tuner.study.trials()).map(({ params }) => (params as { at: number }).at);
    expect([...new Set(at)].map((value) => Number(value.toFixed(9)))).toEqual([
      -1, -0.9, -0.7, -0.5, -0.3, -0.1, 0.1, 0.3, 0.5, 0.7, 0.9,
    ]);
  });

  test("the recipe of KerasTuner begins with 3 × dimensions random points", async () => {
    const tuner = new BayesianOptimization({
      hypermodel: new Parabola(),
      objective: score,
      recipe: "keras-tuner",
      maxTrials: 2,
      seed: 1,
    });
    await tuner.search(null, null);
    expect(tuner.study.sampler.toJSON()).toEqual({
      alpha: 1e-4,
      beta: 2.6,
      numInitialPoints: "3 × parameters, at least 3",
    });
    const own = new BayesianOptimization({
      hypermodel: new Parabola(),
      objective: score,
      numInitialPoints: 4,
      maxTrials: 1,
    });
    await own.search(null, null);
    expect(own.study.sampler.toJSON()).toMatchObject({ initialPoints: { count: 4, design: "edges", centre: true } });
  });
});

describe("a project in a directory", () => {
  const options = { ...base, projectName: "net" } as const;

  test("is resumed: with what was trained, to the same end as without a break", async () => {
    const whole = new BayesianOptimization({ ...base, maxTrials: 8 });
    await whole.search(x, y, { validationData });
    const first = new BayesianOptimization({ ...options, directory, maxTrials: 8 });
    first.on("tell", ({ trial }) => trial.number === 4 && first.stop());
    await first.search(x, y, { validationData });
    expect(await first.study.trials()).toHaveLength(5);
    await first.close();
    const second = new BayesianOptimization({ ...options, directory, maxTrials: 8 });
    await second.search(x, y, { validationData });
    const values = async (tuner: typeof whole) =>
      (await tuner.study.trials()).map(({ value, params }) => [value, params]);
    expect(await values(second)).toEqual(await values(whole));
    await second.close();
  });

  test("gives its best models to another process, without a search", async () => {
    const tuner = new RandomSearch({ ...options, directory, maxTrials: 3 });
    await tuner.search(x, y, { validationData });
    const [model] = await tuner.getBestModels();
    await tuner.close();
    const later = new RandomSearch({ ...options, directory });
    const [same] = await later.getBestModels();
    expect(same!.getWeights()).toEqual(model!.getWeights());
    expect(await later.resultsSummary(1)).toContain("Trials: 3 completed; the best 1:");
    await later.close();
    expect(readdirSync(join(directory, "net")).sort()).toEqual([
      "best.json",
      "best.safetensors",
      "study.db",
      "trial-0000",
      "trial-0001",
      "trial-0002",
      "tuner.json",
    ]);
  });

  test("a trial that was interrupted is run again with its parameters", async () => {
    const abort = new AbortController();
    const first = new RandomSearch({ ...options, directory, maxTrials: 3 });
    first.on("epoch", ({ trial, epoch }) => trial === 1 && epoch === 1 && abort.abort(new Error("stop now")));
    await expect(first.search(x, y, { validationData, signal: abort.signal })).rejects.toThrow("stop now");
    const before = await first.study.trials();
    expect(before.map(({ state }) => state)).toEqual(["completed", "waiting"]);
    await first.close();
    const second = new RandomSearch({ ...options, directory, maxTrials: 3 });
    await second.search(x, y, { validationData });
    const after = await second.study.trials();
    expect(after.map(({ params }) => params).slice(0, 2)).toEqual(before.map(({ params }) => params));
    expect(after.map(({ state }) => state)).toEqual(["completed", "completed", "completed"]);
    await second.close();
  });

  test("is not continued with other options, which are listed; `overwrite` starts afresh", async () => {
    const open = (more: object) => new RandomSearch({ ...options, directory, maxTrials: 1, ...more });
    const first = open({});
    await first.search(x, y, { validationData });
    await first.close();
    const refused = async (tuner: RandomSearch<Sequential> | BayesianOptimization<Sequential>, reason: RegExp) => {
      await expect(tuner.search(x, y, { validationData })).rejects.toThrow(reason);
      await tuner.close();
    };
    await refused(open({ objective: "val_recall" }), /objective: stored val_auc, max, given val_recall, max/);
    await refused(open({ executionsPerTrial: 2 }), /executionsPerTrial: stored 1, given 2/);
    await refused(open({ seed: 8 }), /seed: stored 7, given 8/);
    await refused(
      new BayesianOptimization({ ...options, directory }),
      /tuner: stored RandomSearch, given BayesianOptimization\n.*sampler: stored random/,
    );
    class Wider extends Net {
      override build(hp: HyperParameters) {
        hp.Boolean("more");
        return super.build(hp);
      }
    }
    await refused(open({ hypermodel: new Wider() }), /parameter more: not stored, given/);
    const again = open({ objective: "val_recall", overwrite: true });
    await again.search(x, y, { validationData });
    expect(await again.study.trials()).toHaveLength(1);
    expect(readFileSync(join(directory, "net", "tuner.json"), "utf8")).toContain("val_recall");
    await again.close();
  });

  test("of failures alone is made anew: a program that is mended has all its trials", async () => {
    let broken = true;
    class Fragile extends Parabola {
      override fit(hp: HyperParameters, model: { readonly at: number }) {
        if (broken) throw new Error("cannot find the driver");
        return super.fit(hp, model);
      }
    }
    const tuner = () => new RandomSearch({ hypermodel: new Fragile(), objective: score, maxTrials: 12, directory });
    const first = tuner();
    await expect(first.search(null, null)).rejects.toThrow(
      /3 failed trials in a row:\n.*trial 0: cannot find the driver/,
    );
    await first.close();
    broken = false;
    const second = tuner();
    await second.search(null, null);
    expect(await second.getBestTrials(20)).toHaveLength(12);
    await second.close();
  });

  test("leaves a directory that is none as it is", async () => {
    const tuner = () => new RandomSearch({ ...options, directory: root, projectName: "others", overwrite: true });
    const file = join(root, "others", "thesis.txt");
    const first = new RandomSearch({ ...options, directory: root, projectName: "others", maxTrials: 1 });
    await first.search(x, y, { validationData });
    await first.close();
    rmSync(join(root, "others", "tuner.json"));
    writeFileSync(file, "years of work");
    await expect(tuner().search(x, y, { validationData })).rejects.toThrow('has other files, such as "thesis.txt"');
    expect(readFileSync(file, "utf8")).toBe("years of work");
    writeFileSync(join(root, "others", "tuner.json"), "{}");
    const resumed = new RandomSearch({ ...options, directory: root, projectName: "others" });
    await expect(resumed.search(x, y, { validationData })).rejects.toThrow(
      "must be what a tuner of this version wrote",
    );
    await resumed.close();
  });
});

test("a project whose study is corrupt is refused and left as it is", async () => {
  const open = () => new RandomSearch({ ...base, directory, maxTrials: 1 });
  const first = open();
  await first.search(x, y, { validationData });
  await first.close();
  const file = join(directory, "untitled_project", "study.db");
  for (const spoilt of [Buffer.from("not a database, but a letter"), readFileSync(file).subarray(0, 5000)]) {
    writeFileSync(file, spoilt);
    const second = open();
    await expect(second.search(x, y, { validationData })).rejects.toThrow(/study\.db/);
    expect(readFileSync(file).equals(spoilt)).toBe(true);
    await second.close().catch(() => {});
  }
});

describe("summaries are text, and nothing is printed", () => {
  test("of the space, before and after the search", async () => {
    const tuner = new RandomSearch({ ...base, maxTrials: 1 });
    expect(await tuner.searchSpaceSummary()).toBe(
      [
        "Search space of 2 parameters",
        "  units: int in [2, 8], step 2, default 2",
        "  learningRate: float in [0.001, 0.1], log, default 0.001",
        "What `fit` asks for is found when the search begins.",
      ].join("\n"),
    );
    await tuner.search(x, y, { validationData });
    expect(await tuner.searchSpaceSummary()).toContain("batchSize: ordinal of 8, 16, default 8");
  });

  test("of the results, with the epoch each number is of", async () => {
    const tuner = new RandomSearch({ ...base, maxTrials: 2, executionsPerTrial: 2 });
    await tuner.search(x, y, { validationData });
    const text = await tuner.resultsSummary();
    expect(text).toMatch(
      /^Results in memory\nObjective: val_auc, max, at the best epoch of each training\nTrials: 2 completed; the best 2:\n\nTrial \d: 0\.\d+ ± [\d.e-]+ \(2 executions; epoch \d of 4, \d of 4\)\n {2}units: \d/,
    );
  });
});

describe("bad input is refused with its rule and a remedy", () => {
  test("options", () => {
    const make = (options: object) => () => new BayesianOptimization({ ...base, ...options });
    expect(make({ maxTrials: 0 })).toThrow("`maxTrials` must be an integer >= 1, but got 0");
    expect(make({ executionsPerTrial: 1.5 })).toThrow("`executionsPerTrial` must be an integer >= 1");
    expect(make({ numInitialPoints: -1 })).toThrow("`numInitialPoints` must be an integer >= 1");
    expect(make({ recipe: "optuna" })).toThrow('"default", "keras-tuner" or "tpe", but got "optuna"');
    expect(make({ hypermodel: 7 })).toThrow("must be a HyperModel or a function (hp) => model, but got 7");
    expect(make({ hypermodel: Net })).toThrow("Write `new` before the class");
    expect(make({ objective: "val_profit" })).toThrow("Say it: new Objective");
    expect(make({ directory: "" })).toThrow("`directory` must be the path");
    for (const projectName of ["../up", "a/b", "", ".hidden", "con\0"])
      expect(make({ projectName })).toThrow("`projectName` names a directory");
    expect(make({ workers: "many" })).toThrow('"all" or a worker pool, but got "many"');
  });

  test("data of different lengths", async () => {
    const tuner = new RandomSearch(base);
    await expect(tuner.search(x, y.slice(1), { validationData })).rejects.toThrow("X has 60 and y has 59");
  });

  test("an objective that is not logged ends the search at once, with the names that are", async () => {
    const tuner = new RandomSearch({ ...base, objective: "val_f1", maxTrials: 30, directory });
    await expect(tuner.search(x, y, { validationData })).rejects.toThrow(
      '"val_f1" is not among them: loss, auc, recall, val_loss, val_auc, val_recall. Name one of them',
    );
    expect((await tuner.study.trials()).map(({ state }) => state)).toEqual(["waiting"]);
    await tuner.close();
    const without = new RandomSearch({ ...base, maxTrials: 30 });
    await expect(without.search(x, y)).rejects.toThrow("A name with val_ needs `validationData`");
  });

  test("callbacks that are none", async () => {
    const search = (callbacks: unknown) =>
      new RandomSearch({ ...base, maxTrials: 20 }).search(x, y, { validationData, callbacks: callbacks as never });
    await expect(search([7])).rejects.toThrow(
      "`callbacks[0]` must be a callback or a function that makes one, but got 7",
    );
    await expect(search([() => null])).rejects.toThrow(/^`callbacks\[0\]` .* but got null\.$/);
    await expect(search(7)).rejects.toThrow("must be a list of callbacks or functions, but got 7");
  });

  test("a training that diverges fails its trial, and the search goes on", async () => {
    class Diverging extends Parabola {
      override fit(hp: HyperParameters, model: { readonly at: number }) {
        const returned = super.fit(hp, model);
        return this.fits % 2 === 0 ? { ...returned, score: Number.NaN } : returned;
      }
    }
    const tuner = new RandomSearch({ hypermodel: new Diverging(), objective: score, maxTrials: 6, seed: 1 });
    await tuner.search(null, null);
    const states = (await tuner.study.trials()).map(({ state }) => state);
    expect(states.filter((state) => state === "failed")).toHaveLength(3);
    expect(await tuner.getBestTrials(9)).toHaveLength(3);
  });

  test("results before there are any, and models without weights", async () => {
    const tuner = new RandomSearch({ hypermodel: new Parabola(), objective: score, maxTrials: 1 });
    expect(() => tuner.study).toThrow("once `search` has begun");
    await expect(tuner.getBestTrials()).rejects.toThrow("There are no results yet. Call `search` first.");
    await tuner.search(null, null);
    await expect(tuner.getBestTrials(0)).rejects.toThrow("must be an integer >= 1, but got 0");
    await expect(tuner.getBestModels()).rejects.toThrow("Trial 0 has no saved weights");
    expect((await tuner.getBestHyperparameters())[0]!.values).toHaveProperty("at");
  });

  test("a model without a fit", async () => {
    const build = (hp: HyperParameters) => ({ k: hp.Int("k", { min: 1, max: 2 }) });
    const tuner = new RandomSearch({ hypermodel: build, objective: score, maxTrials: 3 });
    await expect(tuner.search(null, null)).rejects.toThrow("needs a method `fit(x, y, options)`");
  });
});
