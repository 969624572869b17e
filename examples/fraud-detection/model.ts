/**
 * The article's network, twice: as a hypermodel that asks for its hyperparameters while it is built, for the tuner, and as
 * an estimator made from given parameters, for cross-validation. Worker threads load this module and take
 * `createEstimator` from it, so nothing here depends on what the command line asked for.
 */
import {
  adam,
  type ClassWeight,
  constant,
  dense,
  dropout,
  type EarlyStopping,
  earlyStopping,
  type History,
  input,
  type MetricLike,
  rmsprop,
  type Sequential,
  sequential,
} from "assay/nn";
import {
  HyperModel,
  type HyperParameters,
  metricNamed,
  type NetworkFitOptions,
  type NnClassifier,
  nnClassifier,
  type TrainingData,
} from "assay/tuner";

/** What sets one network of this shape apart from another. */
export interface Network {
  readonly inputs: number;
  readonly neurons1: number;
  readonly dropoutRate1: number;
  readonly neurons2: number;
  readonly dropoutRate2: number;
  readonly optimizer: "adam" | "rmsprop";
  readonly learningRate: number;
  /** log(positives / negatives): an untrained network then predicts the base rate. */
  readonly initialBias: number;
  readonly seed: number;
}

const OPTIMIZERS = { adam, rmsprop };

/** Two hidden layers with dropout, and one sigmoid output: the probability of fraud. */
function buildNetwork(network: Network, metrics: readonly MetricLike[]): Sequential {
  const model = sequential(
    [
      input(network.inputs),
      dense(network.neurons1, { activation: "relu" }),
      dropout(network.dropoutRate1),
      dense(network.neurons2, { activation: "relu" }),
      dropout(network.dropoutRate2),
      dense(1, { activation: "sigmoid", biasInitializer: constant(network.initialBias) }),
    ],
    { name: "fraud_detection", seed: network.seed },
  );
  const optimizer = OPTIMIZERS[network.optimizer](network.learningRate);
  model.compile({ optimizer, loss: "binaryCrossentropy", metrics });
  return model;
}

/** Training ends when the validation loss has not improved for ten epochs; the best epoch's weights are kept. */
export function stopEarly(): EarlyStopping {
  return earlyStopping({ monitor: "val_loss", patience: 10, restoreBestWeights: true });
}

export interface FraudModelOptions {
  readonly inputs: number;
  readonly initialBias: number;
  readonly classWeight: ClassWeight;
  /** The name of the score that the search maximises; the networks log it. */
  readonly objective: string;
}

/** The article's hyperparameters, with its optimiser and learning rate searched as well. */
export function askForNetwork(hp: HyperParameters, { inputs, initialBias }: FraudModelOptions): Network {
  return {
    inputs,
    initialBias,
    seed: hp.seed,
    neurons1: hp.Int("neurons1", { min: 20, max: 60, step: 10 }),
    dropoutRate1: hp.Float("dropoutRate1", { min: 0, max: 0.5, step: 0.1 }),
    neurons2: hp.Int("neurons2", { min: 20, max: 60, step: 10 }),
    dropoutRate2: hp.Float("dropoutRate2", { min: 0, max: 0.5, step: 0.1 }),
    optimizer: hp.Choice("optimizer", ["adam", "rmsprop"]),
    learningRate: hp.Float("learningRate", { min: 5e-4, max: 1e-2, sampling: "log" }),
  };
}

/** How a network is trained, part of it searched. */
export function askForTraining(hp: HyperParameters, { classWeight }: FraudModelOptions) {
  return {
    batchSize: hp.Choice("batchSize", [16, 32, 64]),
    epochs: hp.Int("epochs", { min: 50, max: 200, step: 50 }),
    classWeight,
  };
}

/** What the networks log, the score that is searched for among it. */
export function metricsFor(objective: string): readonly MetricLike[] {
  return [...new Set(["accuracy", "precision", "recall", "auc", objective])].map(metricNamed);
}

/** The article's hypermodel. */
class FraudModel extends HyperModel<Sequential> {
  readonly #options: FraudModelOptions;

  constructor(options: FraudModelOptions) {
    super();
    this.#options = options;
  }

  build(hp: HyperParameters): Sequential {
    return buildNetwork(askForNetwork(hp, this.#options), metricsFor(this.#options.objective));
  }

  override fit(hp: HyperParameters, model: Sequential, data: TrainingData): Promise<History> {
    return model.fit(data.x, data.y, { ...data, ...askForTraining(hp, this.#options) });
  }
}

export function createHyperModel(options: FraudModelOptions): HyperModel<Sequential> {
  return new FraudModel(options);
}

/** The parameters of the article's grid. */
export interface NetworkParams {
  readonly learningRate: number;
  readonly neurons1: number;
  readonly neurons2: number;
  readonly dropoutRate1: number;
  readonly dropoutRate2: number;
  readonly batchSize: number;
  readonly epochs: number;
}

/** Every training of a classifier. */
export const classifierDefaults: NetworkFitOptions = { classWeight: "balanced", callbacks: [stopEarly] };

/** The article's estimator: the same network under Adam; batch size and epochs are settings of its training. */
export const createEstimator: NnClassifier<NetworkParams> = nnClassifier<NetworkParams>(
  (params, { columns, initialBias, seed }) =>
    buildNetwork({ ...params, inputs: columns, initialBias, seed, optimizer: "adam" }, ["recall", "auc"]),
  classifierDefaults,
);
