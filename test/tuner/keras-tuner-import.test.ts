import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { memory } from "../../src/storage/memory.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import { importKerasTunerProject } from "../../src/tuner/keras-tuner-import.ts";
import { Objective } from "../../src/tuner/objective.ts";
import { RandomSearch } from "../../src/tuner/tuners.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/tuner/keras-tuner-projects");

const root = mkdtempSync(join(tmpdir(), "keras-tuner-import-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let project = root;
let count = 0;
/** A copy that a test may spoil. */
beforeEach(() => {
  project = join(root, String(count++), "random-search");
  cpSync(join(FIXTURES, "random-search"), project, { recursive: true });
});

const filesOf = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [file, readFileSync(file, "utf8")]);

const edit = (file: string, change: (text: string) => string) =>
  writeFileSync(join(project, file), change(readFileSync(join(project, file), "utf8")));

describe("a project of KerasTuner becomes a study", () => {
  test("with its space: kinds, scales, defaults and conditions", async () => {
    const { space, name, direction, seed } = await importKerasTunerProject(project);
    expect([name, direction, seed]).toEqual(["random-search", "maximize", 3]);
    expect(space.dimensions.map(({ name: of, parameter }) => `${of}: ${parameter.describe()}`)).toEqual([
      "units: int in [20, 60], step 10",
      "dropout: float in [0, 0.5], step 0.1",
      "learning_rate: float in [0.0001, 0.1], log",
      "width: int in [1, 1000], log",
      "momentum: float in [0.5, 0.999], reversed log",
      'activation: categorical of "relu", "tanh"',
      "scaled: ordinal of 1, 0",
      "norm: boolean",
      "seed: fixed of 7",
      'optimizer: categorical of "adam", "sgd"',
      "nesterov: boolean",
    ]);
    expect(space.get("nesterov")!.conditions).toEqual([{ parent: "optimizer", values: ["sgd"] }]);
    expect(space.get("optimizer")!.parameter.default).toBe("adam");
  });

  test("with its trials: parameters, scores, metrics, failures, and what is to be run again", async () => {
    const study = await importKerasTunerProject(project);
    const trials = await study.trials();
    expect(trials.map(({ state }) => state)).toEqual(["completed", "completed", "failed", "completed", "waiting"]);
    for (const [number, trial] of trials.entries()) {
      const file = JSON.parse(readFileSync(join(project, `trial_0${number}`, "trial.json"), "utf8"));
      expect(trial.value).toBe(file.score);
      for (const [key, value] of Object.entries(trial.params as Record<string, unknown>)) {
        if (key === "dropout") expect(value).toBeCloseTo(file.hyperparameters.values[key], 12);
        else expect(value).toBe(file.hyperparameters.values[key]);
      }
      expect(Object.keys(trial.params as object).sort()).toEqual(Object.keys(file.hyperparameters.values).sort());
      expect(trial.attributes.kerasTuner).toEqual({ trialId: file.trial_id, bestStep: 0, values: {} });
    }
    expect(trials[0]!.metrics).toEqual({ val_recall: 0.625, val_loss: 0.9998 });
    expect(trials[2]!.error!.message).toBe("RuntimeError: out of memory");
    expect(trials[2]!.error!.stack).toContain("Traceback (most recent call last)");
    for (const { startedAt, finishedAt, state } of trials) {
      if (state !== "waiting") expect(finishedAt!).toBeGreaterThanOrEqual(startedAt!);
    }
    expect((await study.best())!.number).toBe(
      trials.indexOf(trials.reduce((a, b) => ((b.value ?? 0) > (a.value ?? 0) ? b : a))),
    );
  });

  test("that goes on: first with what was interrupted, then with what its results suggest", async () => {
    const study = await importKerasTunerProject(project);
    const waiting = (await study.trials())[4]!;
    const tried: unknown[] = [];
    await study.optimize(
      ({ params }) => {
        tried.push(params);
        return 0.5;
      },
      { trials: 8, progress: false },
    );
    expect(tried).toHaveLength(4);
    expect(tried[0]).toEqual(waiting.params);
  });

  test("that is durable where its storage is", async () => {
    const storage = sqlite(join(root, "studies.db"));
    const study = await importKerasTunerProject(project, { name: "fraud", storage });
    expect(study.name).toBe("fraud");
    await expect(importKerasTunerProject(project, { name: "fraud", storage })).rejects.toThrow("exists already");
    expect((await study.trials()).length).toBe(5);
    await study.close();
  });

  test("and a Hyperband keeps its stages beside the trials", async () => {
    const study = await importKerasTunerProject(join(FIXTURES, "hyperband"));
    const trials = await study.trials();
    expect(study.direction).toBe("minimize");
    expect(trials).toHaveLength(5);
    expect(trials.map(({ params }) => Object.keys(params as object))).toEqual(trials.map(() => ["x"]));
    const stages = trials.map(
      ({ attributes }) => (attributes.kerasTuner as { values: Record<string, unknown> }).values,
    );
    expect(stages[2]).toMatchObject({ "tuner/epochs": 2, "tuner/initial_epoch": 1, "tuner/round": 1 });
  });
});

describe("what was searched for", () => {
  test("is said where the files leave it open", async () => {
    for (const number of [0, 1, 3]) {
      edit(`trial_0${number}/trial.json`, (text) => text.replace("val_recall", "val_profit"));
    }
    expect((await importKerasTunerProject(project)).direction).toBe("maximize");
    edit("trial_00/trial.json", (text) => text.replace('"score": 0.625', '"score": 0.5'));
    await expect(importKerasTunerProject(project)).rejects.toThrow(
      "cannot be inferred from 3 completed trials with the metrics val_profit, val_loss",
    );
    expect((await importKerasTunerProject(project, { objective: "val_profit" })).direction).toBe("maximize");
    await expect(importKerasTunerProject(project, { objective: "val_auc" })).rejects.toThrow('"val_auc" is not: ');
    const sum = [new Objective("val_profit", "max"), "val_loss"];
    expect((await importKerasTunerProject(project, { objective: sum })).direction).toBe("minimize");
  });
});

describe("a directory that is corrupt or another's is refused and left as it is", () => {
  test.each<[string, string, (text: string) => string, RegExp]>([
    ["cut short", "oracle.json", (text) => text.slice(0, 900), /oracle\.json" is not JSON\. Nothing was changed/],
    ["of something else", "oracle.json", () => '{"name": "delphi"}', /has no `hyperparameters` and `start_order`/],
    ["a list", "oracle.json", () => "[1, 2]", /has no `hyperparameters` and `start_order`/],
    ["another trial's", "trial_01/trial.json", (text) => text.replace('"01"', '"07"'), /has the `trial_id` "07"/],
    ["in an unknown state", "trial_01/trial.json", (text) => text.replace("COMPLETED", "DONE"), /`status` "DONE"/],
    [
      "without metrics",
      "trial_01/trial.json",
      (text) => text.replace('"metrics": {"metrics"', '"m": {"n"'),
      /has no `metrics`/,
    ],
    [
      "out of its range",
      "trial_01/trial.json",
      (text) => text.replace(/"units": \d+/, '"units": 900'),
      /has 900 for "units", int in/,
    ],
    [
      "of an unknown kind",
      "oracle.json",
      (text) => text.replace('"Boolean"', '"Complex"'),
      /an Int, Float, Choice, Boolean or Fixed, but got "Complex"/,
    ],
    [
      "of a missing trial",
      "oracle.json",
      (text) => text.replace('["00",', '["00", "99",'),
      /names a trial "99", which has no "trial_99"/,
    ],
    [
      "without a score",
      "trial_01/trial.json",
      (text) => text.replace(/"score": [\d.]+/, '"score": NaN'),
      /is completed without a score/,
    ],
  ])("%s", async (_, file, change, reason) => {
    edit(file, change);
    const before = filesOf(project);
    const storage = memory();
    await expect(importKerasTunerProject(project, { storage })).rejects.toThrow(reason);
    expect(await storage.listStudies()).toEqual([]);
    expect(filesOf(project)).toEqual(before);
  });

  test("and so is one that is not there, or no project", async () => {
    await expect(importKerasTunerProject(join(project, "none"))).rejects.toThrow("is a directory, but");
    await expect(importKerasTunerProject(root)).rejects.toThrow("has a file oracle.json, but");
  });

  test("by a tuner, which says how to read it", async () => {
    const before = filesOf(project);
    const directory = join(project, "..");
    const tuner = () =>
      new RandomSearch({ hypermodel: () => ({}), directory, projectName: "random-search", overwrite: true });
    await expect(tuner().open()).rejects.toThrow(
      /has other files, such as "oracle\.json"\..*KerasTuner: `importKerasTunerProject` reads it/,
    );
    expect(filesOf(project)).toEqual(before);
  });
});
