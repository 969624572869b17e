import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { adam, dense, input, type Logs, type Sequential, sequential } from "../../src/nn/index.ts";
import { sobol } from "../../src/sampler/sobol.ts";
import { executionsOf } from "../../src/tuner/executions.ts";
import { FailedTrialError } from "../../src/tuner/failed-trial.ts";
import { HyperModel, type TrainingData } from "../../src/tuner/hyper-model.ts";
import { HyperParameters } from "../../src/tuner/hyper-parameters.ts";
import { Objective } from "../../src/tuner/objective.ts";
import { Tuner } from "../../src/tuner/tuner.ts";
import type { TunerOptions } from "../../src/tuner/tuner-options.ts";
import type { TrialEnd, TunerTrial } from "../../src/tuner/tuner-plan.ts";
import { BayesianOptimization, GridSearch, Hyperband, RandomSearch } from "../../src/tuner/tuners.ts";
import { fromModule } from "../../src/worker/module-ref.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };
import { hypermodel } from "./networks.ts";

const { x, y } = fixture;
const validationData = [x, y];
const score = new Objective("score", "max");
const inWorkers = fromModule<typeof hypermodel>(new URL("./networks.ts", import.meta.url), "hypermodel");

const root = mkdtempSync(join(tmpdir(), "tuner-manners-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let directory = root;
let count = 0;
beforeEach(() => {
  directory = join(root, String(count++));
});

/** Throws, or is scored, as the test says for each call. */
class Scripted extends HyperModel<{ readonly at: number }> {
  fits = 0;
  readonly seeds: number[] = [];
  readonly script: (fit: number) => number;

  constructor(script: (fit: number) => number) {
    super();
    this.script = script;
  }

  build(hp: HyperParameters) {
    this.seeds.push(hp.seed);
    return { at: hp.Float("at", { min: -1, max: 1 }) };
  }

  override fit() {
    return { score: this.script(this.fits++) };
  }
}

describe("a tuner's runTrial can be one's own", () => {
  class Parabola extends RandomSearch<never> {
    override runTrial({ hyperparameters: hp }: TunerTrial) {
      const at = hp.Float("x", { min: -2, max: 2, default: 2 });
      return hp.Boolean("shift") ? (at - 1) * (at - 1) + 1 : at * at;
    }
  }

  test("without a hypermodel or an objective, minimising one number; what it asks for first is met in trial 0", async () => {
    const tuner = new Parabola({ maxTrials: 30, seed: 2 });
    await tuner.search();
    const trials = await tuner.study.trials();
    expect(trials[0]).toMatchObject({ params: { x: 2, shift: false }, value: 4 });
    expect(new Set(trials.map(({ params }) => (params as { x: number }).x)).size).toBe(30);
    const [hp] = await tuner.getBestHyperparameters();
    expect((await tuner.study.best())!.value).toBeLessThan(0.2);
    expect(Math.abs(hp!.get("x") as number)).toBeLessThan(0.5);
  });

  test("with any tuner, model-based ones included", async () => {
    class Sharper extends BayesianOptimization<never> {
      override runTrial({ hyperparameters: hp }: TunerTrial) {
        const at = hp.Float("x", { min: -2, max: 2 });
        return { distance: Math.abs(at - 0.7), at };
      }
    }
    const tuner = new Sharper({ objective: new Objective("distance", "min"), maxTrials: 14, seed: 1 });
    await tuner.search();
    expect((await tuner.study.best())!.value).toBeLessThan(0.1);
  });

  test("around the usual one, whose results it gets", async () => {
    const seen: unknown[] = [];
    class Penalised extends RandomSearch<Sequential> {
      override async runTrial(trial: TunerTrial, data: TrainingData) {
        const results = await super.runTrial(trial, data);
        seen.push(results);
        return { size: Number(trial.hyperparameters.get("units")) };
      }
    }
    const tuner = new Penalised({
      hypermodel,
      objective: new Objective("size", "min"),
      maxTrials: 3,
      executionsPerTrial: 2,
      seed: 1,
    });
    await expect(tuner.search(x, y, { validationData })).rejects.toThrow('"size" is not among them');
    const own = new Penalised({ hypermodel, objective: ["val_auc", "val_loss"], maxTrials: 1, seed: 1 });
    await expect(own.search(x, y, { validationData })).rejects.toThrow('"val_auc", "val_loss" is not among them: size');
    expect((seen.at(-1) as { history: object }[])[0]!.history).toHaveProperty("val_auc");
  });

  test("and hand its models over to be had back", async () => {
    class Own extends RandomSearch<Sequential> {
      override async runTrial(trial: TunerTrial, { x: rows, y: labels }: TrainingData) {
        const model = await this.hypermodel.build(trial.hyperparameters);
        const { history } = await model.fit(rows, labels, { epochs: 2 });
        await this.saveModel(trial, model);
        return history.loss!.at(-1)!;
      }
    }
    const tuner = new Own({ hypermodel, maxTrials: 3, seed: 4, directory });
    await tuner.search(x, y);
    const [model] = await tuner.getBestModels();
    const best = await tuner.study.best();
    expect(model!.predict(x)).toHaveLength(x.length);
    expect(executionsOf(best!)).toHaveLength(1);
    expect((best!.params as { units: number }).units).toBe(model!.weights[0]!.shape[1]);
    await tuner.close();
  });

  test("and return a list, of which the mean counts", async () => {
    class Thrice extends RandomSearch<never> {
      override runTrial({ hyperparameters: hp }: TunerTrial) {
        const at = hp.Float("x", { min: 1, max: 2 });
        return [at, { default_objective: at + 3 }, at + 6];
      }
    }
    const tuner = new Thrice({ maxTrials: 4, seed: 1 });
    await tuner.search();
    for (const trial of await tuner.study.trials()) {
      expect(trial.value).toBeCloseTo((trial.params as { x: number }).x + 3, 12);
      expect(trial.standardError).toBeCloseTo(3 / Math.sqrt(3), 12);
      expect(executionsOf(trial)).toHaveLength(3);
    }
  });
});

describe("hooks", () => {
  function recorder(options: TunerOptions<Sequential>) {
    const told: string[] = [];
    class Told extends RandomSearch<Sequential> {
      override onSearchBegin() {
        told.push("search begins");
      }
      override async onTrialBegin({ number }: TunerTrial) {
        await Promise.resolve();
        told.push(`trial ${number} begins`);
      }
      override onEpochBegin(_: TunerTrial, model: Sequential | undefined, epoch: number) {
        told.push(`epoch ${epoch} begins${model === undefined ? "" : ` with ${model.weights.length} weights`}`);
      }
      override onEpochEnd(_: TunerTrial, __: unknown, epoch: number, logs: Record<string, number>) {
        told.push(`epoch ${epoch} ends with ${Object.keys(logs).length} numbers`);
      }
      override onTrialEnd({ number }: TunerTrial, end: TrialEnd) {
        told.push(`trial ${number} ends with ${"value" in end ? Object.keys(end.metrics).length : String(end.error)}`);
      }
      override onSearchEnd() {
        told.push("search ends");
      }
    }
    return { told, tuner: new Told({ objective: "val_auc", maxTrials: 2, seed: 1, ...options }) };
  }

  test("are called around searches, trials and epochs", async () => {
    const { told, tuner } = recorder({ hypermodel });
    await tuner.search(x, y, { validationData });
    const epochs = Array.from({ length: 4 }, (_, epoch) => [
      `epoch ${epoch} begins with 4 weights`,
      `epoch ${epoch} ends with 6 numbers`,
    ]).flat();
    const trials = [0, 1].flatMap((n) => [`trial ${n} begins`, ...epochs, `trial ${n} ends with 6`]);
    expect(told).toEqual(["search begins", ...trials, "search ends"]);
  });

  test("are called for trainings in workers too, without the model", async () => {
    const { told, tuner } = recorder({ hypermodel: inWorkers, workers: 1, maxTrials: 1 });
    await tuner.search(x, y, { validationData });
    expect(told.filter((line) => /epoch \d begins$/.test(line))).toHaveLength(4);
    expect(told.filter((line) => line.endsWith("ends with 6 numbers"))).toHaveLength(4);
  });

  /** Says which batches it was told of. */
  class Batches extends RandomSearch<Sequential> {
    readonly told: string[] = [];
    override onBatchBegin(_: TunerTrial, model: Sequential | undefined, batch: number, { size }: Logs) {
      this.told.push(`${batch} of ${size} rows begins${model === undefined ? "" : " here"}`);
    }
    override onBatchEnd(_: TunerTrial, __: Sequential | undefined, batch: number, { loss }: Logs) {
      this.told.push(`${batch} ends${loss! > 0 ? "" : " without a loss"}`);
    }
  }

  test.each(["here", "in a worker"])("of batches are called for networks of nn trained %s", async (where) => {
    const options = where === "here" ? { hypermodel } : { hypermodel: inWorkers, workers: 1 };
    const hyperparameters = new HyperParameters();
    hyperparameters.Fixed("batchSize", 16);
    const given = { ...options, hyperparameters, objective: "val_auc", maxTrials: 1, seed: 3 };
    const told = new Batches(given);
    await told.search(x, y, { validationData, epochs: 2 });
    const here = where === "here" ? " here" : "";
    const epoch = [16, 16, 16, x.length - 48].flatMap((size, at) => [
      `${at} of ${size} rows begins${here}`,
      `${at} ends`,
    ]);
    expect(told.told).toEqual([...epoch, ...epoch]);
    // Who looks on changes nothing.
    const untold = new RandomSearch(given);
    await untold.search(x, y, { validationData, epochs: 2 });
    const metrics = async (tuner: Tuner<Sequential>) => (await tuner.study.trials())[0]!.metrics;
    expect(await metrics(told)).toEqual(await metrics(untold));
  });

  test("of batches are called where the trainer calls its callbacks for them", async () => {
    const batches: string[] = [];
    class Batched extends RandomSearch<object> {
      override onBatchBegin(_: TunerTrial, __: object, batch: number) {
        batches.push(`${batch} begins`);
      }
      override onBatchEnd(_: TunerTrial, __: object, batch: number, logs: Record<string, number>) {
        batches.push(`${batch} ends at ${logs.loss}`);
      }
    }
    class Stepping extends HyperModel<object> {
      build(hp: HyperParameters) {
        return { k: hp.Int("k", { min: 1, max: 2 }) };
      }
      override async fit(_: HyperParameters, __: object, { callbacks }: TrainingData) {
        for (const batch of [0, 1]) {
          for (const callback of callbacks) await callback.onBatchBegin?.(batch);
          for (const callback of callbacks) await callback.onBatchEnd?.(batch, { loss: 3 - batch });
        }
        return 1;
      }
    }
    await new Batched({ hypermodel: new Stepping(), maxTrials: 1 }).search();
    expect(batches).toEqual(["0 begins", "0 ends at 3", "1 begins", "1 ends at 2"]);
  });

  test("that throw fail their trial, or in workers the search", async () => {
    class Failing extends RandomSearch<Sequential> {
      override onEpochEnd(_: TunerTrial, __: unknown, epoch: number) {
        if (epoch === 1) throw new Error("the disk of the log is full");
      }
    }
    const failing = new Failing({ hypermodel, objective: "val_auc", maxTrials: 5, seed: 1 });
    await expect(failing.search(x, y, { validationData })).rejects.toThrow(/3 failed trials in a row:\n.*the disk/);
    const ends: string[] = [];
    class Ending extends RandomSearch<object> {
      override onTrialEnd(_: TunerTrial, end: TrialEnd) {
        ends.push(Object.keys(end)[0]!);
        throw new Error("no mail could be sent");
      }
    }
    const model = new Scripted(() => 1);
    const ending = new Ending({ hypermodel: model, objective: score, maxTrials: 1, maxRetriesPerTrial: 4 });
    await ending.search();
    expect([ends, model.fits, (await ending.study.trials())[0]!.error!.message]).toEqual([
      ["value"],
      1,
      "no mail could be sent",
    ]);
    const apart = new Failing({ hypermodel: inWorkers, objective: "val_auc", maxTrials: 2, seed: 1, workers: 1 });
    await expect(apart.search(x, y, { validationData })).rejects.toThrow("the disk of the log is full");
  });
});

test("the base Tuner searches with any sampler", async () => {
  class SobolSearch<M> extends Tuner<M> {
    constructor(options: TunerOptions<M>) {
      super(options, { name: "SobolSearch", maxTrials: options.maxTrials ?? 8, sampler: () => sobol() });
    }
  }
  const tuner = new SobolSearch({ hypermodel: new Scripted((fit) => fit), objective: score, seed: 1 });
  await tuner.search();
  const at = (await tuner.study.trials()).map(({ params }) => (params as { at: number }).at).sort((a, b) => a - b);
  expect(at).toHaveLength(8);
  for (const [k, value] of at.entries()) expect(Math.abs(value - (-1 + (2 * k + 1) / 8))).toBeLessThan(0.126);
  expect(tuner.study.sampler.name).toBe("sobol");
});

describe("trials that fail", () => {
  const broken = () => {
    throw new Error("the driver is gone");
  };

  test("are tried again as often as asked, from other seeds", async () => {
    const model = new Scripted((fit) => (fit === 0 ? broken() : fit === 1 ? Number.NaN : fit));
    const tuner = new RandomSearch({
      hypermodel: model,
      objective: score,
      maxTrials: 2,
      maxRetriesPerTrial: 2,
      seed: 1,
    });
    await tuner.search();
    const trials = await tuner.study.trials();
    expect(trials.map(({ state, value }) => [state, value])).toEqual([
      ["completed", 2],
      ["completed", 3],
    ]);
    expect(trials[0]!.attributes.retries).toEqual(["the driver is gone", 'The objective "score" is not a number.']);
    expect(new Set(model.seeds.slice(-4)).size).toBe(4);
  });

  test("fail when no try is left, and at once with a FailedTrialError", async () => {
    const tuner = new RandomSearch({
      hypermodel: new Scripted((fit) => {
        if (fit < 2) return broken();
        throw new FailedTrialError("too slow");
      }),
      objective: score,
      maxTrials: 2,
      maxRetriesPerTrial: 1,
      seed: 1,
    });
    await tuner.search();
    const trials = await tuner.study.trials();
    expect(trials.map(({ error }) => error!.message)).toEqual(["the driver is gone", "too slow"]);
    expect(trials[1]!.attributes).not.toHaveProperty("retries");
  });

  test("end the search when too many fail in a row, and do not count again when it is resumed", async () => {
    let failing = (fit: number) => fit >= 2;
    const model = new Scripted((fit) => (failing(fit) ? broken() : fit));
    const tuner = () => new RandomSearch({ hypermodel: model, objective: score, maxTrials: 20, directory, seed: 1 });
    const first = tuner();
    await expect(first.search()).rejects.toThrow(
      /^The search stops after 3 failed trials in a row:\n {2}trial 2: the driver is gone\n[\s\S]*raise `maxConsecutiveFailedTrials`; the next `search` goes on/,
    );
    expect(await first.remainingTrials()).toBe(15);
    await first.close();
    const seenBefore = model.fits;
    failing = (fit) => fit === seenBefore || fit === seenBefore + 1;
    const second = tuner();
    await second.search();
    const states = (await second.study.trials()).map(({ state }) => state);
    expect(states.filter((state) => state === "failed")).toHaveLength(5);
    expect(await second.remainingTrials()).toBe(0);
    await second.close();
  });

  test("include those whose model is too large, which is not trained", async () => {
    const build = (hp: HyperParameters) => {
      const model = sequential([input(3), dense(hp.Choice("units", [2, 40]))], { seed: hp.seed });
      model.compile({ loss: "meanSquaredError" });
      return model;
    };
    const targets = y.map((label) => [label, label]);
    const tuner = new GridSearch({ hypermodel: build, objective: "loss", maxModelSize: 8, seed: 1 });
    await tuner.search(x, targets);
    const [small, large] = await tuner.study.trials();
    expect(small!.state).toBe("completed");
    expect(large!.error!.message).toBe(
      "A model may have at most `maxModelSize` = 8 parameters, but this trial's has 160. Narrow the ranges that make it large, or allow more.",
    );
  });
});

test("remaining trials are those that search would run, and unknown for a search that ends by itself", async () => {
  const tuner = new RandomSearch({ hypermodel: new Scripted(() => 1), objective: score, maxTrials: 3 });
  expect(await tuner.remainingTrials()).toBe(3);
  tuner.on("tell", () => tuner.stop());
  await tuner.search();
  expect(await tuner.remainingTrials()).toBe(2);
  const grid = new GridSearch({ hypermodel: new Scripted(() => 1), objective: score });
  expect(await grid.remainingTrials()).toBeNull();
});

test("a search that was killed inside its first trial goes on with it, to the same end", () => {
  const script = join(import.meta.dirname, "killed-search.ts");
  const run = (place: string, ...fatal: string[]) =>
    spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", script, place, ...fatal], {
      encoding: "utf8",
    });
  const killed = run(directory, "2");
  expect([killed.signal, killed.stdout]).toEqual(["SIGKILL", ""]);
  const resumed = run(directory);
  expect(resumed.stderr).toBe("");
  expect(JSON.parse(resumed.stdout)).toHaveLength(3);
  expect(resumed.stdout).toBe(run(`${directory}-whole`).stdout);
});

