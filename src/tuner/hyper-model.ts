/**
 * What a tuner tunes: how a model is built from hyperparameters, and how it is trained.
 */
import { show, ValidationError } from "../errors.ts";
import type { HyperParameters } from "./hyper-parameters.ts";
import { type FitResult, TrainingMisused } from "./training-result.ts";

/**
 * What one training is given: the data, and whatever else was handed to `search`. It is made to be spread into the options
 * of `model.fit`: `model.fit(data.x, data.y, { ...data, batchSize })`.
 */
export interface TrainingData {
  // biome-ignore lint/suspicious/noExplicitAny: data and options belong to the user's model, whose `fit` types them
  readonly x: any;
  // biome-ignore lint/suspicious/noExplicitAny: see `x`
  readonly y: any;
  // biome-ignore lint/suspicious/noExplicitAny: see `x`
  readonly validationData?: any;
  /** Fresh for this training; the last of them keeps the weights of the best epoch and reports progress. */
  // biome-ignore lint/suspicious/noExplicitAny: see `x`
  readonly callbacks: readonly any[];
  /** The seed of this trial and execution, so that the same study trains the same networks. */
  readonly seed: number;
  // biome-ignore lint/suspicious/noExplicitAny: see `x`
  readonly [option: string]: any;
}

/**
 * A model with hyperparameters. `M` is the model's type.
 *
 * @example
 * class Net extends HyperModel<Sequential> {
 *   build(hp: HyperParameters) {
 *     const model = sequential([input(19), dense(hp.Int("units", { min: 8, max: 64 })), dense(1, { activation: "sigmoid" })]);
 *     model.compile({ optimizer: "adam", loss: "binaryCrossentropy", metrics: ["recall"] });
 *     return model;
 *   }
 * }
 */
export abstract class HyperModel<M = unknown> {
  readonly name: string | undefined;
  /** Whether what `build` asks for is searched. */
  readonly tunable: boolean;

  /**
   * @param options.tunable false: what `build` asks for has its default in every trial, or its value where it was registered in
   *   advance; for a model inside another one, whose own parameters are not to be searched. Default true.
   */
  constructor(options: { readonly name?: string; readonly tunable?: boolean } = {}) {
    this.name = options.name;
    this.tunable = options.tunable ?? true;
    if (this.tunable) return;
    const { build } = this;
    this.build = (hp) => build.call(this, hp.untuned());
  }

  /** A new model, ready to be trained. */
  abstract build(hp: HyperParameters): M | Promise<M>;

  /**
   * Trains the model; may ask `hp` for more parameters, such as the batch size, before it calls `model.fit`. By default
   * `model.fit(data.x, data.y, data)`.
   *
   * @returns what `model.fit` returns, or logs of the final model, or the objective's value
   */
  fit(_hp: HyperParameters, model: M, data: TrainingData): FitResult | Promise<FitResult> {
    if (!isTrainable(model)) {
      throw new TrainingMisused(
        `The model of a hypermodel needs a method \`fit(x, y, options)\`, but \`build\` returned ${show(model)}. Return such a model, or override \`HyperModel.fit\`.`,
      );
    }
    return model.fit(data.x, data.y, data);
  }
}

/** What a tuner takes: a hypermodel, or its build function alone. */
export type HyperModelLike<M> = HyperModel<M> | ((hp: HyperParameters) => M | Promise<M>);

/** @throws ValidationError when it is neither */
export function toHyperModel<M>(given: HyperModelLike<M>): HyperModel<M> {
  if (typeof given === "function" && !(given.prototype instanceof HyperModel)) return new BuildOnly(given);
  if (typeof given === "object" && typeof given?.build === "function" && typeof given.fit === "function") return given;
  throw new ValidationError(
    `\`hypermodel\` must be a HyperModel or a function (hp) => model, but got ${show(given)}.${typeof given === "function" ? " Write `new` before the class." : ""}`,
  );
}

class BuildOnly<M> extends HyperModel<M> {
  readonly build: (hp: HyperParameters) => M | Promise<M>;

  constructor(build: (hp: HyperParameters) => M | Promise<M>) {
    super();
    this.build = build;
  }
}

/** A model that trains itself. */
export interface Trainable {
  fit(x: unknown, y: unknown, options: TrainingData): FitResult | Promise<FitResult>;
}

export function isTrainable(model: unknown): model is Trainable {
  return typeof model === "object" && model !== null && "fit" in model && typeof model.fit === "function";
}
