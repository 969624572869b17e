/** A network of `nn` as an estimator, in the manner of scikeras: what a search under cross-validation fits and scores. */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import type { History } from "../nn/callbacks.ts";
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

/** Builds and compiles the network of one candidate. */
export type BuildNetwork<P> = (params: P, data: ClassifierData) => Sequential;

export interface ClassifierFitOptions extends Omit<FitOptions, "classWeight" | "callbacks" | "seed"> {
  /** `"balanced"` lets every class count alike: `balancedClassWeights` of the training's own labels. */
  readonly classWeight?: ClassWeight | "balanced";
  readonly callbacks?: readonly CallbackSource[];
}

export interface NnClassifier<P> extends CloneableEstimator<NnClassifier<P>> {
  readonly type: "classifier";
  readonly params: P;
  /** The fitted network. @throws NotFoundError before `fit` */
  readonly model: Sequential;
  /** Its epochs. @throws NotFoundError before `fit` */
  readonly history: History;
  fit(x: Matrix, y: ArrayLike<number>, options?: EstimatorFitOptions & ClassifierFitOptions): Promise<NnClassifier<P>>;
  /** The likelier class of each row. */
  predict(x: Matrix): Float32Array;
  /** The probability of class 1, [rows]; with more than two classes of each, [rows, classes], row-major. */
  predictProba(x: Matrix): Float32Array;
  getParams(): P;
  setParams(params: Readonly<Record<string, unknown>>): NnClassifier<P>;
  clone(): NnClassifier<P>;
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
  return create(build, fitDefaults, {} as P);
}

function create<P extends object>(
  build: BuildNetwork<P>,
  fitDefaults: ClassifierFitOptions,
  params: P,
): NnClassifier<P> {
  let current = params;
  let fitted: { readonly model: Sequential; readonly history: History } | undefined;
  const needed = () => {
    if (fitted !== undefined) return fitted;
    throw new NotFoundError("A classifier has a network after `fit`, and not before.");
  };
  const classifier: NnClassifier<P> = {
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
      const model = build(current, data);
      const settings = Object.fromEntries(
        FIT_PARAMS.flatMap((name) => (Object.hasOwn(current, name) ? [[name, current[name as keyof P]]] : [])),
      );
      const weights = classWeight === "balanced" ? balancedClassWeights(y) : classWeight;
      const history = await model.fit(x, y, {
        ...rest,
        ...settings,
        seed: data.seed,
        ...(weights === undefined ? {} : { classWeight: weights }),
        callbacks: [
          ...freshCallbacks(callbacks),
          { onEpochEnd: (epoch, logs, { epochs }) => onEpoch?.({ epoch, epochs, logs: { ...logs } }) },
        ],
      });
      fitted = { model, history };
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
    clone: () => create(build, fitDefaults, { ...current }),
  };
  return classifier;
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
