/**
 * A tuner in the manner of KerasTuner, as a study: a trial is a set of hyperparameters, trained `executionsPerTrial` times;
 * its value is the mean over the executions of the objective at each one's best epoch. What a tuner adds to a study is
 * finding the parameters, training, and the weights it keeps.
 *
 * Of every execution the weights of its best epoch by the objective are kept. A best epoch is chosen after the fact and
 * flatters; the executions, each with its epoch and its history, stand in the trial's attributes.
 */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import { createRng } from "../math/rng.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { parameterFromJson } from "../space/json.ts";
import { Space } from "../space/space.ts";
import { systemClock } from "../study/clock.ts";
import { Emitter, type StudyEvents } from "../study/events.ts";
import type { ObjectiveResult } from "../study/outcome.ts";
import type { Study } from "../study/study.ts";
import type { Trial } from "../study/trial.ts";
import type { FrozenTrial } from "../trial/trial.ts";
import { isModuleRef, type ModuleRef } from "../worker/module-ref.ts";
import type { WorkerFunction, WorkerPool } from "../worker/pool.ts";
import type { CallbackSource } from "./callbacks.ts";
import { type Code, checkReachesWorkers, load, openPool, ownModule, type Workers } from "./code.ts";
import { mean, standardError } from "./cv-results.ts";
import { shareTraining } from "./dataset.ts";
import { discover } from "./discovery.ts";
import type { EpochProgress } from "./estimator.ts";
import { executionsOf, executionsToJson } from "./executions.ts";
import { type HyperModel, type HyperModelLike, type TrainingData, toHyperModel } from "./hyper-model.ts";
import { HyperParameters } from "./hyper-parameters.ts";
import { type Objective, toObjective } from "./objective.ts";
import { agreeOnSettings, memoryProject, type Project } from "./project.ts";
import { findSearchStudy, openSearchStudy } from "./search-study.ts";
import { isWeighted, type Misuse, type TrainingOutcome, type TrainingTask, trainOnce } from "./training-task.ts";
import { describeResults, describeSpace } from "./tuner-summary.ts";

export interface TunerOptions<M> {
  /** A HyperModel, a function (hp) => model, or `fromModule` naming one, which is what workers need. */
  readonly hypermodel: Code<HyperModelLike<M>>;
  /** A name in the logs such as "val_auc", or an Objective where the direction cannot be inferred from the name. */
  readonly objective: string | Objective;
  /** Trials in all, those of an interrupted search included. Default 10; for `GridSearch` the whole grid. */
  readonly maxTrials?: number;
  /** Trainings of each trial, from different seeds; their mean is its value. Default 1. */
  readonly executionsPerTrial?: number;
  /** Where projects are kept, so that a search can be interrupted and go on. Default: in memory. */
  readonly directory?: string;
  /** The project's directory in `directory`. Default "untitled_project". */
  readonly projectName?: string;
  /** Starts afresh, removing what the project has. Default false: the project is resumed. */
  readonly overwrite?: boolean;
  /** Fixes the trials and every training. Default: drawn at random, and kept with the project. */
  readonly seed?: number | string;
  /**
   * Train in worker threads, one trial each; the hypermodel must then come from `fromModule`. With a surrogate the sequence
   * of a seeded search depends on how many there are, but not on their speed. Default: in this thread.
   */
  readonly workers?: Workers;
}

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

/** In what the tuners differ. */
export interface TunerPlan {
  readonly name: string;
  readonly maxTrials: number;
  sampler(space: Space): Sampler;
}

export class Tuner<M> {
  readonly objective: Objective;
  readonly #options: TunerOptions<M>;
  readonly #plan: TunerPlan;
  readonly #events = new Emitter<TunerEvents>();
  #opening: Promise<Project> | undefined;
  #study: Study<unknown> | undefined;
  #stopped = false;

