/**
 * What a user of KerasTuner and scikit-learn met when a published experiment was run again with them, and does not meet here:
 * seven edges in seven groups, each shown the shortest way. How each thing works in full is tested beside its own file.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, test, vi } from "vitest";
import { degeneracy, scorecard } from "../../src/analysis/index.ts";
import { fit as fitGp, warp } from "../../src/gp/index.ts";
import { createRng, createSpace, float, gp, type Observation, type Sampler } from "../../src/index.ts";
import { constant, dense, input, type Matrix, type Sequential, sequential } from "../../src/nn/index.ts";
import {
  BayesianOptimization,
  type CrossValidation,
  type Estimator,
  executionsOf,
  GridSearch,
  GridSearchCV,
  HyperModel,
  type HyperParameters,
  kFold,
  logisticRegression,
  RandomSearch,
  type TunerOptions,
} from "../../src/tuner/index.ts";
import { nothingLearned } from "../../src/tuner/nothing-learned.ts";
import { Objective } from "../../src/tuner/objective.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };
import { hypermodel } from "./networks.ts";
import { NoisyRecall, recall, type Settings } from "./noisy-recall.ts";

const { x, y } = fixture;
const validationData = [x, y];

const root = mkdtempSync(join(tmpdir(), "rough-edges-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("1. a winner that learned nothing", () => {
  /** A network of one bias that is never trained: it calls every row positive, or none. */
  class Constant extends HyperModel<Sequential> {
    build(hp: HyperParameters): Sequential {
      const bias = constant(hp.Choice("bias", [-4, 4]));
      const weights = constant(0);
      const model = sequential(
        [input(3), dense(1, { activation: "sigmoid", kernelInitializer: weights, biasInitializer: bias })],
        { seed: hp.seed },
      );
      model.compile({ optimizer: "sgd", loss: "binaryCrossentropy", metrics: ["recall", "auc"] });
      return model;
    }

    override fit(_: HyperParameters, model: Sequential) {
      return model.evaluate(x, y);
    }
  }

  test("wins by recall, and its scorecard says so in a sentence", async () => {
    const tuner = new GridSearch({ hypermodel: new Constant(), objective: "recall", seed: 1 });
    await tuner.search(x, y);
    expect((await tuner.study.best())!.value).toBe(1);
    const [winner] = await tuner.getBestModels();
    const card = scorecard(y, Array.from(winner!.predict(x), Number));
    expect(card.degeneracy).toMatchObject({ kind: "all-positive" });
    expect(card.degeneracy!.reason).toMatch(/^It calls 100 % of all rows positive \(recall 1\.00, precision 0\.\d\d/);
    expect(card.metrics.auc!.value).toBe(0.5);
  });

  test("is doubted by the tuner itself, by a warning and in its summary", async () => {
    const tuner = new GridSearch({ hypermodel: new Constant(), objective: "recall", seed: 1 });
    const warnings: string[] = [];
    tuner.on("warning", ({ message }) => warnings.push(message));
    await tuner.search(x, y);
    expect(warnings).toEqual([
      'The best trial, 1, may have learned nothing: its auc is 0.5, what a model has that does not look at its input. Search for a score that cannot be had so, such as "val_auc", or widen the ranges; `scorecard` of assay/analysis tells more.',
    ]);
    expect(await tuner.resultsSummary(1)).toContain("\nThe best trial may have learned nothing: its auc is 0.5,");
  });

  test("is doubted by what was logged alone: AUC, balanced accuracy, or three scores that come to one", () => {
    const recall = new Objective("val_recall", "max");
    const doubt = (metrics: Record<string, number>) => nothingLearned(metrics, recall);
    // Of 100 rows 30 are positive; all are called so, or half of each kind, or nearly all of them.
    expect(doubt({ val_recall: 1, val_precision: 0.3, val_accuracy: 0.3 })).toMatch(/balanced accuracy of 0\.5,/);
    expect(doubt({ recall: 0.5, precision: 15 / 50, accuracy: 0.5 })).toMatch(/balanced accuracy of 0\.5,/);
    expect(doubt({ recall: 1, precision: 30 / 99, accuracy: 0.31 })).toMatch(/balanced accuracy of 0\.507,/);
    expect(doubt({ recall: 0, precision: 0, accuracy: 0.7 })).toMatch(/finds no positive row/);
    expect(doubt({ val_mcc: 0.01 })).toMatch(/val_mcc is 0\.01/);
    expect(doubt({ r2: -0.2 })).toMatch(/r2 is -0\.2/);
    expect(doubt({ val_recall: 1 })).toMatch(/no precision is logged/);
    // An honest model, a perfect one, and scores that tell nothing; what it has on validation data goes before the rest.
    expect(doubt({ recall: 24 / 30, precision: 24 / 38, accuracy: 0.8 })).toBeNull();
    expect(doubt({ recall: 1, precision: 1, accuracy: 1 })).toBeNull();
    expect(doubt({ auc: 0.5, val_auc: 0.8 })).toBeNull();
    expect(doubt({ loss: 0.7 })).toBeNull();
  });

  test("is told from an honest one by the figures that KerasTuner's searches ended with", () => {
    const baseRate = 0.5;
    expect(degeneracy({ recall: 0.98, precision: 0.5, baseRate })).toMatchObject({ kind: "all-positive" });
    expect(degeneracy({ recall: 0.935, precision: 0.52, baseRate })).toMatchObject({ kind: "all-positive" });
    expect(degeneracy({ recall: 0.83, precision: 0.76, baseRate })).toBeNull();
  });
});

