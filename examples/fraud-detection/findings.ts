/**
 * What the numbers say, in sentences that say no more than they do: winners that learned nothing, differences that are
 * more than noise and those that are not, and how soon each search found what it found.
 */
import {
  compareOnTestSet,
  compareResults,
  convergence,
  degeneracy,
  METRICS,
  type Metric,
  type PairedComparison,
  type Result,
  type Rivalry,
  summary,
} from "assay/analysis";
import type { Dataset } from "./dataset.ts";
import type { Method, MethodKey } from "./experiment.ts";
import type { Options } from "./options.ts";

/** The comparison of all methods on one seed. */
export interface Run {
  readonly seed: number;
  readonly dataset: Dataset;
  readonly methods: readonly Method[];
}

export interface Finding {
  /** A warning is about a result that must not be used as it stands. */
  readonly kind: "warning" | "finding";
  readonly text: string;
}

export const METRIC_LABELS: Readonly<Record<Metric, string>> = {
  accuracy: "accuracy",
  precision: "precision",
  recall: "recall",
  auc: "ROC AUC",
  f1: "F1",
};

/** What is to be said about one run, the most important first. */
export function findings(run: Run, options: Options): Finding[] {
  return [
    ...run.methods.flatMap((method) => degenerateWinner(method, options)),
    ...unmetThresholds(run, options),
    ...degenerateTrials(run, options),
    ...likeForLike(run),
    ...speed(run),
    ...wholeGrid(run),
    ...articleAgainstGrid(run),
    ...run.methods.flatMap(optimism),
    ...run.methods.flatMap(boundaries),
    ...(options.repeat > 1 ? [] : [oneSeed(options)]),
  ];
}

function degenerateWinner({ key, title, winner }: Method, options: Options): Finding[] {
  if (winner.test.degeneracy === null) return [];
  const epochs = winner.history.loss?.length ?? 0;
  const how =
    key === "article"
      ? `Its weights are of epoch ${winner.epoch} of ${epochs}, when ${options.objective.label} happened to be highest. `
      : "";
  return [
    {
      kind: "warning",
      text: `${title}: the winner must not be used. ${winner.test.degeneracy.reason} ${how}${remedy(options)}`,
    },
  ];
}

function remedy({ objective }: Options): string {
  if (objective.name === "auc" || objective.name === "auprc") {
    return `${objective.label} judges the order of the rows and not the threshold: choose another than 0.5 from the curves, or search with --objective f2.`;
  }
  const others = ["recall@precision>=0.7", "f2", "auprc", "auc"].filter((name) => name !== objective.name);
  const quoted = others.map((name) => (name.includes(">") ? `"${name}"` : name));
  return `Such a network wins ${objective.label} without being good: search with --objective ${listed(quoted, "or")} instead.`;
}

function unmetThresholds({ methods }: Run, { objective }: Options): Finding[] {
  const unmet = methods.filter(({ winner }) => !winner.thresholdIsMet).map(({ title }) => title);
  if (unmet.length === 0) return [];
  return [
    {
      kind: "finding",
      text: `No threshold gives the winner of ${listed(unmet)} a precision of ${objective.leastPrecision} on the validation part; it is scored at 0.5 instead, so its recall is not one at that precision.`,
    },
  ];
}

/** How many trials of the article's search are no better than its trap, by what they logged on the validation part. */
function degenerateTrials({ dataset, methods }: Run, options: Options): Finding[] {
  const article = methodOf(methods, "article");
  const positives = dataset.validation.y.reduce((sum, label) => sum + label, 0);
  const baseRate = positives / dataset.validation.y.length;
  const bad = article.trials.filter(({ metrics }) => {
    const { val_recall: recall = Number.NaN, val_precision: precision = 0 } = metrics;
    return degeneracy({ recall, precision, baseRate }) !== null;
  }).length;
  if (bad === 0) return [];
  const networks = bad === 1 ? "a network that hardly tells" : "networks that hardly tell";
  return [
    {
      kind: "finding",
      text: `${bad} of the ${article.trials.length} trials of the article's search ${bad === 1 ? "was" : "were"} scored by ${options.objective.label} for ${networks} ${dataset.positive} from the rest.`,
    },
  ];
}

