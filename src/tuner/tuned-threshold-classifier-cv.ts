/**
 * A classifier of two classes whose decision threshold is chosen under cross-validation, by what its decisions are worth:
 * one half is right only where both mistakes cost the same and the probabilities are true.
 *
 * Source: scikit-learn, `TunedThresholdClassifierCV`.
 */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import { createRng } from "../math/rng.ts";
import type { Inputs } from "../nn/data.ts";
import { type Dataset, takeNumbers, takeRows, toMatrix, toTrainingTable } from "./dataset.ts";
import { type CloneableEstimator, checkEstimator, type EstimatorFitOptions } from "./estimator.ts";
import { isRecord, nestParams, type Params, prefixed } from "./param-path.ts";
import { getScorer, isScorer, type Scorer } from "./scorer/scorer.ts";
import { type CrossValidation, toSplitter } from "./splitter/cross-validation.ts";
import { stratifiedShuffleSplit } from "./splitter/shuffle-split.ts";
import type { Fold } from "./splitter/splitter.ts";

export interface TunedThresholdOptions {
  /** What is maximised: a score of predictions by name, or a scorer such as `costScorer(…)`. Default "balanced_accuracy". */
  readonly scoring?: string | Scorer;
  /** How many thresholds are tried, evenly between the lowest and the highest probability, or which. Default 100. */
  readonly thresholds?: number | readonly number[];
  /** As for a search; a share between 0 and 1 to hold out once; or "prefit" for an estimator that is fitted already. Default 5. */
  readonly cv?: CrossValidation | "prefit";
  /** Fit the estimator on all rows at the end; without it the one of the only fold is kept. Default true, for "prefit" false. */
  readonly refit?: boolean;
}

export interface TunedThresholdClassifierCV<E extends CloneableEstimator>
  extends CloneableEstimator<TunedThresholdClassifierCV<E>> {
  readonly type: "classifier";
  /** The fitted classifier behind it. @throws NotFoundError before `fit` */
  readonly estimator: E;
  /** A probability at or above it is taken for class 1. @throws NotFoundError before `fit` */
  readonly bestThreshold: number;
  /** The mean score at that threshold; the best of many, and so flattering. @throws NotFoundError before `fit` */
  readonly bestScore: number;
  /** The thresholds that were tried, ascending, with their mean scores. @throws NotFoundError before `fit` */
  readonly curve: ThresholdCurve;
  fit(x: Inputs, y: ArrayLike<number>, options?: EstimatorFitOptions): Promise<TunedThresholdClassifierCV<E>>;
  predict(x: Inputs): Promise<Float64Array>;
  predictProba(x: Inputs): Promise<ArrayLike<number>>;
  setParams(params: Params): TunedThresholdClassifierCV<E>;
  getParams(): Params;
}

export interface ThresholdCurve {
  readonly thresholds: readonly number[];
  readonly scores: readonly number[];
}

/**
 * On every fold the score is computed at evenly spaced thresholds between the fold's own lowest and highest probability; the
 * curves are interpolated linearly, averaged over folds, and the first maximum is taken. Params of the estimator are
 * addressed by "estimator": "estimator.C".
 *
 * @throws ValidationError for options outside their range and an estimator that cannot be cloned or has no probabilities
 * @example
 * const lender = tunedThresholdClassifierCV(logisticRegression(), { scoring: costScorer([[0, 1], [5, 0]]) });
 * await lender.fit(x, y);
 * lender.bestThreshold;   // about 1/6 where the probabilities are true
 */
export function tunedThresholdClassifierCV<E extends CloneableEstimator>(
  estimator: E,
  options: TunedThresholdOptions = {},
): TunedThresholdClassifierCV<E> {
  if (typeof estimator === "function") {
    throw new ValidationError(`A threshold is tuned for an estimator, but got ${show(estimator)}. Call it first.`);
  }
  checkEstimator(estimator);
  checkOptions(options);
  if (typeof estimator.predictProba !== "function") {
    throw new ValidationError(`A threshold divides probabilities, but the estimator has no \`predictProba\`.`);
  }
  return create(estimator, options);
}

interface Tuned<E> {
  readonly estimator: E;
  readonly threshold: number;
  readonly score: number;
  readonly curve: ThresholdCurve;
}

