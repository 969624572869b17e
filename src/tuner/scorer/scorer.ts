/**
 * How a fitted estimator is scored on rows it has not seen; greater is always better, so losses come with a `neg_`. A score
 * is given by a name of scikit-learn's, by a function of labels and predictions (`makeScorer`), or by a function of the
 * fitted estimator.
 */
import { show, ValidationError } from "../../errors.ts";
import type { Matrix } from "../../nn/data.ts";
import type { Estimator } from "../estimator.ts";
import { findMeasure, knownNames } from "./names.ts";

/** Greater is better. Several scores at once are a record of them. */
export type ScoreFunction = (estimator: Estimator, x: Matrix, y: ArrayLike<number>) => Scores | Promise<Scores>;

export type Scores = number | Readonly<Record<string, number>>;

/** Which method of the estimator answers: one label or number a row, or probabilities. */
export type Response = "predict" | "predictProba";

/**
 * A number for labels and what was predicted.
 *
 * @param y         [rows]
 * @param response  [rows]; probabilities of more than two classes [rows, classes], row-major, otherwise those of class 1
 */
export type Measure = (y: ArrayLike<number>, response: ArrayLike<number>) => number;

/** A score function that also says what it is made of. */
export interface Scorer {
  (estimator: Pick<Estimator, Response>, x: Matrix, y: ArrayLike<number>): Promise<number>;
  readonly scorerName: string;
  readonly response: Response;
  /** Greater is better. */
  readonly measure: Measure;
}

export interface ScorerOptions {
  /** Default "predict". */
  readonly response?: Response;
  /** False for a loss: the scorer then returns it with the other sign. Default true. */
  readonly greaterIsBetter?: boolean;
  /** For errors and for telling stored searches apart. Default: the function's own name. */
  readonly name?: string;
}

/**
 * A scorer of a function of labels and predictions, as scikit-learn's `make_scorer`.
 *
 * @throws ValidationError when `measure` is no function or an option is out of range
 * @example makeScorer((y, predicted) => myLoss(y, predicted), { greaterIsBetter: false })
 */
export function makeScorer(measure: Measure, options: ScorerOptions = {}): Scorer {
  if (typeof measure !== "function") {
    throw new ValidationError(
      `makeScorer needs a function (y, predicted) => number, but got ${show(measure)}. For a known name use getScorer.`,
    );
  }
  const { response = "predict", greaterIsBetter = true, name = measure.name || "a function without a name" } = options;
  if (response !== "predict" && response !== "predictProba") {
    throw new ValidationError(`\`response\` must be "predict" or "predictProba", but got ${show(response)}.`);
  }
  if (typeof greaterIsBetter !== "boolean") {
    throw new ValidationError(`\`greaterIsBetter\` must be true or false, but got ${show(greaterIsBetter)}.`);
  }
  const signed: Measure = greaterIsBetter ? measure : (y, predicted) => -measure(y, predicted);
  const scorer = async (estimator: Pick<Estimator, Response>, x: Matrix, y: ArrayLike<number>) =>
    signed(y, await responseOf(estimator, response, x, name));
  return Object.assign(scorer, { scorerName: name, response, measure: signed });
}

/** The scorer of a name. @throws ValidationError for an unknown name, listing the known ones */
export function getScorer(name: string): Scorer {
  const found = typeof name === "string" ? findMeasure(name) : undefined;
  if (found !== undefined) return makeScorer(found.measure, { response: found.response, name });
  throw new ValidationError(
    `\`scoring\` must be a function (estimator, x, y) => number or one of ${knownNames().join(", ")}, but got ${show(name)}.`,
  );
}

/** Every name that `scoring` takes; the last ones are patterns with a number in them. */
export function scorerNames(): string[] {
  return [...knownNames()];
}

export function isScorer(value: unknown): value is Scorer {
  return typeof value === "function" && typeof (value as Partial<Scorer>).measure === "function";
}

/** The estimator's own score; otherwise accuracy for a classifier and R² for the rest. */
export async function defaultScore(estimator: Estimator, x: Matrix, y: ArrayLike<number>): Promise<number> {
  if (estimator.score !== undefined) return estimator.score(x, y);
  const name = estimator.type === "classifier" ? "accuracy" : estimator.type === "regressor" ? "r2" : undefined;
  if (name !== undefined) return getScorer(name)(estimator, x, y);
  throw new ValidationError(
    'An estimator with neither `score` nor `type` needs `scoring` to be given, such as "accuracy" or "neg_mean_squared_error".',
  );
}

async function responseOf(
  estimator: Pick<Estimator, Response>,
  response: Response,
  x: Matrix,
  name: string,
): Promise<ArrayLike<number>> {
  if (typeof estimator[response] !== "function") {
    throw new ValidationError(
      `Scoring by ${show(name)} needs probabilities, but the estimator has no \`predictProba\`. Add one, or score by predictions, such as "f1".`,
    );
  }
  const given = await estimator[response](x);
  const each = given?.length / x.rows;
  if (response === "predict" ? each === 1 : Number.isInteger(each) && each >= 1) return given;
  throw new ValidationError(
    `Scoring by ${show(name)} needs one number a row${response === "predict" ? "" : ", or one for each class"}, but the estimator returned ${show(given?.length)} for ${x.rows} rows.`,
  );
}
