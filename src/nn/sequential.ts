/**
 * A stack of layers in the manner of Keras: built, compiled, trained, asked. The arithmetic is in `engine/`, the training
 * loop in `training.ts`; here is what a model is from one training to the next.
 */
import { show, ValidationError } from "../errors.ts";
import { createRng, type Rng } from "../math/rng.ts";
import type { History, Logs } from "./callbacks.ts";
import { choose } from "./choose.ts";
import { type Inputs, readInputs, type Targets } from "./data.ts";
import { ENGINES, type EngineName } from "./engine/engine.ts";
import { initialValues } from "./initializers.ts";
import { type Layer, type LayerConfig, toLayer } from "./layers.ts";
import { type LossName, toLoss } from "./losses.ts";
import { type Metric, type MetricConfig, type MetricLike, toMetric } from "./metrics/metric.ts";
import { type Network, placeLayers } from "./network.ts";
import { adam, type Optimizer, type OptimizerName, toOptimizer } from "./optimizers.ts";
import { type OptimizerState, openSession, type Session } from "./session.ts";
import { summaryTable } from "./summary.ts";
import { evaluationPart, type FitOptions, measured, train } from "./training.ts";

export interface SequentialOptions {
  /** `"sequential"` by default. */
  readonly name?: string | undefined;
  /** Fixes the first weights, the order of rows and the dropout of every training; without one they differ each time. */
  readonly seed?: number | string | undefined;
  /** What computes; by default WebAssembly where there is SIMD, else TypeScript. Both give the same bits. */
  readonly engine?: EngineName | undefined;
}

export interface CompileOptions {
  /** `"adam"` by default. */
  readonly optimizer?: Optimizer | OptimizerName | undefined;
  readonly loss: LossName;
  readonly metrics?: readonly MetricLike[] | undefined;
}

/** A model without its weights. */
export interface ModelJson {
  readonly format: "assay/nn";
  readonly version: 1;
  readonly name: string;
  readonly seed: number | string;
  readonly layers: readonly LayerConfig[];
  readonly compile?: {
    readonly optimizer: Optimizer;
    readonly loss: LossName;
    readonly metrics: readonly MetricConfig[];
  };
}

/** A weight's place in `getWeights()`. */
export interface WeightInfo {
  readonly layer: string;
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
}

/**
 * A network from its layers, the first of which is `input(columns)`. The weights are there at once.
 *
 * @throws ValidationError when the layers do not make a network
 * @example
 * const model = sequential([input(19), dense(40, { activation: "relu" }), dropout(0.2), dense(1, { activation: "sigmoid" })], { seed: 7 });
 * model.compile({ optimizer: adam(1e-3), loss: "binaryCrossentropy", metrics: ["recall", "auc"] });
 * const { history } = await model.fit(x, y, { epochs: 30, validationSplit: 0.2 });
 */
export function sequential(layers: readonly Layer[], options: SequentialOptions = {}): Sequential {
  return new Sequential(layers, options);
}

/** A model from `model.toJSON()`, with first weights of its seed; `setWeights` gives it others. */
export function modelFromJson(json: ModelJson, options: Pick<SequentialOptions, "engine"> = {}): Sequential {
  if (json?.format !== "assay/nn" || json.version !== 1 || !Array.isArray(json.layers)) {
    throw new ValidationError(`A model's JSON must have format "assay/nn" and version 1, but got ${show(json)}.`);
  }
  const model = new Sequential(json.layers.map(toLayer), { ...options, name: json.name, seed: json.seed });
  if (json.compile !== undefined) model.compile(json.compile);
  return model;
}

interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: LossName;
  readonly metrics: readonly Metric[];
}

/** Made by `sequential`; exported as a type. */
export class Sequential {
  readonly name: string;
  readonly seed: number | string;
  readonly #layers: readonly Layer[];
  readonly #network: Network;
  readonly #engine: EngineName | undefined;
  readonly #rng: Rng;
  #weights: readonly Float32Array[];
  #compiled: Compiled | undefined;
  #optimizerState: OptimizerState | undefined;
  #session: Session | undefined;
  #trainings = 0;

