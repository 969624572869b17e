/**
 * A Layers model of TensorFlow.js with the face of an `nn` model: trained by tables, measured on whole predictions,
 * repeatable, its weights plain arrays. The model itself stays what it is, under `model`.
 */
import { show, ValidationError } from "../../errors.ts";
import { createRng } from "../../math/rng.ts";
import type { History, Logs } from "../../nn/callbacks.ts";
import type { MetricLike } from "../../nn/metrics/metric.ts";
import { useBackend } from "./backend.ts";
import { evaluateRows } from "./evaluation.ts";
import {
  type Api,
  type CompileArgs,
  type LayersModel,
  type Network,
  partsOf,
  type Tfjs,
  toApi,
  toNetwork,
} from "./framework.ts";
import { setWantedMetrics, wantedMetrics, withMetricNames } from "./metric-names.ts";
import { measure, type OutputMetric, toMetrics } from "./metrics.ts";
import { loadRows, type TensorLike, type WeightsLike } from "./rows.ts";
import { type TfjsFitOptions, train } from "./training.ts";

export interface TfjsOptions {
  /** Metrics of `nn` beside those the model was compiled with, for every output. */
  readonly metrics?: readonly MetricLike[];
  /** The back end to train on, such as "wasm"; its package must have been imported. Default: the one in use. */
  readonly backend?: string;
  /** Takes what should be known of a training that goes on. Default: `console.warn`, once for each message. */
  readonly onWarning?: (message: string) => void;
}

/**
 * A compiled Layers model, sequential or functional, as the rest of the house trains models.
 *
 * @throws ValidationError when `model` is none, or a metric does not fit an output
 * @example
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, activation: "sigmoid", inputShape: [19] })] });
 * model.compile({ optimizer: "adam", loss: "binaryCrossentropy" });
 * const { history } = await tfjsModel(tf, model, { metrics: ["recall", "auc"] }).fit(x, y, { epochs: 30, seed: 7 });
 */
export function tfjsModel<M extends LayersModel>(tf: Tfjs, model: M, options: TfjsOptions = {}): TfjsModel<M> {
  return new TfjsModel(toApi(tf), model, options);
}

/** Made by `tfjsModel`; exported as a type. */
export class TfjsModel<M extends LayersModel = LayersModel> {
  /**
   * The model itself. Its own `fit` is that of this object, so that code written for TensorFlow.js gets what is added here.
   */
  readonly model: M;
  readonly #tf: Api;
  readonly #options: TfjsOptions;
  #isTraining = false;

  constructor(tf: Api, model: M, options: TfjsOptions) {
    this.model = model;
    this.#tf = tf;
    this.#options = options;
    // What does not fit is said now, and not when the training begins.
    if (this.#network.optimizer !== undefined) this.#metrics();
    Object.defineProperty(model, "fit", {
      value: (x: TensorLike, y: TensorLike, given?: TfjsFitOptions) => this.fit(x, y, given),
      configurable: true,
    });
  }

  /** Asked for anew each time, for a sequential has another one after it is compiled. */
  get #network(): Network {
    return toNetwork(this.model);
  }

