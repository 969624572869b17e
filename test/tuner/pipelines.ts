/** Pipelines in a module of their own, which worker threads can load. */
import { adam, dense, input, sequential } from "../../src/nn/index.ts";
import {
  type LogisticRegression,
  logisticRegression,
  type NnClassifier,
  nnClassifier,
  type Pipeline,
  pipeline,
  simpleImputer,
  standardScaler,
} from "../../src/tuner/index.ts";

const steps = { impute: simpleImputer(), scale: standardScaler() };

export const scaledRegression: Pipeline<LogisticRegression> = pipeline(steps, logisticRegression());

export const scaledNetwork: Pipeline<NnClassifier<{ readonly units: number }>> = pipeline(
  steps,
  nnClassifier(({ units }: { readonly units: number }, { columns, seed }) => {
    const layers = [input(columns), dense(units, { activation: "relu" }), dense(1, { activation: "sigmoid" })];
    const model = sequential(layers, { seed });
    model.compile({ optimizer: adam(0.05), loss: "binaryCrossentropy" });
    return model;
  }),
);
