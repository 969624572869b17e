/**
 * Hypermodels that are ready to use, for tables: a multi-layer perceptron, and logistic (or linear) regression as the network of
 * one layer. Columns should be standardised. `hyperparameters` of a tuner narrows a range, or fixes a parameter, by its name.
 */
import { show, ValidationError } from "../errors.ts";
import { constant } from "../nn/initializers.ts";
import { activation, batchNormalization, dense, dropout, input, type Layer } from "../nn/layers.ts";
import type { LossName } from "../nn/losses.ts";
import type { MetricLike } from "../nn/metrics/metric.ts";
import { adam, adamW, type Optimizer, rmsprop, sgd } from "../nn/optimizers.ts";
import { type Sequential, sequential } from "../nn/sequential.ts";
import { HyperModel, type TrainingData } from "./hyper-model.ts";
import type { HyperParameters } from "./hyper-parameters.ts";

/** The table that a ready hypermodel is for. */
export interface TableOptions {
  /** Columns of X. */
  readonly columns: number;
  /** Default "binary": labels 0 and 1, one sigmoid output. */
  readonly task?: "binary" | "classes" | "regression";
  /** Outputs: how many classes, or targets of a regression. Default 1; needed for "classes". */
  readonly outputs?: number;
  /** What is logged beside the loss. Default: AUC, accuracy, precision and recall for "binary", accuracy for "classes". */
  readonly metrics?: readonly MetricLike[];
  /** First value of the last bias; `initialBias(y)` of `assay/nn` lets an untrained network predict the base rate. Default 0. */
  readonly initialBias?: number;
}

/**
 * A multi-layer perceptron: `depth` hidden layers, each of its own `units_k`, with the same `activation`, `normalization` (of
 * batches, before the activation) and `dropout`; `optimizer` and `learningRate`, with `momentum` for sgd; `batchSize`. How many
 * `epochs` it is trained is not searched: say it to `search`, with early stopping.
 *
 * @throws ValidationError for a table that is none
 * @example
 * const tuner = new BayesianOptimization({ hypermodel: mlpHyperModel({ columns: 19 }), objective: "val_auc", maxTrials: 30 });
 * await tuner.search(x, y, { validationData, epochs: 50, callbacks: [earlyStopping({ patience: 5 })] });
 */
export function mlpHyperModel(options: TableOptions): HyperModel<Sequential> {
  return new TableHyperModel(options, hiddenLayers);
}

/**
 * Logistic regression for "binary" and "classes", linear regression otherwise: one layer, with `l2` on its weights,
 * `optimizer`, `learningRate` and `batchSize`.
 *
 * @throws ValidationError for a table that is none
 */
export function logisticRegressionHyperModel(options: TableOptions): HyperModel<Sequential> {
  return new TableHyperModel(options, () => []);
}

class TableHyperModel extends HyperModel<Sequential> {
  readonly #table: Required<TableOptions>;
  readonly #hidden: (hp: HyperParameters) => Layer[];

  constructor(options: TableOptions, hidden: (hp: HyperParameters) => Layer[]) {
    super();
    this.#table = checkTable(options);
    this.#hidden = hidden;
  }

  build(hp: HyperParameters): Sequential {
    const { columns, task, outputs, metrics, initialBias } = this.#table;
    const hidden = this.#hidden(hp);
    // Weights of a deep network are held by dropout; those of a single layer by a penalty.
    const l2 = hidden.length === 0 ? hp.Float("l2", { min: 1e-6, max: 1, sampling: "log", default: 1e-4 }) : 0;
    const last = dense(outputs, {
      activation: OUTPUT[task],
      l2,
      ...(initialBias === 0 ? {} : { biasInitializer: constant(initialBias) }),
    });
    const model = sequential([input(columns), ...hidden, last], { seed: hp.seed });
    model.compile({ optimizer: optimizerOf(hp), loss: LOSS[task], metrics });
    return model;
  }

