/**
 * What a tuner searches for: one of the numbers that a training logs, and whether more of it is better. A training is
 * scored at the best of its epochs, as Keras's tuner does; that is optimistic, so the epoch is kept with the score.
 */
import { show, ValidationError } from "../errors.ts";
import { metricDirection } from "../nn/metrics/metric.ts";

/**
 * @example new Objective("val_recall", "max")
 */
export class Objective {
  /** A key of the training's logs. */
  readonly name: string;
  readonly direction: "min" | "max";

  /** @throws ValidationError for an empty name or another direction */
  constructor(name: string, direction: "min" | "max") {
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

  /** Whether `a` is a better value than `b`; NaN is worse than everything. */
  isBetter(a: number, b: number): boolean {
    if (Number.isNaN(a)) return false;
    return Number.isNaN(b) || (this.direction === "min" ? a < b : a > b);
  }
}

/**
 * The objective of a name, with its direction inferred from the metric's: a loss or an error is minimised, a share of right
 * answers maximised.
 *
 * @throws ValidationError when the direction of the metric is not known
 */
export function toObjective(objective: string | Objective): Objective {
  if (objective instanceof Objective) return objective;
  if (typeof objective !== "string") {
    throw new ValidationError(
      `An objective must be the name of a logged number or an Objective, but got ${show(objective)}. For example: new Objective("val_recall", "max").`,
    );
  }
  const metric = objective.replace(/^val_/, "").replace(/^weighted_/, "");
  const own = metricDirection(metric);
  if (own !== undefined) return new Objective(objective, own);
  const plain = metric.replace(/@.*$/, "").replace(/[_-]/g, "").toLowerCase();
  if (MINIMISED.test(plain)) return new Objective(objective, "min");
  if (MAXIMISED.test(plain)) return new Objective(objective, "max");
  throw new ValidationError(
    `The direction of objective ${show(objective)} cannot be inferred from its name. Say it: new Objective(${show(objective)}, "max") or "min".`,
  );
}

const MINIMISED =
  /^(.*loss|.*crossentropy|ce|mse|mae|rmse|mape|msle|huber|hinge|poisson|brier(score)?|(root)?mean.*error|logcosh)$/;
const MAXIMISED =
  /^(.*acc|.*accuracy|auc|rocauc|prauc|auprc|averageprecision|precision|recall|sensitivity|specificity|f\d+(\.\d+)?(score)?|fbeta(score)?|mcc|r2(score)?|true(positives|negatives)|.*similarity|iou|meaniou)$/;

/** Numbers by name and epoch, as `model.fit` returns them under `history`. */
export type EpochLogs = Readonly<Record<string, readonly number[]>>;

/** What `HyperModel.fit` may return: the training's history, its final logs, or the objective's value alone. */
export type FitResult = number | { readonly history: EpochLogs } | Readonly<Record<string, number>>;

/** One training, scored. */
export interface ExecutionResult {
  /** The objective at `epoch`; NaN when no epoch had a number. */
  readonly value: number;
  /** The epoch of the score, from 0; null where the result was not a history. */
  readonly epoch: number | null;
  /** Epochs that were trained, where that is known. */
  readonly epochs: number | null;
  /** What was logged at `epoch`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Scores what a training returned: for a history the first epoch with the objective's best value.
 *
 * @throws TrainingMisused when the result is of another kind or has no number under the objective's name
 */
export function scoreTraining(result: FitResult, objective: Objective): ExecutionResult {
  if (typeof result === "number") {
    return { value: result, epoch: null, epochs: null, metrics: { [objective.name]: result } };
  }
  if (typeof result !== "object" || result === null || Array.isArray(result)) {
    throw new TrainingMisused(
      `\`fit\` of a hypermodel must return the training's history, an object with ${show(objective.name)}, or a number, but returned ${show(result)}. Return what \`model.fit\` returns.`,
    );
  }
  if (isHistory(result)) {
    const values = logged(result.history, objective);
    const epoch = bestEpoch(values, objective);
    const metrics = Object.entries(result.history).map(([name, series]) => [name, series[epoch ?? 0]] as const);
    return {
      value: epoch === null ? Number.NaN : values[epoch]!,
      epoch,
      epochs: values.length,
      metrics: Object.fromEntries(metrics.filter((entry): entry is readonly [string, number] => isNumber(entry[1]))),
    };
  }
  const value = logged(result, objective);
  if (!isNumber(value)) {
    throw new TrainingMisused(`The objective ${show(objective.name)} must be a number, but got ${show(value)}.`);
  }
  const numbers = Object.entries(result).filter(([, number]) => isNumber(number));
  return { value, epoch: null, epochs: null, metrics: Object.fromEntries(numbers) };
}

/** The first epoch with the best value; null when none has a number. */
export function bestEpoch(values: readonly number[], objective: Objective): number | null {
  let best: number | null = null;
  for (const [epoch, value] of values.entries()) {
    if (!Number.isNaN(value) && (best === null || objective.isBetter(value, values[best]!))) best = epoch;
  }
  return best;
}

/**
 * The hypermodel cannot be scored, whatever its parameters: no trial would end otherwise, so the search ends instead of
 * counting failures.
 */
export class TrainingMisused extends ValidationError {}

/** @throws TrainingMisused that lists the names there are */
export function logged<T>(logs: Readonly<Record<string, T>>, objective: Objective): T {
  if (Object.hasOwn(logs, objective.name)) return logs[objective.name]!;
  const names = Object.keys(logs);
  const hint =
    objective.name.startsWith("val_") && !names.some((name) => name.startsWith("val_"))
      ? " A name with val_ needs `validationData`."
      : " Name one of them, or compile the model with that metric.";
  throw new TrainingMisused(
    `The objective must be a number that the training logs, but ${show(objective.name)} is not among them: ${names.join(", ") || "none"}.${hint}`,
  );
}

function isHistory(result: object): result is { readonly history: EpochLogs } {
  return "history" in result && typeof result.history === "object" && result.history !== null;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