describe("hyperparameters given in advance", () => {
  const given = new HyperParameters();
  given.Int("units", { min: 6, max: 8, step: 2 });
  given.Fixed("learningRate", 0.05);
  const options = { hypermodel, objective: "val_auc", maxTrials: 3, seed: 1, hyperparameters: given } as const;
  const paramsOf = async (tuner: RandomSearch<Sequential>) => {
    await tuner.search(x, y, { validationData });
    return (await tuner.study.trials()).map(
      ({ params }) => params as { units: number; learningRate: number; batchSize: number },
    );
  };

  test("stand in the hypermodel's place, in workers too, and others join the search", async () => {
    for (const more of [{}, { hypermodel: inWorkers, workers: 1 }]) {
      const all = await paramsOf(new RandomSearch({ ...options, ...more }));
      for (const { units, learningRate } of all) expect([units >= 6, learningRate]).toEqual([true, 0.05]);
      expect(new Set(all.map(({ batchSize }) => batchSize))).toEqual(new Set([8, 16]));
    }
  });

  test("are all that is searched, or all that may be asked for", async () => {
    const tuner = new RandomSearch({ ...options, maxTrials: 2, tuneNewEntries: false });
    expect((await paramsOf(tuner)).map(({ batchSize }) => batchSize)).toEqual([8, 8]);
    expect((await tuner.getBestHyperparameters())[0]!.get("batchSize")).toBe(8);
    expect(await tuner.getBestModels()).toHaveLength(1);
    const strict = new RandomSearch({ ...options, allowNewEntries: false });
    await expect(strict.search(x, y, { validationData })).rejects.toThrow(
      'but asked for "batchSize" (ordinal of 8, 16)',
    );
  });
});

