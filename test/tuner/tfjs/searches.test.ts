import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { int } from "../../../src/index.ts";
import { earlyStopping, type Logs } from "../../../src/nn/index.ts";
import { shareTraining } from "../../../src/tuner/dataset.ts";
import {
  BayesianOptimization,
  BayesSearchCV,
  executionsOf,
  GridSearch,
  GridSearchCV,
  HyperModel,
  type HyperParameters,
  RandomSearch,
  type TrainingData,
  type TunerTrial,
} from "../../../src/tuner/index.ts";
import { type TfjsModel, tfjsHyperModel } from "../../../src/tuner/tfjs/index.ts";
import { Hyperband } from "../../../src/tuner/tuners.ts";
import { createWorkerPool, fromModule, type WorkerPool } from "../../../src/worker/index.ts";
import { build, createEstimator, hypermodel, x, y } from "./tables.ts";

const validationData = [x, y];
const module = new URL("./tables.ts", import.meta.url);
const pool = createWorkerPool({ workers: 1 });
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "assay-tfjs-"));
  await tf.setBackend("wasm");
});
afterAll(async () => {
  await pool.close();
  await rm(directory, { recursive: true });
});

/** A hypermodel as one writes it for KerasTuner, its network one of TensorFlow.js. */
class Fraud extends HyperModel<tf.Sequential> {
  build(hp: HyperParameters): tf.Sequential {
    return build(hp);
  }

  override fit(hp: HyperParameters, model: tf.Sequential, data: TrainingData): never {
    const batchSize = hp.Choice("batchSize", [16, 32]);
    return model.fit(data.x, data.y, { epochs: 2, ...data, batchSize } as tf.ModelFitArgs) as never;
  }
}

