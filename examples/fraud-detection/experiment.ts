/**
 * The comparison: the article's Bayesian optimisation, its grid search, and Bayesian optimisation under the grid's own
 * conditions. Whatever is trained is kept as it ends, so that a run that was stopped goes on from there; from the same
 * data, options and seed comes the same result.
 */
import { createHash } from "node:crypto";
import { type FlatParams, type FrozenTrial, gp, NotFoundError, type Space, type Storage, tpe } from "assay";
import { bestTrial, type Scorecard, scorecard } from "assay/analysis";
import { balancedClassWeights, type Callback, initialBias, type Matrix } from "assay/nn";
import { BayesianOptimization, BayesSearchCV, executionsOf, GridSearchCV, Objective } from "assay/tuner";
import { fromModule, type WorkerPool, workerCount } from "assay/worker";
import { loadNetworks, type Networks, networksModule, type TrainedNetwork } from "./backend.ts";
import type { Dataset } from "./dataset.ts";
import { ARTICLE_GRID, combinations, reducedGrid, spaceAround } from "./grid.ts";
import type { Interruption } from "./interruption.ts";
import { stopEarly } from "./model.ts";
import { decisionThreshold } from "./objective.ts";
import type { Options } from "./options.ts";
import type { Progress, Step } from "./progress.ts";

export type MethodKey = "article" | "grid" | "bayes" | "fullGrid";

/** One way of searching, and what it found. */
export interface Method {
  readonly key: MethodKey;
  readonly title: string;
  /** What the value of a trial is. */
  readonly valueMeans: string;
  readonly space: Space;
  /** Params nested, as a study gives them. */
  readonly trials: readonly FrozenTrial<unknown>[];
  readonly trainingsPerTrial: number;
  readonly winner: Winner;
  /** Seconds of all trainings together, of whatever threads. */
  readonly seconds: number;
}

/** The best trial of a method, as a network that was scored once on the test set. */
export interface Winner {
  readonly trial: number;
  readonly params: FlatParams;
  /** What it was chosen for. */
  readonly value: number;
  /** Standard error of `value` over the folds. */
  readonly standardError: number | null;
  /** The network as a table. */
  readonly summary: string;
  /** Logs by epoch of the training whose weights these are. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Epoch whose weights were kept, from 1. */
  readonly epoch: number;
  /** Probabilities above it are called positive. */
  readonly threshold: number;
  /** Whether the threshold meets the objective's condition on the validation part; true where there is none. */
  readonly thresholdIsMet: boolean;
  /** [rows of the test set] */
  readonly probabilities: Float32Array;
  readonly test: Scorecard;
}

export interface ExperimentContext {
  readonly dataset: Dataset;
  readonly options: Options;
  readonly seed: number;
  readonly storage: Storage;
  readonly pool: WorkerPool;
  readonly progress: Progress;
  /** The step of `progress` at which this experiment begins. */
  readonly firstStep: number;
  readonly interruption: Interruption;
}

/** In which they are reported. */
const ORDER: readonly MethodKey[] = ["bayes", "grid", "article", "fullGrid"];

const TITLES: Readonly<Record<MethodKey, string>> = {
  article: "The article's Bayesian optimisation",
  grid: "Grid search",
  bayes: "Bayesian optimisation, like for like",
  fullGrid: "The article's whole grid",
};

/** What will be done, in this order. */
export function plan({ trials, cv, size, workers }: Options): (Step & { readonly key: MethodKey })[] {
  const candidates = combinations(reducedGrid(size));
  // A fold trains on so many of the rows, and the folds of a candidate side by side.
  const crossValidated = { trainings: cv, effort: (cv - 1) / workerCount(workers) };
  const steps = [
    { key: "article", trials, trainings: 1, effort: 1 },
    { key: "grid", trials: candidates, ...crossValidated },
    { key: "bayes", trials: candidates, ...crossValidated },
  ] as const;
  const fullGrid = { key: "fullGrid", trials: combinations(ARTICLE_GRID), ...crossValidated } as const;
  return [...steps, ...(size === "full" ? [fullGrid] : [])].map((step) => ({ ...step, title: TITLES[step.key] }));
}