describe("2. on noisy recall the surrogate does not collapse", () => {
  const space = createSpace({ rate: float(1e-4, 1e-1, { log: true }), dropout: float(0, 0.5) });
  /** Where the fit is bounded. */
  const LENGTH_SCALE_LEAST = 5e-3;
  const lossAt = (u: ArrayLike<number>) => 0.08 * (u[0]! - 0.6) ** 2 + 0.02 * (u[1]! - 0.3) ** 2;

  /** 30 random trials: a share of 400 rows, with the spread that one network shows over its seeds. */
  function noisyTrials(seed: number): Observation[] {
    const rng = createRng(seed);
    return Array.from({ length: 30 }, (_, number) => {
      const u = [rng.next(), rng.next()];
      const hits = Math.round(400 * (0.78 - lossAt(u) + 0.02 * rng.normal()));
      return { number, state: "completed", params: space.decode(u), loss: -hits / 400, reports: [], note: null };
    });
  }
  const histories = [1, 2, 3].flatMap((seed) => {
    const trials = noisyTrials(seed);
    return Array.from({ length: 20 }, (_, k) => trials.slice(0, 10 + k));
  });
  const placesOf = (sampler: Sampler, trials: Observation[]) =>
    ["a", "b"].map((dice) => {
      const studyRng = createRng(dice);
      const { params } = sampler.sample({ space, trials, studyRng, rng: studyRng.fork(trials.length) })!;
      return space.encode(params).x;
    });
  /** Whether other dice give another trial, so that the dice choose it and not the model. */
  const isRandom = ([a, b]: readonly Float64Array[]) => Math.hypot(a![0]! - b![0]!, a![1]! - b![1]!) > 0.1;

  test("its length-scales stay off their floor", () => {
    const shortest = histories.map((trials) => {
      const rows = Float64Array.from(trials.flatMap(({ params }) => [...space.encode(params).x]));
      const losses = Float64Array.from(trials, ({ loss }) => loss!);
      const { parameters } = fitGp({ x: rows, y: warp(losses, "half").y });
      return Math.min(...parameters.lengthScales);
    });
    expect(Math.min(...shortest)).toBeGreaterThan(2 * LENGTH_SCALE_LEAST);
  });

  test("its asks are the model's and better than random ones, where KerasTuner's recipe on the same trials lets the dice choose many", async () => {
    const theirs = new BayesianOptimization({
      hypermodel: new NoisyRecall(),
      objective: recall,
      recipe: "keras-tuner",
      numInitialPoints: 5,
      maxTrials: 1,
    });
    await theirs.search();
    const randomAsks = (asks: readonly Float64Array[][]) => asks.filter(isRandom).length;
    const ours = histories.map((trials) => placesOf(gp(), trials));
    expect(randomAsks(ours)).toBeLessThanOrEqual(2);
    expect(randomAsks(histories.map((trials) => placesOf(theirs.study.sampler, trials)))).toBeGreaterThanOrEqual(10);

    const lossOf = (places: readonly Float64Array[]) =>
      places.reduce((sum, place) => sum + lossAt(place), 0) / places.length;
    const drawn = histories.flatMap((trials) => trials.map(({ params }) => space.encode(params).x));
    expect(lossOf(ours.flat())).toBeLessThan(0.8 * lossOf(drawn));
  });
});

describe("3. the luck of a best epoch", () => {
  test("is on record: each execution with its epoch and history, their mean with its standard error", async () => {
    const tuner = new RandomSearch({
      hypermodel,
      objective: "val_recall",
      maxTrials: 1,
      executionsPerTrial: 3,
      seed: 7,
    });
    await tuner.search(x, y, { validationData });
    const trial = (await tuner.study.best())!;
    const executions = executionsOf(trial);
    expect(executions).toHaveLength(3);
    for (const { value, epoch, epochs, history } of executions) {
      expect(history!.val_recall).toHaveLength(epochs!);
      expect(value).toBe(Math.max(...history!.val_recall!));
      expect(epoch).toBe(history!.val_recall!.indexOf(value));
    }
    const values = executions.map(({ value }) => value);
    const mean = values.reduce((sum, value) => sum + value) / 3;
    expect(trial.value).toBeCloseTo(mean, 12);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2;
    expect(trial.standardError).toBeCloseTo(Math.sqrt(variance / 3), 12);
    expect(trial.standardError).toBeGreaterThan(0);
    const summary = await tuner.resultsSummary();
    expect(summary).toContain("val_recall, max, at the best epoch of each training");
    expect(summary).toMatch(/Trial 0: 0\.\d+ ± 0\.\d+ \(3 executions; epoch \d of 4, \d of 4, \d of 4\)/);
  });
});

