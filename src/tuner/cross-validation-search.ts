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
import { workerCount } from "../worker/pool.ts";
import { type Code, checkReachesWorkers, openPool, type Workers } from "./code.ts";
import { type Candidate, type CvResults, type FoldScore, mean, standardError, tabulate } from "./cv-results.ts";
import { checkSampleWeight, shareDataset, shareMatrix } from "./dataset.ts";
import { checkEstimator, type EpochProgress, type Estimator, type EstimatorSource } from "./estimator.ts";
import { type FoldRunner, fitOnAll, runFolds } from "./fold-runner.ts";
import { checkRefit, chooseBest, primaryName, type Refit } from "./refit.ts";
import { checkScoring, describeScoring, functionsOf, loadScoring, namesOf, type Scoring } from "./scoring.ts";
import { foldsOf, foldsToJson, keepSettings, searchSettings } from "./search-record.ts";
import { openSearchStudy } from "./search-study.ts";
import { areClasses, type CrossValidation, toSplitter } from "./splitter/cross-validation.ts";
import type { Fold, Groups } from "./splitter/splitter.ts";

export interface SearchOptions {
  /**
   * The score, greater is better: a name such as "recall", "roc_auc", "f2" or "recall@precision>=0.7", or a function of the
   * fitted estimator; or several, as a list of names or a record. Default: the estimator's own score, accuracy for a
   * classifier, R² for a regressor.
   */
  readonly scoring?: Scoring;
  /** Number of folds (stratified where the labels are classes), a splitter, or the folds. Default 5. */
  readonly cv?: CrossValidation;
  /** Train folds in worker threads; the estimator must then come from `fromModule`. Default: in this thread. */
  readonly workers?: Workers;
  /** Whether the best candidate is fitted on all rows at the end, and which one that is. Default true. */
  readonly refit?: Refit;
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
  /** For a search that has no seed of its own, such as one inside another. */
  readonly seed?: number | string;
  /** Ends the search at once, beside the one in its options. */
  readonly signal?: AbortSignal;
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
  /** Candidates in all; of a search in rounds the totals after each, the next one asked for when a round has ended. */
  readonly trials: number | ((study: Study<unknown>) => AsyncIterable<number>);
  /** The rounds in words, the same for two searches whose trials can be mixed. */
  readonly rounds?: string;
  readonly concurrency: number;
  readonly maxConsecutiveFailures: number;
  /** The estimator's params. */
  params(flat: FlatParams): P;
  /** Names of the `param_` columns, and a candidate's values by them. */
  readonly columnNames: readonly string[];
  columns(flat: FlatParams): FlatParams;
  /** Columns of this search alone. */
  extraColumns?(flat: FlatParams): Readonly<Record<string, number>>;
  /** The folds of a candidate, where they are not the whole ones. */
  folds?(flat: FlatParams, whole: readonly Fold[]): readonly Fold[];
  /** The best candidate's place, where it is not the first of rank 1. */
  best?(results: CvResults): number;
}

/** What a plan may depend on that is known only with the data. */
export interface SearchData {
  /** [rows] */
  readonly y: Float64Array;
  /** Folds. */
  readonly splits: number;
  /** Different labels; 0 where they are no classes. */
  readonly classes: number;
}

export type PlanSource<P> = SearchPlan<P> | ((data: SearchData) => SearchPlan<P>);

export class CrossValidationSearch<P, E extends Estimator> {
  readonly #estimator: Code<EstimatorSource<P, E>>;
  readonly #planSource: PlanSource<P>;
  readonly #options: SearchOptions;
  readonly #events = new Emitter<SearchEvents>();
  #study: Study<unknown> | undefined;
  #plan: SearchPlan<P> | undefined;
  #stopped = false;
  #table: CvResults<P> | undefined;
  #refitted: { readonly estimator: E; readonly seconds: number } | undefined;

