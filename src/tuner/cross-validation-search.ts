/**
 * A search under cross-validation, as a study: a trial is a candidate, its value the mean score over the folds, which are
 * the same for all candidates. Order, budget, resuming and reproducibility are the study's; what this file adds is the
 * table of results and the final fit.
 */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import type { Inputs } from "../nn/data.ts";
import type { ValidationData } from "../nn/training.ts";
import type { Sampler } from "../sampler/sampler.ts";
import type { FlatParams } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { Storage } from "../storage/storage.ts";
import { Emitter, type StudyEvents } from "../study/events.ts";
import type { ObjectiveResult } from "../study/outcome.ts";
import type { Study } from "../study/study.ts";
import type { Trial } from "../study/trial.ts";
import type { FrozenTrial } from "../trial/trial.ts";
import { isModuleRef } from "../worker/module-ref.ts";
import { type Code, checkReachesWorkers, load, openPool, type Workers } from "./code.ts";
import { type Candidate, type CvResults, type FoldScore, mean, standardError, tabulate } from "./cv-results.ts";
import { shareDataset, shareMatrix } from "./dataset.ts";
import { checkEstimator, type EpochProgress, type Estimator, type EstimatorSource } from "./estimator.ts";
import { type FoldRunner, fitOnAll, runFolds } from "./fold-runner.ts";
import { type ScoreFunction, toScorer } from "./scorer.ts";
import { foldsOf, foldsToJson, keepSettings, searchSettings } from "./search-record.ts";
import { openSearchStudy } from "./search-study.ts";
import { areClasses, type CrossValidation, toSplitter } from "./splitter/cross-validation.ts";
import type { Groups } from "./splitter/splitter.ts";

export interface SearchOptions {
  /**
   * The score, greater is better: a name such as "recall", "roc_auc", "f2" or "recall@precision>=0.7", or a function of the
   * fitted estimator. Default: the estimator's own score, accuracy for a classifier, R² for a regressor.
   */
  readonly scoring?: string | Code<ScoreFunction>;
  /** Number of folds (stratified where the labels are classes), a splitter, or the folds. Default 5. */
  readonly cv?: CrossValidation;
  /** Train folds in worker threads; the estimator must then come from `fromModule`. Default: in this thread. */
  readonly workers?: Workers;
  /** Fit the best candidate on all rows at the end. Default true. */
  readonly refit?: boolean;
  /** The score of a training that failed, or "raise" to end the search with its error. Default NaN, which ranks last. */
  readonly errorScore?: number | "raise";
  /** Score the training rows as well. Default false. */
  readonly returnTrainScore?: boolean;
  /** Where the search is kept, so that it can be interrupted and go on. Default: in memory. */
  readonly storage?: Storage;
  /** The search's name in that storage. Default "search". */
  readonly name?: string;
  /** Fixes the candidates and every training. Default: drawn at random, and stored with the search. */
  readonly seed?: number | string;
  /** Candidates at a time. Default 1, for a grid the number of workers. With a surrogate the sequence depends on it. */
  readonly concurrency?: number;
  /** Ends the search at once: `fit` rejects with the signal's reason, and what is done stays in the storage. */
  readonly signal?: AbortSignal;
}

/** What `fit` of a search takes beside the data. */
export interface SearchFitOptions {
  /** To which group each row belongs, for splitters such as `groupKFold`. */
  readonly groups?: Groups;
  readonly [option: string]: unknown;
}

/** What a search tells its listeners, beside what every study does. */
export interface SearchEvents extends StudyEvents<unknown> {
  /** An epoch of a training ended, where the estimator says so. */
  readonly epoch: { readonly trial: number; readonly fold: number } & EpochProgress;
  /** A training was scored, or failed. */
  readonly fold: { readonly trial: number; readonly fold: number } & FoldScore;
  /** The final fit begins. */
  readonly refit: { readonly params: unknown };
}

/** In what the searches differ. */
export interface SearchPlan<P> {
  readonly space: Space;
  readonly sampler: Sampler;
  /** Candidates in all. */
  readonly trials: number;
  readonly concurrency: number;
  readonly maxConsecutiveFailures: number;
  /** The estimator's params. */
  params(flat: FlatParams): P;
  /** Names of the `param_` columns, and a candidate's values by them. */
  readonly columnNames: readonly string[];
  columns(flat: FlatParams): FlatParams;
}

export class CrossValidationSearch<P, E extends Estimator> {
  readonly #estimator: Code<EstimatorSource<P, E>>;
  readonly #plan: SearchPlan<P>;
  readonly #options: SearchOptions;
  readonly #events = new Emitter<SearchEvents>();
  #study: Study<unknown> | undefined;
  #stopped = false;
  #table: CvResults<P> | undefined;
  #refitted: { readonly estimator: E; readonly seconds: number } | undefined;

