/** What classifiers and regressors of `nn` share: params that become a network and a training of it, in the manner of scikeras. */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import type { History } from "../nn/callbacks.ts";
import { balancedClassWeights } from "../nn/class-balance.ts";
import type { ClassWeight, Matrix } from "../nn/data.ts";
import type { Sequential } from "../nn/sequential.ts";
import type { FitOptions } from "../nn/training.ts";
import { type CallbackSource, freshCallbacks } from "./callbacks.ts";
import type { EstimatorFitOptions } from "./estimator.ts";
import { isRecord, nestParams, type Params } from "./param-path.ts";

/** What an estimator needs of a network: an `nn` model, or one of another make with its face. */
export interface TrainableNetwork {
  readonly outputUnits: number;
  fit(x: Matrix, y: ArrayLike<number>, options: FitOptions): Promise<History>;
  /** [rows, outputUnits], row-major. */
  predict(x: Matrix): Float32Array;
  /** Frees what the network holds beside JavaScript's memory, where it does. */
  dispose?(): void;
}

/** Builds and compiles the network of one candidate. @param data what is known of the training's rows */
export type BuildNetwork<P, D = unknown, N = Sequential> = (params: P, data: D) => N | Promise<N>;

export interface NetworkFitOptions extends Omit<FitOptions, "classWeight" | "callbacks" | "seed"> {
  /** `"balanced"` lets every class count alike: `balancedClassWeights` of the training's own labels. */
  readonly classWeight?: ClassWeight | "balanced";
  readonly callbacks?: readonly CallbackSource[];
}

export interface FittedNetwork<N = Sequential> {
  readonly model: N;
  readonly history: History;
}

/** Params that are settings of the training, with or without "fit." before them; all params are handed to `build` as well. */
const FIT_PARAMS = ["epochs", "batchSize", "shuffle", "validationSplit"];

/** With "fit." before it, the weights of the classes can be searched too. */
const FIT_ONLY = ["classWeight"];

export function checkBuild(build: unknown): void {
  if (typeof build === "function") return;
  throw new ValidationError(`\`build\` must be a function (params, data) => model, but got ${show(build)}.`);
}

/**
 * Builds a network of the params and trains it. Params named "model.units" come to `build` as `units`, those named
 * "fit.batchSize" to the training as `batchSize`; of options for the training, params go before what was given to `fit`,
 * and that before the defaults.
 */
export async function fitNetwork<P extends object, D extends { readonly seed: number }, N extends TrainableNetwork>(
  build: BuildNetwork<P, D, N>,
  params: P,
  defaults: NetworkFitOptions,
  x: Matrix,
  y: ArrayLike<number>,
  options: EstimatorFitOptions & NetworkFitOptions,
  data: D,
): Promise<FittedNetwork<N>> {
  const { seed: _, onEpoch, ...given }: EstimatorFitOptions & NetworkFitOptions = { ...defaults, ...options };
  const { fit = {}, model: own = {}, ...plain } = nestParams(params as Params);
  const model = await build({ ...params, ...(isRecord(own) ? own : {}) }, data);
  const settings = Object.fromEntries(Object.entries(plain).filter(([name]) => FIT_PARAMS.includes(name)));
  const { classWeight, callbacks, ...rest } = { ...given, ...settings, ...fitParams(fit) };
  const weights = classWeight === "balanced" ? balancedClassWeights(y) : classWeight;
  try {
    const history = await model.fit(x, y, {
      ...rest,
      seed: data.seed,
      ...(weights === undefined ? {} : { classWeight: weights }),
      callbacks: [
        ...freshCallbacks(callbacks),
        { onEpochEnd: (epoch, logs, { epochs }) => onEpoch?.({ epoch, epochs, logs: { ...logs } }) },
      ],
    });
    return { model, history };
  } catch (error) {
    model.dispose?.();
    throw error;
  }
}

/** @throws NotFoundError before `fit` */
export function neededNetwork<N>(kind: string, fitted: FittedNetwork<N> | undefined): FittedNetwork<N> {
  if (fitted !== undefined) return fitted;
  throw new NotFoundError(`A ${kind} has a network after \`fit\`, and not before.`);
}

export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

function fitParams(fit: unknown): NetworkFitOptions {
  const known = [...FIT_PARAMS, ...FIT_ONLY];
  const unknown = isRecord(fit) ? Object.keys(fit).find((name) => !known.includes(name)) : "";
  if (unknown === undefined) return fit as NetworkFitOptions;
  throw new ValidationError(
    `Params of a training are ${known.map((name) => `"fit.${name}"`).join(", ")}, but got ${isRecord(fit) ? show(`fit.${unknown}`) : `fit = ${show(fit)}`}.`,
  );
}
