/** A network of `nn` as a classifier: what a search under cross-validation fits and scores. */
import { show, ValidationError } from "../errors.ts";
import type { History } from "../nn/callbacks.ts";
import { initialBias } from "../nn/class-balance.ts";
import { type Inputs, labelOf, type Matrix } from "../nn/data.ts";
import type { Sequential } from "../nn/sequential.ts";
import { toMatrix, toTrainingTable } from "./dataset.ts";
import type { CloneableEstimator, EstimatorFitOptions } from "./estimator.ts";
import {
  type BuildNetwork,
  checkBuild,
  type FittedNetwork,
  fitNetwork,
  type NetworkFitOptions,
  neededNetwork,
  randomSeed,
  type TrainableNetwork,
} from "./nn-estimator.ts";

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

export interface NnClassifier<P, N = Sequential> extends CloneableEstimator<NnClassifier<P, N>> {
  readonly type: "classifier";
  readonly params: P;
  /** The fitted network. @throws NotFoundError before `fit` */
  readonly model: N;
  /** Its epochs. @throws NotFoundError before `fit` */
  readonly history: History;
  fit(x: Inputs, y: ArrayLike<number>, options?: EstimatorFitOptions & NetworkFitOptions): Promise<NnClassifier<P, N>>;
  /** The likelier class of each row. */
  predict(x: Inputs): Float32Array;
  /** The probability of class 1, [rows]; with more than two classes of each, [rows, classes], row-major. */
  predictProba(x: Inputs): Float32Array;
  getParams(): P;
  setParams(params: Readonly<Record<string, unknown>>): NnClassifier<P, N>;
  clone(): NnClassifier<P, N>;
  /** Frees the fitted network; of a `Sequential` there is nothing to free. */
  dispose(): void;
}

/**
 * A classifier that builds a network of its params and trains it. Params named `epochs`, `batchSize`, `shuffle` and
 * `validationSplit` go to `model.fit`, as do those with "fit." before their names, "fit.classWeight" among them; a
 * "model." before a name is left out for `build`.
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
  build: BuildNetwork<P, ClassifierData>,
  fitDefaults: NetworkFitOptions = {},
): NnClassifier<P> {
  return networkClassifier<P, Sequential>(build, fitDefaults, {} as P);
}

/** `nnClassifier` for networks of any make. */
export function networkClassifier<P extends object, N extends TrainableNetwork>(
  build: BuildNetwork<P, ClassifierData, N>,
  fitDefaults: NetworkFitOptions,
  params: P,
): NnClassifier<P, N> {
  checkBuild(build);
  let current = params;
  let fitted: FittedNetwork<N> | undefined;
  const needed = () => neededNetwork("classifier", fitted);
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
      const table = toTrainingTable(x, y, options);
      const next = await fitNetwork(build, current, fitDefaults, table, y, options, describe(table, y, options.seed));
      fitted?.model.dispose?.();
      fitted = next;
      return classifier;
    },
    predict: (x) => {
      const { model } = needed();
      const outputs = model.predict(toMatrix(x));
      if (model.outputUnits === 1) return outputs.map((p) => (p > 0.5 ? 1 : 0));
      return Float32Array.from({ length: outputs.length / model.outputUnits }, (_, row) =>
        labelOf(outputs, row, model.outputUnits),
      );
    },
    predictProba: (x) => {
      const { model } = needed();
      const outputs = model.predict(toMatrix(x));
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

function describe(x: Matrix, y: ArrayLike<number>, seed = randomSeed()): ClassifierData {
  let classes = 0;
  for (let i = 0; i < y.length; i++) {
    if (!Number.isInteger(y[i]) || y[i]! < 0) {
      throw new ValidationError(`The labels of a classifier must be 0, 1, …, but y[${i}] is ${show(y[i])}.`);
    }
    classes = Math.max(classes, y[i]! + 1);
  }
  return { columns: x.columns, classes, initialBias: classes === 2 ? initialBias(y) : 0, seed };
}