/** The methods, the two that are alike in all but the search first; null when it was interrupted. */
export async function runExperiment(context: ExperimentContext): Promise<Method[] | null> {
  const methods: Method[] = [];
  for (const [index, { key }] of plan(context.options).entries()) {
    const step = context.firstStep + index;
    const method = await (key === "article" ? articleSearch(context, step) : crossValidated(context, step, key));
    if (method === null) return null;
    methods.push(method);
  }
  return methods.sort((a, b) => ORDER.indexOf(a.key) - ORDER.indexOf(b.key));
}

/**
 * The article's search, step by step: a hypermodel, trained on the training part and scored on the validation part at the
 * best of its epochs, with early stopping, class weights and an initial bias.
 */
async function articleSearch(context: ExperimentContext, step: number): Promise<Method | null> {
  const { dataset, options, seed, interruption, progress } = context;
  const { train } = dataset;
  const { createHyperModel } = await loadNetworks(options.backend);
  const tuner = new BayesianOptimization({
    hypermodel: createHyperModel({
      inputs: dataset.inputs.length,
      initialBias: initialBias(train.y),
      classWeight: balancedClassWeights(train.y),
      objective: options.objective.name,
    }),
    objective: new Objective(`val_${options.objective.name}`, "max"),
    maxTrials: options.trials,
    recipe: options.sampler === "gp" ? "default" : options.sampler,
    directory: options.out,
    projectName: `search-${fingerprint(context, ["article"])}`,
    seed,
  });
  const forget = interruption.onAsked(() => tuner.stop());
  try {
    const counter = countTrials(progress, step, await storedTrials(tuner));
    tuner.on("epoch", ({ trial, epoch, epochs }) => progress.epoch(step, trial, epoch + 1, epochs));
    tuner.on("tell", ({ trial }) => counter.ended(trial));
    await tuner.search(train.x, train.y, {
      validationData: weightedValidation(dataset),
      callbacks: [stopEarly, breathe],
      signal: interruption.signal,
    });
    if (interruption.asked) return null;
    const [best] = await tuner.getBestTrials();
    const [model] = await tuner.getBestModels();
    if (best === undefined || model === undefined) throw new NoWinner(TITLES.article);
    const [execution] = executionsOf(best);
    const trials = await tuner.study.trials();
    return {
      key: "article",
      title: TITLES.article,
      valueMeans: `${options.objective.label} on the validation part, at the best epoch of one training`,
      space: tuner.study.space,
      trials,
      trainingsPerTrial: 1,
      seconds: secondsOf(trials),
      winner: {
        trial: best.number,
        params: tuner.study.space.flatten(best.params),
        value: best.value!,
        standardError: null,
        history: execution!.history ?? {},
        epoch: (execution!.epoch ?? 0) + 1,
        ...scoreOnTest(context, model),
      },
    };
  } finally {
    forget();
    await tuner.close();
  }
}

/** Grid search, or Bayesian optimisation of the space around the same grid: the same folds, the same number of trainings. */
async function crossValidated(
  context: ExperimentContext,
  step: number,
  key: Exclude<MethodKey, "article">,
): Promise<Method | null> {
  const { dataset, options, seed, interruption, progress, storage } = context;
  const grid = key === "fullGrid" ? ARTICLE_GRID : reducedGrid(options.size);
  const name = `${key}-${fingerprint(context, [key, options.cv, grid])}`;
  const settings = {
    scoring: options.objective.name,
    cv: options.cv,
    workers: context.pool,
    storage,
    name,
    seed,
    signal: interruption.signal,
  };
  const estimator = fromModule<Networks["createEstimator"]>(networksModule(options.backend), "createEstimator");
  const search =
    key === "bayes"
      ? new BayesSearchCV(estimator, spaceAround(grid), {
          ...settings,
          trials: combinations(grid),
          sampler: options.sampler === "gp" ? gp() : tpe(),
        })
      : new GridSearchCV(estimator, { ...grid }, settings);
  const forget = interruption.onAsked(() => search.stop());
  try {
    const stored = await storage.findStudy(name);
    const before = stored === null ? [] : (await storage.trialsSince(stored.id, 0)).trials;
    const counter = countTrials(progress, step, before);
    search.on("epoch", ({ trial, epoch, epochs }) => progress.epoch(step, trial, epoch + 1, epochs));
    search.on("tell", ({ trial }) => counter.ended(trial));
    await search.fit(dataset.train.x, dataset.train.y, { validationData: weightedValidation(dataset) });
  } finally {
    forget();
  }
  if (interruption.asked) return null;
  const trials = await search.study.trials();
  const best = bestTrial(trials, { direction: "maximize" });
  if (best === null) throw new NoWinner(TITLES[key]);
  const { history, model } = search.bestEstimator;
  return {
    key,
    title: TITLES[key],
    valueMeans: `mean ${options.objective.label} over ${options.cv} folds of the training part`,
    space: search.study.space,
    trials,
    trainingsPerTrial: options.cv,
    seconds: secondsOf(trials),
    winner: {
      trial: best.number,
      params: search.study.space.flatten(best.params),
      value: search.bestScore,
      standardError: best.standardError ?? null,
      history: history.history,
      epoch: lowestAt(history.history.val_loss ?? []) + 1,
      ...scoreOnTest(context, model),
    },
  };
}

