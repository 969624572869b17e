/** A network of `nn` as an estimator, in the manner of scikeras: what a search under cross-validation fits and scores. */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import type { Callback, History } from "../nn/callbacks.ts";
import { balancedClassWeights, initialBias } from "../nn/class-balance.ts";
import { type ClassWeight, labelOf, type Matrix } from "../nn/data.ts";
import type { Sequential } from "../nn/sequential.ts";
import type { FitOptions } from "../nn/training.ts";
import { type CallbackSource, freshCallbacks } from "./callbacks.ts";
import type { CloneableEstimator, EstimatorFitOptions } from "./estimator.ts";

/** What is known of a training's rows when its network is built. */
export interface ClassifierData {
  /** Columns of X: what `input` takes. */
  readonly columns: number;
  /** Labels are 0 … classes − 1. */
  readonly classes: number;
  /** log(positives / negatives) for two classes, 0 otherwise: a first bias for the last layer. */
  readonly initialBias: number;
  /** For `sequential(layers, { seed })`, so that a seeded search trains the same networks again. */
  readonly seed: number;
}

/** What a classifier needs of a network. */
export interface ClassifierNetwork {
  readonly outputUnits: number;
  fit(x: Matrix, y: ArrayLike<number>, options: FitOptions): Promise<History>;
  /** [rows, outputUnits], row-major. */
  predict(x: Matrix): Float32Array;
  /** Frees what the network holds beside memory of JavaScript, where it does. */
  dispose?(): void;
}

/** Builds and compiles the network of one candidate. */
export type BuildNetwork<P, N = Sequential> = (params: P, data: ClassifierData) => N | Promise<N>;

export interface ClassifierFitOptions extends Omit<FitOptions, "classWeight" | "callbacks" | "seed"> {
  /** `"balanced"` lets every class count alike: `balancedClassWeights` of the training's own labels. */
  readonly classWeight?: ClassWeight | "balanced";
  readonly callbacks?: readonly CallbackSource[];
}

export interface NnClassifier<P, N = Sequential> extends CloneableEstimator<NnClassifier<P, N>> {
  readonly type: "classifier";
  readonly params: P;
  /** The fitted network. @throws NotFoundError before `fit` */
  readonly model: N;
  /** Its epochs. @throws NotFoundError before `fit` */
  readonly history: History;
  fit(
    x: Matrix,
    y: ArrayLike<number>,
    options?: EstimatorFitOptions & ClassifierFitOptions,
  ): Promise<NnClassifier<P, N>>;
  /** The likelier class of each row. */
  predict(x: Matrix): Float32Array;
  /** The probability of class 1, [rows]; with more than two classes of each, [rows, classes], row-major. */
  predictProba(x: Matrix): Float32Array;
  getParams(): P;
  setParams(params: Readonly<Record<string, unknown>>): NnClassifier<P, N>;
  clone(): NnClassifier<P, N>;
  /** Frees the fitted network; there is nothing to free of a `Sequential`. */
  dispose(): void;
}

/** Params that are settings of the training; all params are handed to `build` as well. */
const FIT_PARAMS = ["epochs", "batchSize", "shuffle", "validationSplit"] as const;

/**
 * A classifier that builds a network of its params and trains it. Params named `epochs`, `batchSize`, `shuffle` and
 * `validationSplit` go to `model.fit`.
 *
 * @param fitDefaults options of every training; those given to `fit` go before them, and params before both
 * @example
 * export const createEstimator = nnClassifier(({ units, learningRate }: Params, { columns, initialBias, seed }) => {
 *   const model = sequential([input(columns), dense(units, { activation: "relu" }), dense(1, { activation: "sigmoid", biasInitializer: constant(initialBias) })], { seed });
 *   model.compile({ optimizer: adam(learningRate), loss: "binaryCrossentropy" });
 *   return model;
 * }, { epochs: 30, classWeight: "balanced" });
 */
export function nnClassifier<P extends object = Record<string, unknown>>(
  build: BuildNetwork<P>,
  fitDefaults: ClassifierFitOptions = {},
): NnClassifier<P> {
  if (typeof build !== "function") {
    throw new ValidationError(`\`build\` must be a function (params, data) => model, but got ${show(build)}.`);
  }
  return networkClassifier<P, Sequential>(build, fitDefaults, {} as P);
}

/** `nnClassifier` for networks of any make. */
export function networkClassifier<P extends object, N extends ClassifierNetwork>(
  build: BuildNetwork<P, N>,
  fitDefaults: ClassifierFitOptions,
  params: P,
): NnClassifier<P, N> {
  let current = params;
  let fitted: { readonly model: N; readonly history: History } | undefined;
  const needed = () => {
    if (fitted !== undefined) return fitted;
    throw new NotFoundError("A classifier has a network after `fit`, and not before.");
  };
  const classifier: NnClassifier<P, N> = {
    type: "classifier",
    get params() {
      return current;
    },
    get model() {
      return needed().model;
    },
    get history() {
      return needed().history;
    },
    fit: async (x, y, options = {}) => {
      const merged: EstimatorFitOptions & ClassifierFitOptions = { ...fitDefaults, ...options };
      const { seed, onEpoch, classWeight, callbacks, ...rest } = merged;
      const data = describe(x, y, seed);
      const model = await build(current, data);
      const settings = Object.fromEntries(
        FIT_PARAMS.flatMap((name) => (Object.hasOwn(current, name) ? [[name, current[name as keyof P]]] : [])),
      );
      const weights = classWeight === "balanced" ? balancedClassWeights(y) : classWeight;
      const training = {
        ...rest,
        ...settings,
        seed: data.seed,
        ...(weights === undefined ? {} : { classWeight: weights }),
        callbacks: [...freshCallbacks(callbacks), told(onEpoch)],
      };
      try {
        const history = await model.fit(x, y, training);
        fitted?.model.dispose?.();
        fitted = { model, history };
      } catch (error) {
        model.dispose?.();
        throw error;
      }
      return classifier;
    },
    predict: (x) => {
      const { model } = needed();
      const outputs = model.predict(x);
      if (model.outputUnits === 1) return outputs.map((p) => (p > 0.5 ? 1 : 0));
      return Float32Array.from({ length: x.rows }, (_, row) => labelOf(outputs, row, model.outputUnits));
    },
    predictProba: (x) => {
      const { model } = needed();
      const outputs = model.predict(x);
      return model.outputUnits === 2 ? outputs.filter((_, index) => index % 2 === 1) : outputs;
    },
    getParams: () => ({ ...current }),
    setParams: (next) => {
      current = { ...current, ...next };
      return classifier;
    },
    clone: () => networkClassifier(build, fitDefaults, { ...current }),
    dispose: () => {
      fitted?.model.dispose?.();
      fitted = undefined;
    },
  };
  return classifier;
}

function told(onEpoch: EstimatorFitOptions["onEpoch"]): Callback {
  return { onEpochEnd: (epoch, logs, { epochs }) => onEpoch?.({ epoch, epochs, logs: { ...logs } }) };
}

function describe(
  x: Matrix,
  y: ArrayLike<number>,
  seed = crypto.getRandomValues(new Uint32Array(1))[0]!,
): ClassifierData {
  let classes = 0;
  for (let i = 0; i < y.length; i++) {
    if (!Number.isInteger(y[i]) || y[i]! < 0) {
      throw new ValidationError(`The labels of a classifier must be 0, 1, …, but y[${i}] is ${show(y[i])}.`);
    }
    classes = Math.max(classes, y[i]! + 1);
  }
  return { columns: x.columns, classes, initialBias: classes === 2 ? initialBias(y) : 0, seed };
}