  /** @throws ValidationError for options outside their range, and for a hypermodel that cannot reach the workers asked for */
  constructor(options: TunerOptions<M>, plan: TunerPlan) {
    checkOptions(options, plan);
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
   *   differs from what is asked for now; TooManyFailuresError after ten failed trials in a row
   */
  async search(x: unknown, y: unknown, args: SearchArguments = {}): Promise<void> {
    const { workers } = this.#options;
    this.#stopped = false;
    const { callbacks = [], signal, ...rest } = args;
    if (Array.isArray(callbacks) && callbacks.length > 0) checkReachesWorkers(workers, "`callbacks`", callbacks);
    if (typeof callbacks === "function") checkReachesWorkers(workers, "`callbacks`", callbacks);
    const data = workers === undefined ? { x, y, ...rest } : shareTraining({ x, y, ...rest });
    checkLengths(data);
    const hypermodel = toHyperModel(await load(this.#options.hypermodel));
    const study = await this.#openFor(hypermodel, { ...data, callbacks: [], seed: 0 });

    const opened = workers === undefined ? undefined : openPool(workers);
    const stop = new AbortController();
    const onAbort = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const run = (trial: Trial<unknown>, execution: number) => {
      const task = this.#task(study, trial, execution, callbacks, data);
      const onEpoch = (progress: EpochProgress) =>
        this.#events.emit("epoch", { trial: trial.number, execution, ...progress });
      return train(task, opened?.pool, stop.signal, onEpoch);
    };
    try {
      await study.optimize((trial) => this.#try(trial, run, stop), {
        trials: this.#stopped ? 0 : this.#plan.maxTrials,
        concurrency: opened?.pool.workers ?? 1,
        signal: stop.signal,
        progress: false,
      });
    } finally {
      signal?.removeEventListener("abort", onAbort);
      await opened?.close();
    }
  }

  /** Lets `search` finish the trials that run and begin no more. */
  stop(): void {
    this.#stopped = true;
    this.#study?.stop();
  }

  /** The search as a study. @throws NotFoundError before `search` or `open` */
  get study(): Study<unknown> {
    if (this.#study !== undefined) return this.#study;
    throw new NotFoundError("A tuner has a study once `search` has begun or `open()` has found a stored one.");
  }

  /** The study of a project that was searched before, to look at its results. @throws NotFoundError when there is none */
  async open(): Promise<Study<unknown>> {
    if (this.#study !== undefined) return this.#study;
    const project = await this.#project();
    const study = await findSearchStudy(this.#studyName(), project.storage, this.#events);
    if (study === null) {
      const where = project.place === "in memory" ? "yet" : `in ${show(project.place)}`;
      throw new NotFoundError(`There are no results ${where}. Call \`search\` first.`);
    }
    this.#study = study;
    return study;
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

  /**
   * The models of the best trials, built anew and given the weights that were saved: those of the trial's best execution,
   * after its best epoch.
   *
   * @throws NotFoundError when a trial has no saved weights
   */
  async getBestModels(count = 1): Promise<M[]> {
    const hypermodel = toHyperModel(await load(this.#options.hypermodel));
    const project = await this.#project();
    const models: M[] = [];
    for (const trial of await this.getBestTrials(count)) {
      const executions = executionsOf(trial);
      const best = executions.reduce((a, b) => (this.objective.isBetter(b.value, a.value) ? b : a));
      const index = executions.indexOf(best);
      const weights = await project.loadWeights(trial.number, index);
      const model = await hypermodel.build(this.#hyperparameters(trial, best.seed));
      if (weights === null || !isWeighted(model)) {
        throw new NotFoundError(
          `Trial ${trial.number} has no saved weights${weights === null ? "" : " that its model could take"}. A model needs \`getWeights\` and \`setWeights\` for them; build it from \`getBestHyperparameters\` and train it.`,
        );
      }
      model.setWeights(weights);
      models.push(model);
    }
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
    const hypermodel = toHyperModel(await load(this.#options.hypermodel));
    return `${describeSpace(await discover(hypermodel, null))}\nWhat \`fit\` asks for is found when the search begins.`;
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

  #studyName(): string {
    return this.#options.projectName ?? PROJECT_NAME;
  }

  /** The study for a search, of all parameters that a rehearsal with these data finds. */
  async #openFor(hypermodel: HyperModel<M>, data: TrainingData): Promise<Study<unknown>> {
    const space = new Space(await discover(hypermodel, data));
    const project = await this.#project();
    const sampler = this.#plan.sampler(space);
    await agreeOnSettings(project, {
      tuner: this.#plan.name,
      objective: `${this.objective.name}, ${this.objective.direction}`,
      executionsPerTrial: String(this.#options.executionsPerTrial ?? 1),
      sampler: `${sampler.name} ${JSON.stringify(sampler.toJSON())}`,
    });
    const { seed } = this.#options;
    const study = await openSearchStudy(
      {
        name: this.#studyName(),
        storage: project.storage,
        direction: this.objective.direction === "min" ? "minimize" : "maximize",
        space,
        sampler,
        ...(seed === undefined ? {} : { seed }),
      },
      this.#events,
    );
    this.#study = study;
    if (seed !== undefined) await this.#warnOfUnseeded(hypermodel, space);
    return study;
  }

  /** A model that takes another seed each time it is built trains differently each time. */
  async #warnOfUnseeded(hypermodel: HyperModel<M>, space: Space): Promise<void> {
    const seedOf = async () => {
      const model: unknown = await hypermodel.build(new HyperParameters({ dimensions: space.dimensions }));
      return typeof model === "object" && model !== null && "seed" in model ? model.seed : undefined;
    };
    const first = await seedOf();
    const second = await seedOf();
    if (first === second) return;
    this.#events.warn(
      "The search has a seed but its models do not, so that it cannot be repeated exactly. Build them with `hp.seed`: sequential(layers, { seed: hp.seed }).",
    );
  }

  #task(
    study: Study<unknown>,
    trial: Trial<unknown>,
    execution: number,
    callbacks: NonNullable<SearchArguments["callbacks"]>,
    data: TrainingTask["data"],
  ): TrainingTask<M> {
    return {
      hypermodel: this.#options.hypermodel,
      callbacks,
      objective: { name: this.objective.name, direction: this.objective.direction },
      space: study.space.toJSON(),
      values: trial.planned,
      seed: createRng(study.seed).fork("training").fork(trial.number).fork(execution).uint32(),
      data,
    };
  }

  /** One trial: weights and executions are kept before the trial ends. */
  async #try(
    trial: Trial<unknown>,
    run: (trial: Trial<unknown>, execution: number) => Promise<Training>,
    stop: AbortController,
  ): Promise<ObjectiveResult> {
    const { executionsPerTrial = 1 } = this.#options;
    const indices = Array.from({ length: executionsPerTrial }, (_, index) => index);
    const outcomes: Exclude<Training, Misuse>[] = [];
    const inWorkers = this.#options.workers !== undefined;
    const ended = inWorkers ? await Promise.all(indices.map((index) => run(trial, index))) : [];
    for (const index of indices) {
      const outcome = ended[index] ?? (await run(trial, index));
      if ("misuse" in outcome) {
        // Stopping everything gives the trial back: what is wrong is not its parameters.
        const error = new ValidationError(outcome.misuse);
        stop.abort(error);
        throw error;
      }
      outcomes.push(outcome);
    }
    const project = await this.#project();
    for (const [index, { weights }] of outcomes.entries()) {
      if (weights !== null) await project.saveWeights(trial.number, index, weights);
    }
    await trial.setAttribute(
      "executions",
      executionsToJson(outcomes.map(({ result, seed, history }) => ({ ...result, seed, history }))),
    );
    for (const { name, parameter } of outcomes[0]!.asked) {
      // A parameter that no rehearsal met joins the space here, with the value it had: its default, or what was planned.
      if (!Object.hasOwn(trial.flatParams, name)) trial.suggest(name, parameterFromJson(parameter));
    }
    const values = outcomes.map(({ result }) => result.value);
    const spread = standardError(values);
    return {
      value: mean(values),
      ...(spread === undefined || !Number.isFinite(spread) ? {} : { standardError: spread }),
      cost: outcomes.reduce((sum, { seconds }) => sum + seconds, 0),
      metrics: meanMetrics(outcomes.map(({ result }) => result.metrics)),
    };
  }

  #hyperparameters(trial: FrozenTrial<unknown>, seed: number): HyperParameters {
    const { space } = this.study;
    return new HyperParameters({ dimensions: space.dimensions, values: space.flatten(trial.params), seed });
  }
}

type Training = Misuse | (TrainingOutcome & { readonly seed: number; readonly seconds: number });

/** One training, in a worker where there is a pool. */
async function train<M>(
  task: TrainingTask<M>,
  pool: WorkerPool | undefined,
  signal: AbortSignal,
  onEpoch: (progress: EpochProgress) => void,
): Promise<Training> {
  const begun = systemClock();
  const outcome =
    pool === undefined
      ? await trainOnce({ ...task, data: { ...task.data, signal } }, onEpoch)
      : await pool.run(TRAINING_TASK, task as TrainingTask, {
          signal,
          onMessage: (message) => onEpoch(message as EpochProgress),
        });
  return "misuse" in outcome ? outcome : { ...outcome, seed: task.seed, seconds: (systemClock() - begun) / 1000 };
}

const TRAINING_TASK: ModuleRef<WorkerFunction<TrainingTask, TrainingOutcome | Misuse>> = ownModule(
  "training-task",
  "runTrainingTask",
);

const PROJECT_NAME = "untitled_project";

async function openProject(options: TunerOptions<unknown>): Promise<Project> {
  const { directory, projectName = PROJECT_NAME, overwrite = false } = options;
  if (directory === undefined) return memoryProject();
  const { projectDirectory } = await import("./project-directory.ts");
  return projectDirectory(directory, projectName, overwrite);
}

function checkOptions(options: TunerOptions<unknown>, plan: TunerPlan): void {
  const { executionsPerTrial = 1, directory, projectName = PROJECT_NAME, hypermodel, workers } = options;
  if (!isModuleRef(hypermodel)) toHyperModel(hypermodel as HyperModelLike<unknown>);
  checkReachesWorkers(workers, "the hypermodel", hypermodel);
  for (const [name, value] of [
    ["maxTrials", plan.maxTrials],
    ["executionsPerTrial", executionsPerTrial],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new ValidationError(`\`${name}\` must be an integer >= 1, but got ${show(value)}.`);
    }
  }
  if (directory !== undefined && (typeof directory !== "string" || directory === "")) {
    throw new ValidationError(`\`directory\` must be the path of a directory, but got ${show(directory)}.`);
  }
  if (typeof projectName !== "string" || !/^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,99}$/u.test(projectName)) {
    throw new ValidationError(
      `\`projectName\` names a directory and must be 1 to 100 letters, digits, dots, dashes, spaces and underscores, the first of them a letter, digit or underscore, but got ${show(projectName)}.`,
    );
  }
}

/** X and y of different lengths would fail every trial, so it is said at once; other kinds of data are the model's to check. */
function checkLengths({ x, y }: { readonly x: unknown; readonly y: unknown }): void {
  const rows = rowsOf(x);
  const labels = rowsOf(y);
  if (rows === undefined || labels === undefined || rows === labels) return;
  throw new ValidationError(`X and y must have the same number of rows, but X has ${rows} and y has ${labels}.`);
}

function rowsOf(data: unknown): number | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { rows, length } = data as { readonly rows?: unknown; readonly length?: unknown };
  return typeof rows === "number" ? rows : typeof length === "number" ? length : undefined;
}

function meanMetrics(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  return Object.fromEntries(
    Object.keys(all[0]!).map((name) => [name, mean(all.map((metrics) => metrics[name] ?? Number.NaN))]),
  );
}
