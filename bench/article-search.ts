/**
 * The article's search beside KerasTuner on Keras: CPU seconds of 30 trials on the same data, and the test metrics of the same
 * network from ten seeds.
 *
 *   npm run bench -- article-search [--check] [--quick] [--seed N] [--peers FOLDER]
 *
 * The data are `seed-experiment` in the folder that ASSAY_DATA names, by default ../shared/data beside the repository. Without Python
 * our half runs alone. `--check` exits with 1 where a figure falls short; `--quick` runs 4 trials and 2 seeds, too few to judge by.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { comparePaired, holm } from "assay/analysis";
import {
  accuracy,
  adam,
  balancedClassWeights,
  constant,
  dense,
  dropout,
  type EarlyStopping,
  earlyStopping,
  type History,
  initialBias,
  input,
  type Optimizer,
  precision,
  recall,
  rmsprop,
  rocAuc,
  type Sequential,
  sequential,
} from "assay/nn";
import { BayesianOptimization, HyperModel, type HyperParameters, Objective, type TrainingData } from "assay/tuner";
import { mean, variance } from "./numbers.ts";
import { PEERS_HELP, peerPython, runPeer } from "./peers/python.ts";

const METRICS = { accuracy, precision, recall, auc: rocAuc } as const;

type Metrics = Readonly<Record<keyof typeof METRICS, number>>;

interface Part {
  readonly x: number[][];
  readonly y: number[];
}

/** What the search took and found. */
interface SearchFigures {
  readonly cpuSeconds: number;
  readonly epochs: number;
  readonly memoryMb: number;
  readonly value: number;
  readonly test: Metrics;
}

interface NetworkFigures {
  readonly cpuSeconds: number;
  readonly test: Metrics;
}

interface Side {
  readonly search: SearchFigures;
  readonly networks: readonly NetworkFigures[];
}

await main();

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      seed: { type: "string", default: "42" },
      peers: { type: "string" },
    },
  });
  const seed = Number(options.seed);
  if (options.help || !Number.isSafeInteger(seed) || seed < 1) {
    console.log(`npm run bench -- article-search [--check] [--quick] [--seed N] [--peers FOLDER]\n${PEERS_HELP}`);
    process.exit(options.help ? 0 : 2);
  }
  const folder = join(process.env.ASSAY_DATA ?? join(import.meta.dirname, "../../shared/data"), "seed-experiment");
  if (!existsSync(join(folder, "train.csv"))) {
    console.log(
      `The data are absent: there is no train.csv in ${folder}. Set ASSAY_DATA to the folder that holds \`seed-experiment\`.`,
    );
    process.exit(options.check ? 1 : 0);
  }
  const [trials, networks] = options.quick ? [4, 2] : [30, 10];
  const data = ["train", "val", "test"].map((name) => read(join(folder, `${name}.csv`))) as [Part, Part, Part];

  const mine = await ours(data, trials, seed, networks);
  const python = peerPython(options.peers);
  const peer = python === null ? null : await theirs(python, folder, trials, seed, networks);
  const shortfalls = report({ "KerasTuner on Keras": peer, ours: mine }, { trials, seed, networks });
  if (options.quick) return;
  for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
  if (options.check && shortfalls.length > 0) process.exitCode = 1;
}

/** What sets one network of the article's shape apart from another. */
interface Network {
  readonly neurons1: number;
  readonly dropoutRate1: number;
  readonly neurons2: number;
  readonly dropoutRate2: number;
  readonly optimizer: Optimizer;
  readonly initialBias: number;
  readonly seed: number;
}

function network(inputs: number, it: Network): Sequential {
  const model = sequential(
    [
      input(inputs),
      dense(it.neurons1, { activation: "relu" }),
      dropout(it.dropoutRate1),
      dense(it.neurons2, { activation: "relu" }),
      dropout(it.dropoutRate2),
      dense(1, { activation: "sigmoid", biasInitializer: constant(it.initialBias) }),
    ],
    { seed: it.seed },
  );
  model.compile({
    optimizer: it.optimizer,
    loss: "binaryCrossentropy",
    metrics: ["accuracy", "precision", "recall", "auc"],
  });
  return model;
}