describe("4. cv: 3 of a classifier", () => {
  /** Sorted labels: unstratified folds would have a single class. */
  const sorted = Array.from({ length: 60 }, (_, row) => (row < 45 ? 0 : 1));
  const positivesByFold = async (estimator: (params: object) => Estimator, cv: CrossValidation) => {
    const seen: number[] = [];
    const scoring = (_: unknown, __: Matrix, labels: ArrayLike<number>) => {
      seen.push(Array.from(labels).filter((label) => label === 1).length);
      return 0;
    };
    await new GridSearchCV(estimator, { one: [1] }, { cv, scoring, refit: false }).fit(x, sorted);
    return seen;
  };

  test("is stratified, whether the estimator says what it is or only its labels do", async () => {
    expect(await positivesByFold(() => logisticRegression(), 3)).toEqual([5, 5, 5]);
    const wrapped = () => ({ fit: () => {}, predict: ({ rows }: Matrix) => new Float64Array(rows) });
    expect(await positivesByFold(wrapped, 3)).toEqual([5, 5, 5]);
    expect(await positivesByFold(wrapped, kFold(3))).toEqual([0, 0, 15]);
  });
});

describe("5. what is inferred", () => {
  test('is that more of "val_f1" and "val_f1_score" is better', () => {
    for (const objective of ["val_f1", "val_f1_score"]) {
      expect(new RandomSearch({ hypermodel, objective }).objective.direction).toBe("max");
    }
  });

  test("are the parameters that `fit` registers, which trial 0 has and searches too", async () => {
    const batchSizes = new Set<unknown>();
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const tuner = new RandomSearch({ hypermodel, objective: "val_auc", maxTrials: 1, seed });
      await tuner.search(x, y, { validationData, epochs: 1 });
      const [first] = await tuner.study.trials();
      batchSizes.add((first!.params as { batchSize: number }).batchSize);
    }
    expect(batchSizes).toEqual(new Set([8, 16]));
  });
});

describe("6. a search killed in trial 7", () => {
  const options = (directory?: string): TunerOptions<Settings> => ({
    hypermodel: new NoisyRecall(),
    objective: recall,
    ...(directory === undefined ? {} : { directory }),
  });
  const killed = (name: string, ...seed: string[]) => {
    const directory = join(root, name);
    const script = join(import.meta.dirname, "killed-in-trial-7.ts");
    const flag = "--disable-warning=ExperimentalWarning";
    const { signal, stderr } = spawnSync(process.execPath, [flag, script, directory, ...seed], { encoding: "utf8" });
    expect([signal, stderr]).toEqual(["SIGKILL", ""]);
    return directory;
  };
  const outcome = async (tuner: BayesianOptimization<Settings>) =>
    (await tuner.study.trials()).map(({ number, params, value }) => [number, params, value]);

  test.each([
    ["with a seed", ["7"]],
    ["without one", []],
  ] as const)("%s goes on to the trials it would have had", async (name, seed) => {
    const directory = killed(name, ...seed);
    const resumed = new BayesianOptimization({ ...options(directory), maxTrials: 10 });
    expect(await resumed.remainingTrials()).toBe(3);
    await resumed.search();
    const whole = new BayesianOptimization({ ...options(), maxTrials: 10, seed: resumed.study.seed });
    await whole.search();
    expect(await outcome(resumed)).toEqual(await outcome(whole));
    await resumed.close();
  });

  test("will not have another numInitialPoints, keeps its trials under another maxTrials, and leaves the pause out of its times", async () => {
    const directory = killed("changed", "7");
    const changed = new BayesianOptimization({ ...options(directory), maxTrials: 10, numInitialPoints: 9 });
    await expect(changed.search()).rejects.toThrow(
      /resumed project must be what it was[\s\S]*sampler: stored .*given .*"count":9/,
    );
    const before = await changed.open();
    const seven = (await before.trials()).slice(0, 7);
    await changed.close();

    const PAUSE = 1;
    await pause(1000 * PAUSE);
    const resumed = new BayesianOptimization({ ...options(directory), maxTrials: 1001 });
    resumed.on("tell", ({ trial }) => trial.number === 11 && resumed.stop());
    await resumed.search();
    const trials = await resumed.study.trials();
    expect(trials.slice(0, 7)).toEqual(seven);
    expect(trials.map(({ number }) => number)).toEqual(Array.from({ length: 12 }, (_, number) => number));
    for (const { cost } of trials) expect(cost).toBeLessThan(PAUSE);
    const { startedAt, finishedAt } = trials[7]!;
    expect(finishedAt! - startedAt!).toBeLessThan(1000 * PAUSE);
    await resumed.close();
  });

  test("names the files of its trials alike, whatever maxTrials is", async () => {
    const directory = join(root, "names");
    const names: string[][] = [];
    for (const maxTrials of [2, 1001]) {
      const tuner = new RandomSearch({ hypermodel, objective: "val_auc", maxTrials, directory, seed: 1 });
      tuner.on("tell", ({ trial }) => trial.number === 2 && tuner.stop());
      await tuner.search(x, y, { validationData, epochs: 1 });
      await tuner.close();
      names.push(readdirSync(join(directory, "untitled_project")).filter((file) => file.startsWith("trial")));
    }
    expect(names).toEqual([
      ["trial-0000", "trial-0001"],
      ["trial-0000", "trial-0001", "trial-0002"],
    ]);
  });
});

