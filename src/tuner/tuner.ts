/**
 * A tuner in the manner of KerasTuner, as a study: a trial is a set of hyperparameters, trained `executionsPerTrial` times;
 * its value is the mean over the executions of the objective at each one's best epoch. What a tuner adds to a study is
 * finding the parameters, training, and the weights it keeps.
 *
 * Of every execution the weights of its best epoch by the objective are kept. A best epoch is chosen after the fact and
 * flatters; the executions, each with its epoch and its history, stand in the trial's attributes.
 */
import { NotFoundError, show, TooManyFailuresError, ValidationError } from "../errors.ts";
import { createRng } from "../math/rng.ts";
import { parameterFromJson } from "../space/json.ts";
import { Space } from "../space/space.ts";
import { systemClock } from "../storage/clock.ts";
import { Emitter, type StudyEvents } from "../study/events.ts";
import type { ObjectiveResult } from "../study/outcome.ts";
import type { Study } from "../study/study.ts";
import type { Trial } from "../study/trial.ts";
import { type FrozenTrial, isFinal } from "../trial/trial.ts";
import type { ModuleRef } from "../worker/module-ref.ts";
import type { WorkerFunction, WorkerPool } from "../worker/pool.ts";
import type { CallbackSource } from "./callbacks.ts";
import { type Code, checkReachesWorkers, load, openPool, ownModule } from "./code.ts";
import { compiledWith, compileOverrides } from "./compile-overrides.ts";
import { mean, standardError } from "./cv-results.ts";
import { checkLengths, shareTraining } from "./dataset.ts";
import { discover } from "./discovery.ts";
import { disposeOf } from "./disposable.ts";
import type { EpochProgress } from "./estimator.ts";
import { executionsOf, executionsToJson } from "./executions.ts";
import { FailedTrialError } from "./failed-trial.ts";
import { type HyperModel, type TrainingData, toHyperModel } from "./hyper-model.ts";
import { HyperParameters, type KnownParameters } from "./hyper-parameters.ts";
import { kerasTopology } from "./keras-topology.ts";
import { knownIn, registered } from "./known-parameters.ts";
import { nothingLearned } from "./nothing-learned.ts";
import { type Objective, toObjective } from "./objective.ts";
import { openProject } from "./open-project.ts";
import { agreeOnSettings, type Project } from "./project.ts";
import { findSearchStudy, openSearchStudy } from "./search-study.ts";
import { type FitResult, historyOf, meanMetrics, scoreTraining, TrainingMisused } from "./training-result.ts";
import {
  askedBy,
  isWeighted,
  type TrainingEnd,
  type TrainingMessage,
  type TrainingOutcome,
  type TrainingTask,
  trainOnce,
  weightsOf,
} from "./training-task.ts";
import { hookOfMessage, hooksListener, TunerHooks, tellsBatches } from "./tuner-hooks.ts";
import { checkOptions, PROJECT_NAME, type TunerOptions } from "./tuner-options.ts";
import type { Stage, TrialEnd, TunerPlan, TunerTrial } from "./tuner-plan.ts";
import { describeResults, describeSpace } from "./tuner-summary.ts";

/** What is handed on to every training, beside the data. */
export interface SearchArguments {
  /** Data to validate on, `[x, y]`; without it there is no objective that begins with `val_`. */
  readonly validationData?: unknown;
  /** Fresh ones are made for each execution: see `CallbackSource`. For workers, `fromModule` of a function that makes the list. */
  readonly callbacks?: Code<readonly CallbackSource[] | (() => readonly CallbackSource[])>;
  /** Ends the search at once: `search` rejects with the signal's reason; trials that ran are run again on resuming. */
  readonly signal?: AbortSignal;
  /** Options of `model.fit` that are not tuned, such as `epochs` or `classWeight`. */
  readonly [option: string]: unknown;
}

/** What a tuner tells its listeners, beside what every study does. */
export interface TunerEvents extends StudyEvents<unknown> {
  readonly epoch: { readonly trial: number; readonly execution: number } & EpochProgress;
}

/**
 * The base of all tuners, to be extended: by another way to choose trials (a plan with any sampler), by another `runTrial`, or
 * by hooks (`TunerHooks`).
 *
 * @example
 * class SobolSearch extends Tuner<Sequential> {
 *   constructor(options: TunerOptions<Sequential>) {
 *     super(options, { name: "Sobol", maxTrials: options.maxTrials ?? 20, sampler: () => sobol() });
 *   }
 *   override onTrialEnd(trial: TunerTrial, end: TrialEnd) {
 *     console.log(trial.number, end);
 *   }
 * }
 */