  constructor(layers: readonly Layer[], { name = "sequential", seed = randomSeed(), engine }: SequentialOptions) {
    this.name = name;
    this.seed = seed;
    this.#layers = layers;
    this.#network = placeLayers(layers);
    this.#engine = engine === undefined ? undefined : choose("`engine`", engine, ENGINES);
    this.#rng = createRng(seed);
    const draws = this.#rng.fork("weights");
    this.#weights = this.#network.weights.map(({ initializer, shape }, index) =>
      initialValues(initializer, shape, draws.fork(index)),
    );
  }

  get inputUnits(): number {
    return this.#network.inputUnits;
  }

  get outputUnits(): number {
    return this.#network.outputUnits;
  }

  /** What each array of `getWeights()` is. */
  get weights(): readonly WeightInfo[] {
    return this.#network.weights.map(({ layer, name, shape, trainable }) => ({ layer, name, shape, trainable }));
  }

  /** Says how the model is trained and measured. An optimiser's memory of earlier trainings is gone afterwards. */
  compile(options: CompileOptions): void {
    const loss = toLoss(options?.loss);
    if (loss === "categoricalCrossentropy" && this.outputUnits < 2) {
      throw new ValidationError(
        "categoricalCrossentropy needs at least 2 outputs, but the model has 1. Use binaryCrossentropy.",
      );
    }
    const metrics = (options.metrics ?? []).map((given) => toMetric(given, this.outputUnits));
    for (const [index, { key }] of metrics.entries()) {
      if (key === "loss" || metrics.findIndex((other) => other.key === key) !== index) {
        throw new ValidationError(
          `Names in the logs must be unique, but got ${show(key)} twice. Name a metric with \`as\`.`,
        );
      }
    }
    this.#compiled = { optimizer: toOptimizer(options.optimizer ?? "adam"), loss, metrics };
    this.#optimizerState = undefined;
  }

  /** Compiles anew: what is not given stays as it is. @throws ValidationError for a model that has not been compiled */
  recompile(changes: Partial<CompileOptions>): void {
    const { optimizer, loss, metrics } = this.#needCompiled("recompile");
    this.compile({ optimizer, loss, metrics: metrics.map(({ given }) => given), ...changes });
  }

  /**
   * Trains on rows `x` and targets `y`, going on from the present weights and optimiser.
   *
   * The `loss` of an epoch is the mean over its batches while the weights change, dropout and penalties included; its
   * metrics are computed from the predictions of those batches together, as in Keras.
   */
  async fit(x: Inputs, y: Targets, options: FitOptions = {}): Promise<History> {
    const compiled = this.#needCompiled("fit");
    if (this.#session !== undefined)
      throw new ValidationError(`The model ${show(this.name)} is being trained already.`);
    const rng = options.seed === undefined ? this.#rng.fork("fit").fork(this.#trainings) : createRng(options.seed);
    const trainee = {
      model: this,
      inputUnits: this.inputUnits,
      outputUnits: this.outputUnits,
      loss: compiled.loss,
      metrics: compiled.metrics,
      rng,
      open: (batchSize: number) => {
        const session = this.#open(batchSize, compiled, this.#optimizerState);
        this.#session = session;
        this.#trainings += 1;
        const close = () => {
          this.#weights = session.getWeights();
          this.#optimizerState = session.getOptimizerState();
          this.#session = undefined;
          session.close();
        };
        return { ...session, close };
      },
    };
    return train(trainee, x, y, options);
  }

  /** The outputs for every row, [rows, outputUnits], row-major. Dropout is off. */
  predict(x: Inputs): Float32Array {
    const table = readInputs(x, this.inputUnits);
    const session = this.#open(Math.min(INFERENCE_ROWS, table.rows), { optimizer: adam(), loss: "meanSquaredError" });
    try {
      const data = session.load({ table, first: 0, last: table.rows });
      session.infer(data);
      return data.predictions();
    } finally {
      session.close();
    }
  }

  /** Loss (with penalties) and metrics on rows `x` and targets `y`. */
  evaluate(x: Inputs, y: Targets, options: { readonly sampleWeight?: ArrayLike<number> | undefined } = {}): Logs {
    const compiled = this.#needCompiled("evaluate");
    const { inputUnits, outputUnits } = this;
    const part = evaluationPart({ loss: compiled.loss, inputUnits, outputUnits }, x, y, options.sampleWeight);
    const session = this.#open(Math.min(INFERENCE_ROWS, part.last), compiled);
    try {
      const data = session.load(part);
      const loss = session.infer(data);
      return { loss, ...measured(compiled.metrics, data) };
    } finally {
      session.close();
    }
  }

  /** Keras's table of layers, output shapes and numbers of parameters. */
  summary(): string {
    return summaryTable(this.name, this.#network);
  }

  /** Copies of all weights, layer by layer, row-major; each has a buffer of its own and can be transferred to a worker. */
  getWeights(): Float32Array[] {
    return this.#session?.getWeights() ?? this.#weights.map((values) => values.slice());
  }

  /** @throws ValidationError when number or lengths are not those of `weights` */
  setWeights(weights: readonly ArrayLike<number>[]): void {
    const expected = this.#network.weights;
    if (weights?.length !== expected.length) {
      throw new ValidationError(
        `\`setWeights\` needs ${expected.length} arrays for this model, but got ${show(weights?.length)}.`,
      );
    }
    const next = expected.map(({ layer, name, shape }, index) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const values = weights[index]!;
      if (values.length !== length) {
        throw new ValidationError(
          `Weights of ${layer}/${name} must have shape [${shape.join(", ")}], ${length} numbers, but got ${values.length}.`,
        );
      }
      return Float32Array.from(values);
    });
    if (this.#session === undefined) this.#weights = next;
    else this.#session.setWeights(next);
  }

  /** Layers and settings as a plain record, without weights; `modelFromJson` reads it. */
  toJSON(): ModelJson {
    const layers = this.#layers.map(({ config }) => config);
    const json = { format: "assay/nn", version: 1, name: this.name, seed: this.seed, layers } as const;
    if (this.#compiled === undefined) return json;
    const { optimizer, loss, metrics } = this.#compiled;
    const configs = metrics.map(({ key, config }) => {
      if (config !== undefined) return config;
      throw new ValidationError(
        `The metric ${show(key)} is a function and cannot be written to JSON. Compile without it first.`,
      );
    });
    return { ...json, compile: { optimizer, loss, metrics: configs } };
  }

  #open(
    batchSize: number,
    { optimizer, loss }: Pick<Compiled, "optimizer" | "loss">,
    optimizerState?: OptimizerState,
  ): Session {
    const weights = this.#session?.getWeights() ?? this.#weights;
    return openSession({
      network: this.#network,
      batchSize,
      loss,
      optimizer,
      engine: this.#engine,
      weights,
      optimizerState,
    });
  }

  #needCompiled(method: string): Compiled {
    if (this.#compiled !== undefined) return this.#compiled;
    throw new ValidationError(
      `A model must be compiled before \`${method}\`. Call \`model.compile({ loss: … })\` first.`,
    );
  }
}

/** Rows that are predicted at a time, at most. */
const INFERENCE_ROWS = 256;

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