function create<E extends CloneableEstimator>(
  estimator: E,
  options: TunedThresholdOptions,
): TunedThresholdClassifierCV<E> {
  let tuned: Tuned<E> | undefined;
  const needed = (): Tuned<E> => {
    if (tuned !== undefined) return tuned;
    throw new NotFoundError("A tuned classifier has a threshold after `fit`, and not before.");
  };
  const self: TunedThresholdClassifierCV<E> = {
    type: "classifier",
    get estimator() {
      return needed().estimator;
    },
    get bestThreshold() {
      return needed().threshold;
    },
    get bestScore() {
      return needed().score;
    },
    get curve() {
      return needed().curve;
    },
    fit: async (x, y, fitOptions = {}) => {
      tuned = await tune(estimator, options, x, y, fitOptions);
      return self;
    },
    predict: async (x) => decide(await self.predictProba(x), needed().threshold),
    predictProba: async (x) => needed().estimator.predictProba!(toMatrix(x)),
    getParams: () => prefixed("estimator", (estimator as { getParams?(): Params }).getParams?.() ?? {}),
    setParams: (params) => {
      const { estimator: own = {}, ...others } = nestParams(params);
      const unknown = Object.keys(others)[0];
      if (unknown !== undefined || !isRecord(own)) {
        throw new ValidationError(
          `Params of a tuned classifier are those of its estimator, "estimator.<param>", but got ${show(unknown ?? "estimator")}.`,
        );
      }
      estimator.setParams(own);
      return self;
    },
    // What is fitted already is meant to be used as it is.
    clone: () => create(options.cv === "prefit" ? estimator : (estimator.clone() as E), options),
  };
  return self;
}

async function tune<E extends CloneableEstimator>(
  estimator: E,
  options: TunedThresholdOptions,
  x: Inputs,
  y: ArrayLike<number>,
  fitOptions: EstimatorFitOptions,
): Promise<Tuned<E>> {
  const { scoring = "balanced_accuracy", thresholds = 100, cv = 5 } = options;
  const { refit = cv !== "prefit" } = options;
  const dataset: Dataset = { x: toTrainingTable(x, y, fitOptions), y: Float64Array.from(y) };
  const other = dataset.y.find((label) => label !== 0 && label !== 1);
  if (other !== undefined) {
    throw new ValidationError(`A threshold divides two classes, 0 and 1, but a label is ${show(other)}.`);
  }
  const scorer = typeof scoring === "string" ? getScorer(scoring) : scoring;
  const { seed = 0, sampleWeight } = fitOptions as EstimatorFitOptions & { readonly sampleWeight?: ArrayLike<number> };
  const rng = createRng(seed);
  const fitted = async (rows: Uint32Array | undefined, key: string | number): Promise<E> => {
    const clone = estimator.clone() as E;
    const own = rows === undefined ? dataset : takeRows(dataset, rows);
    const weights =
      sampleWeight === undefined || rows === undefined ? {} : { sampleWeight: takeNumbers(sampleWeight, rows) };
    await clone.fit(own.x, own.y, { ...fitOptions, ...weights, seed: rng.fork("threshold").fork(key).uint32() });
    return clone;
  };

  const curves: ThresholdCurve[] = [];
  let kept = estimator;
  if (cv === "prefit") curves.push(await curveOf(estimator, dataset, scorer, thresholds));
  else {
    const folds = foldsOf(cv, dataset.y, seed);
    if (!refit && folds.length > 1) {
      throw new ValidationError(
        `Without \`refit\` the only fold's estimator is kept, but \`cv\` has ${folds.length} folds. Hold out one share, such as cv: 0.2.`,
      );
    }
    for (const [k, { train, test }] of folds.entries()) {
      kept = await fitted(train, k);
      curves.push(await curveOf(kept, takeRows(dataset, test), scorer, thresholds));
    }
    if (refit) kept = await fitted(undefined, "refit");
  }
  return { estimator: kept, ...bestOf(curves, thresholds) };
}

function foldsOf(cv: CrossValidation, y: Float64Array, seed: number): readonly Fold[] {
  if (typeof cv === "number" && cv > 0 && cv < 1) return stratifiedShuffleSplit(1, { testSize: cv, seed }).split(y);
  return toSplitter(cv, true).split(y);
}