test("a list of objectives is searched as their sum, in workers too, and models are kept at the sum's best epoch", async () => {
  const run = async (more: object) => {
    const tuner = new RandomSearch({
      hypermodel,
      objective: ["val_auc", new Objective("val_loss", "min")],
      maxTrials: 2,
      seed: 1,
      ...more,
    });
    await tuner.search(x, y, { validationData });
    return tuner;
  };
  const tuner = await run({});
  for (const trial of await tuner.study.trials()) {
    const { history, epoch } = executionsOf(trial)[0]!;
    const sums = history!.val_loss!.map((loss, at) => loss - history!.val_auc![at]!);
    expect(trial.value).toBe(Math.min(...sums));
    expect(epoch).toBe(sums.indexOf(Math.min(...sums)));
    expect(trial.metrics.multi_objective).toBe(trial.value);
  }
  const best = (await tuner.study.best())!;
  const { auc, loss } = (await tuner.getBestModels())[0]!.evaluate(x, y);
  expect(loss! - auc!).toBeCloseTo(best.value!, 6);
  const apart = await run({ hypermodel: inWorkers, workers: 1 });
  expect((await apart.study.best())!.value).toBe(best.value);
});

describe("Bayesian optimisation honours KerasTuner's settings", () => {
  const samplerOf = async (options: object) => {
    const tuner = new BayesianOptimization({
      hypermodel: new Scripted(() => 1),
      maxTrials: 1,
      objective: score,
      ...options,
    });
    await tuner.search();
    return tuner.study.sampler.toJSON();
  };

  test("in our own recipe and in theirs", async () => {
    expect(await samplerOf({ alpha: 0.5, beta: 1.5, numInitialPoints: 4 })).toMatchObject({
      alpha: 0.5,
      acquisition: { name: "ucb", kappa: 1.5 },
      initialPoints: { count: 4 },
    });
    expect(await samplerOf({ recipe: "keras-tuner", alpha: 0.5, beta: 1.5, numInitialPoints: 4 })).toEqual({
      alpha: 0.5,
      beta: 1.5,
      numInitialPoints: 4,
    });
  });

  test("so that they change what is tried", async () => {
    const tried = async (options: object) => {
      const tuner = new BayesianOptimization({
        hypermodel: new Scripted((fit) => ((fit * 7) % 11) / 11),
        objective: score,
        maxTrials: 9,
        numInitialPoints: 6,
        seed: 1,
        ...options,
      });
      await tuner.search();
      return JSON.stringify((await tuner.study.trials()).map(({ params }) => params));
    };
    const plain = await tried({ beta: 2.6 });
    expect(await tried({ beta: 2.6 })).toBe(plain);
    expect(await tried({ beta: 0 })).not.toBe(plain);
    expect(await tried({ beta: 2.6, alpha: 4 })).not.toBe(plain);
  });

  test("and leave the study's expected best there, with the noise in it", async () => {
    const expected = async (options: object) => {
      const tuner = new BayesianOptimization({
        hypermodel: new Scripted((fit) => ((fit * 7) % 11) / 11),
        objective: score,
        maxTrials: 9,
        seed: 1,
        ...options,
      });
      await tuner.search();
      return (await tuner.study.best())!.expected!.standardDeviation;
    };
    expect(await expected({ alpha: 4 })).toBeGreaterThan(await expected({}));
  });
});

