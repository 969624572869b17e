import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import {
  balancedClassWeights,
  type Callback,
  dense,
  dropout,
  type FitOptions,
  history,
  input,
  metric,
  sequential,
  sgd,
} from "../../src/nn/index.ts";

const rng = createRng(9);
const x = Array.from({ length: 60 }, () => [rng.normal(), rng.normal()]);
const y = x.map(([a, b]) => (a! + 0.5 * b! > 0.5 ? 1 : 0));

function compiled(seed = 1) {
  const model = sequential(
    [input(2), dense(6, { activation: "relu" }), dropout(0.2), dense(1, { activation: "sigmoid" })],
    { seed },
  );
  model.compile({ loss: "binaryCrossentropy", metrics: ["accuracy"] });
  return model;
}

async function trained(options: FitOptions, inputs: Parameters<ReturnType<typeof compiled>["fit"]>[0] = x) {
  const model = compiled();
  const { history: logs } = await model.fit(inputs, y, { epochs: 3, batchSize: 16, ...options });
  return { weights: model.getWeights(), logs };
}

describe("a training", () => {
  test("takes rows as arrays, as typed arrays and as one shared table alike", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * 120));
    shared.set(x.flat());
    const expected = await trained({});
    expect(await trained({}, { data: shared, rows: 60, columns: 2 })).toEqual(expected);
    expect(
      await trained(
        {},
        x.map((row) => Float64Array.from(row)),
      ),
    ).toEqual(expected);
    expect(shared).toEqual(Float32Array.from(x.flat()));
  });

  test.each(["wasm", "typescript"] as const)(
    "told batch by batch is the same to the bit, and can be looked at between steps (%s)",
    async (engine) => {
      const train = async (callbacks: readonly Callback[]) => {
        const layers = [
          input(2),
          dense(6, { activation: "relu", l2: 0.01 }),
          dropout(0.2),
          dense(1, { activation: "sigmoid" }),
        ];
        const model = sequential(layers, { seed: 1, engine });
        model.compile({ loss: "binaryCrossentropy", metrics: ["accuracy"] });
        const { history: logs } = await model.fit(x, y, { epochs: 3, batchSize: 16, callbacks });
        return { weights: model.getWeights(), logs };
      };
      const told: string[] = [];
      const sums: number[] = [];
      const seen = await train([
        {
          onEpochBegin: () => void sums.push(0),
          onBatchBegin: (batch, logs, { model }) => {
            told.push(`${batch}: ${Object.keys(logs)}`);
            model.predict(x);
          },
          onBatchEnd: async (_, { size, loss }) => {
            sums[sums.length - 1]! += size! * loss!;
          },
        },
      ]);
      expect(told).toEqual(Array.from({ length: 12 }, (_, at) => `${at % 4}: batch,size`));
      expect(sums.map((sum) => sum / 60)).toEqual(seen.logs.loss);
      expect(seen).toEqual(await train([]));
    },
  );

  test("weighs a row of weight 2 like two rows, when every row is in every step", async () => {
    const plain = (rows: number[][], labels: number[], options: FitOptions) => {
      const model = sequential([input(2), dense(3, { activation: "tanh" }), dense(1, { activation: "sigmoid" })], {
        seed: 3,
      });
      model.compile({ optimizer: sgd(0.5), loss: "binaryCrossentropy" });
      return model.fit(rows, labels, { epochs: 4, batchSize: 1000, ...options }).then(() => model.getWeights());
    };
    // The loss is divided by the number of rows, so the weights of a row and its copy are halved by it.
    const twice = await plain([...x, ...x], [...y, ...y], {});
    const weighted = await plain(x, y, { sampleWeight: x.map(() => 1) });
    for (const [index, values] of twice.entries()) {
      for (const [k, value] of values.entries()) expect(weighted[index]![k]).toBeCloseTo(value, 5);
    }
    const byClass = await plain(x, y, { classWeight: { 1: 3 } });
    expect(await plain(x, y, { sampleWeight: y.map((label) => (label === 1 ? 3 : 1)) })).toEqual(byClass);
  });

  test("learns a rare class when the classes are balanced", async () => {
    const rows = Array.from({ length: 2000 }, () => [rng.normal(), rng.normal()]);
    const rare = rows.map(([a]) => (a! + 0.7 * rng.normal() > 2.2 ? 1 : 0));
    const recallWith = async (options: FitOptions) => {
      const model = sequential([input(2), dense(8, { activation: "relu" }), dense(1, { activation: "sigmoid" })], {
        seed: 2,
      });
      model.compile({ loss: "binaryCrossentropy", metrics: ["recall"] });
      await model.fit(rows, rare, { epochs: 20, ...options });
      return model.evaluate(rows, rare).recall!;
    };
    const plain = await recallWith({});
    expect(await recallWith({ classWeight: balancedClassWeights(rare) })).toBeGreaterThan(plain + 0.2);
  });

  test("keeps the last rows for validation, and does not train on them", async () => {
    const kept = await trained({ validationSplit: 0.25 });
    const given = await compiled().fit(x.slice(0, 45), y.slice(0, 45), {
      epochs: 3,
      batchSize: 16,
      validationData: { x: x.slice(45), y: y.slice(45) },
    });
    expect(given.history).toEqual(kept.logs);
  });

  test("follows its own seed when it is given one, and the model's when not", async () => {
    const first = await trained({ seed: 5 });
    expect(await trained({ seed: 5 })).toEqual(first);
    expect(await trained({ seed: 6 })).not.toEqual(first);
    expect(await trained({})).toEqual(await trained({}));
    expect(await trained({ shuffle: false })).not.toEqual(await trained({}));
  });

  test("drops the share it is told, scales the rest, and goes back through the same mask", async () => {
    const units = 4000;
    const model = sequential([input(1), dense(units), dropout(0.3), dense(1)], { seed: 12 });
    model.compile({ optimizer: sgd(1), loss: "meanSquaredError" });
    const ones = (length: number) => new Float32Array(length).fill(1);
    model.setWeights([ones(units), new Float32Array(units), ones(units).fill(1 / units), [0]]);
    const before = model.getWeights();
    await model.fit([[1]], [0]);
    const [kernel, , outer, bias] = model.getWeights();
    // ∂bias is the error d; ∂outer_j is d · hidden_j · mask_j, and ∂kernel_j is d · outer_j · mask_j.
    const d = -bias![0]!;
    const masks = [...outer!].map((value, j) => (before[2]![j]! - value) / d);
    const dropped = masks.filter((mask) => Math.abs(mask) < 1e-6).length;
    expect(Math.abs(dropped / units - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / units));
    for (const [j, mask] of masks.entries()) {
      expect(Math.abs(mask) < 1e-6 || Math.abs(mask - 1 / 0.7) < 1e-5).toBe(true);
      expect(((1 - kernel![j]!) * units) / d).toBeCloseTo(mask, 2);
    }
    expect(model.predict([[1]])).toEqual(model.predict([[1]]));
  });

  test("reports metrics under the names they are given", async () => {
    const model = compiled();
    model.compile({
      loss: "binaryCrossentropy",
      metrics: [
        "precision",
        "recall",
        "f2",
        "auprc",
        metric("recall", { threshold: 0.2, as: "eagerRecall" }),
        metric("recallAtPrecision", { precision: 0.7 }),
        { name: "positives", direction: "max", evaluate: (_yTrue, yPred) => yPred.filter((p) => p > 0.5).length },
      ],
    });
    await model.fit(x, y, { epochs: 5 });
    const logs = model.evaluate(x, y);
    const names = ["loss", "precision", "recall", "f2", "auprc", "eagerRecall", "recallAtPrecision", "positives"];
    expect(Object.keys(logs)).toEqual(names);
    expect(logs.eagerRecall).toBeGreaterThanOrEqual(logs.recall!);
    expect(logs.positives).toBe(model.predict(x).filter((p) => p > 0.5).length);
    expect(() => model.toJSON()).toThrow('The metric "positives" is a function and cannot be written to JSON.');
  });

  test("says NaN, and ends, when the network has diverged", async () => {
    const model = sequential([input(2), dense(4), dense(1, { activation: "sigmoid" })], { seed: 1 });
    model.compile({ optimizer: sgd(1e30), loss: "binaryCrossentropy", metrics: ["auc"] });
    const { history: logs } = await model.fit(x, y, { epochs: 3 });
    expect(logs.loss!.at(-1)).toBeNaN();
    expect(logs.auc!.at(-1)).toBeNaN();
  });

  test("runs in a worker on a shared table, and its weights come back without a copy", async () => {
    const data = new Float32Array(new SharedArrayBuffer(4 * 120));
    data.set(x.flat());
    const worker = new Worker(new URL("./train-in-worker.ts", import.meta.url), {
      workerData: { json: compiled().toJSON(), x: { data, rows: 60, columns: 2 }, y: Uint8Array.from(y), epochs: 3 },
    });
    const weights = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    expect(weights).toEqual((await trained({ batchSize: 32 })).weights);
  });
});

