/**
 * The dense trainer: seconds an epoch beside TensorFlow.js in the same run, and the metrics of its networks beside Keras's.
 *
 * The network is the article's, 40-relu, dropout .2, 40-relu, dropout .2, sigmoid, with Adam and batches of 32. Times are
 * medians over rounds in which every trainer has its turn. Keras's figures, 20 seeds on one table, are read from
 * `seed-experiment` in the folder that ASSAY_DATA names, by default ../shared/data beside the repository.
 *
 * `--check` exits with 1 where a figure falls short; `--quick` times fewer rounds and trains on fewer seeds.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import {
  adam,
  dense,
  dropout,
  type EngineName,
  earlyStopping,
  input,
  type Matrix,
  type Sequential,
  sequential,
} from "assay/nn";
import { mean, median, variance } from "./numbers.ts";

const isQuick = process.argv.includes("--quick");
const shortfalls: string[] = [];
await speed();
await agreement();
for (const shortfall of shortfalls) console.log(`FALLS SHORT: ${shortfall}`);
if (process.argv.includes("--check")) process.exitCode = shortfalls.length === 0 ? 0 : 1;

async function speed(): Promise<void> {
  const x = normals(10_000, 30, 1);
  const y = Float32Array.from({ length: x.rows }, (_, row) => (x.data[row * 30]! * x.data[row * 30 + 1]! > 0 ? 1 : 0));
  const trainers = [
    { name: "assay, WebAssembly", epochs: 10, epoch: ours(x, y, "wasm") },
    { name: "assay, TypeScript", epochs: 1, epoch: ours(x, y, "typescript") },
    { name: "TensorFlow.js, WebAssembly", epochs: 1, epoch: await tensorflow(x, y) },
  ];
  for (const { epoch } of trainers) await epoch(1);
  const seconds = trainers.map((): number[] => []);
  for (let round = 0; round < (isQuick ? 3 : 9); round++) {
    for (const [index, { epochs, epoch }] of trainers.entries()) {
      const start = performance.now();
      await epoch(epochs);
      seconds[index]!.push((performance.now() - start) / 1000 / epochs);
    }
  }
  const medians = seconds.map(median);
  console.log(`Seconds an epoch: 10,000 x 30, batch 32, seed 1, median of ${seconds[0]!.length} interleaved rounds\n`);
  for (const [index, { name }] of trainers.entries()) {
    const [low, high] = [Math.min(...seconds[index]!), Math.max(...seconds[index]!)];
    const ratio = medians[index]! / medians[0]!;
    console.log(
      `  ${name.padEnd(28)} ${medians[index]!.toFixed(4)}  (${low.toFixed(4)} to ${high.toFixed(4)})  ${ratio.toFixed(1)} x`,
    );
  }
  const faster = medians[2]! / medians[0]!;
  if (medians[0]! > 0.02) shortfalls.push(`an epoch takes ${medians[0]!.toFixed(4)} s, more than 0.020 s`);
  if (faster < 20) shortfalls.push(`${faster.toFixed(1)} times as fast as TensorFlow.js, less than 20`);
}

function network(columns: number, seed: number, engine: EngineName): Sequential {
  const model = sequential(
    [
      input(columns),
      dense(40, { activation: "relu" }),
      dropout(0.2),
      dense(40, { activation: "relu" }),
      dropout(0.2),
      dense(1, { activation: "sigmoid" }),
    ],
    { seed, engine },
  );
  model.compile({
    optimizer: adam(1e-3),
    loss: "binaryCrossentropy",
    metrics: ["accuracy", "precision", "recall", "auc"],
  });
  return model;
}

function ours(x: Matrix, y: Float32Array, engine: EngineName): (epochs: number) => Promise<unknown> {
  const model = network(x.columns, 1, engine);
  model.compile({ optimizer: adam(1e-3), loss: "binaryCrossentropy" });
  return (epochs) => model.fit(x, y, { epochs });
}

async function tensorflow(x: Matrix, y: Float32Array): Promise<(epochs: number) => Promise<unknown>> {
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(entry)}/`);
  await tf.setBackend("wasm");
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 40, activation: "relu", inputShape: [x.columns] }),
      tf.layers.dropout({ rate: 0.2 }),
      tf.layers.dense({ units: 40, activation: "relu" }),
      tf.layers.dropout({ rate: 0.2 }),
      tf.layers.dense({ units: 1, activation: "sigmoid" }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "binaryCrossentropy" });
  const inputs = tf.tensor2d(x.data as Float32Array, [x.rows, x.columns]);
  const targets = tf.tensor2d(y, [x.rows, 1]);
  return (epochs) => model.fit(inputs, targets, { epochs, batchSize: 32, verbose: 0, yieldEvery: "never" });
}

async function agreement(): Promise<void> {
  const folder = join(process.env.ASSAY_DATA ?? join(import.meta.dirname, "../../shared/data"), "seed-experiment");
  if (!existsSync(join(folder, "keras-20-seeds.json"))) {
    console.log(
      `\nKeras's figures are absent: ${folder} has no keras-20-seeds.json. Name the folder above it in ASSAY_DATA.`,
    );
    return;
  }
  const keras = JSON.parse(readFileSync(join(folder, "keras-20-seeds.json"), "utf8")) as {
    rows: Record<string, number>[];
  };
  const [train, validation, test] = ["train", "val", "test"].map((name) => readTable(join(folder, `${name}.csv`))) as [
    Table,
    Table,
    Table,
  ];
  const rows: Record<string, number>[] = [];
  for (let seed = 0; seed < (isQuick ? 5 : 20); seed++) {
    const model = network(19, seed, "wasm");
    const best = earlyStopping({ patience: 30, restoreBestWeights: true });
    // Keras on TensorFlow, seeded as for these figures, draws one order of the rows and keeps it in every epoch.
    const rowsOfSeed = shuffled(train, seed);
    const { history } = await model.fit(rowsOfSeed.x, rowsOfSeed.y, {
      epochs: 30,
      shuffle: false,
      batchSize: 32,
      validationData: [validation.x, validation.y],
      callbacks: [best],
    });
    const onTest = model.evaluate(test.x, test.y);
    rows.push({
      bestloss_test_acc: onTest.accuracy!,
      bestloss_test_auc: onTest.auc!,
      bestloss_test_recall: onTest.recall!,
      bestloss_test_prec: onTest.precision!,
      bestloss_epoch: best.bestEpoch,
      last_val_acc: history.val_accuracy!.at(-1)!,
      last_val_auc: history.val_auc!.at(-1)!,
      last_val_recall: history.val_recall!.at(-1)!,
      max_val_recall: Math.max(...history.val_recall!),
    });
  }
  console.log(
    `\nMeans over ${rows.length} seeds (0 to ${rows.length - 1}) and Keras's over ${keras.rows.length}, standard deviations in brackets\n`,
  );
  const checked = new Set(["bestloss_test_acc", "bestloss_test_auc", "bestloss_test_recall"]);
  for (const name of Object.keys(rows[0]!)) {
    const [a, b] = [moments(rows.map((row) => row[name]!)), moments(keras.rows.map((row) => row[name]!))];
    const errors = (a.mean - b.mean) / Math.sqrt(a.variance / rows.length + b.variance / keras.rows.length);
    console.log(
      `  ${name.padEnd(22)} ${describe(a)}  Keras ${describe(b)}  ${errors >= 0 ? "+" : ""}${errors.toFixed(2)} standard errors${checked.has(name) ? ", at most 2" : ""}`,
    );
    if (checked.has(name) && !(Math.abs(errors) <= 2))
      shortfalls.push(`${name} is ${errors.toFixed(2)} standard errors from Keras's`);
  }
}

interface Table {
  readonly x: number[][];
  readonly y: number[];
}

/** Numbers with the label in the last column. */
function readTable(path: string): Table {
  const rows = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
  return { x: rows.map((row) => row.slice(0, -1)), y: rows.map((row) => row.at(-1)!) };
}

function describe({ mean, variance }: { mean: number; variance: number }): string {
  return `${mean.toFixed(4)} (${Math.sqrt(variance).toFixed(4)})`;
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  return { mean: mean(values), variance: variance(values) };
}

/** Uniform numbers in [0, 1). Source: Numerical Recipes' "quick and dirty" linear congruential generator. */
function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** Nearly normal numbers: sums of twelve uniform ones, less six. */
function normals(rows: number, columns: number, seed: number): Matrix {
  const uniform = uniforms(seed);
  const normal = () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
  return { data: Float32Array.from({ length: rows * columns }, normal), rows, columns };
}

/** The rows in a random order. */
function shuffled({ x, y }: Table, seed: number): Table {
  const uniform = uniforms(seed);
  const order = x.map((_, row) => ({ row, key: uniform() })).sort((a, b) => a.key - b.key);
  return { x: order.map(({ row }) => x[row]!), y: order.map(({ row }) => y[row]!) };
}