describe("Hyperband", () => {
  class Net extends HyperModel<Sequential> {
    build(hp: HyperParameters) {
      const model = sequential([input(3), dense(hp.Int("units", { min: 2, max: 9 })), dense(1)], { seed: hp.seed });
      hp.Float("unused", { min: 0, max: 1 });
      model.compile({ optimizer: "adam", loss: "meanSquaredError" });
      return model;
    }
  }

  test("trains each trial for its epochs, going on from its parent's weights", async () => {
    const begun: [number, number[]][] = [];
    class Watched extends Hyperband<Sequential> {
      override onEpochBegin({ number }: TunerTrial, model: Sequential | undefined, epoch: number) {
        const entry = begun.find(([trial]) => trial === number);
        if (entry !== undefined) return void entry[1].push(epoch);
        begun.push([number, [epoch]]);
        firstWeights.set(number, model!.getWeights());
      }
    }
    const firstWeights = new Map<number, Float32Array[]>();
    const tuner = new Watched({
      hypermodel: new Net(),
      objective: "loss",
      maxEpochs: 4,
      factor: 2,
      seed: 3,
      directory,
    });
    expect(await tuner.remainingTrials()).toBe(4 + 2 + 1 + (3 + 2) + 3);
    await tuner.search(x, y);
    const trials = await tuner.study.trials();
    expect(await tuner.remainingTrials()).toBe(0);
    let continued = 0;
    for (const trial of trials) {
      const { initialEpoch, epochs, parent } = trial.attributes.stage as {
        initialEpoch: number;
        epochs: number;
        parent: number | null;
      };
      const expected = Array.from({ length: epochs - initialEpoch }, (_, k) => initialEpoch + k);
      expect(begun.find(([number]) => number === trial.number)![1]).toEqual(expected);
      if (parent === null) continue;
      continued++;
      expect(firstWeights.get(trial.number)).toEqual((await tuner.loadModel(trials[parent]!)).getWeights());
      expect(trial.params).toEqual(trials[parent]!.params);
    }
    expect(continued).toBeGreaterThan(3);
    await tuner.close();
  });

  test("goes on after a break as if there had been none, in workers too", async () => {
    const make = (options: object) =>
      new Hyperband({ hypermodel, objective: "val_auc", maxEpochs: 4, factor: 2, seed: 5, ...options });
    const outcome = async (tuner: Hyperband<Sequential>) =>
      (await tuner.study.trials()).map(({ params, value, attributes }) => [params, value, attributes.stage]);
    const whole = make({});
    await whole.search(x, y, { validationData });
    const first = make({ directory });
    first.on("tell", ({ trial }) => trial.number === 5 && first.stop());
    await first.search(x, y, { validationData });
    await first.close();
    const second = make({ directory, hypermodel: inWorkers, workers: 1 });
    await second.search(x, y, { validationData });
    expect(await outcome(second)).toEqual(await outcome(whole));
    await second.close();
    expect(readFileSync(join(directory, "untitled_project", "best.json"), "utf8")).toContain('"Sequential"');
  });
});