describe("callbacks", () => {
  test("are called in order, and see what the ones before them added", async () => {
    const calls: string[] = [];
    const watching = history();
    const callback: Callback = {
      onTrainBegin: ({ epochs }) => void calls.push(`begin ${epochs}`),
      onEpochBegin: (epoch) => void calls.push(`epoch ${epoch}`),
      onEpochEnd: async (epoch, logs) => {
        await Promise.resolve();
        logs.extra = epoch * 10;
        calls.push(`ended ${epoch}`);
      },
      onTrainEnd: (logs) => void calls.push(`end ${logs.extra}`),
    };
    const kept = await compiled().fit(x, y, { epochs: 2, callbacks: [callback, watching] });
    expect(calls).toEqual(["begin 2", "epoch 0", "ended 0", "epoch 1", "ended 1", "end 10"]);
    expect(kept.history.extra).toEqual([0, 10]);
    expect(structuredClone(kept)).toEqual({ epoch: [...watching.epoch], history: watching.history });
  });

  test("can stop the training after the epoch that runs", async () => {
    const kept = await compiled().fit(x, y, {
      epochs: 50,
      callbacks: [{ onEpochEnd: (epoch, _logs, { stop }) => (epoch === 3 ? stop() : undefined) }],
    });
    expect(kept.epoch).toEqual([0, 1, 2, 3]);
  });

  test("can ask the model that is being trained, and change its weights", async () => {
    const model = compiled();
    const seen: number[] = [];
    await model.fit(x, y, {
      epochs: 3,
      callbacks: [
        {
          onEpochEnd: (epoch, _logs, context) => {
            seen.push(model.predict(x)[0]!);
            if (epoch === 2) context.model.setWeights(model.getWeights().map((values) => values.fill(0)));
          },
        },
      ],
    });
    expect(new Set(seen).size).toBe(3);
    expect(model.predict(x)[0]).toBe(0.5);
  });

  test("that throw end the training, and the model keeps what it has learned", async () => {
    const model = compiled();
    const before = model.getWeights();
    const failing: Callback = {
      onEpochEnd: () => {
        throw new Error("not like this");
      },
    };
    await expect(model.fit(x, y, { callbacks: [failing] })).rejects.toThrow("not like this");
    expect(model.getWeights()).not.toEqual(before);
    await expect(model.fit(x, y)).resolves.toBeDefined();
  });

  test("let a signal through that comes while the training runs", async () => {
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(new Error("enough")), 5);
    await expect(compiled().fit(x, y, { epochs: 1e6, signal: stopping.signal })).rejects.toThrow("enough");
    await expect(compiled().fit(x, y, { signal: AbortSignal.abort(new Error("never")) })).rejects.toThrow("never");
  });
});