describe("a hypermodel of TensorFlow.js", () => {
  test("tells of its batches", async () => {
    const told: string[] = [];
    class Batches extends RandomSearch<TfjsModel<tf.Sequential>> {
      override onBatchBegin(_: TunerTrial, model: TfjsModel | undefined, batch: number, { size }: Logs) {
        told.push(`${batch} of ${size} rows begins in ${model?.name.replace(/_?\d*$/, "")}`);
      }
      override onBatchEnd(_: TunerTrial, __: unknown, batch: number, { loss }: Logs) {
        told.push(`${batch} ends${loss! > 0 ? "" : " without a loss"}`);
      }
    }
    const tuner = new Batches({ hypermodel, objective: "val_auc", maxTrials: 1, seed: 1 });
    await tuner.search(x, y, { validationData, batchSize: 40 });
    const batches = [40, 20].flatMap((size, at) => [`${at} of ${size} rows begins in sequential`, `${at} ends`]);
    expect(told).toEqual(batches);
  });

  test("is compiled with the tuner's optimizer, loss and metrics in place of its own", async () => {
    const before = tf.memory().numTensors;
    const rate = tf.train.sgd(0.25);
    const seen: unknown[] = [];
    class Looking extends RandomSearch<TfjsModel<tf.Sequential>> {
      override onEpochEnd(_: TunerTrial, model: TfjsModel<tf.Sequential> | undefined) {
        const { optimizer, loss } = model!.model as unknown as { optimizer: tf.Optimizer; loss: unknown };
        seen.push({ ...optimizer.getConfig(), loss, isOwn: optimizer !== rate });
      }
    }
    const options = { hypermodel, objective: "val_accuracy", maxTrials: 2, seed: 1 } as const;
    const tuner = new Looking({ ...options, optimizer: rate, metrics: ["accuracy", "recall"] });
    await tuner.search(x, y, { validationData, batchSize: 40 });
    expect(seen).toEqual(Array(2).fill({ learningRate: 0.25, loss: "binaryCrossentropy", isOwn: true }));
    const [trial] = await tuner.study.trials();
    const names = ["loss", "accuracy", "recall"];
    expect(Object.keys(trial!.metrics).sort()).toEqual([...names, ...names.map((name) => `val_${name}`)].sort());
    // Of the loss alone: the metrics stay the model's.
    const mean = new RandomSearch({ ...options, objective: "val_auc", loss: "meanSquaredError", optimizer: "adam" });
    await mean.search(x, y, { validationData, batchSize: 40 });
    expect((await mean.study.best())!.metrics).toMatchObject({
      val_auc: expect.any(Number),
      val_recall: expect.any(Number),
    });
    rate.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("trains in processes as in threads, and a trial that is killed or out of memory is the only one that fails", async () => {
    const processes = createWorkerPool({ workers: 1, kind: "process", heapLimitMb: 128 });
    try {
      const named = (name: string) => fromModule<typeof hypermodel>(module, name);
      const options = { objective: "val_auc", maxTrials: 3, seed: 5 } as const;
      const values = async (hypermodel: ReturnType<typeof named>, workers: WorkerPool) => {
        const tuner = new RandomSearch({ ...options, hypermodel, workers });
        await tuner.search(x, y, { validationData });
        return (await tuner.study.trials()).map(({ value, error }) => error?.message ?? value);
      };
      const inProcesses = await values(named("hypermodel"), processes);
      expect(inProcesses).toEqual(await values(named("hypermodel"), pool));
      const [first, ...rest] = await values(named("greedyAtFirst"), processes);
      expect(first).toMatch(
        /^A worker process ended before its task did: signal SIGABRT, after .*heap out of memory\.$/,
      );
      expect(rest).toEqual(inProcesses.slice(1));
    } finally {
      await processes.close();
    }
  });

  const common = { objective: "val_auc", seed: 4 } as const;
  const tuners = {
    BayesianOptimization: () => new BayesianOptimization({ hypermodel, ...common, maxTrials: 6, numInitialPoints: 3 }),
    RandomSearch: () => new RandomSearch({ hypermodel, ...common, maxTrials: 3, executionsPerTrial: 2 }),
    GridSearch: () => new GridSearch({ hypermodel, ...common, maxTrials: 3 }),
    Hyperband: () => new Hyperband({ hypermodel, ...common, maxEpochs: 3, factor: 3 }),
  };

  test.each(Object.entries(tuners))("is searched by %s, which leaves no tensor", async (_name, create) => {
    const before = tf.memory().numTensors;
    const tuner = create();
    await tuner.search(x, y, { validationData, batchSize: 30 });
    expect(tf.memory().numTensors).toBe(before);
    const [best] = await tuner.getBestTrials(1);
    const [model] = await tuner.getBestModels(1);
    const values = executionsOf(best!).map(({ value }) => value);
    expect(model!.evaluate(x, y).auc).toBeCloseTo(Math.max(...values), 6);
    expect(model!.model).toBeInstanceOf(tf.Sequential);
    model!.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  const layered: Record<string, (hp: HyperParameters) => tf.LayersModel> = {
    "a convolutional network": (hp) => {
      const filters = hp.Int("size", { min: 1, max: 3 });
      const conv = tf.layers.conv2d({ filters, kernelSize: 2, inputShape: [2, 2, 1] });
      return tf.sequential({
        layers: [conv, tf.layers.flatten(), tf.layers.dense({ units: 1, activation: "sigmoid" })],
      });
    },
    "a recurrent network": (hp) => {
      const lstm = tf.layers.lstm({ units: hp.Int("size", { min: 1, max: 3 }), inputShape: [2, 2], dropout: 0.1 });
      return tf.sequential({ layers: [lstm, tf.layers.dense({ units: 1, activation: "sigmoid" })] });
    },
    "a functional model": (hp) => {
      const input = tf.input({ shape: [4] });
      const hidden = tf.layers.dense({ units: hp.Int("size", { min: 1, max: 3 }) }).apply(input) as tf.SymbolicTensor;
      const joined = tf.layers.concatenate().apply([hidden, input]) as tf.SymbolicTensor;
      const output = tf.layers.dense({ units: 1, activation: "sigmoid" }).apply(joined) as tf.SymbolicTensor;
      return tf.model({ inputs: input, outputs: output });
    },
  };

  test.each(Object.entries(layered))("may build %s, for every tuner", async (_name, layers) => {
    const before = tf.memory().numTensors;
    const squares = x.slice(0, 30).map(([a, b, c]) => [a!, b!, c!, a! * b!]);
    const labels = y.slice(0, 30);
    const hypermodel = tfjsHyperModel(
      tf,
      (hp) => {
        const model = layers(hp);
        model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["auc"] });
        return model;
      },
      { backend: "cpu" },
    );
    const options = { hypermodel, objective: "val_auc", seed: 3 } as const;
    const tuners = [
      new RandomSearch({ ...options, maxTrials: 2, executionsPerTrial: 2 }),
      new BayesianOptimization({ ...options, maxTrials: 3, numInitialPoints: 2 }),
      new GridSearch(options),
      new Hyperband({ ...options, maxEpochs: 3, factor: 3 }),
    ];
    for (const tuner of tuners) {
      await tuner.search(squares, labels, { validationData: [squares, labels] });
      const [best] = await tuner.getBestTrials(1);
      const [model] = await tuner.getBestModels(1);
      const values = executionsOf(best!).map(({ value }) => value);
      expect(model!.evaluate(squares, labels).auc).toBeCloseTo(Math.max(...values), 6);
      model!.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
    await tf.setBackend("wasm");
  });

  test("may be a class with a `fit` of its own, and a project that is resumed", async () => {
    const options = { objective: "val_recall", directory, seed: 2 } as const;
    const fraud = tfjsHyperModel(tf, new Fraud());
    const first = new RandomSearch({ hypermodel: fraud, ...options, maxTrials: 2 });
    const callbacks = [earlyStopping({ monitor: "val_recall", patience: 5, restoreBestWeights: true })];
    await first.search(x, y, { validationData, callbacks });
    const whole = new RandomSearch({ hypermodel: fraud, ...options, maxTrials: 3 });
    await whole.search(x, y, { validationData, callbacks });
    const trials = await whole.study.trials();
    expect(trials).toHaveLength(3);
    for (const { params } of trials) expect([16, 32]).toContain((params as { batchSize: number }).batchSize);
    const [model] = await whole.getBestModels(1);
    expect(model!.evaluate(x, y).recall).toBeCloseTo((await whole.getBestTrials(1))[0]!.value!, 6);
    await Promise.all([first.study.close(), whole.study.close()]);
  });

  test("trains the same networks in a worker thread as here", async () => {
    const options = { objective: "val_auc", maxTrials: 3, seed: 9 } as const;
    const ref = fromModule<typeof hypermodel>(module, "hypermodel");
    const away = new RandomSearch({ hypermodel: ref, ...options, workers: pool });
    await away.search(x, y, { validationData, epochs: 2 });
    const here = new RandomSearch({ hypermodel, ...options });
    await here.search(x, y, { validationData, epochs: 2 });
    const values = async (tuner: typeof here) => (await tuner.study.trials()).map(({ value }) => value);
    expect(await values(away)).toEqual(await values(here));
    const weights = async (tuner: typeof here) => (await tuner.getBestModels(1))[0]!.getWeights();
    expect(await weights(away)).toEqual(await weights(here));
  });

  test("may free its model itself, as programs for TensorFlow.js do", async () => {
    const before = tf.memory().numTensors;
    const careful = tfjsHyperModel(tf, {
      build,
      fit: async (_hp, model, data) => {
        const inputs = tf.tensor2d(data.x);
        const log = await model.fit(inputs, tf.tensor1d(data.y), data as never);
        model.dispose();
        return log;
      },
    });
    const tuner = new RandomSearch({ hypermodel: careful, objective: "val_auc", maxTrials: 2, seed: 1 });
    await tuner.search(x, y, { validationData });
    const [model] = await tuner.getBestModels(1);
    expect(model!.evaluate(x, y).auc).toBeCloseTo((await tuner.getBestTrials(1))[0]!.value!, 6);
    model!.dispose();
    model!.dispose();
    expect(tf.memory().numTensors, "the user's own tensors, of a rehearsal and two trials").toBe(before + 6);
  });

  test("gets images in a worker as they were given", () => {
    const images = [
      [
        [0, 1],
        [1, 0],
      ],
      [
        [1, 1],
        [0, 0],
      ],
    ];
    const shared = shareTraining({ x: images, y: [0, 1], validationData: [images, [0, 1]] });
    expect(shared.x).toBe(images);
    expect(shared.validationData[0]).toBe(images);
  });

  test("leaves no tensor over 50 trials, some of which fail in `build` or in `fit`", async () => {
    const sometimes = tfjsHyperModel(tf, {
      build: (hp: HyperParameters) => {
        const model = build(hp);
        if (hp.Choice("fails", ["no", "build", "fit"]) === "build") throw new Error("built in vain");
        return model;
      },
      fit: (hp, model, data) => {
        const stop = { onEpochEnd: () => Promise.reject(new Error("trained in vain")) };
        const callbacks = hp.Choice("fails", ["no", "build", "fit"]) === "fit" ? [stop] : data.callbacks;
        return model.fit(data.x, data.y, { ...data, callbacks } as never);
      },
    });
    const tuner = new RandomSearch({
      hypermodel: sometimes,
      objective: "val_auc",
      maxTrials: 50,
      maxConsecutiveFailedTrials: 50,
      seed: 1,
    });
    const seen: number[] = [];
    tuner.on("tell", () => seen.push(tf.memory().numTensors));
    const before = tf.memory().numTensors;
    await tuner.search(x, y, { validationData, batchSize: 60 });
    expect(tf.memory().numTensors).toBe(before);
    expect(seen).toEqual(new Array(50).fill(before));
    const states = (await tuner.study.trials()).map(({ state }) => state);
    expect(states.filter((state) => state === "failed").length).toBeGreaterThan(20);
    expect(states.filter((state) => state === "completed").length).toBeGreaterThan(10);
  });
});

describe("a classifier of TensorFlow.js", () => {
  test("is searched under cross-validation, here and in a worker alike, and leaves its winner alone", async () => {
    const before = tf.memory().numTensors;
    const grid = { units: [2, 6], epochs: [1, 3] };
    const options = { scoring: "roc_auc", cv: 3, seed: 5 } as const;
    const here = new GridSearchCV(createEstimator, grid, options);
    await here.fit(x, y);
    const { model } = here.bestEstimator;
    expect(model.getWeights()[0]).toHaveLength(3 * here.bestParams.units);
    const probabilities = await here.predictProba(x);
    expect(await here.predict(x)).toEqual(Float32Array.from(probabilities, (p) => (p > 0.5 ? 1 : 0)));
    expect(here.bestEstimator.history.epoch).toHaveLength(here.bestParams.epochs);

    const ref = fromModule<typeof createEstimator>(module, "createEstimator");
    const away = new GridSearchCV(ref, grid, { ...options, workers: pool, refit: false });
    await away.fit(x, y);
    expect(away.cvResults.mean_test_score).toEqual(here.cvResults.mean_test_score);
    here.bestEstimator.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(() => here.bestEstimator.model).toThrow("has a network after `fit`");
  });

  test("is searched by any sampler", async () => {
    const search = new BayesSearchCV(createEstimator, { units: int(2, 8) }, { trials: 4, cv: 2, seed: 3 } as never);
    await search.fit(x, y);
    expect(search.bestScore).toBeGreaterThan(0.4);
    search.bestEstimator.dispose();
  });
});
