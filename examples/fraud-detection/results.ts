/**
 * The results as a plain record, for programs. All that depends on the clock stands under `times`, so that two runs of one
 * seed differ in nothing else, whether they were interrupted or not.
 */
import type { Json } from "assay";
import { ARTICLE_FIGURES } from "./article.ts";
import { count, type Part } from "./dataset.ts";
import type { Method } from "./experiment.ts";
import { findings, type Run, repeated, rivalry, trainingsOf } from "./findings.ts";
import type { Options } from "./options.ts";

export function resultsJson(runs: readonly Run[], options: Options): Json {
  const { objective, size, trials, cv, seed, repeat, sampler, backend } = options;
  return plain({
    format: "assay/fraud-detection",
    version: 1,
    options: {
      source: { ...options.source },
      objective: objective.name,
      size,
      trials,
      cv,
      seed,
      repeat,
      sampler,
      backend,
    },
    article: { note: "the article's own figures, on other data", figures: ARTICLE_FIGURES },
    runs: runs.map((run) => runJson(run, options)),
    repeated: runs.length > 1 ? repeated(runs, options) : null,
    times: runs.map(({ methods }) =>
      Object.fromEntries(methods.map(({ key, seconds }) => [key, { trainingSeconds: seconds }])),
    ),
  });
}

function runJson(run: Run, options: Options) {
  const { dataset, methods, seed } = run;
  return {
    seed,
    data: {
      name: dataset.name,
      positive: dataset.positive,
      inputs: dataset.inputs,
      notes: dataset.notes,
      rows: { train: rows(dataset.train), validation: rows(dataset.validation), test: rows(dataset.test) },
    },
    methods: methods.map(methodJson),
    differences: {
      "bayes minus grid": rivalry(run, "bayes", "grid"),
      "article minus grid": rivalry(run, "article", "grid"),
    },
    findings: findings(run, options),
  };
}

function rows({ y }: Part) {
  return { total: y.length, positive: count(y) };
}

function methodJson(method: Method) {
  const { key, title, valueMeans, space, trials, winner } = method;
  return {
    key,
    title,
    valueMeans,
    trainings: trainingsOf(method),
    space: space.toJSON(),
    winner: { ...winner, probabilities: Array.from(winner.probabilities) },
    trials: trials.map(({ number, state, params, value, standardError = null }) => ({
      number,
      state,
      params: space.flatten(params),
      value,
      standardError,
    })),
  };
}

/** JSON as it will be read back: without `undefined`, and with null for numbers that are none. */
function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value));
}
