/**
 * The report as one self-contained page. What depends on the clock stands in a single row of the comparison's table, so
 * that the rest is the same for the same seed.
 */
import {
  contour,
  convergence,
  fitSurrogate,
  importance,
  learningCurves,
  METRICS,
  orderBand,
  parallelCoordinates,
  precisionRecallCurve,
  rocCurve,
  slice,
} from "assay/analysis";
import {
  type Block,
  bestSoFarChart,
  type Cell,
  comparisonChart,
  confusionChart,
  contourChart,
  formatFixed,
  formatNumber,
  htmlPage,
  importanceChart,
  learningCurvesChart,
  leaveOneOutChart,
  parallelCoordinatesChart,
  precisionRecallChart,
  rocChart,
  type Section,
  sliceChart,
  type Table,
} from "assay/chart";
import { ARTICLE_FIGURES } from "./article.ts";
import { count, type Dataset } from "./dataset.ts";
import type { Method, MethodKey } from "./experiment.ts";
import { findings, METRIC_LABELS, methodOf, type Run, repeated, trainingsOf, verdicts } from "./findings.ts";
import type { Options } from "./options.ts";

/** In a table's heading and beside a curve, where the full titles are too long. */
const SHORT: Readonly<Record<MethodKey, string>> = {
  bayes: "Bayesian, like for like",
  grid: "grid search",
  article: "Bayesian, as in the article",
  fullGrid: "the whole grid",
};

export function reportHtml(runs: readonly Run[], options: Options): string {
  const run = runs[0]!;
  const { dataset, methods } = run;
  return htmlPage({
    title: "Tuning a fraud-detection network: Bayesian optimisation against grid search",
    lead: `A small network learns to tell ${dataset.positive} from the rest, and its hyperparameters are searched in ${methods.length === 3 ? "three" : "four"} ways, for the best **${options.objective.label}**. Each winner is scored once, on rows that no search has seen.`,
    facts: facts(run, runs, options),
    sections: [
      { title: "What was found", blocks: findingBlocks(run, options) },
      { title: "The comparison", blocks: comparisonBlocks(run) },
      ...(runs.length > 1 ? [{ title: `Over ${runs.length} seeds`, blocks: repeatBlocks(runs, options) }] : []),
      { title: "How soon", blocks: soonBlocks(run, options) },
      { title: "What was tried", blocks: triedBlocks(run, options) },
      ...surrogateSections(run, options),
      { title: "The winners", blocks: winnerBlocks(run) },
      { title: "How the numbers were made", blocks: methodBlocks(run, options) },
    ],
    footer:
      "Made by the fraud-detection example of Assay. Every figure follows from the data, the options and the seed.",
  });
}

function facts({ dataset, seed }: Run, runs: readonly Run[], options: Options) {
  const rows = (part: Dataset["train"]) =>
    `${part.y.length} (${formatFixed((100 * count(part.y)) / part.y.length, 0)} %)`;
  return [
    { name: "Data", value: dataset.name },
    {
      name: "Rows (positive)",
      value: `training ${rows(dataset.train)}, validation ${rows(dataset.validation)}, test ${rows(dataset.test)}`,
    },
    { name: "Inputs", value: String(dataset.inputs.length) },
    {
      name: runs.length > 1 ? "Seeds" : "Seed",
      value: runs.length > 1 ? `${seed} to ${seed + runs.length - 1}; pictures are of ${seed}` : String(seed),
    },
    { name: "Searched for", value: options.objective.label },
  ];
}

function findingBlocks(run: Run, options: Options): Block[] {
  const all = findings(run, options);
  const warnings = all.filter(({ kind }) => kind === "warning");
  return [
    ...warnings.map(
      ({ text }): Block => ({
        kind: "callout",
        tone: "warning",
        title: "A winner that must not be used as it is",
        text,
      }),
    ),
    { kind: "text", paragraphs: all.filter(({ kind }) => kind === "finding").map(({ text }) => text) },
  ];
}

function comparisonBlocks({ dataset, methods }: Run): Block[] {
  const article = {
    name: "the article's own figures (other data)",
    scores: Object.fromEntries(ARTICLE_FIGURES.map(({ metric, value }) => [metric, { value: Number(value) }])),
  };
  return [
    { kind: "table", table: comparisonTable(methods) },
    {
      kind: "charts",
      charts: [
        comparisonChart(
          {
            methods: [
              ...methods.map(({ key, winner }) => ({ name: SHORT[key], scores: winner.test.metrics })),
              article,
            ],
            metrics: METRICS.map((key) => ({ key, name: METRIC_LABELS[key] })),
          },
          { title: "On the test set, with 95 % intervals" },
        ),
        confusionChart(
          methods.map(({ key, winner }) => ({ name: SHORT[key], confusion: winner.test.confusion })),
          { classes: [dataset.positive, `not ${dataset.positive}`] },
        ),
      ],
    },
    {
      kind: "charts",
      charts: [
        rocChart(
          methods.map(({ key, winner }) => ({
            name: SHORT[key],
            curve: rocCurve(dataset.test.y, winner.probabilities, winner.threshold),
          })),
        ),
        precisionRecallChart(
          methods.map(({ key, winner }) => ({
            name: SHORT[key],
            curve: precisionRecallCurve(dataset.test.y, winner.probabilities, winner.threshold),
          })),
        ),
      ],
    },
  ];
}