  #metrics(): readonly OutputMetric[] {
    const own = (this.#options.metrics ?? []).map((metric) => ({ metric }));
    return toMetrics(this.#tf, this.#network, [...wantedMetrics(this.#network), ...own]);
  }

  get name(): string {
    return this.model.name;
  }

  /** Numbers that the only output has for a row. */
  get outputUnits(): number {
    return this.#network.outputs[0]!.shape.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
  }

  /**
   * Trains on `x` and `y`, going on from the present weights and optimiser: see `nn`'s `Sequential.fit`, whose options and
   * logs these are. With a seed the same training runs again to the bit on the same back end.
   */
  async fit(x: TensorLike, y: TensorLike, options: TfjsFitOptions = {}): Promise<History> {
    this.#needCompiled("fit");
    if (this.#isTraining) throw new ValidationError(`The model ${show(this.name)} is being trained already.`);
    this.#isTraining = true;
    try {
      await useBackend(this.#tf, this.#options.backend);
      const trainee = {
        tf: this.#tf,
        network: this.#network,
        metrics: this.#metrics(),
        model: this,
        rng: createRng(options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!),
        warn: this.#options.onWarning ?? warnOnce,
      };
      return await train(trainee, x, y, options);
    } finally {
      this.#isTraining = false;
    }
  }

  /** The outputs for every row, row-major. @throws ValidationError for a model with several outputs */
  predict(x: TensorLike): Float32Array {
    const { outputNames } = this.#network;
    if (outputNames.length > 1) {
      throw new ValidationError(
        `\`predict\` is for models with one output, but this one has ${outputNames.join(", ")}. Use \`model.predict\` of the model itself.`,
      );
    }
    const rows = loadRows(this.#tf, this.#network, x);
    try {
      return evaluateRows(this.#tf, this.#network, rows, 0, rows.count).predictions[0]!.values;
    } finally {
      rows.dispose();
    }
  }

  /** Loss (with penalties) and metrics on rows `x` and targets `y`. */
  evaluate(x: TensorLike, y: TensorLike, options: { readonly sampleWeight?: WeightsLike | undefined } = {}): Logs {
    this.#needCompiled("evaluate");
    const rows = loadRows(this.#tf, this.#network, x, y, options);
    try {
      const { loss, predictions } = evaluateRows(this.#tf, this.#network, rows, 0, rows.count);
      const targets = rows.targets.map(({ tensor, values }) => ({ shape: tensor.shape, values }));
      return { loss, ...measure(this.#metrics(), targets, predictions) };
    } finally {
      rows.dispose();
    }
  }

  /**
   * Compiles anew: what is not given stays as it is, and so do the weights.
   *
   * @param changes as `model.compile` takes them, and the metrics of `nn` besides. Of an optimiser that is handed in a new one of its
   *   settings is made, so that it can be given to many models.
   */
  recompile(changes: {
    readonly optimizer?: unknown;
    readonly loss?: unknown;
    readonly metrics?: readonly unknown[];
  }): void {
    this.#needCompiled("recompile");
    const { optimizer, loss, metrics } = this.#network;
    const measured = wantedMetrics(this.#network);
    const compile = this.model.compile as (args: CompileArgs) => void;
    const next = { optimizer, loss, metrics, ...changes };
    withMetricNames(this.#tf, () => compile.call(this.model, { ...next, optimizer: fresh(next.optimizer) }));
    if (changes.metrics === undefined) setWantedMetrics(this.#network, measured);
    optimizer!.dispose();
    this.#metrics();
  }

  /** Copies of all weights, in the order of the model's own `getWeights()`. */
  getWeights(): Float32Array[] {
    return this.#network.getWeights().map((tensor) => Float32Array.from(tensor.dataSync()));
  }

  /** @throws ValidationError when number or lengths are not the model's */
  setWeights(weights: readonly ArrayLike<number>[]): void {
    const own = this.#network.getWeights();
    if (weights?.length !== own.length) {
      throw new ValidationError(
        `\`setWeights\` needs ${own.length} arrays for this model, but got ${show(weights?.length)}.`,
      );
    }
    this.#tf.tidy(() => {
      const tensors = own.map(({ shape, size }, index) => {
        const values = Float32Array.from(weights[index]!);
        if (values.length === size) return this.#tf.tensor(values, shape, "float32");
        throw new ValidationError(
          `Weights ${index} must have shape [${shape.join(", ")}], ${size} numbers, but got ${values.length}.`,
        );
      });
      this.#network.setWeights(tensors);
    });
  }

  /** TensorFlow.js's table of layers, output shapes and numbers of parameters. */
  summary(): string {
    const lines: string[] = [];
    this.#network.summary(80, undefined, (line) => lines.push(line));
    return lines.join("\n");
  }

  /** The layers in Keras's JSON, without weights. */
  toJSON(): unknown {
    return this.#network.toJSON(null, false);
  }

  /** Frees the weights, the optimiser's memory and what recurrent layers keep. A tuner does so after each trial. */
  dispose(): void {
    const { optimizer, isOptimizerOwned } = this.#network;
    const { _refCount: holders } = this.model as { readonly _refCount?: number };
    // Code written for TensorFlow.js may have freed the model, which cannot be done twice.
    if (holders !== 0) {
      for (const part of partsOf(this.#network) as RecurrentCell[]) {
        this.#tf.dispose([part.dropoutMask ?? [], part.recurrentDropoutMask ?? []]);
        if (part.dropoutMask !== undefined) part.dropoutMask = null;
        if (part.recurrentDropoutMask !== undefined) part.recurrentDropoutMask = null;
      }
      this.model.dispose();
    }
    // TensorFlow.js frees an optimiser that it made of a name, and leaves one that it was handed.
    if (isOptimizerOwned !== true) optimizer?.dispose();
  }

  #needCompiled(method: string): void {
    if (this.#network.optimizer !== undefined) return;
    throw new ValidationError(
      `A model must be compiled before \`${method}\`. Call \`model.compile({ optimizer: …, loss: … })\` first.`,
    );
  }
}

/** An optimiser remembers its steps; another one of its settings does not. A name is made one by TensorFlow.js. */
function fresh(optimizer: unknown): unknown {
  if (typeof optimizer !== "object" || optimizer === null) return optimizer;
  const { constructor: type } = optimizer as { constructor: OptimizerClass };
  return type.fromConfig(type, (optimizer as { getConfig(): object }).getConfig());
}

interface OptimizerClass {
  fromConfig(type: OptimizerClass, config: object): object;
}

/** Keeps the masks of its last step. */
interface RecurrentCell {
  dropoutMask?: unknown;
  recurrentDropoutMask?: unknown;
}

const warned = new Set<string>();

function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  console.warn(message);
}