describe("7. what is printed, named and counted", () => {
  test("steps of 0.1 are 0.3, wherever they are shown", async () => {
    const tuner = new GridSearch({ hypermodel: new NoisyRecall(), objective: recall, maxTrials: 6, seed: 1 });
    await tuner.search();
    const dropouts = (await tuner.study.trials()).map(({ params }) => (params as Settings).dropout);
    expect(JSON.stringify(dropouts)).toBe("[0,0.1,0.2,0.3,0.4,0.5]");
    expect(await tuner.resultsSummary()).toMatch(/^ {2}dropout: 0\.3$/m);
  });

  test("metrics have the same names in every model", async () => {
    const tuner = new RandomSearch({
      hypermodel,
      objective: "val_recall",
      maxTrials: 3,
      executionsPerTrial: 2,
      seed: 1,
    });
    await tuner.search(x, y, { validationData, epochs: 1 });
    const names = ["loss", "auc", "recall", "val_loss", "val_auc", "val_recall"].sort();
    for (const { metrics } of await tuner.study.trials()) expect(Object.keys(metrics).sort()).toEqual(names);
  });

  test("a search prints nothing of its own accord, and its summary is a few lines a trial", async () => {
    const printed = (["stdout", "stderr"] as const).map((stream) => vi.spyOn(process[stream], "write"));
    const spoken = (["log", "info", "warn", "error"] as const).map((method) => vi.spyOn(console, method));
    const tuner = new RandomSearch({ hypermodel, objective: "val_recall", maxTrials: 12, seed: 1 });
    await tuner.search(x, y, { validationData, epochs: 1 });
    const calls = [...printed, ...spoken].map(({ mock }) => mock.calls.length);
    for (const spy of [...printed, ...spoken]) spy.mockRestore();
    expect(calls).toEqual([0, 0, 0, 0, 0, 0]);
    const lines = (await tuner.resultsSummary(10)).split("\n");
    // The fourth line doubts the winner, whose AUC is .498 after an epoch.
    expect(lines).toHaveLength(4 + 10 * 5);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(120);
  });

  test("a program that cannot build its model is told at once, and no trial is used up", async () => {
    class Fresh extends NoisyRecall {
      override build(): Settings {
        throw new Error("Cannot find package 'tensorboard'");
      }
    }
    const directory = join(root, "fresh");
    const options = { objective: recall, maxTrials: 5, directory, seed: 1 };
    const tuner = new RandomSearch({ ...options, hypermodel: new Fresh() });
    await expect(tuner.search()).rejects.toThrow("Cannot find package 'tensorboard'");
    expect(await tuner.remainingTrials()).toBe(5);
    await tuner.close();
  });

  test("nor by one that fails in every training, once it is mended", async () => {
    const directory = join(root, "mended");
    const options = { objective: recall, maxTrials: 5, directory, seed: 1 };
    const missing = () => {
      throw new Error("Cannot find package 'tensorboard'");
    };
    const broken = new RandomSearch({ ...options, hypermodel: new NoisyRecall(missing) });
    await expect(broken.search()).rejects.toThrow(/3 failed trials in a row:\n.*tensorboard/);
    await broken.close();
    const mended = new RandomSearch({ ...options, hypermodel: new NoisyRecall() });
    const warnings: string[] = [];
    mended.on("warning", ({ message }) => warnings.push(message));
    await mended.search();
    expect((await mended.study.trials()).map(({ state }) => state)).toEqual(Array(5).fill("completed"));
    expect(warnings.join()).toContain("the search begins anew");
    await mended.close();
  });
});