/** The article's hypermodel; `article_search_peer.py` has the same. */
function fraudModel({ x, y }: Part): HyperModel<Sequential> {
  const [columns, bias, classWeight] = [x[0]!.length, initialBias(y), balancedClassWeights(y)];
  return new (class extends HyperModel<Sequential> {
    build(hp: HyperParameters): Sequential {
      return network(columns, {
        initialBias: bias,
        seed: hp.seed,
        neurons1: hp.Int("neurons1", { min: 20, max: 60, step: 10 }),
        dropoutRate1: hp.Float("dropoutRate1", { min: 0, max: 0.5, step: 0.1 }),
        neurons2: hp.Int("neurons2", { min: 20, max: 60, step: 10 }),
        dropoutRate2: hp.Float("dropoutRate2", { min: 0, max: 0.5, step: 0.1 }),
        optimizer: { adam, rmsprop }[hp.Choice("optimizer", ["adam", "rmsprop"])](
          hp.Float("learningRate", { min: 5e-4, max: 1e-2, sampling: "log" }),
        ),
      });
    }

    override fit(hp: HyperParameters, model: Sequential, given: TrainingData): Promise<History> {
      return model.fit(given.x, given.y, {
        ...given,
        batchSize: hp.Choice("batchSize", [16, 32, 64]),
        epochs: hp.Int("epochs", { min: 50, max: 200, step: 50 }),
        classWeight,
      });
    }
  })();
}

function stopEarly(): EarlyStopping {
  return earlyStopping({ monitor: "val_loss", patience: 10, restoreBestWeights: true });
}

async function ours(
  [train, val, test]: readonly [Part, Part, Part],
  trials: number,
  seed: number,
  networks: number,
): Promise<Side> {
  const directory = mkdtempSync(join(tmpdir(), "assay-article-"));
  const tuner = new BayesianOptimization({
    hypermodel: fraudModel(train),
    objective: new Objective("val_recall", "max"),
    maxTrials: trials,
    numInitialPoints: 10,
    directory,
    projectName: "article",
    seed,
  });
  try {
    let epochs = 0;
    tuner.on("epoch", () => epochs++);
    const started = cpuSeconds();
    await tuner.search(train.x, train.y, { validationData: [val.x, val.y], callbacks: [stopEarly] });
    const seconds = cpuSeconds() - started;
    const memoryMb = process.resourceUsage().maxRSS / 1024;
    const [best] = await tuner.getBestTrials();
    const [model] = await tuner.getBestModels();
    const search = { cpuSeconds: seconds, epochs, memoryMb, value: best!.value!, test: scores(model!, test) };
    const repeated: NetworkFigures[] = [];
    for (let it = 0; it < networks; it++) repeated.push(await fixedNetwork([train, val, test], it));
    return { search, networks: repeated };
  } finally {
    await tuner.close();
    rmSync(directory, { recursive: true });
  }
}

async function fixedNetwork([train, val, test]: readonly [Part, Part, Part], seed: number): Promise<NetworkFigures> {
  const fixed = {
    neurons1: 40,
    dropoutRate1: 0.2,
    neurons2: 40,
    dropoutRate2: 0.2,
    optimizer: adam(1e-3),
    initialBias: 0,
  };
  const model = network(train.x[0]!.length, { ...fixed, seed });
  const started = cpuSeconds();
  await model.fit(train.x, train.y, {
    validationData: [val.x, val.y],
    batchSize: 32,
    epochs: 100,
    callbacks: [stopEarly()],
  });
  return { cpuSeconds: cpuSeconds() - started, test: scores(model, test) };
}

function scores(model: Sequential, { x, y }: Part): Metrics {
  const probabilities = model.predict(x);
  return Object.fromEntries(
    Object.entries(METRICS).map(([name, score]) => [name, score(y, probabilities)]),
  ) as unknown as Metrics;
}