describe("a tuner's optimizer, loss and metrics", () => {
  test("take the place of the model's own in every trial, and what is not given stays", async () => {
    const compiled: unknown[] = [];
    class Looking extends RandomSearch<Sequential> {
      override onEpochBegin(_: TunerTrial, model: Sequential | undefined) {
        compiled.push(model!.toJSON().compile);
      }
    }
    const metrics = ["accuracy", { name: "fBeta", beta: 2 }];
    const tuner = new Looking({
      hypermodel,
      objective: "val_accuracy",
      maxTrials: 2,
      optimizer: adam(0.25),
      metrics,
      seed: 1,
    });
    await tuner.search(x, y, { validationData, epochs: 1 });
    expect(compiled).toHaveLength(2);
    for (const one of compiled) {
      expect(one).toMatchObject({ optimizer: { learningRate: 0.25 }, loss: "binaryCrossentropy" });
    }
    const [trial] = await tuner.study.trials();
    expect(Object.keys(trial!.metrics).sort()).toEqual(
      ["accuracy", "fBeta", "loss", "val_accuracy", "val_fBeta", "val_loss"].sort(),
    );
    const [best] = await tuner.getBestModels();
    expect(Object.keys(best!.evaluate(x, y))).toEqual(["loss", "accuracy", "fBeta"]);
  });

  test("reach workers as plain data, and nothing else does", async () => {
    const options = { hypermodel: inWorkers, objective: "val_accuracy", maxTrials: 1, workers: 1 } as const;
    const tuner = new RandomSearch({ ...options, optimizer: "sgd", loss: "meanSquaredError", metrics: ["accuracy"] });
    await tuner.search(x, y, { validationData, epochs: 1 });
    expect((await tuner.study.best())!.metrics.loss).toBeLessThan(0.5);
    expect(() => new RandomSearch({ ...options, loss: () => 0 })).toThrow(/Workers need a `loss` of plain data/);
    expect(() => new RandomSearch({ ...options, metrics: "accuracy" as never })).toThrow(/`metrics` must be a list/);
  });

  test("that no model could be compiled with end the search, and cost no trial", async () => {
    const tuner = new RandomSearch({ hypermodel, objective: "val_auc", loss: "hinge" });
    await expect(tuner.search(x, y, { validationData })).rejects.toThrow(/loss.*"hinge"/i);
    const scripted = new RandomSearch({ hypermodel: new Scripted(() => 1), objective: score, optimizer: "sgd" });
    await expect(scripted.search()).rejects.toThrow(/by a method `recompile`/);
  });
});

