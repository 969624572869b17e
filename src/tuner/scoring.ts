/**
 * What `scoring` of a search can be, one score or several, and what it makes of a fitted estimator. Several scores share
 * the predictions that they need.
 */
import { show, ValidationError } from "../errors.ts";
import type { Matrix } from "../nn/data.ts";
import { isModuleRef } from "../worker/module-ref.ts";
import { type Code, load } from "./code.ts";
import type { Estimator } from "./estimator.ts";
import { defaultScore, getScorer, isScorer, type ScoreFunction, type Scores } from "./scorer/scorer.ts";

/** One score, or several: a list of names, or names of one's own for names or functions. */
export type Scoring =
  | string
  | Code<ScoreFunction>
  | readonly string[]
  | Readonly<Record<string, string | Code<ScoreFunction>>>;

/** @throws ValidationError for an unknown name, no score at all, or a name that stands twice */
export function checkScoring(scoring: Scoring | undefined): void {
  if (scoring === undefined || isModuleRef(scoring) || typeof scoring === "function") return;
  if (typeof scoring !== "object" || scoring === null) {
    getScorer(scoring as string);
    return;
  }
  const entries = entriesOf(scoring);
  const names = entries.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (entries.length === 0 || twice !== undefined) {
    throw new ValidationError(
      `Several scores need different names, at least one, but got ${twice === undefined ? show(scoring) : `${show(twice)} twice`}.`,
    );
  }
  for (const [, each] of entries) if (!isModuleRef(each) && typeof each !== "function") getScorer(each as string);
}

/** The names of several scores; undefined for one score, and for a function, which may yet return several. */
export function namesOf(scoring: Scoring | undefined): readonly string[] | undefined {
  return isSeveral(scoring) ? entriesOf(scoring).map(([name]) => name) : undefined;
}

/** The score functions in it, to check whether they reach workers. */
export function functionsOf(scoring: Scoring | undefined): readonly Code<ScoreFunction>[] {
  const all = isSeveral(scoring) ? entriesOf(scoring).map(([, each]) => each) : [scoring];
  return all.filter((each): each is Code<ScoreFunction> => typeof each === "function" || isModuleRef(each));
}

/** The scores in words, the same for two searches whose values can be compared. */
export function describeScoring(scoring: Scoring | undefined): string {
  if (scoring === undefined) return "the estimator's own";
  if (isSeveral(scoring))
    return entriesOf(scoring)
      .map(([name, each]) => `${name}: ${describeScoring(each)}`)
      .join(", ");
  if (typeof scoring === "string") return scoring;
  if (isModuleRef(scoring)) return `${scoring.exportName} of a module`;
  if (isScorer(scoring)) return scoring.scorerName;
  return `function ${(scoring as ScoreFunction).name || "without a name"}`;
}

/** The score function of what was given, its modules loaded. */
export async function loadScoring(scoring: Scoring | undefined): Promise<ScoreFunction> {
  if (!isSeveral(scoring)) return checked(await loadOne(scoring));
  const scorers = await Promise.all(
    entriesOf(scoring).map(async ([name, each]) => [name, await loadOne(each)] as const),
  );
  return checked(async (estimator, x, y) => {
    const predictions = sharingPredictions(estimator);
    const scores: Record<string, number> = {};
    for (const [name, score] of scorers) {
      const value = await score(isScorer(score) ? predictions : estimator, x, y);
      if (typeof value === "object") throw notANumber(name, value);
      scores[name] = value;
    }
    return scores;
  });
}

async function loadOne(scoring: string | Code<ScoreFunction> | undefined): Promise<ScoreFunction> {
  if (scoring === undefined) return defaultScore;
  return typeof scoring === "string" ? getScorer(scoring) : load(scoring);
}

/** @throws ValidationError, when scoring, for what is neither a number nor a record of numbers */
function checked(score: ScoreFunction): ScoreFunction {
  return async (estimator, x, y) => {
    const value: unknown = await score(estimator, x, y);
    if (typeof value === "number") return value;
    if (typeof value !== "object" || value === null || Object.keys(value).length === 0)
      throw notANumber("scoring", value);
    for (const [name, each] of Object.entries(value)) if (typeof each !== "number") throw notANumber(name, each);
    return value as Scores;
  };
}

function notANumber(name: string, value: unknown): ValidationError {
  return new ValidationError(
    `A score must be a number, or a record of numbers for several scores, but ${show(name)} returned ${show(value)}.`,
  );
}

/** The estimator with its answers kept, so that ten scores cost one prediction. */
function sharingPredictions(estimator: Estimator): Estimator {
  const answers = { predict: new WeakMap<Matrix, unknown>(), predictProba: new WeakMap<Matrix, unknown>() };
  const once = (method: "predict" | "predictProba") => (x: Matrix) => {
    if (!answers[method].has(x)) answers[method].set(x, estimator[method]!(x));
    return answers[method].get(x) as Promise<ArrayLike<number>>;
  };
  return {
    fit: () => {},
    predict: once("predict"),
    ...(estimator.predictProba === undefined ? {} : { predictProba: once("predictProba") }),
  };
}

function isSeveral(
  scoring: Scoring | undefined,
): scoring is readonly string[] | Readonly<Record<string, string | Code<ScoreFunction>>> {
  return typeof scoring === "object" && scoring !== null && !isModuleRef(scoring);
}

function entriesOf(
  scoring: readonly string[] | Readonly<Record<string, string | Code<ScoreFunction>>>,
): readonly (readonly [string, string | Code<ScoreFunction>])[] {
  return Array.isArray(scoring) ? scoring.map((name: string) => [name, name] as const) : Object.entries(scoring);
}