export class Tuner<M> extends TunerHooks<M> {
  readonly objective: Objective;
  readonly #options: TunerOptions<M>;
  readonly #plan: TunerPlan;
  readonly #events = new Emitter<TunerEvents>();
  readonly #running = new Map<number, Run>();
  #hypermodel: HyperModel<M> | undefined;
  #opening: Promise<Project> | undefined;
  #study: Study<unknown> | undefined;
  #stopped = false;

  /** @throws ValidationError for options outside their range, and for a hypermodel that cannot reach the workers asked for */
  constructor(options: TunerOptions<M>, plan: TunerPlan) {
    super();
    checkOptions(options, plan.maxTrials, plan.options ?? []);
    if (options.hypermodel === undefined && this.runTrial === Tuner.prototype.runTrial) {
      throw new ValidationError(
        "A tuner needs a `hypermodel`, but got none. Give a function (hp) => model or a HyperModel, or extend the tuner and override `runTrial`.",
      );
    }
    this.objective = toObjective(options.objective);
    this.#options = options;
    this.#plan = plan;
  }

  /** Calls `listener` at every event of this name; the function returned takes it off again. */
  on<K extends keyof TunerEvents>(name: K, listener: (event: TunerEvents[K]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Finds the parameters, then trains trial after trial until there are `maxTrials`.
   *
   * @param x, y what the hypermodel's `fit` gets as `data.x` and `data.y`
   * @throws ValidationError for X and y of different lengths, an objective that is not logged, and a stored project that
   *   differs from what is asked for now; TooManyFailuresError after `maxConsecutiveFailedTrials` failed trials in a row
   */
  async search(x?: unknown, y?: unknown, args: SearchArguments = {}): Promise<void> {
    const { workers } = this.#options;
    this.#stopped = false;
    const { callbacks = [], signal, ...rest } = args;
    if (Array.isArray(callbacks) && callbacks.length > 0) checkReachesWorkers(workers, "`callbacks`", callbacks);
    if (typeof callbacks === "function") checkReachesWorkers(workers, "`callbacks`", callbacks);
    const data = workers === undefined ? { x, y, ...rest } : shareTraining({ x, y, ...rest });
    checkLengths(data);
    const study = await this.#openFor({ ...data, callbacks: [], seed: 0 });

    const opened = workers === undefined ? undefined : openPool(workers);
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const setting: Setting = { study, pool: opened?.pool, stop, callbacks, data };
    try {
      await this.onSearchBegin();
      await study.optimize((trial) => this.#try(trial, setting), {
        trials: this.#stopped ? 0 : this.#plan.maxTrials,
        concurrency: opened?.pool.workers ?? 1,
        signal: stop.signal,
        progress: false,
      });
    } catch (error) {
      throw inOurWords(error);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await opened?.close();
      await this.#publishBest(study);
    }
    await this.onSearchEnd();
  }

  /**
   * Runs a trial and gives its result. To be overridden by a tuner that trains in its own way, or tunes something that is
   * not a model at all; `super.runTrial` trains the hypermodel `executionsPerTrial` times. A model that should be had back by
   * `getBestModels` is to be handed to `saveModel`.
   *
   * @param data what `search` was given
   * @returns as `HyperModel.fit`: the objective's value, logs, a history, or a list of these, of which the mean counts
   * @example
   * class Parabola extends RandomSearch<never> {
   *   override runTrial({ hyperparameters: hp }: TunerTrial) {
   *     return hp.Float("x", { min: -1, max: 1 }) ** 2;
   *   }
   * }
   */
  runTrial(trial: TunerTrial, _data: TrainingData): FitResult | Promise<FitResult> {
    return this.#trainAll(this.#running.get(trial.number)!);
  }

  /** Keeps a model's weights with the trial, for an overridden `runTrial`; the default one does it by itself. */
  async saveModel(trial: TunerTrial, model: M, execution = 0): Promise<void> {
    const weights = weightsOf(model);
    if (weights === null) {
      throw new ValidationError(`A model needs \`getWeights\` and \`setWeights\` to be saved, but got ${show(model)}.`);
    }
    const project = await this.#project();
    await project.saveWeights(trial.number, execution, weights);
    await project.saveTopology(trial.number, kerasTopology(model));
  }

  /**
   * The model of a trial, built anew and given the weights that were saved: those of its best execution, after its best epoch.
   *
   * @throws NotFoundError when the trial has no saved weights
   */
  async loadModel(trial: FrozenTrial<unknown>): Promise<M> {
    const { index, seed } = this.#bestExecution(trial);
    const weights = await (await this.#project()).loadWeights(trial.number, index);
    const model = await (await this.#compiledHypermodel()).build(this.#hyperparameters(trial, seed));
    if (weights === null || !isWeighted(model)) {
      throw new NotFoundError(
        `Trial ${trial.number} has no saved weights${weights === null ? "" : " that its model could take"}. A model needs \`getWeights\` and \`setWeights\` for them; build it from \`getBestHyperparameters\` and train it.`,
      );
    }
    model.setWeights(weights);
    return model;
  }

  /** Lets `search` finish the trials that run and begin no more. */
  stop(): void {
    this.#stopped = true;
    this.#study?.stop();
  }

  /** The hypermodel, once `search` has begun. @throws NotFoundError before, and for a tuner without one */
  get hypermodel(): HyperModel<M> {
    if (this.#hypermodel !== undefined) return this.#hypermodel;
    throw new NotFoundError("A tuner has its hypermodel at hand once `search` has begun, if it was given one.");
  }

  /** The search as a study. @throws NotFoundError before `search` or `open` */
  get study(): Study<unknown> {
    if (this.#study !== undefined) return this.#study;
    throw new NotFoundError("A tuner has a study once `search` has begun or `open()` has found a stored one.");
  }

  /** The study of a project that was searched before, to look at its results. @throws NotFoundError when there is none */
  async open(): Promise<Study<unknown>> {
    const study = await this.#find();
    if (study !== null) return study;
    const { place } = await this.#project();
    throw new NotFoundError(
      `There are no results ${place === "in memory" ? "yet" : `in ${show(place)}`}. Call \`search\` first.`,
    );
  }

  /** Trials that `search` would still run, those of an interrupted search included; null when the search ends by itself. */
  async remainingTrials(): Promise<number | null> {
    const { maxTrials } = this.#plan;
    if (maxTrials === Number.MAX_SAFE_INTEGER) return null;
    const study = await this.#find();
    const trials = study === null ? [] : await study.trials();
    return Math.max(0, maxTrials - trials.filter(({ state }) => isFinal(state)).length);
  }

  /** Completed trials, the best first. */
  async getBestTrials(count = 1): Promise<FrozenTrial<unknown>[]> {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new ValidationError(`The number of best trials must be an integer >= 1, but got ${show(count)}.`);
    }
    const sign = this.objective.direction === "min" ? 1 : -1;
    return (await (await this.open()).trials())
      .filter(({ state }) => state === "completed")
      .sort((a, b) => sign * (a.value! - b.value!) || a.number - b.number)
      .slice(0, count);
  }

  /** The hyperparameters of the best trials. */
  async getBestHyperparameters(count = 1): Promise<HyperParameters[]> {
    const trials = await this.getBestTrials(count);
    return trials.map((trial) => this.#hyperparameters(trial, 0));
  }

  /** The models of the best trials with their trained weights: see `loadModel`. @throws NotFoundError when a trial has none */
  async getBestModels(count = 1): Promise<M[]> {
    const models: M[] = [];
    for (const trial of await this.getBestTrials(count)) models.push(await this.loadModel(trial));
    return models;
  }

  /** The best trials for people to read. */
  async resultsSummary(count = 10): Promise<string> {
    const trials = await (await this.open()).trials();
    const project = await this.#project();
    return describeResults({
      place: project.place,
      objective: this.objective,
      trials,
      best: await this.getBestTrials(count),
    });
  }

  /** The parameters for people to read; before `search` those that `build` asks for, for `fit` needs data to be rehearsed. */
  async searchSpaceSummary(): Promise<string> {
    if (this.#study !== undefined) return describeSpace(this.#study.space.dimensions);
    const dimensions = await discover(await this.#compiledHypermodel(), null, registered(this.#options));
    return `${describeSpace(dimensions)}\nWhat \`fit\` asks for is found when the search begins.`;
  }

  /** Closes the project's files. */
  async close(): Promise<void> {
    if (this.#study !== undefined) await this.#study.close();
    else if (this.#opening !== undefined) await (await this.#opening).storage.close();
    this.#study = undefined;
    this.#opening = undefined;
  }

  #project(): Promise<Project> {
    this.#opening ??= openProject(this.#options);
    return this.#opening;
  }

  /** @throws NotFoundError for a tuner without one */
  async #loadHypermodel(): Promise<HyperModel<M>> {
    const { hypermodel } = this.#options;
    if (hypermodel === undefined) {
      throw new NotFoundError("This tuner was made without a `hypermodel`, so that it cannot build models.");
    }
    this.#hypermodel ??= toHyperModel(await load(hypermodel));
    return this.#hypermodel;
  }

  /** Builds models as trials do, with the `optimizer`, `loss` and `metrics` of the options. */
  async #compiledHypermodel(): Promise<HyperModel<M>> {
    return compiledWith(await this.#loadHypermodel(), compileOverrides(this.#options));
  }

  /** The study, if there is one already. */
  async #find(): Promise<Study<unknown> | null> {
    if (this.#study !== undefined) return this.#study;
    const study = await findSearchStudy(this.#studyName(), (await this.#project()).storage, this.#events);
    if (study !== null) this.#study = study;
    return study;
  }

  #studyName(): string {
    return this.#options.projectName ?? PROJECT_NAME;
  }

  /** The study for a search, of all parameters that a rehearsal with these data finds. */
  async #openFor(data: TrainingData): Promise<Study<unknown>> {
    const space = new Space(await this.#discover(data));
    const project = await this.#project();
    const sampler = this.#plan.sampler(space);
    await agreeOnSettings(project, {
      tuner: this.#plan.name,
      objective: `${this.objective.names.join(" and ")}, ${this.objective.direction}`,
      executionsPerTrial: String(this.#options.executionsPerTrial ?? 1),
      sampler: `${sampler.name} ${JSON.stringify(sampler.toJSON())}`,
    });
    const { seed, maxConsecutiveFailedTrials = 3 } = this.#options;
    const study = await openSearchStudy(
      {
        name: this.#studyName(),
        storage: project.storage,
        direction: this.objective.direction === "min" ? "minimize" : "maximize",
        space,
        sampler,
        maxConsecutiveFailures: maxConsecutiveFailedTrials,
        ...(seed === undefined ? {} : { seed }),
      },
      this.#events,
    );
    this.#study = study;
    if (seed !== undefined && this.#hypermodel !== undefined) await this.#warnOfUnseeded(this.#hypermodel, study);
    return study;
  }

  /** A `runTrial` of the user's own cannot be rehearsed: what it asks for is met in its first trial. */
  async #discover(data: TrainingData): Promise<KnownParameters["dimensions"] & {}> {
    const advance = registered(this.#options);
    if (this.#options.hypermodel === undefined) return advance.dimensions ?? [];
    const hypermodel = await this.#compiledHypermodel();
    const ownTraining = this.runTrial !== Tuner.prototype.runTrial;
    return discover(hypermodel, ownTraining ? null : data, advance);
  }

  /** A model that takes another seed each time it is built trains differently each time. */
  async #warnOfUnseeded(hypermodel: HyperModel<M>, study: Study<unknown>): Promise<void> {
    const seedOf = async () => {
      const model: unknown = await hypermodel.build(new HyperParameters(knownIn(study.space, this.#options)));
      const modelSeed = typeof model === "object" && model !== null && "seed" in model ? model.seed : undefined;
      disposeOf(model);
      return modelSeed;
    };
    const first = await seedOf();
    const second = await seedOf();
    if (first === second) return;
    this.#events.warn(
      "The search has a seed but its models do not, so that it cannot be repeated exactly. Build them with `hp.seed`: sequential(layers, { seed: hp.seed }).",
    );
  }

  /** One trial with its retries, and the hooks around them. */
  async #try(trial: Trial<unknown>, setting: Setting): Promise<ObjectiveResult> {
    const { study, stop } = setting;
    const { maxRetriesPerTrial = 0 } = this.#options;
    const stage = await this.#stageOf(trial.number, study);
    const failures: string[] = [];
    const handleOf = (attempt: number): TunerTrial => ({
      number: trial.number,
      hyperparameters: new HyperParameters({
        ...knownIn(study.space, this.#options),
        values: trial.planned,
        seed: this.#seed(study, trial.number, 0, attempt),
      }),
      signal: stop.signal,
    });
    const end = async (handle: TunerTrial, how: TrialEnd) => {
      if (!stop.signal.aborted) await this.onTrialEnd(handle, how);
    };
    await this.onTrialBegin(handleOf(0));
    for (let attempt = 0; ; attempt++) {
      const handle = handleOf(attempt);
      const run: Run = { trial, handle, attempt, stage, setting, trainings: [] };
      this.#running.set(trial.number, run);
      let result: Scored;
      try {
        result = await this.#runAndScore(run);
        if (Number.isNaN(result.value) && attempt < maxRetriesPerTrial) {
          throw new Error(`The objective ${show(this.objective.name)} is not a number.`);
        }
      } catch (error) {
        if (error instanceof TrainingMisused) {
          // Stopping everything gives the trial back: what is wrong is not its parameters.
          const misuse = new ValidationError(error.message);
          stop.abort(misuse);
          throw misuse;
        }
        if (error instanceof FailedTrialError || stop.signal.aborted || attempt >= maxRetriesPerTrial) {
          await end(handle, { error });
          throw error;
        }
        failures.push(error instanceof Error ? error.message : show(error));
        await trial.setAttribute("retries", failures);
        continue;
      } finally {
        this.#running.delete(trial.number);
      }
      await end(handle, result);
      return result;
    }
  }

  /** Weights and executions are kept before the trial ends. */
  async #runAndScore(run: Run): Promise<Scored> {
    const { trial, handle, setting, stage, trainings } = run;
    const seed = handle.hyperparameters.seed;
    const begun = systemClock();
    const staged = stage === null ? {} : { initialEpoch: stage.initialEpoch, epochs: stage.epochs };
    const returned = await this.runTrial(handle, { ...setting.data, ...staged, callbacks: [], seed });
    const parts: readonly FitResult[] = Array.isArray(returned) && returned.length > 0 ? returned : [returned];
    const results = parts.map((part) => scoreTraining(part, this.objective, "`runTrial` of a tuner"));

    const project = await this.#project();
    for (const [index, { weights }] of trainings.entries()) {
      if (weights !== null) await project.saveWeights(trial.number, index, weights);
    }
    const topology = trainings[0]?.topology ?? null;
    if (topology !== null) await project.saveTopology(trial.number, topology);
    const executions = results.map((result, index) => ({
      ...result,
      seed: trainings[index]?.seed ?? seed,
      history: historyOf(parts[index]!),
    }));
    await trial.setAttribute("executions", executionsToJson(executions));
    if (stage !== null) await trial.setAttribute("stage", { ...stage });
    for (const { name, parameter } of trainings[0]?.asked ?? askedBy(handle.hyperparameters)) {
      // A parameter that no rehearsal met joins the space here, with the value it had: its default, or what was planned.
      if (!Object.hasOwn(trial.flatParams, name)) trial.suggest(name, parameterFromJson(parameter));
    }
    const values = results.map(({ value }) => value);
    const spread = standardError(values);
    const seconds = trainings.map((training) => training.seconds);
    return {
      value: mean(values),
      ...(spread === undefined || !Number.isFinite(spread) ? {} : { standardError: spread }),
      cost: seconds.length === 0 ? (systemClock() - begun) / 1000 : seconds.reduce((sum, one) => sum + one, 0),
      metrics: meanMetrics(results),
    };
  }

  /** The usual way to run a trial: all its executions, side by side where there are workers. */
  async #trainAll(run: Run): Promise<FitResult> {
    const { executionsPerTrial = 1 } = this.#options;
    const indices = Array.from({ length: executionsPerTrial }, (_, index) => index);
    const train = async (index: number) => {
      run.trainings[index] = await this.#train(run, index);
    };
    if (run.setting.pool === undefined) for (const index of indices) await train(index);
    else await Promise.all(indices.map(train));
    return run.trainings.map(({ result }) => result);
  }

  /** One training, in a worker where there is a pool. */
  async #train(run: Run, execution: number): Promise<Training> {
    const { setting, stage, trial, handle } = run;
    const { study, pool, stop, callbacks, data } = setting;
    const { hypermodel, maxModelSize = Number.POSITIVE_INFINITY } = this.#options;
    const { overrides, newEntries } = knownIn(study.space, this.#options);
    const parent = stage === null ? null : stage.parent;
    const task: TrainingTask<M> = {
      hypermodel: hypermodel!,
      callbacks,
      objective: this.objective.toJSON(),
      space: study.space.toJSON(),
      values: trial.planned,
      overrides,
      newEntries,
      seed: this.#seed(study, trial.number, execution, run.attempt),
      initialWeights: parent === null ? null : await (await this.#project()).loadWeights(parent, execution),
      maxModelSize,
      compile: compileOverrides(this.#options),
      tellsBatches: tellsBatches(this),
      data: stage === null ? data : { ...data, epochs: stage.epochs, initialEpoch: stage.initialEpoch },
    };
    const begun = systemClock();
    const told = (progress: EpochProgress) =>
      this.#events.emit("epoch", { trial: trial.number, execution, ...progress });
    const end: TrainingEnd =
      pool === undefined
        ? await trainOnce({ ...task, data: { ...task.data, signal: stop.signal } }, hooksListener(this, handle, told))
        : await pool.run(TRAINING_TASK, task as TrainingTask, {
            signal: stop.signal,
            onMessage: (message) => this.#onMessage(message as TrainingMessage, handle, told, stop),
          });
    if ("misuse" in end) throw new TrainingMisused(end.misuse);
    if ("refused" in end) throw new FailedTrialError(end.refused);
    return { ...end, seed: task.seed, seconds: (systemClock() - begun) / 1000 };
  }

  /** A hook that throws ends the search: the worker, which trains on meanwhile, could not be told. */
  #onMessage(
    message: TrainingMessage,
    trial: TunerTrial,
    told: (progress: EpochProgress) => void,
    stop: AbortController,
  ): void {
    if ("ended" in message) told(message.ended);
    hookOfMessage(this, trial, message).catch((error: unknown) => stop.abort(error));
  }

  async #stageOf(number: number, study: Study<unknown>): Promise<Stage | null> {
    if (this.#plan.stage === undefined) return null;
    return this.#plan.stage((await study.trials())[number]!.note);
  }

  /** The seed of a trial's execution; a retry trains from another, for the first one may be what failed. */
  #seed(study: Study<unknown>, trial: number, execution: number, attempt: number): number {
    const rng = createRng(study.seed).fork("training").fork(trial).fork(execution);
    return (attempt === 0 ? rng : rng.fork("retry").fork(attempt)).uint32();
  }

  #bestExecution(trial: FrozenTrial<unknown>): { readonly index: number; readonly seed: number } {
    const executions = executionsOf(trial);
    const better = (a: number, b: number) => this.objective.isBetter(executions[b]!.value, executions[a]!.value);
    const index = executions.reduce((best, _, at) => (better(best, at) ? at : best), 0);
    return { index, seed: executions[index]?.seed ?? 0 };
  }

  /** Puts the winner's weights where another program finds them, and doubts it where its scores are those of chance. */
  async #publishBest(study: Study<unknown>): Promise<void> {
    const best = await study.best();
    if (best === null) return;
    await (await this.#project()).publish(best.number, this.#bestExecution(best).index);
    const doubt = nothingLearned(meanMetrics(executionsOf(best)), this.objective);
    if (doubt === null) return;
    this.#events.warn(
      `The best trial, ${best.number}, may have learned nothing: ${doubt}. Search for a score that cannot be had so, such as "val_auc", or widen the ranges; \`scorecard\` of assay/analysis tells more.`,
    );
  }

  #hyperparameters(trial: FrozenTrial<unknown>, seed: number): HyperParameters {
    const { study } = this;
    return new HyperParameters({
      ...knownIn(study.space, this.#options),
      values: study.space.flatten(trial.params),
      seed,
    });
  }
}

/** What all trials of one search share. */
interface Setting {
  readonly study: Study<unknown>;
  readonly pool: WorkerPool | undefined;
  readonly stop: AbortController;
  readonly callbacks: NonNullable<SearchArguments["callbacks"]>;
  readonly data: TrainingTask["data"];
}

/** One attempt at a trial. */
interface Run {
  readonly trial: Trial<unknown>;
  readonly handle: TunerTrial;
  readonly attempt: number;
  readonly stage: Stage | null;
  readonly setting: Setting;
  /** One an execution; none for a `runTrial` of the user's own. */
  readonly trainings: Training[];
}

type Scored = Exclude<ObjectiveResult, number> & { readonly metrics: Readonly<Record<string, number>> };

type Training = TrainingOutcome & { readonly seed: number; readonly seconds: number };

const TRAINING_TASK: ModuleRef<WorkerFunction<TrainingTask, TrainingEnd>> = ownModule(
  "training-task",
  "runTrainingTask",
);

/** The study's option has another name here. */
function inOurWords(error: unknown): unknown {
  if (!(error instanceof TooManyFailuresError)) return error;
  const message = error.message
    .replace("The study stops", "The search stops")
    .replace(
      "Mend the objective or the space, or raise `maxConsecutiveFailures`",
      "Mend the hypermodel or its ranges, or raise `maxConsecutiveFailedTrials`",
    )
    .replace("`optimize`", "`search`");
  return new TooManyFailuresError(message, { cause: error });
}
