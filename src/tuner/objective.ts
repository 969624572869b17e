/**
 * What a tuner searches for: one of the numbers that a training logs, or a sum of several, and whether more of it is better.
 */
import { show, ValidationError } from "../errors.ts";
import { metricDirection } from "../nn/metrics/metric.ts";

export type Direction = "min" | "max";

/** An objective as JSON, which reaches a worker. */
export type ObjectiveJson =
  | { readonly name: string; readonly direction: Direction }
  | { readonly objectives: readonly ObjectiveJson[] };

/**
 * @example new Objective("val_recall", "max")
 */
export class Objective {
  /** A key of the training's logs. */
  readonly name: string;
  readonly direction: Direction;

  /** @throws ValidationError for an empty name or another direction */
  constructor(name: string, direction: Direction) {
    if (typeof name !== "string" || name === "") {
      throw new ValidationError(`An objective needs the name of a logged number, but got ${show(name)}.`);
    }
    if (direction !== "min" && direction !== "max") {
      throw new ValidationError(
        `The direction of objective ${show(name)} must be "min" or "max", but got ${show(direction)}.`,
      );
    }
    this.name = name;
    this.direction = direction;
  }

  /** The keys of the logs that it is made of. */
  get names(): readonly string[] {
    return [this.name];
  }

  /** Its value in an epoch's logs or a record; undefined where they do not have what it is made of. */
  valueIn(logs: Readonly<Record<string, number>>): number | undefined {
    return Object.hasOwn(logs, this.name) ? logs[this.name] : undefined;
  }

  /** Whether `a` is a better value than `b`; NaN is worse than everything. */
  isBetter(a: number, b: number): boolean {
    if (Number.isNaN(a)) return false;
    return Number.isNaN(b) || (this.direction === "min" ? a < b : a > b);
  }

  toJSON(): ObjectiveJson {
    return { name: this.name, direction: this.direction };
  }
}

/** Several objectives as one to minimise: the sum of those to minimise, less the sum of those to maximise. */
export class MultiObjective extends Objective {
  readonly objectives: readonly Objective[];

  /** @throws ValidationError for fewer than two, and for a name that stands twice */
  constructor(objectives: readonly Objective[]) {
    super("multi_objective", "min");
    const names = objectives.flatMap((objective) => objective.names);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (objectives.length < 2 || twice !== undefined) {
      throw new ValidationError(
        `A list of objectives must have at least two, of different names, but got ${show(names)}.`,
      );
    }
    this.objectives = objectives;
  }

  override get names(): readonly string[] {
    return this.objectives.flatMap((objective) => objective.names);
  }

  override valueIn(logs: Readonly<Record<string, number>>): number | undefined {
    let sum = 0;
    for (const objective of this.objectives) {
      const value = objective.valueIn(logs);
      if (value === undefined) return undefined;
      sum += objective.direction === "min" ? value : -value;
    }
    return sum;
  }

  override toJSON(): ObjectiveJson {
    return { objectives: this.objectives.map((objective) => objective.toJSON()) };
  }
}

/** What is minimised when nothing is said: the one number that `fit` or `runTrial` returns. */
export const DEFAULT_OBJECTIVE = "default_objective";

/** What an option `objective` takes. */
export type ObjectiveLike = string | Objective | readonly (string | Objective)[];

/**
 * The objective of a name, with its direction inferred from the metric's: a loss or an error is minimised, a share of right
 * answers maximised.
 *
 * @throws ValidationError when the direction of the metric is not known
 */
export function toObjective(objective: ObjectiveLike | undefined): Objective {
  if (objective === undefined) return new Objective(DEFAULT_OBJECTIVE, "min");
  if (objective instanceof Objective) return objective;
  if (Array.isArray(objective)) return new MultiObjective(objective.map(toObjective));
  if (typeof objective !== "string") {
    throw new ValidationError(
      `An objective must be the name of a logged number, an Objective or a list of these, but got ${show(objective)}. For example: new Objective("val_recall", "max").`,
    );
  }
  const direction = inferDirection(objective);
  if (direction !== undefined) return new Objective(objective, direction);
  throw new ValidationError(
    `The direction of objective ${show(objective)} cannot be inferred from its name. Say it: new Objective(${show(objective)}, "max") or "min".`,
  );
}

/** The objective that `toJSON` wrote. */
export function objectiveFromJson(json: ObjectiveJson): Objective {
  return "objectives" in json
    ? new MultiObjective(json.objectives.map(objectiveFromJson))
    : new Objective(json.name, json.direction);
}

/**
 * Which way a metric is better, by its name in our logs or in Keras's (`snake_case` or the class), a `_1` at its end where
 * Keras counts models; undefined for one that could be either.
 */
export function inferDirection(name: string): Direction | undefined {
  const metric = name.replace(/^val_/, "").replace(/^weighted_/, "");
  const own = metricDirection(metric);
  if (own !== undefined) return own;
  const plain = metric.replace(/@.*$/, "").replace(/[_-]/g, "").toLowerCase();
  if (MINIMISED.test(plain)) return "min";
  if (MAXIMISED.test(plain)) return "max";
  return /_\d+$/.test(metric) ? inferDirection(metric.replace(/_\d+$/, "")) : undefined;
}

const MINIMISED =
  /^(.*loss|.*crossentropy|ce|mse|mae|rmse|mape|msle|huber|.*hinge|poisson|brier(score)?|(root)?mean.*error|logcosh(error)?|kldivergence|dice|tversky|circle|ctc|false(positives|negatives))$/;
const MAXIMISED =
  /^(.*acc|.*accuracy|auc|rocauc|prauc|auprc|averageprecision|precision|recall|(precision|recall|sensitivity|specificity)(at(precision|recall|sensitivity|specificity))?|f\d+(\.\d+)?(score)?|fbeta(score)?|mcc|r2(score)?|true(positives|negatives)|.*similarity|(onehot)?(mean)?iou|binaryiou|(pearson|concordance)correlation)$/;