function comparisonTable(methods: readonly Method[]): Table {
  const articles = new Map<string, Cell>(
    ARTICLE_FIGURES.map(({ metric, value, by }) => [metric, { text: value, note: `by ${by}` }]),
  );
  const row = (name: string, cell: (method: Method) => Cell, last: Cell = ""): Cell[] => [
    name,
    ...methods.map(cell),
    last,
  ];
  return {
    caption: "The winner of each search on the test set",
    columns: [
      { name: "measure" },
      ...methods.map(({ key }) => ({ name: SHORT[key], isNumeric: true })),
      { name: "the article's figures, other data", isNumeric: true },
    ],
    rows: [
      row("trainings", (method) => trainingsOf(method).toLocaleString("en")),
      row("seconds of training", ({ seconds }) => seconds.toFixed(1)),
      row("value it was chosen for", ({ winner }) =>
        winner.standardError === null
          ? formatFixed(winner.value, 4)
          : { text: formatFixed(winner.value, 4), note: `± ${formatFixed(winner.standardError, 4)}` },
      ),
      ...METRICS.map((metric) =>
        row(
          METRIC_LABELS[metric],
          ({ winner }) => {
            const estimate = winner.test.metrics[metric];
            if (estimate === null) return "undefined";
            return {
              text: formatFixed(estimate.value),
              note: `${formatFixed(estimate.low)} to ${formatFixed(estimate.high)}`,
            };
          },
          articles.get(metric),
        ),
      ),
      row(
        "found",
        ({
          winner: {
            test: { confusion },
          },
        }) => `${confusion.truePositives} of ${confusion.truePositives + confusion.falseNegatives}`,
      ),
      row(
        "false alarms",
        ({
          winner: {
            test: { confusion },
          },
        }) => `${confusion.falsePositives} of ${confusion.falsePositives + confusion.trueNegatives}`,
      ),
      row("called positive above", ({ winner }) => formatFixed(winner.threshold)),
    ],
  };
}

function repeatBlocks(runs: readonly Run[], options: Options): Block[] {
  const results = repeated(runs, options);
  return [
    { kind: "text", paragraphs: verdicts(runs, options) },
    {
      kind: "table",
      table: {
        caption: "Bayesian optimisation, like for like, minus grid search",
        columns: [
          { name: "metric" },
          ...["mean difference", "95 % interval", "signed-rank p", "seeds"].map((name) => ({ name, isNumeric: true })),
        ],
        rows: results.map(({ name, comparison: { meanDifference, interval, test, n } }) => [
          name,
          formatFixed(meanDifference, 4),
          `${formatFixed(interval.low)} to ${formatFixed(interval.high)}`,
          formatFixed(test.pValue),
          String(n),
        ]),
      },
    },
    {
      kind: "table",
      table: {
        caption: "Each seed's winners on the test set: recall, ROC AUC",
        columns: [{ name: "seed" }, ...runs[0]!.methods.map(({ key }) => ({ name: SHORT[key], isNumeric: true }))],
        rows: runs.map(({ seed, methods }) => [
          String(seed),
          ...methods.map(
            ({ winner: { test } }) =>
              `${formatFixed(test.metrics.recall?.value)}, ${formatFixed(test.metrics.auc?.value)}`,
          ),
        ]),
      },
    },
  ];
}

function soonBlocks({ methods }: Run, options: Options): Block[] {
  const curveOf = (method: Method) =>
    convergence(method.trials, { direction: "maximize", trainings: method.trainingsPerTrial });
  const [grid, bayes, article] = [methodOf(methods, "grid"), methodOf(methods, "bayes"), methodOf(methods, "article")];
  return [
    {
      kind: "text",
      paragraphs: [
        "A grid has no order of its own: its curve depends on the corner in which it begins. The band shows where nine in ten of all its orders would stand.",
      ],
    },
    {
      kind: "charts",
      charts: [
        bestSoFarChart(
          {
            metric: `${options.objective.label}, mean of ${options.cv} folds`,
            direction: "maximize",
            series: [bayes, grid].map((method) => ({ name: SHORT[method.key], points: curveOf(method) })),
            band: {
              name: "the grid in any order",
              series: 1,
              points: orderBand(grid.trials, { direction: "maximize", trainings: grid.trainingsPerTrial }),
            },
          },
          { title: "Best so far, like for like" },
        ),
        bestSoFarChart(
          {
            metric: `${options.objective.label} on the validation part`,
            direction: "maximize",
            series: [{ name: SHORT.article, points: curveOf(article) }],
          },
          { title: "Best so far in the article's search" },
        ),
      ],
    },
  ];
}

