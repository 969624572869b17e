/**
 * The layers. A layer answers for itself: how wide its output is, which weights it has, and which operations it adds to an
 * engine's plan. Its `config` is the plain record that a model's JSON keeps.
 */
import { show, ValidationError } from "../errors.ts";
import { type ActivationName, toActivation } from "./activations.ts";
import { choose, finiteNumber, wholeNumber } from "./choose.ts";
import { type Planner, padded, type Tensor } from "./engine/plan.ts";
import { type Initializer, type InitializerLike, toInitializer, zeros } from "./initializers.ts";

export interface InputConfig {
  readonly type: "input";
  readonly units: number;
  readonly name?: string;
}

export interface DenseConfig {
  readonly type: "dense";
  readonly units: number;
  readonly activation: ActivationName;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly l2: number;
  readonly name?: string;
}

export interface DropoutConfig {
  readonly type: "dropout";
  readonly rate: number;
  readonly name?: string;
}

export interface BatchNormalizationConfig {
  readonly type: "batchNormalization";
  readonly momentum: number;
  readonly epsilon: number;
  readonly name?: string;
}

export interface ActivationConfig {
  readonly type: "activation";
  readonly activation: ActivationName;
  readonly name?: string;
}

export type LayerConfig = InputConfig | DenseConfig | DropoutConfig | BatchNormalizationConfig | ActivationConfig;

/** A weight before it has values. Weights that are not trained are a layer's running statistics. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  readonly trainable: boolean;
}

export interface Layer {
  readonly config: LayerConfig;
  /** Keras's word for the kind, as in `summary()`. */
  readonly title: string;
  outputUnits(inputUnits: number): number;
  weights(inputUnits: number): readonly WeightSpec[];
  /** Adds the layer's operations; `tensors` are its weights in memory, in the order of `weights`. */
  plan(planner: Planner, tensors: readonly Tensor[]): void;
}

/** Every layer can have a name; without one it gets Keras's: `dense`, `dense_1`, … */
export interface LayerOptions {
  readonly name?: string | undefined;
}

/** The width of the data: the first layer of every model, and only there. */
export function input(units: number, options: LayerOptions = {}): Layer {
  return {
    config: { type: "input", units: wholeNumber("`units` of input", units, 1), ...named(options) },
    title: "InputLayer",
    outputUnits: () => units,
    weights: () => [],
    plan: () => {},
  };
}

export interface DenseOptions extends LayerOptions {
  /** `"linear"` by default. */
  readonly activation?: ActivationName | undefined;
  /** `"glorotUniform"` by default. */
  readonly kernelInitializer?: InitializerLike | undefined;
  /** `"zeros"` by default. */
  readonly biasInitializer?: InitializerLike | undefined;
  /** Adds l2 · Σ W² over the kernel to the loss, as Keras's `regularizers.L2`; 0 by default. */
  readonly l2?: number | undefined;
}

/**
 * A fully connected layer: activation(x W + b), W [inputUnits, units], b [units].
 *
 * @example dense(40, { activation: "relu" })
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  const activation = toActivation("`activation` of dense", options.activation ?? "linear");
  const config: DenseConfig = {
    type: "dense",
    units: wholeNumber("`units` of dense", units, 1),
    activation,
    kernelInitializer: toInitializer("`kernelInitializer` of dense", options.kernelInitializer ?? "glorotUniform"),
    biasInitializer: toInitializer("`biasInitializer` of dense", options.biasInitializer ?? "zeros"),
    l2: finiteNumber("`l2` of dense", options.l2 ?? 0, "a finite number >= 0", (value) => value >= 0),
    ...named(options),
  };
  return {
    config,
    title: "Dense",
    outputUnits: () => units,
    weights: (inputUnits) => [
      { name: "kernel", shape: [inputUnits, units], initializer: config.kernelInitializer, trainable: true },
      { name: "bias", shape: [units], initializer: config.biasInitializer, trainable: true },
    ],
    plan: (planner, [kernel, bias]) => {
      const { units: inputUnits, stride: inputStride, output: source } = planner.last;
      const stride = padded(units);
      planner.add({
        kind: "dense",
        units,
        stride,
        input: source,
        output: planner.buffer(planner.batchSize, units),
        inputUnits,
        inputStride,
        kernel: kernel!.offset,
        bias: bias!.offset,
        transposed: planner.buffer(units, inputUnits),
        l2: config.l2,
      });
      planActivation(planner, activation);
    },
  };
}

/**
 * Sets each input to 0 with probability `rate` while training and scales the others by 1 / (1 − rate); does nothing
 * otherwise.
 */