describe("a hypermodel that is not tunable", () => {
  class Tail extends HyperModel<number> {
    build(hp: HyperParameters) {
      return hp.Int("units", { min: 2, max: 8, default: 4 });
    }
  }
  const score = new Objective("score", "max");
  /** The tail's units, beside a parameter of the whole. */
  class Whole extends HyperModel<{ units: number }> {
    readonly tail: Tail;
    constructor(tail: Tail) {
      super({ name: "whole" });
      this.tail = tail;
    }
    build(hp: HyperParameters) {
      hp.Float("rate", { min: 0, max: 1 });
      return { units: this.tail.build(hp) };
    }
    override fit(_: HyperParameters, { units }: { units: number }) {
      return { score: units };
    }
  }

  const unitsOf = async (tail: Tail, hyperparameters?: HyperParameters) => {
    const more = hyperparameters === undefined ? {} : { hyperparameters };
    const tuner = new RandomSearch({ hypermodel: new Whole(tail), objective: score, maxTrials: 6, seed: 4, ...more });
    await tuner.search();
    const trials = await tuner.study.trials();
    return {
      names: tuner.study.space.dimensions.map(({ name }) => name),
      values: new Set(trials.map(({ value }) => value)),
    };
  };

  test("has its defaults in every trial, and what it asks for is not searched", async () => {
    expect(await unitsOf(new Tail({ tunable: false }))).toEqual({ names: ["rate"], values: new Set([4]) });
    const searched = await unitsOf(new Tail());
    expect(searched.names).toEqual(["rate", "units"]);
    expect(searched.values.size).toBeGreaterThan(1);
  });

  test("takes the values of what was registered in advance", async () => {
    const hp = new HyperParameters();
    hp.Int("units", { min: 6, max: 7 });
    const { names, values } = await unitsOf(new Tail({ tunable: false }), hp);
    expect(names).toEqual(["units", "rate"]);
    expect([...values].sort()).toEqual([6, 7]);
  });
});