function triedBlocks({ methods }: Run, options: Options): Block[] {
  return [
    {
      kind: "charts",
      charts: methods
        .filter(({ key }) => key !== "fullGrid")
        .map(({ key, title, space, trials }) =>
          parallelCoordinatesChart(
            {
              ...parallelCoordinates(space, trials, { direction: "maximize" }),
              metric: key === "article" ? `val. ${options.objective.label}` : `CV ${options.objective.label}`,
            },
            { title },
          ),
        ),
    },
  ];
}

/** What each Bayesian search's surrogate makes of all its trials. */
function surrogateSections({ methods, seed }: Run, options: Options): Section[] {
  return (["bayes", "article"] as const).map((key) => {
    const method = methodOf(methods, key);
    return {
      title:
        key === "bayes"
          ? "What the surrogate learned, like for like"
          : "What the surrogate learned in the article's search",
      blocks: surrogateBlocks(method, seed, options),
    };
  });
}

function surrogateBlocks({ space, trials, winner }: Method, seed: number, options: Options): Block[] {
  const surrogate = fitSurrogate(space, trials);
  const metric = options.objective.label;
  if (surrogate === null) {
    return [{ kind: "text", paragraphs: ["A surrogate needs three completed trials and a parameter that varies."] }];
  }
  const at = space.nest(winner.params);
  const bars = importance(surrogate, space, { seed });
  const names = bars.map(({ parameter }) => parameter);
  const [first, second] = names;
  return [
    {
      kind: "text",
      paragraphs: [
        "A Gaussian process, fitted to all trials of the search. Slices and contour go through the winner; the observations are projected onto them, so they differ in the other parameters as well. The band is the uncertainty of the mean, without the noise of a single training.",
      ],
    },
    {
      kind: "charts",
      charts: [
        leaveOneOutChart({ metric, leaveOneOut: surrogate.leaveOneOut }),
        importanceChart({ importance: bars, rSquared: surrogate.leaveOneOut.rSquared }),
      ],
    },
    {
      kind: "charts",
      charts: [
        sliceChart({ metric, slices: names.map((name) => slice(surrogate, space, trials, name, { at })) }),
        ...(first === undefined || second === undefined
          ? []
          : [
              contourChart(
                { metric, direction: "maximize", contour: contour(surrogate, space, trials, [first, second], { at }) },
                { title: "The two most important parameters together" },
              ),
            ]),
      ],
    },
  ];
}

function winnerBlocks({ methods }: Run): Block[] {
  const names = [...new Set(methods.flatMap(({ winner }) => Object.keys(winner.params)))];
  return [
    {
      kind: "table",
      table: {
        caption: "Best hyperparameters",
        columns: [{ name: "parameter" }, ...methods.map(({ key }) => ({ name: SHORT[key], isNumeric: true }))],
        rows: names.map((name) => [
          name,
          ...methods.map(({ winner }): Cell => {
            const value = winner.params[name];
            if (typeof value === "number") return formatNumber(value);
            // The estimator of the article's grid always uses Adam.
            return String(value ?? (name === "optimizer" ? "adam" : "–"));
          }),
        ]),
      },
    },
    {
      kind: "charts",
      charts: [
        learningCurvesChart(
          methods.map(({ key, winner }) =>
            learningCurves(SHORT[key], winner.history, { metrics: ["loss", "recall"], bestEpoch: winner.epoch }),
          ),
        ),
      ],
    },
    ...methods.map(
      ({ title, winner }): Block => ({ kind: "code", caption: `The network of: ${title}`, text: winner.summary }),
    ),
  ];
}

function methodBlocks({ dataset, methods }: Run, options: Options): Block[] {
  const grid = trainingsOf(methodOf(methods, "grid"));
  const said = methods.map(({ title, valueMeans }) => `**${title}**: a trial's value is the ${valueMeans}.`);
  const threshold =
    options.objective.leastPrecision === null
      ? "A row is called positive above a probability of 0.5."
      : `A row is called positive above the lowest probability that keeps a precision of ${options.objective.leastPrecision} on the validation part; on the test set the precision may come out lower.`;
  return [
    {
      kind: "text",
      paragraphs: [
        ...dataset.notes,
        ...said,
        `The grid and the like-for-like search have the same folds, the same ranges of the same parameters, and ${grid} trainings each; each winner is then trained once more on the whole training part. All trainings stop early on the validation loss, with balanced class weights, in training and validation alike, and begin from the bias log(positives / negatives).`,
        `${threshold} Intervals for accuracy, precision and recall are Wilson's, for ROC AUC DeLong's, for F1 from a bootstrap; they tell how far this test set can be trusted, not how another training of the same network would come out.`,
        "The article's figures are of its own synthetic data: a landmark to stand beside, not a yardstick.",
      ],
    },
  ];
}