  override fit(hp: HyperParameters, model: Sequential, data: TrainingData): ReturnType<Sequential["fit"]> {
    return model.fit(data.x, data.y, {
      ...data,
      batchSize: hp.Choice("batchSize", [16, 32, 64, 128], { default: 32 }),
    });
  }
}

const DEPTH_MOST = 4;

function hiddenLayers(hp: HyperParameters): Layer[] {
  const depth = hp.Int("depth", { min: 1, max: DEPTH_MOST, default: 2 });
  const name = hp.Choice("activation", ["relu", "tanh", "elu", "gelu"]);
  const normalized = hp.Boolean("normalization");
  const rate = hp.Float("dropout", { min: 0, max: 0.5, step: 0.1 });
  return Array.from({ length: DEPTH_MOST }, (_, index) => index + 1).flatMap((k) => {
    const deepEnough = Array.from({ length: DEPTH_MOST - k + 1 }, (_, more) => k + more);
    const range = { min: 8, max: 256, sampling: "log", step: 2, default: 32 } as const;
    const units =
      k === 1
        ? hp.Int("units_1", range)
        : hp.Int(`units_${k}`, { ...range, parentName: "depth", parentValues: deepEnough });
    if (units === undefined || k > depth) return [];
    const plain = [dense(units), ...(normalized ? [batchNormalization()] : []), activation(name)];
    return rate === 0 ? plain : [...plain, dropout(rate)];
  });
}

function optimizerOf(hp: HyperParameters): Optimizer {
  const name = hp.Choice("optimizer", ["adam", "adamW", "rmsprop", "sgd"]);
  const rate = hp.Float("learningRate", { min: 1e-4, max: 1e-1, sampling: "log", default: 1e-3 });
  const momentum = hp.conditionalScope("optimizer", "sgd", () =>
    hp.Float("momentum", { min: 0.1, max: 0.99, sampling: "reverseLog", default: 0.9 }),
  );
  switch (name) {
    case "adam":
      return adam(rate);
    case "adamW":
      return adamW(rate);
    case "rmsprop":
      return rmsprop(rate);
    case "sgd":
      return sgd(rate, momentum === undefined ? {} : { momentum });
  }
}

const OUTPUT = { binary: "sigmoid", classes: "softmax", regression: "linear" } as const;
const LOSS: Readonly<Record<keyof typeof OUTPUT, LossName>> = {
  binary: "binaryCrossentropy",
  classes: "categoricalCrossentropy",
  regression: "meanSquaredError",
};
const METRICS: Readonly<Record<keyof typeof OUTPUT, readonly MetricLike[]>> = {
  binary: ["auc", "accuracy", "precision", "recall"],
  classes: ["accuracy"],
  regression: [],
};

function checkTable(options: TableOptions): Required<TableOptions> {
  const { columns, task = "binary", outputs = 1, initialBias = 0 } = options ?? {};
  if (!Object.hasOwn(OUTPUT, task)) {
    throw new ValidationError(`\`task\` must be "binary", "classes" or "regression", but got ${show(task)}.`);
  }
  for (const [name, value, least] of [
    ["columns", columns, 1],
    ["outputs", outputs, task === "classes" ? 2 : 1],
  ] as const) {
    if (Number.isSafeInteger(value) && value >= least) continue;
    throw new ValidationError(
      `\`${name}\` must be an integer >= ${least} for the task ${show(task)}, but got ${show(value)}.`,
    );
  }
  if (task === "binary" && outputs !== 1) {
    throw new ValidationError(
      `The task "binary" has one output, but got \`outputs\` = ${outputs}. For several classes say \`task: "classes"\`.`,
    );
  }
  if (!Number.isFinite(initialBias)) {
    throw new ValidationError(`\`initialBias\` must be a finite number, but got ${show(initialBias)}.`);
  }
  return { columns, task, outputs, initialBias, metrics: options.metrics ?? METRICS[task] };
}
