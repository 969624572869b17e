/**
 * An estimator with what prepares its data, as one estimator: under cross-validation the preparation is learned anew from
 * the training rows of each fold, so that nothing of the test rows leaks into it.
 */
import { NotFoundError, show, ValidationError } from "../../errors.ts";
import type { Inputs, Matrix } from "../../nn/data.ts";
import { shareMatrix, toMatrix, toTrainingTable } from "../dataset.ts";
import { type CloneableEstimator, checkEstimator, type Estimator, type EstimatorFitOptions } from "../estimator.ts";
import { isRecord, nestParams, type Params, prefixed } from "../param-path.ts";
import { chain, stepsWith, type TransformerSteps } from "./chain.ts";
import type { FittedTransformer, Transformer } from "./transformer.ts";

export interface Pipeline<E extends CloneableEstimator> extends CloneableEstimator<Pipeline<E>> {
  /** The estimator at its end. */
  readonly model: E;
  fit(x: Inputs, y: ArrayLike<number>, options?: EstimatorFitOptions): Promise<Pipeline<E>>;
  predict(x: Inputs): ArrayLike<number> | Promise<ArrayLike<number>>;
  predictProba?(x: Inputs): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** The table as the estimator at the end gets it. @throws NotFoundError before `fit` */
  transform(x: Inputs): Matrix;
  setParams(params: Params): Pipeline<E>;
  getParams(): Params;
}

/**
 * Params are addressed by the step's name: "scale.withMean"; those of the estimator by "model": "model.C",
 * "model.fit.batchSize". An option `validationData` of `fit` is prepared like every other table.
 *
 * @param steps  what prepares the data, by name, in this order
 * @param model  what learns from them; it must be able to clone itself
 * @throws ValidationError for no step, one that is no transformer or is named "model", and a model that cannot be cloned
 * @example
 * const estimator = pipeline({ impute: simpleImputer(), scale: standardScaler() }, logisticRegression());
 * await new GridSearchCV(estimator, { "impute.strategy": ["mean", "median"], "model.C": [0.1, 1, 10] }).fit(x, y);
 */
export function pipeline<E extends CloneableEstimator>(steps: TransformerSteps, model: E): Pipeline<E> {
  const transformer = chain(steps);
  if (Object.hasOwn(steps, "model")) {
    throw new ValidationError(
      'A step cannot be named "model", which addresses the estimator at the end. Choose another name.',
    );
  }
  if (typeof model === "function") {
    throw new ValidationError(
      `A pipeline ends with an estimator that can be cloned, such as logisticRegression(), but got ${show(model)}. Call it first.`,
    );
  }
  checkEstimator(model);
  return create(steps, transformer, model);
}

function create<E extends CloneableEstimator>(
  steps: TransformerSteps,
  transformer: Transformer,
  model: E,
): Pipeline<E> {
  let current = { steps, transformer };
  let fitted: FittedTransformer | undefined;
  const transform = (x: Inputs): Matrix => {
    if (fitted !== undefined) return fitted.transform(toMatrix(x));
    throw new NotFoundError("A pipeline has learned how to prepare data after `fit`, and not before.");
  };
  const { predictProba } = model as Estimator;
  const self: Pipeline<E> = {
    ...(model.type === undefined ? {} : { type: model.type }),
    model,
    transform,
    fit: async (x, y, options: EstimatorFitOptions = {}) => {
      const table = toTrainingTable(x, y, options);
      fitted = current.transformer.fit(table, y);
      const { validationData } = options as { readonly validationData?: unknown };
      const prepared = Array.isArray(validationData)
        ? { validationData: [transform(shareMatrix(validationData[0])), ...validationData.slice(1)] }
        : {};
      await model.fit(transform(table), y, { ...options, ...prepared });
      return self;
    },
    predict: (x) => model.predict(transform(x)),
    ...(predictProba === undefined ? {} : { predictProba: (x: Inputs) => predictProba.call(model, transform(x)) }),
    getParams: () => {
      const own = (model as { getParams?(): Params }).getParams?.() ?? {};
      return { ...current.transformer.getParams(), ...prefixed("model", own) };
    },
    setParams: (params) => {
      const { model: own = {}, ...others } = nestParams(params);
      if (!isRecord(own)) {
        throw new ValidationError(
          `Params of a pipeline's model are named "model.<param>", but got model = ${show(own)}.`,
        );
      }
      const next = stepsWith("A pipeline", current.steps, others);
      current = { steps: next, transformer: chain(next) };
      model.setParams(own);
      return self;
    },
    clone: () => create(current.steps, current.transformer, model.clone() as E),
  };
  return self;
}
