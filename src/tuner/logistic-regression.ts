/** Logistic regression: the linear model to beat before a network is worth its trouble. */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import { minimizeLbfgsb } from "../math/lbfgsb.ts";
import { exp, log } from "../math/special.ts";
import { balancedClassWeights } from "../nn/class-balance.ts";
import { type ClassWeight, type Inputs, labelOf, type Matrix } from "../nn/data.ts";
import { toMatrix, toTrainingTable } from "./dataset.ts";
import type { CloneableEstimator, EstimatorFitOptions } from "./estimator.ts";
import { type Params, withParams } from "./param-path.ts";

export interface LogisticRegressionParams {
  /** How far the data are trusted against the penalty, > 0: the inverse of the penalty's strength. Default 1. */
  readonly C?: number;
  /** The penalty: half the sum of squared weights (default), or none. */
  readonly penalty?: "l2" | null;
  /** Default true; the intercept is not penalised. */
  readonly fitIntercept?: boolean;
  /** Weight of each class by its label, or "balanced": all classes count alike. Default: none. */
  readonly classWeight?: ClassWeight | "balanced" | null;
  /** Iterations at most. Default 1000. */
  readonly maxIter?: number;
  /** Converged when no element of the gradient of the mean loss is larger. Default 1e-6. */
  readonly tol?: number;
}

export interface LogisticRegression extends CloneableEstimator<LogisticRegression> {
  readonly type: "classifier";
  /** Weights, [outputs][columns]: one output for two classes, one a class for more. @throws NotFoundError before `fit` */
  readonly coef: readonly Float64Array[];
  /** [outputs] @throws NotFoundError before `fit` */
  readonly intercept: Float64Array;
  /** Iterations taken; as many as `maxIter` means it has not converged. @throws NotFoundError before `fit` */
  readonly iterations: number;
  fit(x: Inputs, y: ArrayLike<number>, options?: EstimatorFitOptions): LogisticRegression;
  predict(x: Inputs): Float64Array;
  predictProba(x: Inputs): Float64Array;
  getParams(): Required<LogisticRegressionParams>;
  setParams(params: Params): LogisticRegression;
}

/**
 * Minimises, over weights w and intercepts b, with row weights s,
 *
 *   (1 / Σ s) Σ_i s_i loss(y_i, w x_i + b)  +  ‖w‖² / (2 C Σ s),
 *
 * the loss being −log of the true class's probability: sigmoid for two classes, softmax for more. It is convex, so the
 * result does not depend on a seed. Scale the columns first, or the penalty treats them unequally.
 *
 * Source: scikit-learn, `LogisticRegression` with solver "lbfgs"; the same minimum, here by our own L-BFGS from zeros.
 *
 * @throws ValidationError for params outside their range
 */
export function logisticRegression(params: LogisticRegressionParams = {}): LogisticRegression {
  return create(checked(withParams(KIND, DEFAULTS, params as Params)));
}

const KIND = "logisticRegression";

const DEFAULTS: Required<LogisticRegressionParams> = {
  C: 1,
  penalty: "l2",
  fitIntercept: true,
  classWeight: null,
  maxIter: 1000,
  tol: 1e-6,
};

interface Solution {
  readonly coef: readonly Float64Array[];
  readonly intercept: Float64Array;
  readonly iterations: number;
}

function create(params: Required<LogisticRegressionParams>): LogisticRegression {
  let current = params;
  let solution: Solution | undefined;
  const needed = (): Solution => {
    if (solution !== undefined) return solution;
    throw new NotFoundError("A logistic regression has weights after `fit`, and not before.");
  };
  const self: LogisticRegression = {
    type: "classifier",
    get coef() {
      return needed().coef;
    },
    get intercept() {
      return needed().intercept;
    },
    get iterations() {
      return needed().iterations;
    },
    fit: (x, y, options = {}) => {
      const { sampleWeight } = options as { readonly sampleWeight?: ArrayLike<number> };
      solution = solve(toTrainingTable(x, y, options), y, current, sampleWeight);
      return self;
    },
    predict: (x) => {
      const { coef } = needed();
      const p = self.predictProba(x);
      if (coef.length === 1) return p.map((value) => Number(value > 0.5));
      return Float64Array.from({ length: p.length / coef.length }, (_, row) => labelOf(p, row, coef.length));
    },
    predictProba: (x) => probabilities(needed(), toMatrix(x)),
    getParams: () => current,
    setParams: (more) => {
      current = checked(withParams(KIND, current, more));
      return self;
    },
    clone: () => create(current),
  };
  return self;
}

function checked(params: Required<LogisticRegressionParams>): Required<LogisticRegressionParams> {
  const { C, penalty, fitIntercept, maxIter, tol } = params;
  const rules: readonly (readonly [string, unknown, boolean, string])[] = [
    ["C", C, Number.isFinite(C) && C > 0, "a finite number > 0"],
    ["penalty", penalty, penalty === "l2" || penalty === null, '"l2" or null'],
    ["fitIntercept", fitIntercept, typeof fitIntercept === "boolean", "true or false"],
    ["maxIter", maxIter, Number.isSafeInteger(maxIter) && maxIter >= 1, "an integer >= 1"],
    ["tol", tol, Number.isFinite(tol) && tol > 0, "a finite number > 0"],
  ];
  for (const [name, value, holds, rule] of rules) {
    if (!holds) throw new ValidationError(`\`${name}\` of ${KIND} must be ${rule}, but got ${show(value)}.`);
  }
  return params;
}

