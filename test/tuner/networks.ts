/** Hypermodels and estimators of small networks, in a module that worker threads can load. */
import {
  adam,
  constant,
  dense,
  type EarlyStopping,
  earlyStopping,
  input,
  type Sequential,
  sequential,
} from "../../src/nn/index.ts";
import {
  HyperModel,
  type HyperParameters,
  type NnClassifier,
  nnClassifier,
  type TrainingData,
} from "../../src/tuner/index.ts";

export class Net extends HyperModel<Sequential> {
  build(hp: HyperParameters): Sequential {
    const model = sequential(
      [
        input(3),
        dense(hp.Int("units", { min: 2, max: 8, step: 2 }), { activation: "relu" }),
        dense(1, { activation: "sigmoid" }),
      ],
      { seed: hp.seed },
    );
    model.compile({
      optimizer: adam(hp.Float("learningRate", { min: 1e-3, max: 1e-1, sampling: "log" })),
      loss: "binaryCrossentropy",
      metrics: ["auc", "recall"],
    });
    return model;
  }

  override fit(hp: HyperParameters, model: Sequential, data: TrainingData) {
    return model.fit(data.x, data.y, { epochs: 4, ...data, batchSize: hp.Choice("batchSize", [8, 16]) });
  }
}

export const hypermodel: HyperModel<Sequential> = new Net();

export const callbacks = (): EarlyStopping[] => [earlyStopping({ patience: 3 })];

export interface NetworkParams {
  readonly units: number;
  readonly learningRate: number;
  readonly epochs?: number;
}

export const createEstimator: NnClassifier<NetworkParams> = nnClassifier<NetworkParams>(
  ({ units, learningRate }, { columns, initialBias, seed }) => {
    const model = sequential(
      [
        input(columns),
        dense(units, { activation: "relu" }),
        dense(1, { activation: "sigmoid", biasInitializer: constant(initialBias) }),
      ],
      { seed },
    );
    model.compile({ optimizer: adam(learningRate), loss: "binaryCrossentropy" });
    return model;
  },
  { epochs: 3, batchSize: 16, classWeight: "balanced" },
);