  /** @throws ValidationError for options outside their range, and for code that cannot reach the workers asked for */
  constructor(estimator: Code<EstimatorSource<P, E>>, plan: SearchPlan<P>, options: SearchOptions) {
    checkEstimator(estimator);
    checkOptions(options);
    checkReachesWorkers(options.workers, "the estimator", estimator);
    if (typeof options.scoring === "function") checkReachesWorkers(options.workers, "`scoring`", options.scoring);
    this.#estimator = estimator;
    this.#plan = plan;
    this.#options = options;
  }

  /** Calls `listener` at every event of this name; the function returned takes it off again. */
  on<K extends keyof SearchEvents>(name: K, listener: (event: SearchEvents[K]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Tries the candidates on every fold and, unless `refit` is false, fits the best one on all rows.
   *
   * @param fitOptions passed to every `fit` of the estimator; a `sampleWeight` is divided along with the rows, and `groups`
   *   go to the splitter alone
   * @throws ValidationError for X and y of different lengths, folds that the labels do not allow, a stored search that was
   *   made of other data or settings, and when every training failed
   */
  async fit(x: Inputs, y: ArrayLike<number>, given: SearchFitOptions = {}): Promise<this> {
    const { groups, ...fitOptions } = given;
    const { workers, refit = true, cv = 5, returnTrainScore = false, signal, scoring } = this.#options;
    this.#stopped = false;
    this.#table = undefined;
    this.#refitted = undefined;
    const dataset = shareDataset(x, y);
    const type = isModuleRef(this.#estimator) ? undefined : (this.#estimator as Partial<Estimator>).type;
    const classes = type === "classifier" || (type === undefined && areClasses(dataset.y));
    const folds = toSplitter(cv, classes).split(dataset.y, groups);
    const shared = shareFitOptions(fitOptions, dataset.y.length);
    const study = await this.#open();
    await keepSettings(study, await searchSettings(dataset, folds, nameOf(scoring)));

    const opened = workers === undefined ? undefined : openPool(workers);
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const runner: FoldRunner<P, E> = {
      estimator: this.#estimator,
      scoring,
      dataset,
      folds,
      fitOptions: shared,
      returnTrainScore,
      seed: study.seed,
      pool: opened?.pool,
      signal: stop.signal,
    };
    try {
      await study.optimize((trial) => this.#try(trial, runner, stop), {
        trials: this.#stopped ? 0 : this.#plan.trials,
        concurrency: this.#plan.concurrency,
        signal: stop.signal,
        progress: false,
      });
      const candidates = this.#candidates(await study.trials());
      if (this.#stopped && candidates.length === 0) return this;
      this.#table = this.#tabulate(candidates);
      if (refit && !this.#stopped) {
        this.#events.emit("refit", { params: this.bestParams });
        this.#refitted = await fitOnAll(runner, this.bestParams);
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await opened?.close();
    }
    return this;
  }

  /** Lets `fit` finish the candidates that run and begin no more; it then skips the final fit. */
  stop(): void {
    this.#stopped = true;
    this.#study?.stop();
  }

  /** The search as a study; there once `fit` has begun. @throws NotFoundError before */
  get study(): Study<unknown> {
    return needed(this.#study, "study", "once `fit` has begun");
  }

  /** scikit-learn's `cv_results_`: columns with one value a candidate. @throws NotFoundError before `fit` has ended */
  get cvResults(): CvResults<P> {
    return needed(this.#table, "cvResults", "after `fit`");
  }

  /** The best candidate's place in `cvResults`: the first of rank 1. */
  get bestIndex(): number {
    return this.cvResults.rank_test_score.indexOf(1);
  }

  get bestParams(): P {
    return this.cvResults.params[this.bestIndex]!;
  }

  /** Mean score over the folds. It is the best of many and so flatters: score the winner once on data kept aside. */
  get bestScore(): number {
    return this.cvResults.mean_test_score[this.bestIndex]!;
  }

  /** The best candidate, fitted on all rows. @throws NotFoundError without `refit`, and after `stop` */
  get bestEstimator(): E {
    return needed(this.#refitted, "bestEstimator", "after a `fit` with `refit` that was not stopped").estimator;
  }

  /** Seconds of the final fit. */
  get refitTime(): number {
    return needed(this.#refitted, "refitTime", "after a `fit` with `refit` that was not stopped").seconds;
  }

  /** Predictions of the best estimator. */
  async predict(x: Inputs): Promise<ArrayLike<number>> {
    return this.bestEstimator.predict(shareMatrix(x));
  }

  /** Probabilities of the best estimator. @throws ValidationError when it has none */
  async predictProba(x: Inputs): Promise<ArrayLike<number>> {
    const estimator = this.bestEstimator;
    if (estimator.predictProba !== undefined) return estimator.predictProba(shareMatrix(x));
    throw new ValidationError("The best estimator has no `predictProba`. Use `predict`.");
  }

  /** The search's own score of the best estimator on other data. */
  async score(x: Inputs, y: ArrayLike<number>): Promise<number> {
    const dataset = shareDataset(x, y);
    const score = toScorer(await load(this.#options.scoring as string | ScoreFunction | undefined));
    return score(this.bestEstimator, dataset.x, dataset.y);
  }

  async #open(): Promise<Study<unknown>> {
    const { storage, name = "search", seed } = this.#options;
    const study = await openSearchStudy(
      {
        name,
        direction: "maximize",
        space: this.#plan.space,
        sampler: this.#plan.sampler,
        maxConsecutiveFailures: this.#plan.maxConsecutiveFailures,
        ...(storage === undefined ? {} : { storage }),
        ...(seed === undefined ? {} : { seed }),
      },
      this.#events,
    );
    this.#study = study;
    return study;
  }

  /** One candidate: its folds are kept with the trial before the trial ends. */
  async #try(trial: Trial<unknown>, runner: FoldRunner<P, E>, stop: AbortController): Promise<ObjectiveResult> {
    const { errorScore = Number.NaN } = this.#options;
    let folds: FoldScore[];
    try {
      folds = await runFolds(runner, trial.number, this.#plan.params(trial.flatParams), errorScore === "raise", {
        epoch: (fold, progress) => this.#events.emit("epoch", { trial: trial.number, fold, ...progress }),
        fold: (fold, score) => this.#events.emit("fold", { trial: trial.number, fold, ...score }),
      });
    } catch (error) {
      // Stopping everything gives the trial back, so that a mended search tries it again.
      stop.abort(error);
      throw error;
    }
    await trial.setAttribute("folds", foldsToJson(folds));
    const scores = folds.map(({ testScore, error }) => (error === undefined ? testScore : Number(errorScore)));
    const value = mean(scores);
    const failed = folds.find(({ error }) => error !== undefined);
    if (failed !== undefined) {
      this.#events.warn(
        `At least one training failed and is scored ${errorScore}; the first said: ${failed.error} Set \`errorScore: "raise"\` to stop at such an error.`,
      );
      if (Number.isNaN(value)) throw new Error(failed.error);
    }
    const spread = standardError(scores);
    const seconds = folds.reduce((sum, { fitSeconds }) => sum + fitSeconds, 0);
    return { value, cost: seconds, ...(spread === undefined || Number.isNaN(spread) ? {} : { standardError: spread }) };
  }

  #candidates(trials: readonly FrozenTrial<unknown>[]): Candidate<P>[] {
    const { errorScore } = this.#options;
    const { space, params, columns } = this.#plan;
    return trials.flatMap((trial) => {
      const folds = foldsOf(trial, typeof errorScore === "number" ? errorScore : Number.NaN);
      if (folds === undefined) return [];
      const flat = space.flatten(trial.params);
      return [{ params: params(flat), flatParams: columns(flat), folds }];
    });
  }

  #tabulate(candidates: readonly Candidate<P>[]): CvResults<P> {
    const errors = candidates.flatMap((candidate) => candidate.folds.map(({ error }) => error));
    if (errors.length === 0) {
      throw new ValidationError(
        "A search needs at least one candidate that was tried, but has none. Let it run longer.",
      );
    }
    if (errors.every((error) => error !== undefined)) {
      throw new ValidationError(
        `At least one training must succeed, but all ${errors.length} failed. The first one said: ${errors[0]}`,
      );
    }
    return tabulate(candidates, this.#plan.columnNames);
  }
}

function checkOptions(options: SearchOptions): void {
  const { scoring, cv = 5, errorScore, concurrency } = options;
  if (!isModuleRef(scoring)) toScorer(scoring as string | ScoreFunction | undefined);
  toSplitter(cv, true);
  if (errorScore !== undefined && errorScore !== "raise" && typeof errorScore !== "number") {
    throw new ValidationError(`\`errorScore\` must be a number, NaN or "raise", but got ${show(errorScore)}.`);
  }
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    throw new ValidationError(`\`concurrency\` must be an integer >= 1, but got ${show(concurrency)}.`);
  }
}

/** The score in words, the same for two searches whose values can be compared. */
function nameOf(scoring: string | Code<ScoreFunction> | undefined): string {
  if (scoring === undefined) return "the estimator's own";
  if (typeof scoring === "string") return scoring;
  return isModuleRef(scoring) ? `${scoring.exportName} of a module` : `function ${scoring.name || "without a name"}`;
}

/** The caller's options for `fit`, with validation data on shared memory, since every task of a worker would copy it. */
function shareFitOptions(options: Readonly<Record<string, unknown>>, rows: number): Readonly<Record<string, unknown>> {
  const { sampleWeight, validationData } = options as {
    readonly sampleWeight?: ArrayLike<number>;
    readonly validationData?: ValidationData;
  };
  if (sampleWeight !== undefined && sampleWeight?.length !== rows) {
    throw new ValidationError(
      `\`sampleWeight\` must have one number for each of the ${rows} rows, but has ${show(sampleWeight?.length)}.`,
    );
  }
  if (!Array.isArray(validationData)) return options;
  const [x, ...rest] = validationData as readonly [Inputs, ...unknown[]];
  return { ...options, validationData: [shareMatrix(x), ...rest] };
}

function needed<T>(value: T | undefined, name: string, when: string): T {
  if (value !== undefined) return value;
  throw new NotFoundError(`A search has \`${name}\` ${when}, and not before.`);
}