/** Differences of two methods' winners on the test set, the first minus the second. */
export function rivalry({ dataset, methods, seed }: Run, first: MethodKey, second: MethodKey): Rivalry[] {
  const scored = (key: MethodKey) => {
    const { probabilities, threshold } = methodOf(methods, key).winner;
    return { scores: probabilities, threshold };
  };
  return compareOnTestSet(dataset.test.y, scored(first), scored(second), { seed });
}

function likeForLike(run: Run): Finding[] {
  const trainings = trainingsOf(methodOf(run.methods, "grid"));
  const differences = rivalry(run, "bayes", "grid");
  const lead = `With ${trainings} trainings each, on the same folds and in the same space,`;
  return [
    { kind: "finding", text: `${lead} ${describe(differences, "Bayesian optimisation's network", "the grid's")}` },
  ];
}

function articleAgainstGrid(run: Run): Finding[] {
  const differences = rivalry(run, "article", "grid");
  const text = describe(differences, "the network of the article's search", "the grid's");
  const clear = (metric: Metric) =>
    differences.find((rival) => rival.metric === metric && rival.isClear)?.difference ?? 0;
  const isItsTrade = clear("recall") > 0 && clear("precision") < 0;
  const alike = isItsTrade ? " That is the article's own finding: more recall for less precision." : "";
  return [{ kind: "finding", text: `In the article's own comparison, which is not like for like, ${text}${alike}` }];
}

/** "x has clearly higher recall (+0.05, 95 % 0.01 to 0.09) than y; the other differences are inside the noise." */
function describe(differences: readonly Rivalry[], first: string, second: string): string {
  const clear = differences.filter(({ isClear }) => isClear);
  const rest = differences.length - clear.length;
  if (clear.length === 0) {
    const largest = differences
      .filter(({ difference }) => difference !== null)
      .reduce((a, b) => (Math.abs(b.difference!) > Math.abs(a.difference!) ? b : a));
    return `${first} and ${second} differ by no more than chance would have it on this test set (the largest difference: ${numbers(largest)}).`;
  }
  const said = clear.map((rival) => `${rival.difference! > 0 ? "higher" : "lower"} ${numbers(rival)}`);
  const others =
    rest === 0 ? "" : `; ${rest === 1 ? "the other difference is" : "the other differences are"} inside the noise`;
  return `${first} has ${said.join(", ")} than ${second}${others}.`;
}

function numbers({ metric, difference, interval }: Rivalry): string {
  const ends = interval === null ? "" : `, 95 % ${signed(interval.low)} to ${signed(interval.high)}`;
  return `${METRIC_LABELS[metric]} (${signed(difference!)}${ends})`;
}

/** After how many trainings the search of the grid's space had what the whole grid found. */
function speed({ methods }: Run): Finding[] {
  const grid = methodOf(methods, "grid");
  const bayes = methodOf(methods, "bayes");
  const trainings = trainingsOf(grid);
  const curve = convergence(bayes.trials, { direction: "maximize", trainings: bayes.trainingsPerTrial });
  const reached = curve.find(({ best }) => best !== null && best >= grid.winner.value);
  const value = grid.winner.value.toFixed(4);
  const text =
    reached === undefined
      ? `Bayesian optimisation did not reach the best value of the grid (${value}) within the same ${trainings} trainings; its own best is ${bayes.winner.value.toFixed(4)}.`
      : `Bayesian optimisation had reached the best value of the whole grid (${value}) after ${reached.trainings} of ${trainings} trainings, and ended at ${bayes.winner.value.toFixed(4)}.`;
  const spread = Math.max(grid.winner.standardError ?? 0, bayes.winner.standardError ?? 0);
  const caution =
    Math.abs(bayes.winner.value - grid.winner.value) > 2 * spread
      ? ""
      : ` Such a value has a standard error of ${spread.toFixed(3)} over the folds, so the difference of the two ends is inside the noise.`;
  return [{ kind: "finding", text: text + caution }];
}