function solve(
  x: Matrix,
  y: ArrayLike<number>,
  params: Required<LogisticRegressionParams>,
  sampleWeight: ArrayLike<number> | undefined,
): Solution {
  const { rows, columns, data } = x;
  const missing = data.findIndex((value) => !Number.isFinite(value));
  if (missing >= 0) {
    throw new ValidationError(
      `${KIND} needs finite numbers, but row ${Math.floor(missing / columns)}, column ${missing % columns} is ${show(data[missing])}. Put simpleImputer() before it in a pipeline.`,
    );
  }
  const classes = countClasses(y);
  const weights = rowWeights(y, params.classWeight, sampleWeight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const outputs = classes === 2 ? 1 : classes;
  const width = columns + 1;
  const penalty = params.penalty === null ? 0 : 1 / (params.C * total);
  const scores = new Float64Array(outputs);

  /** Point [outputs, columns + 1]: each output's weights, then its intercept. */
  const loss = (w: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let value = 0;
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < outputs; k++) {
        let score = w[k * width + columns]!;
        for (let j = 0; j < columns; j++) score += w[k * width + j]! * data[row * columns + j]!;
        scores[k] = score;
      }
      const share = weights[row]! / total;
      // `scores` becomes the predicted probabilities less the true ones: the gradient with respect to the scores.
      value += share * (outputs === 1 ? binaryLoss(scores, y[row]!) : categoricalLoss(scores, y[row]!));
      for (let k = 0; k < outputs; k++) {
        const slope = share * scores[k]!;
        for (let j = 0; j < columns; j++) gradient[k * width + j]! += slope * data[row * columns + j]!;
        if (params.fitIntercept) gradient[k * width + columns]! += slope;
      }
    }
    for (let k = 0; k < outputs; k++) {
      for (let j = 0; j < columns; j++) {
        const weight = w[k * width + j]!;
        value += (penalty * weight * weight) / 2;
        gradient[k * width + j]! += penalty * weight;
      }
    }
    return value;
  };
  const found = minimizeLbfgsb(loss, new Float64Array(outputs * width), {
    maxIterations: params.maxIter,
    gradientTolerance: params.tol,
  });
  return {
    coef: Array.from({ length: outputs }, (_, k) => found.x.slice(k * width, k * width + columns)),
    intercept: Float64Array.from({ length: outputs }, (_, k) => found.x[k * width + columns]!),
    iterations: found.iterations,
  };
}

/** −log of the probability of label y under a sigmoid; replaces the score by p − y. */
function binaryLoss(scores: Float64Array, y: number): number {
  const z = scores[0]!;
  scores[0] = sigmoid(z) - y;
  // log(1 + e^z) − y z, from the side on which nothing overflows.
  return Math.max(z, 0) + log(1 + exp(-Math.abs(z))) - y * z;
}

/** −log of the probability of label y under a softmax; replaces the scores by p − onehot(y). */
function categoricalLoss(scores: Float64Array, y: number): number {
  const own = scores[y]!;
  const highest = softmax(scores);
  const loss = highest.logSum - own;
  scores[y]! -= 1;
  return loss;
}

function probabilities({ coef, intercept }: Solution, { data, rows, columns }: Matrix): Float64Array {
  const outputs = coef.length;
  if (coef[0]!.length !== columns) {
    throw new ValidationError(`${KIND} has learned from ${coef[0]!.length} columns, but got a table with ${columns}.`);
  }
  const p = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    const scores = p.subarray(row * outputs, (row + 1) * outputs);
    for (let k = 0; k < outputs; k++) {
      scores[k] = intercept[k]!;
      for (let j = 0; j < columns; j++) scores[k]! += coef[k]![j]! * data[row * columns + j]!;
    }
    if (outputs === 1) scores[0] = sigmoid(scores[0]!);
    else softmax(scores);
  }
  return p;
}

function sigmoid(z: number): number {
  const small = exp(-Math.abs(z));
  return (z >= 0 ? 1 : small) / (1 + small);
}

/** In place; log Σ e^score, from the highest on, so that nothing overflows. */
function softmax(scores: Float64Array): { readonly logSum: number } {
  const highest = scores.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (let k = 0; k < scores.length; k++) {
    scores[k] = exp(scores[k]! - highest);
    sum += scores[k]!;
  }
  for (let k = 0; k < scores.length; k++) scores[k]! /= sum;
  return { logSum: highest + log(sum) };
}

function countClasses(y: ArrayLike<number>): number {
  const seen = new Set<number>();
  for (let i = 0; i < y.length; i++) {
    if (!Number.isInteger(y[i]) || y[i]! < 0) {
      throw new ValidationError(`The labels of a classifier must be 0, 1, …, but y[${i}] is ${show(y[i])}.`);
    }
    seen.add(y[i]!);
  }
  if (seen.size < 2) {
    throw new ValidationError(
      `${KIND} needs rows of at least two classes, but all are of class ${[...seen][0]}. Use stratified folds.`,
    );
  }
  return Math.max(...seen) + 1;
}

function rowWeights(
  y: ArrayLike<number>,
  classWeight: ClassWeight | "balanced" | null,
  sampleWeight: ArrayLike<number> | undefined,
): Float64Array {
  const byClass = classWeight === "balanced" ? balancedClassWeights(y) : (classWeight ?? {});
  return Float64Array.from(
    { length: y.length },
    (_, row) => ((byClass as Readonly<Record<number, number>>)[y[row]!] ?? 1) * (sampleWeight?.[row] ?? 1),
  );
}
