/** What a tuner is made with, checked once. */
import { show, ValidationError } from "../errors.ts";
import { isModuleRef } from "../worker/module-ref.ts";
import { type Code, checkReachesWorkers, type Workers } from "./code.ts";
import { type CompileOverrides, checkOverrides } from "./compile-overrides.ts";
import { type HyperModelLike, toHyperModel } from "./hyper-model.ts";
import { HyperParameters, type NewEntries } from "./hyper-parameters.ts";
import type { ObjectiveLike } from "./objective.ts";

export interface TunerOptions<M> extends CompileOverrides {
  /**
   * A HyperModel, a function (hp) => model, or `fromModule` naming one, which is what workers need. May be left out by a tuner
   * that overrides `runTrial`.
   */
  readonly hypermodel?: Code<HyperModelLike<M>>;
  /**
   * A name in the logs such as "val_auc", or an Objective where the direction cannot be inferred from the name, or a list of
   * these: see `MultiObjective`. Default: the one number that `fit` or `runTrial` returns, to be minimised.
   */
  readonly objective?: ObjectiveLike;
  /** Trials in all, those of an interrupted search included. Default 10; for `GridSearch` the whole grid. */
  readonly maxTrials?: number;
  /** Trainings of each trial, from different seeds; their mean is its value. Default 1. */
  readonly executionsPerTrial?: number;
  /**
   * Parameters registered in advance. They stand as they are, whatever definition the hypermodel gives them: a `Fixed` takes one
   * out of the search, an `Int` gives it another range.
   */
  readonly hyperparameters?: HyperParameters;
  /** false: what the hypermodel asks for beside `hyperparameters` has its default in every trial. Default true. */
  readonly tuneNewEntries?: boolean;
  /** false: what the hypermodel asks for beside `hyperparameters` is an error. Default true. */
  readonly allowNewEntries?: boolean;
  /** How often a trial that failed, or whose value is not a number, is tried again, from other seeds. Default 0. */
  readonly maxRetriesPerTrial?: number;
  /** The search ends with an error after so many failed trials in a row, those of earlier searches not counted. Default 3. */
  readonly maxConsecutiveFailedTrials?: number;
  /** Models with more parameters fail their trial before they are trained. Default: any number. */
  readonly maxModelSize?: number;
  /** Compiles every model with it in place of its own, as its `compile` takes it; and so `loss` and `metrics`. */
  readonly optimizer?: string | object;
  readonly loss?: unknown;
  readonly metrics?: readonly unknown[];
  /** Where projects are kept, so that a search can be interrupted and go on. Default: in memory. */
  readonly directory?: string;
  /** The project's directory in `directory`. Default "untitled_project". */
  readonly projectName?: string;
  /** Starts afresh, removing what the project has. Default false: the project is resumed. */
  readonly overwrite?: boolean;
  /** Fixes the trials and every training. Default: drawn at random, and kept with the project. */
  readonly seed?: number | string;
  /**
   * Train in worker threads, one trial each, or in those of a pool, which may be processes; the hypermodel must then come from `fromModule`. With a surrogate the sequence
   * of a seeded search depends on how many there are, but not on their speed. Default: in this thread.
   */
  readonly workers?: Workers;
}

export const PROJECT_NAME = "untitled_project";

const OPTIONS = [
  "hypermodel",
  "objective",
  "maxTrials",
  "executionsPerTrial",
  "hyperparameters",
  "tuneNewEntries",
  "allowNewEntries",
  "maxRetriesPerTrial",
  "maxConsecutiveFailedTrials",
  "maxModelSize",
  "optimizer",
  "loss",
  "metrics",
  "directory",
  "projectName",
  "overwrite",
  "seed",
  "workers",
];

/** What becomes of parameters that are not among `hyperparameters`. */
export function newEntriesOf({ tuneNewEntries, allowNewEntries }: TunerOptions<unknown>): NewEntries {
  if (allowNewEntries === false) return "refuse";
  return tuneNewEntries === false ? "fix" : "tune";
}

/**
 * @param more options that this tuner has beside those of all
 * @throws ValidationError for options outside their range, and for a hypermodel that cannot reach the workers asked for
 */
export function checkOptions(options: TunerOptions<unknown>, maxTrials: number, more: readonly string[]): void {
  const known = [...OPTIONS, ...more];
  const foreign = Object.keys(options).find((name) => !known.includes(name));
  if (foreign !== undefined) {
    throw new ValidationError(`A tuner has no option ${show(foreign)}. It has: ${known.join(", ")}.`);
  }
  const { directory, projectName = PROJECT_NAME, hypermodel, workers, maxConsecutiveFailedTrials = 3 } = options;
  if (hypermodel !== undefined) {
    if (!isModuleRef(hypermodel)) toHyperModel(hypermodel as HyperModelLike<unknown>);
    checkReachesWorkers(workers, "the hypermodel", hypermodel);
  }
  checkWhole("maxTrials", maxTrials, 1);
  checkWhole("executionsPerTrial", options.executionsPerTrial ?? 1, 1);
  checkWhole("maxRetriesPerTrial", options.maxRetriesPerTrial ?? 0, 0);
  if (maxConsecutiveFailedTrials !== Number.POSITIVE_INFINITY) {
    checkWhole("maxConsecutiveFailedTrials", maxConsecutiveFailedTrials, 1);
  }
  if (options.maxModelSize !== undefined) checkWhole("maxModelSize", options.maxModelSize, 1);
  checkOverrides(options, workers !== undefined);
  checkAdvance(options);
  if (directory !== undefined && (typeof directory !== "string" || directory === "")) {
    throw new ValidationError(`\`directory\` must be the path of a directory, but got ${show(directory)}.`);
  }
  if (typeof projectName !== "string" || !/^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,99}$/u.test(projectName)) {
    throw new ValidationError(
      `\`projectName\` names a directory and must be 1 to 100 letters, digits, dots, dashes, spaces and underscores, the first of them a letter, digit or underscore, but got ${show(projectName)}.`,
    );
  }
}

/** @throws ValidationError unless `value` is an integer of at least `least` */
export function checkWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ValidationError(`\`${name}\` must be an integer >= ${least}, but got ${show(value)}.`);
}

function checkAdvance(options: TunerOptions<unknown>): void {
  const { hyperparameters } = options;
  if (hyperparameters !== undefined && !(hyperparameters instanceof HyperParameters)) {
    throw new ValidationError(`\`hyperparameters\` must be a HyperParameters, but got ${show(hyperparameters)}.`);
  }
  for (const name of ["tuneNewEntries", "allowNewEntries"] as const) {
    if (options[name] !== false || hyperparameters !== undefined) continue;
    throw new ValidationError(
      `\`${name}: false\` needs the parameters to search in \`hyperparameters\`, but got none. Register them there: const hp = new HyperParameters(); hp.Int(…).`,
    );
  }
}
