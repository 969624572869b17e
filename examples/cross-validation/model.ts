/** The estimator of this example, in a module of its own so that worker threads can load it. */
import { adam, constant, dense, input, sequential } from "assay/nn";
import { type NnClassifier, nnClassifier } from "assay/tuner";

interface Params {
  readonly units: number;
  readonly learningRate: number;
}

export const createEstimator: NnClassifier<Params> = nnClassifier(
  ({ units, learningRate }: Params, { columns, initialBias, seed }) => {
    const hidden = dense(units, { activation: "relu" });
    const output = dense(1, { activation: "sigmoid", biasInitializer: constant(initialBias) });
    const model = sequential([input(columns), hidden, output], { seed });
    model.compile({ optimizer: adam(learningRate), loss: "binaryCrossentropy" });
    return model;
  },
  { epochs: 15, batchSize: 32, classWeight: "balanced" },
);