  /** @throws ValidationError for options outside their range, and for code that cannot reach the workers asked for */
  constructor(estimator: Code<EstimatorSource<P, E>>, plan: PlanSource<P>, options: SearchOptions) {
    checkEstimator(estimator);
    checkOptions(options);
    checkReachesWorkers(options.workers, "the estimator", estimator);
    for (const scorer of functionsOf(options.scoring)) checkReachesWorkers(options.workers, "`scoring`", scorer);
    this.#estimator = estimator;
    this.#planSource = plan;
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
    const { workers, refit = true, cv = 5, returnTrainScore = false, scoring } = this.#options;
    // A search that holds this one tells its own epochs, and its listener could not be sent to a worker.
    const { groups, seed, signal, onEpoch: _, ...fitOptions } = given;
    this.#stopped = false;
    this.#table = undefined;
    this.#refitted = undefined;
    const dataset = shareDataset(x, y);
    const classes = countsAsClasses(this.#estimator, dataset.y);
    const folds = toSplitter(cv, classes).split(dataset.y, groups);
    const shared = shareFitOptions(fitOptions, dataset.y.length);
    const data = { y: dataset.y, splits: folds.length, classes: classes ? new Set(dataset.y).size : 0 };
    const plan = typeof this.#planSource === "function" ? this.#planSource(data) : this.#planSource;
    this.#plan = plan;
    const study = await this.#open(plan, seed);
    await keepSettings(study, await searchSettings(dataset, folds, describeScoring(scoring), plan.rounds));

    const opened = workers === undefined ? undefined : openPool(workers);
    const stop = new AbortController();
    const signals = [this.#options.signal, signal].filter((each) => each !== undefined);
    const outer = AbortSignal.any(signals);
    const onAbort = () => stop.abort(outer.reason);
    outer.addEventListener("abort", onAbort, { once: true });
    if (outer.aborted) onAbort();
    const runner: FoldRunner<P, E> = {
      estimator: this.#estimator,
      scoring,
      primary: primaryName(refit, namesOf(scoring)),
      dataset,
      folds,
      fitOptions: shared,
      returnTrainScore,
      seed: study.seed,
      pool: opened?.pool,
      signal: stop.signal,
    };
    try {
      for await (const trials of this.#stopped ? [] : roundsOf(plan, study)) {
        await study.optimize((trial) => this.#try(trial, plan, runner, stop), {
          trials,
          concurrency: plan.concurrency,
          signal: stop.signal,
          progress: false,
        });
        if (this.#stopped) break;
      }
      const candidates = this.#candidates(plan, await study.trials());
      if (this.#stopped && candidates.length === 0) return this;
      this.#table = this.#tabulate(plan, candidates);
      if (refit !== false && !this.#stopped) {
        this.#events.emit("refit", { params: this.bestParams });
        this.#refitted = await fitOnAll(runner, this.bestParams);
      }
    } finally {
      outer.removeEventListener("abort", onAbort);
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

  /**
   * The best candidate's place in `cvResults`: the first of rank 1 by the score that decides, or what `refit` returned.
   *
   * @throws NotFoundError where several scores were asked for and `refit` is false
   */
  get bestIndex(): number {
    const results = this.cvResults;
    const { refit = true } = this.#options;
    return typeof refit !== "function" && this.#plan?.best !== undefined
      ? this.#plan.best(results)
      : chooseBest(refit, results);
  }

  get bestParams(): P {
    return this.cvResults.params[this.bestIndex]!;
  }

  /**
   * Mean score over the folds. It is the best of many and so flatters: score the winner once on data kept aside.
   *
   * @throws NotFoundError where a function chose among several scores, none of which is the score then
   */
  get bestScore(): number {
    const { refit = true } = this.#options;
    const means = this.cvResults[`mean_test_${typeof refit === "string" ? refit : "score"}`];
    const index = this.bestIndex;
    if (means !== undefined) return means[index]!;
    throw new NotFoundError(
      "Where a function chooses among several scores none of them is the best one. Read `cvResults` at `bestIndex`.",
    );
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

  /** The search's own score of the best estimator on other data; of several the one that chose it. */
  async score(x: Inputs, y: ArrayLike<number>): Promise<number> {
    const { scoring, refit = true } = this.#options;
    const dataset = shareDataset(x, y);
    const scores = await (await loadScoring(scoring))(this.bestEstimator, dataset.x, dataset.y);
    return typeof scores === "number"
      ? scores
      : (scores[primaryName(refit, namesOf(scoring)) ?? ""] ?? Object.values(scores)[0]!);
  }

  async #open(plan: SearchPlan<P>, fallbackSeed: number | string | undefined): Promise<Study<unknown>> {
    const { storage, name = "search", seed = fallbackSeed } = this.#options;
    const study = await openSearchStudy(
      {
        name,
        direction: "maximize",
        space: plan.space,
        sampler: plan.sampler,
        maxConsecutiveFailures: plan.maxConsecutiveFailures,
        ...(storage === undefined ? {} : { storage }),
        ...(seed === undefined ? {} : { seed }),
      },
      this.#events,
    );
    this.#study = study;
    return study;
  }

  /** One candidate: its folds are kept with the trial before the trial ends. */
  async #try(
    trial: Trial<unknown>,
    plan: SearchPlan<P>,
    whole: FoldRunner<P, E>,
    stop: AbortController,
  ): Promise<ObjectiveResult> {
    const { errorScore = Number.NaN } = this.#options;
    const flat = trial.flatParams;
    const runner = plan.folds === undefined ? whole : { ...whole, folds: plan.folds(flat, whole.folds) };
    let folds: FoldScore[];
    try {
      folds = await runFolds(runner, trial.number, plan.params(flat), errorScore === "raise", {
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

  #candidates(plan: SearchPlan<P>, trials: readonly FrozenTrial<unknown>[]): Candidate<P>[] {
    const { errorScore } = this.#options;
    const { space } = plan;
    return trials.flatMap((trial) => {
      const folds = foldsOf(trial, typeof errorScore === "number" ? errorScore : Number.NaN);
      if (folds === undefined) return [];
      const flat = space.flatten(trial.params);
      const extra = plan.extraColumns?.(flat);
      return [
        { params: plan.params(flat), flatParams: plan.columns(flat), folds, ...(extra === undefined ? {} : { extra }) },
      ];
    });
  }

  #tabulate(plan: SearchPlan<P>, candidates: readonly Candidate<P>[]): CvResults<P> {
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
    return tabulate(candidates, plan.columnNames);
  }
}

async function* roundsOf<P>({ trials }: SearchPlan<P>, study: Study<unknown>): AsyncIterable<number> {
  if (typeof trials === "number") yield trials;
  else yield* trials(study);
}

/** Where the order of candidates is fixed beforehand, as many as there are workers, unless the caller says otherwise. */
export function candidatesAtATime({ workers = 1, concurrency }: SearchOptions): number {
  return concurrency ?? (typeof workers === "object" ? workers.workers : workerCount(workers));
}

/** Whether folds are to keep the shares of the labels: where the estimator is a classifier, or the labels look like classes. */
export function countsAsClasses(estimator: unknown, y: ArrayLike<number>): boolean {
  const type = isModuleRef(estimator) ? undefined : (estimator as Partial<Estimator>).type;
  return type === "classifier" || (type === undefined && areClasses(y));
}

function checkOptions(options: SearchOptions): void {
  const { scoring, refit = true, cv = 5, errorScore, concurrency } = options;
  checkScoring(scoring);
  // A function may turn out to return several scores; which one decides is then for the function's author to say.
  if (typeof scoring !== "function" && !isModuleRef(scoring)) checkRefit(refit, namesOf(scoring));
  toSplitter(cv, true);
  checkErrorScore(errorScore);
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    throw new ValidationError(`\`concurrency\` must be an integer >= 1, but got ${show(concurrency)}.`);
  }
}

export function checkErrorScore(errorScore: number | "raise" | undefined): void {
  if (errorScore === undefined || errorScore === "raise" || typeof errorScore === "number") return;
  throw new ValidationError(`\`errorScore\` must be a number, NaN or "raise", but got ${show(errorScore)}.`);
}

/** The caller's options for `fit`, with validation data on shared memory, since every task of a worker would copy it. */
export function shareFitOptions(
  options: Readonly<Record<string, unknown>>,
  rows: number,
): Readonly<Record<string, unknown>> {
  const { sampleWeight, validationData } = options as {
    readonly sampleWeight?: ArrayLike<number>;
    readonly validationData?: ValidationData;
  };
  checkSampleWeight(sampleWeight, rows);
  if (!Array.isArray(validationData)) return options;
  const [x, ...rest] = validationData as readonly [Inputs, ...unknown[]];
  return { ...options, validationData: [shareMatrix(x), ...rest] };
}

function needed<T>(value: T | undefined, name: string, when: string): T {
  if (value !== undefined) return value;
  throw new NotFoundError(`A search has \`${name}\` ${when}, and not before.`);
}