/** What the article's whole grid found beyond the search that had a fraction of its trainings. */
function wholeGrid(run: Run): Finding[] {
  const grid = run.methods.find(({ key }) => key === "fullGrid");
  if (grid === undefined) return [];
  const bayes = methodOf(run.methods, "bayes");
  const english = (count: number) => count.toLocaleString("en");
  const found = `The article's whole grid found ${grid.winner.value.toFixed(4)} in ${english(trainingsOf(grid))} trainings, Bayesian optimisation ${bayes.winner.value.toFixed(4)} in ${english(trainingsOf(bayes))}.`;
  const onTest = describe(rivalry(run, "bayes", "fullGrid"), "Bayesian optimisation's network", "the whole grid's");
  return [{ kind: "finding", text: `${found} On the test set ${onTest}` }];
}

/** The value for which a trial won, against what its network is worth on rows that nobody chose by. */
function optimism({ key, winner }: Method): Finding[] {
  if (key !== "article") return [];
  return [
    {
      kind: "finding",
      text: `The article's search reports ${winner.value.toFixed(4)} for its winner, the best epoch of the best of its trials: such a maximum flatters by its luck. Judge a winner by the test set alone.`,
    },
  ];
}

function boundaries({ title, space, trials }: Method): Finding[] {
  const ends = summary(space, trials, { direction: "maximize" }).atBoundary;
  const at = (end: "low" | "high", word: string) => {
    const names = ends.filter((found) => found.end === end).map(({ parameter }) => parameter);
    return names.length === 0 ? [] : [`the ${word} ${listed(names)}`];
  };
  const said = [...at("low", "lowest"), ...at("high", "highest")];
  if (said.length === 0) return [];
  return [
    {
      kind: "finding",
      text: `${title}: the winner has ${listed(said)} of its space; a wider range may hold better ones.`,
    },
  ];
}

function oneSeed({ size }: Options): Finding {
  const amount = size === "quick" ? "a few dozen trainings on" : "one comparison on";
  return {
    kind: "finding",
    text: `This is ${amount} one seed. Whether one method is really better, --repeat 10 tells, with a paired test.`,
  };
}

/** A figure compared over several seeds: Bayesian optimisation, like for like, against grid search. */
export interface Repeated {
  readonly name: string;
  readonly comparison: PairedComparison;
}

/** The whole comparison over several seeds, with a paired test of what was searched for and of each metric on the test set. */
export function repeated(runs: readonly Run[], { objective, cv }: Options): Repeated[] {
  const figure = (name: string, of: (method: Method) => number | undefined): Repeated[] => {
    const pairs = runs.flatMap(({ methods }) => {
      const pair = [methodOf(methods, "bayes"), methodOf(methods, "grid")].map((method) => ({
        value: of(method),
        cost: trainingsOf(method),
      }));
      // Precision is not defined for a network that never says positive.
      return pair.some(({ value }) => value === undefined) ? [] : [pair as Result[]];
    });
    if (pairs.length === 0) return [];
    const { pairs: compared, verdict } = compareResults(
      { "Bayesian optimisation": pairs.map(([bayes]) => bayes!), "grid search": pairs.map(([, grid]) => grid!) },
      { metric: name, unit: "seeds", costUnit: "trainings" },
    );
    return [{ name, comparison: { ...compared[0]!, verdict } }];
  };
  return [
    ...figure(`${objective.label} over ${cv} folds`, ({ winner }) => winner.value),
    ...METRICS.flatMap((metric) =>
      figure(`test ${METRIC_LABELS[metric]}`, ({ winner }) => winner.test.metrics[metric]?.value),
    ),
  ];
}

/** Verdicts over the seeds: of what was searched for, and of whatever else came out clear. */
export function verdicts(runs: readonly Run[], options: Options): string[] {
  if (runs.length < 2) return [];
  const all = repeated(runs, options);
  const searched = [all[0], all.find(({ name }) => name === `test ${options.objective.label}`)];
  return all
    .filter((one) => searched.includes(one) || one.comparison.isClear)
    .map(({ comparison }) => comparison.verdict);
}

export function methodOf(methods: readonly Method[], key: MethodKey): Method {
  const method = methods.find((candidate) => candidate.key === key);
  if (method === undefined) throw new Error(`The run has no method ${key}.`);
  return method;
}

export function trainingsOf({ trials, trainingsPerTrial }: Method): number {
  return trials.length * trainingsPerTrial;
}

export function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

/** "a", "a and b", "a, b and c". */
function listed(words: readonly string[], last = "and"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