async function theirs(python: string, folder: string, trials: number, seed: number, networks: number): Promise<Side> {
  type Line = ({ readonly kind: "search" } & SearchFigures) | ({ readonly kind: "network" } & NetworkFigures);
  const args = [folder, "--trials", `${trials}`, "--seed", `${seed}`, "--networks", `${networks}`];
  let search: SearchFigures | undefined;
  const repeated: NetworkFigures[] = [];
  console.error("KerasTuner searches, which takes some minutes.");
  for await (const line of runPeer<Line>(python, "article_search_peer.py", args)) {
    if (line.kind === "search") search = line;
    else repeated.push(line);
  }
  if (search === undefined) throw new Error("The peer printed no search.");
  return { search, networks: repeated };
}

/** Of all threads of this process. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function report(
  sides: { readonly "KerasTuner on Keras": Side | null; readonly ours: Side },
  { trials, seed, networks }: { readonly trials: number; readonly seed: number; readonly networks: number },
): string[] {
  const shortfalls: string[] = [];
  const present = Object.entries(sides).flatMap(([name, side]) => (side === null ? [] : [{ name, side }]));
  const row = (label: string, cells: readonly string[]) =>
    console.log(`  ${label.padEnd(22)}${cells.map((cell) => cell.padStart(15)).join("")}`);

  console.log(`The article's search: ${trials} trials, the first 10 without a model, seed ${seed}\n`);
  row("", ["CPU s", "epochs", "CPU ms/epoch", "MB at peak", "val_recall"]);
  for (const { name, side } of present) {
    const { cpuSeconds: seconds, epochs, memoryMb, value } = side.search;
    row(name, [
      seconds.toFixed(1),
      `${epochs}`,
      ((1000 * seconds) / epochs).toFixed(1),
      memoryMb.toFixed(0),
      value.toFixed(4),
    ]);
  }
  console.log("\nIts winner on the test set\n");
  const names = Object.keys(METRICS) as (keyof Metrics)[];
  row("", names);
  for (const { name, side } of present)
    row(
      name,
      names.map((metric) => side.search.test[metric].toFixed(4)),
    );

  console.log(
    `\n40-relu, dropout .2, 40-relu, dropout .2, Adam 1e-3, batch 32, early stopping: test set, mean (sd) over seeds 0 to ${networks - 1}\n`,
  );
  row("", [...names, "CPU s each"]);
  for (const { name, side } of present) {
    const each = mean(side.networks.map((it) => it.cpuSeconds)).toFixed(2);
    row(name, [...names.map((metric) => moments(side.networks.map(({ test }) => test[metric]))), each]);
  }

  const peer = sides["KerasTuner on Keras"];
  if (peer === null) return shortfalls;
  const comparisons = names.map((metric) => ({
    metric,
    ...comparePaired(
      sides.ours.networks.map(({ test }) => test[metric]),
      peer.networks.map(({ test }) => test[metric]),
      { names: ["ours", "Keras"], metric: `test ${metric}`, unit: "seeds" },
    ),
  }));
  console.log("");
  for (const { verdict } of comparisons) console.log(`  ${verdict}`);
  const adjusted = holm(comparisons.map(({ test }) => test.pValue));
  for (const [i, { metric, verdict }] of comparisons.entries()) {
    if (adjusted[i]! < 0.05) shortfalls.push(`${metric} differs from Keras's: ${verdict}`);
  }

  const ratio = peer.search.cpuSeconds / sides.ours.search.cpuSeconds;
  const perEpoch = (ratio * sides.ours.search.epochs) / peer.search.epochs;
  console.log(
    `\nCPU time of the search, KerasTuner / ours: ${ratio.toFixed(1)}; for each epoch trained: ${perEpoch.toFixed(1)}`,
  );
  if (ratio < 25)
    shortfalls.push(`the search takes ${ratio.toFixed(1)} times less CPU time than KerasTuner's, less than 25`);
  return shortfalls;
}

function moments(values: readonly number[]): string {
  return `${mean(values).toFixed(4)} (${Math.sqrt(variance(values)).toFixed(3)})`;
}

/** Numbers with the label in the last column. */
function read(path: string): Part {
  const rows = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
  return { x: rows.map((row) => row.slice(0, -1)), y: rows.map((row) => row.at(-1)!) };
}
