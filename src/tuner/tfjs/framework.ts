/**
 * TensorFlow.js as this room uses it. The user's own copy is passed in and typed by its structure, so that any build of
 * 4.22 fits (`@tensorflow/tfjs`, `-node`, a bundle) and nothing needs the package to be installed for its types.
 */
import { show, ValidationError } from "../../errors.ts";

/** The namespace that `import * as tf from "@tensorflow/tfjs"` gives. */
export interface Tfjs {
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  memory(): { readonly numTensors: number };
}

/** A Layers model: what `tf.sequential` and `tf.model` return. */
export interface LayersModel {
  readonly name: string;
  compile(args: never): void;
  dispose(): unknown;
}

export interface Tensor {
  readonly shape: readonly number[];
  readonly size: number;
  dataSync(): Float32Array;
  dispose(): void;
}

/** What of the namespace is called. */
export interface Api extends Tfjs {
  readonly LayersModel: { readonly prototype: { compile(this: object, args: CompileArgs): void } };
  readonly models: { modelFromJSON(topology: unknown): Promise<LayersModel> };
  tidy<T>(run: () => T): T;
  dispose(tensors: unknown): void;
  tensor(values: unknown, shape?: readonly number[], dtype?: "float32" | "int32"): Tensor;
  gather(tensor: Tensor, rows: Tensor): Tensor;
  slice(tensor: Tensor, first: number, rows: number): Tensor;
  reshape(tensor: Tensor, shape: readonly number[]): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  mul(a: Tensor, b: Tensor): Tensor;
  mean(tensor: Tensor): Tensor;
  engine(): {
    readonly registeredVariables: Readonly<Record<string, Tensor>>;
    readonly state: { activeTape: readonly { readonly saved?: readonly Tensor[] }[] | null };
  };
}

export interface CompileArgs {
  readonly metrics?: unknown;
  readonly [option: string]: unknown;
}

export type TensorFunction = (yTrue: Tensor, yPred: Tensor) => Tensor;

/** A functional model, or the one inside a sequential. */
export interface Network extends LayersModel {
  readonly inputs: readonly { readonly shape: readonly (number | null)[] }[];
  readonly outputs: readonly { readonly shape: readonly (number | null)[] }[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly layers: readonly object[];
  readonly weights: readonly { readonly originalName: string; readonly shape: readonly number[] }[];
  readonly trainableWeights: readonly { read(): Tensor }[];
  readonly loss: unknown;
  readonly metrics: unknown;
  readonly lossFunctions?: readonly TensorFunction[];
  /** Metric functions with the output that each is of, and their names with "loss" before them. */
  readonly metricsTensors: readonly (readonly [TensorFunction, number])[];
  readonly metricsNames: readonly string[];
  readonly optimizer?: {
    minimize(loss: () => Tensor, returnCost: true, variables: readonly Tensor[]): Tensor;
    dispose(): void;
  };
  readonly isOptimizerOwned?: boolean;
  stopTraining: boolean;
  apply(inputs: readonly Tensor[], options: { readonly training: boolean }): Tensor | readonly Tensor[];
  calculateLosses(): readonly Tensor[];
  getWeights(): readonly Tensor[];
  setWeights(weights: readonly Tensor[]): void;
  toJSON(unused: null, asText: false): unknown;
  summary(lineLength: number, positions: undefined, print: (line: string) => void): void;
}

/** @throws ValidationError when `tf` is not TensorFlow.js with its layers */
export function toApi(tf: Tfjs): Api {
  const api = tf as Api;
  if (typeof api?.tidy === "function" && typeof api.LayersModel === "function") return api;
  throw new ValidationError(
    `The first argument must be TensorFlow.js with its Layers API, as \`import * as tf from "@tensorflow/tfjs"\` gives it, but got ${show(tf)}.`,
  );
}

/** @throws ValidationError when `model` is not a Layers model with an input */
export function toNetwork(model: LayersModel): Network {
  const outer = model as Network & SequentialModel;
  if (typeof outer?.apply !== "function" || !Array.isArray(outer.inputs) || outer.inputs.length === 0) {
    throw new ValidationError(
      `A Layers model of TensorFlow.js must have an input, but got ${show(model)}. Give the first layer an \`inputShape\`.`,
    );
  }
  if (outer.getClassName() !== "Sequential") return outer;
  // A sequential makes its network when it is compiled, and anew each time.
  if (outer.model === undefined || outer.model === null) outer.build();
  return outer.model!;
}

interface SequentialModel {
  readonly model?: Network | null;
  getClassName(): string;
  build(): void;
}

/** Every layer and what is inside it: layers of nested models, wrapped layers, cells of recurrent ones. */
export function partsOf(network: Network): readonly object[] {
  const found = new Set<object>();
  const visit = (part: unknown): void => {
    if (typeof part !== "object" || part === null || found.has(part)) return;
    found.add(part);
    const { layers, layer, forwardLayer, backwardLayer, cell, cells } = part as Record<string, unknown>;
    for (const inner of [layers, cells].flat()) visit(inner);
    for (const inner of [layer, forwardLayer, backwardLayer, cell]) visit(inner);
  };
  for (const layer of network.layers) visit(layer);
  return [...found];
}

export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "dataSync" in value && "shape" in value;
}
