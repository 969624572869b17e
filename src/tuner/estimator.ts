/**
 * What is fitted and scored under cross-validation, in the manner of scikit-learn: an object that learns from a table and
 * predicts for another. A search makes one for every candidate and fold, so it takes what makes them: a function of the
 * params, or an estimator that can be cloned.
 */
import { show, ValidationError } from "../errors.ts";
import type { Logs } from "../nn/callbacks.ts";
import type { Matrix } from "../nn/data.ts";
import { isModuleRef } from "../worker/module-ref.ts";
import { type Code, load } from "./code.ts";

/** What a search passes to `fit`, beside what its caller gave for it. An estimator may ignore any of it. */
export interface EstimatorFitOptions {
  /** The seed of this candidate and fold. */
  readonly seed?: number;
  /** To be called after each epoch, where training has epochs. */
  readonly onEpoch?: (progress: EpochProgress) => void;
  readonly [option: string]: unknown;
}

export interface EpochProgress {
  /** From 0. */
  readonly epoch: number;
  /** How many there will be at most. */
  readonly epochs: number;
  readonly logs: Logs;
}

export interface Estimator {
  /** Decides how folds are drawn and what the default score is; without it the labels do. */
  readonly type?: "classifier" | "regressor";
  fit(x: Matrix, y: ArrayLike<number>, options: EstimatorFitOptions): unknown;
  /** One prediction a row: a class or a number. */
  predict(x: Matrix): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** The probability of class 1 for every row; of every class, row-major, where there are more than two. */
  predictProba?(x: Matrix): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** Greater is better. */
  score?(x: Matrix, y: ArrayLike<number>): number | Promise<number>;
}

/** An estimator that makes others like itself. */
export interface CloneableEstimator<E extends Estimator = Estimator> extends Estimator {
  /** A new one with the same params, not fitted. */
  clone(): E & CloneableEstimator<E>;
  /** Takes these params beside those it has. */
  setParams(params: Readonly<Record<string, unknown>>): unknown;
}

/** What makes estimators of params of type `P`. */
export type EstimatorSource<P, E extends Estimator> = ((params: P) => E | Promise<E>) | (CloneableEstimator<E> & E);

/** @throws ValidationError when it is none of the three ways to give an estimator */
export function checkEstimator(source: unknown): void {
  if (typeof source === "function" || isModuleRef(source)) return;
  const candidate = source as Partial<CloneableEstimator> | null;
  const missing = ["fit", "predict", "clone", "setParams"].filter(
    (method) => typeof candidate?.[method as keyof CloneableEstimator] !== "function",
  );
  if (typeof source === "object" && source !== null && missing.length === 0) return;
  throw new ValidationError(
    `An estimator must be a function (params) => estimator, an object with fit, predict, clone and setParams, or fromModule(…), but got ${show(source)}${missing.length < 4 ? ` without ${missing.join(", ")}` : ""}.`,
  );
}

/** A new estimator with these params. @throws ValidationError when what was made is none */
export async function makeEstimator<P, E extends Estimator>(
  source: Code<EstimatorSource<P, E>>,
  params: P,
): Promise<E> {
  const maker = await load(source);
  checkEstimator(maker);
  let estimator: E;
  if (typeof maker === "function") estimator = await maker(params);
  else {
    const clone = maker.clone();
    clone.setParams(params as Readonly<Record<string, unknown>>);
    estimator = clone;
  }
  if (typeof estimator?.fit !== "function" || typeof estimator.predict !== "function") {
    throw new ValidationError(
      `An estimator must have \`fit\` and \`predict\`, but the function returned ${show(estimator)}.`,
    );
  }
  return estimator;
}
