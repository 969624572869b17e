import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  activation,
  batchNormalization,
  dense,
  dropout,
  input,
  type Sequential,
  sequential,
} from "../../src/nn/index.ts";
import type { HyperParameters } from "../../src/tuner/hyper-parameters.ts";
import { kerasTopology } from "../../src/tuner/keras-topology.ts";
import { RandomSearch } from "../../src/tuner/tuners.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };

const { x, y } = fixture;
const root = mkdtempSync(join(tmpdir(), "load-in-keras-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Every kind of layer and activation that a tuned network can have. */
function build(hp: HyperParameters): Sequential {
  const model = sequential(
    [
      input(3),
      dense(hp.Int("units", { min: 4, max: 8 }), { activation: "gelu", name: "first" }),
      batchNormalization({ momentum: 0.9, epsilon: 1e-2 }),
      activation("elu"),
      dropout(0.2),
      dense(3, { activation: "tanh" }),
      dense(1, { activation: "sigmoid" }),
    ],
    { seed: hp.seed },
  );
  model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["auc"] });
  return model;
}

/** A search of a few trials in a directory, and its winner. */
async function winner(projectName: string): Promise<{ place: string; predictions: Float32Array }> {
  const tuner = new RandomSearch({
    hypermodel: build,
    objective: "auc",
    maxTrials: 3,
    directory: root,
    projectName,
    seed: 1,
  });
  await tuner.search(x, y, { epochs: 5 });
  const [model] = await tuner.getBestModels();
  await tuner.close();
  return { place: join(root, projectName), predictions: model!.predict(x) };
}

test("a topology has Keras's classes and settings, and a model without one has none", () => {
  const model = sequential([input(2), dense(1, { activation: "relu" })], { seed: 1, name: "small" });
  expect(kerasTopology(model)).toEqual({
    module: "keras",
    class_name: "Sequential",
    config: {
      name: "small",
      trainable: true,
      layers: [
        {
          module: "keras.layers",
          class_name: "InputLayer",
          config: { name: "input_0", batch_shape: [null, 2], dtype: "float32" },
          registered_name: null,
        },
        {
          module: "keras.layers",
          class_name: "Dense",
          config: { name: "dense_1", units: 1, activation: "relu", use_bias: true },
          registered_name: null,
        },
      ],
    },
    registered_name: null,
  });
  expect(kerasTopology({ toJSON: () => '{"class_name":"Functional"}' })).toEqual({ class_name: "Functional" });
  for (const other of [null, {}, { toJSON: () => "text" }, { toJSON: () => ({ format: "other" }) }]) {
    expect(kerasTopology(other)).toBeNull();
  }
});

const PYTHON = process.env.PYTHON ?? "python3";

function hasKeras(): boolean {
  try {
    execFileSync(
      PYTHON,
      ["-c", "import importlib.util as u; assert u.find_spec('keras') and u.find_spec('safetensors')"],
      {
        stdio: "ignore",
      },
    );
    return true;
  } catch {
    console.info(`skipped: ${PYTHON} has no keras with safetensors, so that the winner is not loaded into Keras.`);
    return false;
  }
}

describe.runIf(hasKeras())("Keras", () => {
  test("gives the winner's predictions, by the three lines of docs/load-in-keras.md", async () => {
    const { place, predictions } = await winner("keras");
    const guide = readFileSync(join(import.meta.dirname, "../../docs/load-in-keras.md"), "utf8");
    const lines = /```python\n([\s\S]*?)```/.exec(guide)![1]!;
    expect(lines.trim().split("\n")).toHaveLength(3);
    writeFileSync(join(place, "rows.json"), JSON.stringify(x));
    const script = `import json, keras, numpy, safetensors.numpy\n${lines}\nprint(json.dumps(model.predict(numpy.array(json.load(open("rows.json"))), verbose=0).ravel().tolist()))`;
    const printed = execFileSync(PYTHON, ["-c", script], {
      cwd: place,
      encoding: "utf8",
      env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const theirs = JSON.parse(printed.trim().split("\n").at(-1)!) as number[];
    expect(theirs).toHaveLength(predictions.length);
    for (const [i, prediction] of predictions.entries()) expect(Math.abs(prediction - theirs[i]!)).toBeLessThan(1e-5);
  });
});
