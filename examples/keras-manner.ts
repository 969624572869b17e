/** In the manner of KerasTuner: a hypermodel whose `build` and `fit` ask for hyperparameters, and a tuner that tries them. */
import { createRng } from "assay";
import {
  adam,
  constant,
  dense,
  dropout,
  type History,
  initialBias,
  input,
  type Sequential,
  sequential,
} from "assay/nn";
import {
  BayesianOptimization,
  earlyStopping,
  HyperModel,
  type HyperParameters,
  Objective,
  type TrainingData,
} from "assay/tuner";

const rng = createRng(1);
const train = makeRings(600);
const validation = makeRings(300);

class Rings extends HyperModel<Sequential> {
  override build(hp: HyperParameters): Sequential {
    const layers = [
      dense(hp.Int("units", { min: 4, max: 32, step: 4 }), { activation: hp.Choice("activation", ["relu", "tanh"]) }),
      dropout(hp.Float("dropout", { min: 0, max: 0.5, step: 0.1 })),
      dense(1, { activation: "sigmoid", biasInitializer: constant(initialBias(train.y)) }),
    ];
    const model = sequential([input(2), ...layers], { seed: hp.seed });
    const learningRate = hp.Float("learningRate", { min: 1e-4, max: 1e-1, sampling: "log" });
    model.compile({ optimizer: adam(learningRate), loss: "binaryCrossentropy", metrics: ["accuracy", "auc"] });
    return model;
  }

  override async fit(hp: HyperParameters, model: Sequential, data: TrainingData): Promise<History> {
    return model.fit(data.x, data.y, { ...data, batchSize: hp.Choice("batchSize", [16, 32, 64]) });
  }
}

const tuner = new BayesianOptimization({
  hypermodel: new Rings(),
  objective: new Objective("val_auc", "max"),
  maxTrials: 15,
  seed: 7,
});
await tuner.search(train.x, train.y, {
  validationData: [validation.x, validation.y],
  epochs: 30,
  callbacks: [earlyStopping({ monitor: "val_loss", patience: 5, restoreBestWeights: true })],
});
console.log(await tuner.searchSpaceSummary());
console.log(await tuner.resultsSummary(3));
const [model] = await tuner.getBestModels(1);
console.log(model?.summary());
console.log("best model on the validation data:", await model?.evaluate(validation.x, validation.y));

/** Two rings around each other: no line separates them. */
function makeRings(rows: number): { x: number[][]; y: number[] } {
  const y = Array.from({ length: rows }, (_, i) => i % 2);
  const x = y.map((label) => {
    const angle = 2 * Math.PI * rng.next();
    const radius = 1 + label + 0.4 * rng.normal();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
  return { x, y };
}
