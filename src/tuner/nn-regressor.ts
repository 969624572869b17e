/** A network of `nn` as a regressor: what a search under cross-validation fits and scores. */
import { show, ValidationError } from "../errors.ts";
import type { History } from "../nn/callbacks.ts";
import type { Inputs } from "../nn/data.ts";
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
} from "./nn-estimator.ts";

/** What is known of a training's rows when its network is built. */
export interface RegressorData {
  /** Columns of X: what `input` takes. */
  readonly columns: number;
  /** Mean of the training's y: a first bias for the last layer, `constant(mean)`. */
  readonly mean: number;
  /** For `sequential(layers, { seed })`, so that a seeded search trains the same networks again. */
  readonly seed: number;
}

export interface NnRegressor<P> extends CloneableEstimator<NnRegressor<P>> {
  readonly type: "regressor";
  readonly params: P;
  /** The fitted network. @throws NotFoundError before `fit` */
  readonly model: Sequential;
  /** Its epochs. @throws NotFoundError before `fit` */
  readonly history: History;
  fit(x: Inputs, y: ArrayLike<number>, options?: EstimatorFitOptions & NetworkFitOptions): Promise<NnRegressor<P>>;
  /** One number a row. */
  predict(x: Inputs): Float32Array;
  getParams(): P;
  setParams(params: Readonly<Record<string, unknown>>): NnRegressor<P>;
  clone(): NnRegressor<P>;
}

/**
 * A regressor that builds a network of one output of its params and trains it; params are addressed as those of
 * `nnClassifier`.
 *
 * @param fitDefaults options of every training; those given to `fit` go before them, and params before both
 * @example
 * const estimator = nnRegressor(({ units }: { units: number }, { columns, mean, seed }) => {
 *   const model = sequential([input(columns), dense(units, { activation: "relu" }), dense(1, { biasInitializer: constant(mean) })], { seed });
 *   model.compile({ optimizer: adam(1e-2), loss: "meanSquaredError" });
 *   return model;
 * }, { epochs: 50 });
 */
export function nnRegressor<P extends object = Record<string, unknown>>(
  build: BuildNetwork<P, RegressorData>,
  fitDefaults: NetworkFitOptions = {},
): NnRegressor<P> {
  checkBuild(build);
  return create(build, fitDefaults, {} as P);
}

function create<P extends object>(
  build: BuildNetwork<P, RegressorData>,
  fitDefaults: NetworkFitOptions,
  params: P,
): NnRegressor<P> {
  let current = params;
  let fitted: FittedNetwork | undefined;
  const needed = () => neededNetwork("regressor", fitted);
  const regressor: NnRegressor<P> = {
    type: "regressor",
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
      const { seed = randomSeed() } = options;
      const table = toTrainingTable(x, y, options);
      let sum = 0;
      for (let i = 0; i < y.length; i++) sum += y[i]!;
      const data = { columns: table.columns, mean: sum / y.length, seed };
      const trained = await fitNetwork(build, current, fitDefaults, table, y, options, data);
      if (trained.model.outputUnits !== 1) {
        throw new ValidationError(
          `The network of a regressor must have one output, but \`build\` made one with ${show(trained.model.outputUnits)}.`,
        );
      }
      fitted = trained;
      return regressor;
    },
    predict: (x) => needed().model.predict(toMatrix(x)),
    getParams: () => ({ ...current }),
    setParams: (next) => {
      current = { ...current, ...next };
      return regressor;
    },
    clone: () => create(build, fitDefaults, { ...current }),
  };
  return regressor;
}