export function dropout(rate: number, options: LayerOptions = {}): Layer {
  finiteNumber("`rate` of dropout", rate, "at least 0 and below 1", (value) => value >= 0 && value < 1);
  return {
    config: { type: "dropout", rate, ...named(options) },
    title: "Dropout",
    outputUnits: (inputUnits) => inputUnits,
    weights: () => [],
    plan: (planner) => {
      if (rate === 0) return;
      const { units, stride, output: source } = planner.last;
      const output = planner.buffer(planner.batchSize, units);
      const mask = planner.buffer(planner.batchSize, units);
      planner.add({ kind: "dropout", units, stride, input: source, output, rate, mask });
    },
  };
}

export interface BatchNormalizationOptions extends LayerOptions {
  /** Share of the running mean and variance that a batch leaves; 0.99 by default. */
  readonly momentum?: number | undefined;
  /** Added to the variance; 1e-3 by default. */
  readonly epsilon?: number | undefined;
}

/**
 * γ (x − mean) / √(variance + ε) + β for each column: mean and (biased) variance of the batch while training, running
 * ones otherwise.
 *
 * Source: Ioffe & Szegedy 2015, arXiv:1502.03167, algorithm 1; running statistics as in Keras 3.
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): Layer {
  const momentum = finiteNumber(
    "`momentum` of batchNormalization",
    options.momentum ?? 0.99,
    "between 0 and 1",
    (value) => value >= 0 && value <= 1,
  );
  const epsilon = finiteNumber(
    "`epsilon` of batchNormalization",
    options.epsilon ?? 1e-3,
    "a finite number > 0",
    (value) => value > 0,
  );
  const ones: Initializer = { name: "constant", value: 1 };
  return {
    config: { type: "batchNormalization", momentum, epsilon, ...named(options) },
    title: "BatchNormalization",
    outputUnits: (inputUnits) => inputUnits,
    weights: (inputUnits) => [
      { name: "gamma", shape: [inputUnits], initializer: ones, trainable: true },
      { name: "beta", shape: [inputUnits], initializer: zeros(), trainable: true },
      { name: "moving_mean", shape: [inputUnits], initializer: zeros(), trainable: false },
      { name: "moving_variance", shape: [inputUnits], initializer: ones, trainable: false },
    ],
    plan: (planner, [gamma, beta, mean, variance]) => {
      const { units, stride, output: source } = planner.last;
      planner.add({
        kind: "normalize",
        units,
        stride,
        input: source,
        output: planner.buffer(planner.batchSize, units),
        gamma: gamma!.offset,
        beta: beta!.offset,
        mean: mean!.offset,
        variance: variance!.offset,
        normalized: planner.buffer(planner.batchSize, units),
        inverse: planner.buffer(1, units),
        momentum,
        epsilon,
      });
    },
  };
}

/** An activation function as a layer of its own, for example after batch normalisation. */
export function activation(name: ActivationName, options: LayerOptions = {}): Layer {
  toActivation("The activation", name);
  return {
    config: { type: "activation", activation: name, ...named(options) },
    title: "Activation",
    outputUnits: (inputUnits) => inputUnits,
    weights: () => [],
    plan: (planner) => planActivation(planner, name),
  };
}

/** A layer from its record. @throws ValidationError for an unknown type, listing the known ones */
export function toLayer(config: LayerConfig): Layer {
  const types = ["input", "dense", "dropout", "batchNormalization", "activation"] as const;
  choose("The `type` of a layer", config?.type, types);
  switch (config.type) {
    case "input":
      return input(config.units, config);
    case "dense":
      return dense(config.units, config);
    case "dropout":
      return dropout(config.rate, config);
    case "batchNormalization":
      return batchNormalization(config);
    case "activation":
      return activation(config.activation, config);
  }
}

function planActivation(planner: Planner, name: ActivationName): void {
  if (name === "linear") return;
  const { units, stride, output: source } = planner.last;
  const output = planner.buffer(planner.batchSize, units);
  planner.add({ kind: "activation", units, stride, input: source, output, activation: name });
}

function named(options: LayerOptions): { name?: string } {
  const { name } = options;
  if (name === undefined) return {};
  if (typeof name === "string" && name !== "") return { name };
  throw new ValidationError(`The name of a layer must be a string that is not empty, but got ${show(name)}.`);
}