/** One fold's scores at its thresholds. */
async function curveOf(
  estimator: CloneableEstimator,
  { x, y }: Dataset,
  scorer: Scorer,
  thresholds: number | readonly number[],
): Promise<ThresholdCurve> {
  const p = Array.from(await estimator.predictProba!(x));
  if (p.length !== x.rows) {
    throw new ValidationError(
      `A threshold divides the probabilities of class 1, one a row, but the estimator returned ${p.length} for ${x.rows} rows.`,
    );
  }
  const low = p.reduce((a, b) => Math.min(a, b));
  const high = p.reduce((a, b) => Math.max(a, b));
  if (typeof thresholds === "number" && Math.abs(high - low) <= 1e-8 + 1e-5 * Math.abs(high)) {
    throw new ValidationError(
      `No threshold divides probabilities that are all the same, but the estimator predicts ${show(high)} for all ${p.length} rows of a fold.`,
    );
  }
  const tried = typeof thresholds === "number" ? evenly(low, high, thresholds) : ascending(thresholds);
  return { thresholds: tried, scores: tried.map((threshold) => scorer.measure(y, decide(p, threshold))) };
}

function bestOf(
  curves: readonly ThresholdCurve[],
  given: number | readonly number[],
): { readonly threshold: number; readonly score: number; readonly curve: ThresholdCurve } {
  const low = Math.min(...curves.map(({ thresholds }) => thresholds[0]!));
  const high = Math.max(...curves.map(({ thresholds }) => thresholds.at(-1)!));
  const thresholds = typeof given === "number" ? evenly(low, high, given) : ascending(given);
  const scores = thresholds.map(
    (threshold) => curves.reduce((sum, curve) => sum + interpolate(curve, threshold), 0) / curves.length,
  );
  const best = scores.reduce((best, score, i) => (score > scores[best]! ? i : best), 0);
  return { threshold: thresholds[best]!, score: scores[best]!, curve: { thresholds, scores } };
}

function decide(p: ArrayLike<number>, threshold: number): Float64Array {
  return Float64Array.from(p, (value) => Number(value >= threshold));
}

function evenly(low: number, high: number, count: number): number[] {
  const step = (high - low) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? high : i * step + low));
}

function ascending(thresholds: readonly number[]): number[] {
  return [...thresholds].sort((a, b) => a - b);
}

/** Linear between thresholds, constant beyond the outermost. */
function interpolate({ thresholds, scores }: ThresholdCurve, at: number): number {
  const above = thresholds.findIndex((threshold) => threshold > at);
  if (above === 0) return scores[0]!;
  if (above < 0) return scores.at(-1)!;
  const slope = (scores[above]! - scores[above - 1]!) / (thresholds[above]! - thresholds[above - 1]!);
  return slope * (at - thresholds[above - 1]!) + scores[above - 1]!;
}

function checkOptions({ scoring, thresholds = 100, cv = 5, refit }: TunedThresholdOptions): void {
  const scorer = scoring === undefined || isScorer(scoring) ? scoring : getScorer(scoring);
  if (scorer?.response === "predictProba") {
    throw new ValidationError(
      `A threshold changes decisions and not probabilities, but ${show(scorer.scorerName)} scores probabilities. Score by decisions, such as "f1" or costScorer(…).`,
    );
  }
  const isCount = Number.isSafeInteger(thresholds) && (thresholds as number) >= 2;
  if (!isCount && !(Array.isArray(thresholds) && thresholds.length > 0 && thresholds.every(Number.isFinite))) {
    throw new ValidationError(
      `\`thresholds\` must be an integer >= 2 or a list of numbers, but got ${show(thresholds)}.`,
    );
  }
  if (refit !== undefined && typeof refit !== "boolean") {
    throw new ValidationError(`\`refit\` must be true or false, but got ${show(refit)}.`);
  }
  if (cv === "prefit" && refit === true) {
    throw new ValidationError(
      'An estimator that is fitted already is not fitted again, but got cv "prefit" with `refit: true`. Leave one of them out.',
    );
  }
  if (cv !== "prefit" && !(typeof cv === "number" && cv > 0 && cv < 1)) toSplitter(cv, true);
}
