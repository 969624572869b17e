/** The report as text for a terminal of 80 columns: what was found, how it compares, and what that means, the last last. */
import { type Estimate, METRICS } from "assay/analysis";
import { formatFixed } from "assay/chart";
import { ARTICLE_FIGURES } from "./article.ts";
import { count } from "./dataset.ts";
import type { Method, MethodKey } from "./experiment.ts";
import { findings, METRIC_LABELS, type Run, repeated, trainingsOf, verdicts } from "./findings.ts";
import type { Options } from "./options.ts";

const WIDTH = 80;

/** Headings of the table's columns, in two lines. */
const COLUMN: Readonly<Record<MethodKey, readonly [string, string]>> = {
  bayes: ["Bayesian", "like for like"],
  grid: ["grid search", ""],
  article: ["Bayesian", "as in article"],
  fullGrid: ["grid search", "whole grid"],
};

export function reportText(runs: readonly Run[], options: Options): string {
  const [first] = runs;
  const lines = [
    ...first!.methods.flatMap(winnerLines),
    heading(`On the test set${runs.length > 1 ? `, seed ${first!.seed}` : ""}, looked at once (with 95 % intervals)`),
    ...dataLines(first!, options),
    "",
    ...comparisonTable(first!.methods),
    "",
    ...(runs.length > 1 ? repeatLines(runs, options) : []),
    heading("What this says"),
    ...verdicts(runs, options).map((text) => wrap(text, "- ")),
    ...findings(first!, options).map(({ kind, text }) => wrap(`${kind === "warning" ? "WARNING  " : ""}${text}`, "- ")),
  ];
  return `${lines.join("\n")}\n`;
}

function heading(text: string): string {
  return `\n${text}\n${"─".repeat(Math.min(text.length, WIDTH))}`;
}

function dataLines({ dataset }: Run, options: Options): string[] {
  const { name, positive, train, validation, test, inputs, notes } = dataset;
  const share = ((100 * count(train.y)) / train.y.length).toFixed(0);
  return [
    wrap(`Data: ${name}; ${share} % ${positive}, ${inputs.length} inputs`),
    wrap(`Rows: ${train.y.length} for training, ${validation.y.length} for validation, ${test.y.length} for the test`),
    `Searched for: ${options.objective.label}`,
    ...notes.map((note) => wrap(note)),
  ];
}

function winnerLines({ title, winner, valueMeans }: Method): string[] {
  const error = winner.standardError === null ? "" : ` ± ${winner.standardError.toFixed(4)}`;
  return [
    heading(title),
    wrap(`Trial ${winner.trial} won with ${winner.value.toFixed(4)}${error}: ${valueMeans}.`),
    wrap(JSON.stringify(shortened(winner.params), null, 1).replaceAll(/\n */g, " ")),
    "",
    winner.summary,
  ];
}

/** Parameters with as many digits as mean something. */
export function shortened<V>(params: Readonly<Record<string, V>>): Record<string, V | number> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === "number" ? Number(value.toPrecision(4)) : value,
    ]),
  );
}

/** Rows of the comparison, the same in the text and on the page: [label, a cell for each method, the article's]. */
export function comparisonRows(methods: readonly Method[]): (readonly [string, readonly string[], string])[] {
  const articles = new Map(ARTICLE_FIGURES.map(({ metric, value }) => [metric, value]));
  const cells = (of: (method: Method) => string) => methods.map(of);
  const rates = (part: number, whole: number) => `${part} of ${whole}`;
  return [
    ["trainings", cells((method) => trainingsOf(method).toLocaleString("en")), ""],
    ["chosen by", cells(({ winner }) => winner.value.toFixed(4)), ""],
    ...METRICS.map(
      (metric) =>
        [
          METRIC_LABELS[metric],
          cells(({ winner }) => estimate(winner.test.metrics[metric])),
          articles.get(metric) ?? "",
        ] as const,
    ),
    [
      "found",
      cells(({ winner: { test } }) =>
        rates(test.confusion.truePositives, test.confusion.truePositives + test.confusion.falseNegatives),
      ),
      "",
    ],
    [
      "false alarms",
      cells(({ winner: { test } }) =>
        rates(test.confusion.falsePositives, test.confusion.falsePositives + test.confusion.trueNegatives),
      ),
      "",
    ],
  ];
}

function estimate(value: Estimate | null): string {
  return value === null ? "undefined" : `${short(value.value, 3)} ${short(value.low, 2)}–${short(value.high, 2)}`;
}

/** 0.812 → ".81". */
function short(share: number, digits: number): string {
  return formatFixed(share, digits).replace(/^0(?=\.)/, "");
}

function comparisonTable(methods: readonly Method[]): string[] {
  const label = 12;
  const cell = Math.floor((WIDTH - label - 13) / methods.length);
  const row = (first: string, cells: readonly string[], last: string) =>
    `${first.padEnd(label)}${cells.map((text) => text.padStart(cell)).join("")}${last.padStart(13)}`.trimEnd();
  const headings = (line: 0 | 1) => methods.map(({ key }) => COLUMN[key][line]);
  return [
    row("", headings(0), "the article"),
    row("", headings(1), "(other data)"),
    ...comparisonRows(methods).map(([first, cells, last]) => row(first, cells, last)),
    row(
      "seconds",
      methods.map(({ seconds }) => seconds.toFixed(1)),
      "",
    ),
  ];
}

function repeatLines(runs: readonly Run[], options: Options): string[] {
  const rows = repeated(runs, options).map(({ name, comparison }) => {
    const { meanDifference, interval, test } = comparison;
    const ends = `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;
    return `${name.padEnd(30)}${meanDifference.toFixed(4).padStart(10)}${ends.padStart(22)}${test.pValue.toFixed(3).padStart(12)}`;
  });
  return [
    heading(`Over ${runs.length} seeds: Bayesian optimisation, like for like, minus grid search`),
    `${"".padEnd(30)}${"mean".padStart(10)}${"95 % interval".padStart(22)}${"p".padStart(12)}`,
    ...rows,
  ];
}

/** Breaks a text at spaces; lines after the first are indented like what stands behind the bullet. */
export function wrap(text: string, bullet = ""): string {
  const lines: string[] = [];
  let line = bullet;
  for (const word of text.split(" ")) {
    const fits = line.length + 1 + word.length <= WIDTH;
    const starts = line.length === bullet.length && lines.length === 0;
    if (starts) line += word;
    else if (fits) line += ` ${word}`;
    else {
      lines.push(line);
      line = " ".repeat(bullet.length) + word;
    }
  }
  return [...lines, line].join("\n");
}
