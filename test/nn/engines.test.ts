import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createRng, type Rng } from "../../src/math/rng.ts";
import { exp, geluSlope, log, normalCdf, sigmoid, tanh } from "../../src/nn/engine/functions.ts";
import {
  activation,
  adam,
  adamW,
  batchNormalization,
  dense,
  dropout,
  type EngineName,
  input,
  type Layer,
  type LossName,
  type Optimizer,
  rmsprop,
  sequential,
  sgd,
} from "../../src/nn/index.ts";

const ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "elu", "gelu", "softmax"] as const;
const OPTIMIZERS: readonly Optimizer[] = [
  adam(0.01),
  adamW(0.01, { weightDecay: 0.1 }),
  sgd(0.1),
  sgd(0.1, { momentum: 0.9 }),
  sgd(0.1, { momentum: 0.9, nesterov: true }),
  rmsprop(0.01),
  rmsprop(0.01, { momentum: 0.5 }),
];

/** A network, data and settings of any kind, with sizes that are seldom multiples of four. */
interface Problem {
  readonly seed: number;
  readonly layers: readonly Layer[];
  readonly loss: LossName;
  readonly optimizer: Optimizer;
  readonly x: number[][];
  readonly y: number[][];
  readonly sampleWeight: number[];
  readonly batchSize: number;
}

function randomProblem(seed: number): Problem {
  const rng = createRng(seed);
  const units = pick(rng, [1, 1, 2, 3, 5]);
  const losses = ["binaryCrossentropy", "meanSquaredError", "huber", "categoricalCrossentropy"] as const;
  const loss = pick(rng, units > 1 ? losses : losses.slice(0, 3));
  const columns = 1 + rng.int(13);
  const hidden = Array.from({ length: rng.int(5) }, () => randomLayer(rng));
  const x = Array.from({ length: 1 + rng.int(60) }, () => Array.from({ length: columns }, () => 2 * rng.normal()));
  return {
    seed,
    layers: [input(columns), ...hidden, dense(units, { activation: pick(rng, ACTIVATIONS) })],
    loss,
    optimizer: pick(rng, OPTIMIZERS),
    x,
    y: x.map(() => randomTarget(rng, loss, units)),
    sampleWeight: x.map(() => rng.next()),
    batchSize: 1 + rng.int(40),
  };
}

function randomLayer(rng: Rng): Layer {
  switch (rng.int(5)) {
    case 0:
      return dropout(0.8 * rng.next());
    case 1:
      return batchNormalization({ momentum: rng.next() });
    case 2:
      return activation(pick(rng, ACTIVATIONS));
    default:
      return dense(1 + rng.int(20), {
        activation: pick(rng, ACTIVATIONS),
        kernelInitializer: pick(rng, ["heNormal", "glorotUniform"] as const),
        l2: pick(rng, [0, 0.01]),
      });
  }
}

function randomTarget(rng: Rng, loss: LossName, units: number): number[] {
  const label = rng.int(units);
  return Array.from({ length: units }, (_, unit) => {
    if (loss === "categoricalCrossentropy") return unit === label ? 1 : 0;
    return loss === "binaryCrossentropy" ? rng.int(2) : rng.normal();
  });
}

function pick<T>(rng: Rng, values: readonly T[]): T {
  return values[rng.int(values.length)]!;
}

async function run(problem: Problem, engine: EngineName) {
  const { layers, loss, optimizer, x, y, ...options } = problem;
  const model = sequential(layers, { seed: problem.seed, engine });
  model.compile({ optimizer, loss });
  const { history } = await model.fit(x, y, { ...options, epochs: 3, validationData: [x, y] });
  return { weights: model.getWeights(), predictions: model.predict(x), history };
}

describe("the WebAssembly engine", () => {
  test("gives the bits of the TypeScript engine on networks, losses and optimisers of every kind", async () => {
    let finite = 0;
    for (let seed = 0; seed < 400; seed++) {
      const problem = randomProblem(seed);
      const [fast, plain] = [await run(problem, "wasm"), await run(problem, "typescript")];
      // `toEqual` tells −0 from 0 and takes NaN for NaN, whose payload alone may differ.
      expect({ seed, ...fast }).toEqual({ seed, ...plain });
      if (fast.predictions.every(Number.isFinite)) finite++;
    }
    expect(finite).toBeGreaterThan(380);
  });

  test("gives them where numbers overflow, vanish or are no numbers", async () => {
    for (const rate of [1e3, 1e18, 1e-30]) {
      for (const name of ACTIVATIONS) {
        const problem = randomProblem(1000);
        const layers = [problem.layers[0]!, dense(7, { activation: name }), dense(1, { activation: "sigmoid" })];
        const wild: Problem = {
          ...problem,
          layers,
          loss: "meanSquaredError",
          optimizer: sgd(rate),
          y: problem.x.map(() => [1e18]),
        };
        expect(await run(wild, "wasm")).toEqual(await run(wild, "typescript"));
      }
    }
  });

  test("is what its source compiles to", () => {
    const script = fileURLToPath(new URL("../../scripts/build-kernels.ts", import.meta.url));
    expect(() => execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" })).not.toThrow();
  });

  test("depends neither on the size of the batches that are predicted nor on what it computed before", async () => {
    const problem = { ...randomProblem(5), layers: [input(3), dense(9, { activation: "gelu" }), dense(2)] };
    const rng = createRng(3);
    const x = Array.from({ length: 700 }, () => [rng.normal(), rng.normal(), rng.normal()]);
    const model = sequential(problem.layers, { seed: 1, engine: "wasm" });
    const all = model.predict(x);
    await run(randomProblem(6), "wasm");
    for (const row of [0, 1, 255, 256, 699]) expect(model.predict([x[row]!])).toEqual(all.slice(2 * row, 2 * row + 2));
  });
});

describe("single-precision functions", () => {
  const points = Array.from({ length: 4001 }, (_, i) => Math.fround((i - 2000) / 23));
  const relative = (actual: number, expected: number) => Math.abs(actual - expected) / Math.abs(expected);

  test("are within two ulp of the true values", () => {
    const ulp = 2 ** -23;
    for (const x of points) {
      if (Math.abs(x) < 87) expect(relative(exp(x), Math.exp(x))).toBeLessThan(2 * ulp);
      if (x !== 0 && Math.abs(x) < 80) {
        expect(relative(tanh(x), Math.tanh(x))).toBeLessThan(2 * ulp);
        expect(relative(sigmoid(x), 1 / (1 + Math.exp(-x)))).toBeLessThan(3 * ulp);
      }
      if (x > 0 && x !== 1) {
        const error = Math.abs(log(x) - Math.log(x));
        expect(error).toBeLessThan(2 * ulp * Math.max(Math.abs(Math.log(x)), 0.5));
      }
    }
  });

  test("keep what is no number, and the limits", () => {
    for (const f of [exp, log, tanh, sigmoid, normalCdf, geluSlope]) expect(f(Number.NaN)).toBeNaN();
    expect(tanh(Number.POSITIVE_INFINITY)).toBe(1);
    expect(sigmoid(Number.NEGATIVE_INFINITY)).toBeLessThan(1e-37);
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(normalCdf(0)).toBeCloseTo(0.5, 7);
    expect(normalCdf(Math.fround(1.959964))).toBeCloseTo(0.975, 6);
  });
});