/** Trials of a project that was searched before. */
async function storedTrials(tuner: BayesianOptimization<TrainedNetwork>): Promise<readonly FrozenTrial<unknown>[]> {
  try {
    return await (await tuner.open()).trials();
  } catch (error) {
    if (error instanceof NotFoundError) return [];
    throw error;
  }
}

/** Tells the progress of a search, of which `before` are the trials of earlier runs. */
function countTrials(progress: Progress, step: number, before: readonly FrozenTrial<unknown>[]) {
  const isEnded = ({ state }: FrozenTrial<unknown>) => state === "completed" || state === "failed";
  let done = before.filter(isEnded).length;
  let best = bestTrial(before, { direction: "maximize" })?.value ?? null;
  progress.begin(step, done, best);
  return {
    ended({ number, state, value }: FrozenTrial<unknown>): void {
      done++;
      const counted = state === "completed" ? value : null;
      if (counted !== null && (best === null || counted > best)) best = counted;
      progress.ended(step, number, { done, value: counted, best });
    },
  };
}

/**
 * The validation part with the class weights of the training: without them the validation loss of rare frauds would be
 * lowest for a network that never calls one, and early stopping would keep just that.
 */
function weightedValidation({ train, validation }: Dataset): readonly [Matrix, Uint8Array, Float32Array] {
  const weights = balancedClassWeights(train.y);
  return [validation.x, validation.y, Float32Array.from(validation.y, (label) => weights[label]!)];
}

/** Lets signals and the progress in between two epochs; a training would else hold the thread to its end. */
const breathe: Callback = { onEpochEnd: () => new Promise((resolve) => setImmediate(resolve)) };

/** The one look at the test set. Its threshold was chosen on the validation part. */
function scoreOnTest(
  { dataset, options, seed }: ExperimentContext,
  model: TrainedNetwork,
): Pick<Winner, "summary" | "threshold" | "thresholdIsMet" | "probabilities" | "test"> {
  const { validation, test } = dataset;
  const { threshold, isMet } = decisionThreshold(options.objective, validation.y, model.predict(validation.x));
  const probabilities = model.predict(test.x);
  return {
    summary: model.summary(),
    threshold,
    thresholdIsMet: isMet,
    probabilities,
    test: scorecard(test.y, probabilities, { threshold, seed }),
  };
}

function secondsOf(trials: readonly FrozenTrial<unknown>[]): number {
  return trials.reduce((sum, { cost = 0 }) => sum + cost, 0);
}

/** Place of the first of the lowest numbers. */
function lowestAt(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value < values[best]! ? index : best), 0);
}

/** A short name for a search that another one, of other data or settings, does not have. */
function fingerprint({ dataset, options, seed }: ExperimentContext, settings: readonly unknown[]): string {
  const hash = createHash("sha256");
  for (const { x, y } of [dataset.train, dataset.validation]) hash.update(x.data).update(y);
  return hash
    .update(JSON.stringify([options.backend, options.sampler, options.objective.name, seed, ...settings]))
    .digest("hex")
    .slice(0, 12);
}

/** Every training of a search failed or diverged. */
class NoWinner extends Error {
  constructor(title: string) {
    super(`${title} has no winner, for none of its trainings gave a score.`);
  }
}
