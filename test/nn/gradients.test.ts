import { describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import {
  type ActivationName,
  activation,
  batchNormalization,
  dense,
  type EngineName,
  input,
  type Layer,
  type LossName,
  sequential,
  sgd,
} from "../../src/nn/index.ts";

/**
 * The network once more, forward only, in double precision and with the platform's functions: what the gradients of the
 * trainer are differenced against.
 */
function lossInDouble(
  layers: readonly Layer[],
  weights: readonly number[][],
  x: number[][],
  y: number[][],
  loss: LossName,
): number {
  let values = x;
  let penalty = 0;
  let next = 0;
  for (const { config } of layers) {
    if (config.type === "dense") {
      const [kernel, bias] = [weights[next++]!, weights[next++]!];
      const inputs = values[0]!.length;
      values = values.map((row) =>
        bias.map((start, j) => row.reduce((sum, value, i) => sum + value * kernel[i * bias.length + j]!, start)),
      );
      penalty += config.l2 * kernel.slice(0, inputs * bias.length).reduce((sum, w) => sum + w * w, 0);
      values = activate(values, config.activation);
    } else if (config.type === "activation") {
      values = activate(values, config.activation);
    } else if (config.type === "batchNormalization") {
      const [gamma, beta] = [weights[next]!, weights[next + 1]!];
      next += 4;
      const columns = gamma.map((_, j) => values.map((row) => row[j]!));
      const means = columns.map(mean);
      const variances = columns.map((column, j) => mean(column.map((value) => (value - means[j]!) ** 2)));
      values = values.map((row) =>
        row.map((value, j) => (gamma[j]! * (value - means[j]!)) / Math.sqrt(variances[j]! + config.epsilon) + beta[j]!),
      );
    }
  }
  return mean(values.map((row, r) => rowLoss(row, y[r]!, loss))) + penalty;
}

function rowLoss(p: number[], y: number[], loss: LossName): number {
  if (loss === "categoricalCrossentropy") {
    const sum = p.reduce((total, value) => total + value, 0);
    return -p.reduce((total, value, j) => total + y[j]! * Math.log(value / sum), 0);
  }
  return mean(
    p.map((value, j) => {
      const error = value - y[j]!;
      if (loss === "meanSquaredError") return error * error;
      if (loss === "huber") return Math.abs(error) <= 1 ? (error * error) / 2 : Math.abs(error) - 0.5;
      return -(y[j]! * Math.log(value) + (1 - y[j]!) * Math.log(1 - value));
    }),
  );
}

function activate(rows: number[][], name: ActivationName): number[][] {
  if (name === "softmax") {
    return rows.map((row) => {
      const powers = row.map(Math.exp);
      return powers.map((power) => power / powers.reduce((sum, other) => sum + other, 0));
    });
  }
  const functions: Record<Exclude<ActivationName, "softmax">, (x: number) => number> = {
    linear: (x) => x,
    relu: (x) => Math.max(x, 0),
    tanh: Math.tanh,
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    elu: (x) => (x < 0 ? Math.expm1(x) : x),
    gelu: (x) => x * (0.5 + simpson((t) => Math.exp((-t * t) / 2), x) / Math.sqrt(2 * Math.PI)),
  };
  return rows.map((row) => row.map(functions[name]));
}

/** ∫₀ˣ f by Simpson's rule. */
function simpson(f: (t: number) => number, x: number): number {
  const n = 200;
  let sum = f(0) + f(x);
  for (let k = 1; k < n; k++) sum += (k % 2 === 1 ? 4 : 2) * f((k * x) / n);
  return (sum * x) / (3 * n);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** −(change of each weight) in one step of plain gradient descent with rate 1: the gradient that the engine computed. */
async function gradients(layers: readonly Layer[], x: number[][], y: number[][], loss: LossName, engine: EngineName) {
  const model = sequential(layers, { seed: 2, engine });
  model.compile({ optimizer: sgd(1), loss });
  const rng = createRng(8);
  const start = model.getWeights().map((values) => values.map((value) => value + 0.3 * rng.normal()));
  model.setWeights(start);
  await model.fit(x, y, { batchSize: x.length, shuffle: false });
  const end = model.getWeights();
  return {
    start: start.map((values) => [...values]),
    gradient: start.map((values, index) => [...values].map((value, k) => value - end[index]![k]!)),
    trainable: model.weights.map((weight) => weight.trainable),
  };
}

const rng = createRng(21);
const x = Array.from({ length: 7 }, () => [rng.normal(), rng.normal(), rng.normal()]);
const binary = (units: number) => x.map((_, r) => Array.from({ length: units }, (_, j) => (r + j) % 2));
const real = (units: number) => x.map(() => Array.from({ length: units }, () => 1.5 * rng.normal()));
const oneHot = (units: number) => x.map((_, r) => Array.from({ length: units }, (_, j) => (r % units === j ? 1 : 0)));

const CASES: [string, Layer[], number[][], LossName][] = [
  ...(["linear", "relu", "tanh", "sigmoid", "elu", "gelu", "softmax"] as const).map(
    (name): [string, Layer[], number[][], LossName] => [
      `dense ${name}`,
      [dense(5, { activation: name }), dense(1, { activation: "sigmoid" })],
      binary(1),
      "binaryCrossentropy",
    ],
  ),
  ["activation layer", [dense(6), activation("gelu"), dense(2)], real(2), "meanSquaredError"],
  ["batch normalisation", [dense(5), batchNormalization(), activation("tanh"), dense(2)], real(2), "meanSquaredError"],
  ["batch normalisation of the inputs", [batchNormalization(), dense(2, { activation: "tanh" })], real(2), "huber"],
  ["l2", [dense(4, { activation: "tanh", l2: 0.1 }), dense(1, { l2: 0.3 })], real(1), "meanSquaredError"],
  ["huber", [dense(4, { activation: "tanh" }), dense(3)], real(3), "huber"],
  ["meanSquaredError after softmax", [dense(4, { activation: "softmax" })], real(4), "meanSquaredError"],
  ["binaryCrossentropy of several outputs", [dense(3, { activation: "sigmoid" })], binary(3), "binaryCrossentropy"],
  ["binaryCrossentropy after softmax", [dense(3, { activation: "softmax" })], binary(3), "binaryCrossentropy"],
  [
    "categoricalCrossentropy after softmax",
    [dense(5, { activation: "softmax" })],
    oneHot(5),
    "categoricalCrossentropy",
  ],
  [
    "categoricalCrossentropy after sigmoid",
    [dense(3, { activation: "sigmoid" })],
    oneHot(3),
    "categoricalCrossentropy",
  ],
  [
    "three hidden layers",
    [
      dense(9, { activation: "tanh" }),
      dense(6, { activation: "gelu" }),
      dense(5, { activation: "elu" }),
      dense(3, { activation: "softmax" }),
    ],
    oneHot(3),
    "categoricalCrossentropy",
  ],
];

describe.each(["wasm", "typescript"] as const)(
  "gradients of the %s engine are central differences of the loss",
  (engine) => {
    test.each(CASES)("%s", async (_name, hidden, y, loss) => {
      const layers = [input(3), ...hidden];
      const { start, gradient, trainable } = await gradients(layers, x, y, loss, engine);
      const h = 1e-5;
      for (const [index, values] of start.entries()) {
        if (!trainable[index]) continue;
        for (const [k, value] of values.entries()) {
          const at = (shifted: number) => {
            const weights = start.map((list) => [...list]);
            weights[index]![k] = shifted;
            return lossInDouble(layers, weights, x, y, loss);
          };
          const difference = (at(value + h) - at(value - h)) / (2 * h);
          expect(Math.abs(gradient[index]![k]! - difference)).toBeLessThan(2e-6 * Math.max(1, Math.abs(difference)));
        }
      }
    });
  },
);
