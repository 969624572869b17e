/** Every chart over realistic and degenerate data: what the structural tests go through. */
import {
  bestTrial,
  contour,
  convergence,
  type Direction,
  fitSurrogate,
  importance,
  learningCurves,
  orderBand,
  parallelCoordinates,
  precisionRecallCurve,
  rocCurve,
  scorecard,
  slice,
} from "../../src/analysis/index.ts";
import {
  bestSoFarChart,
  type Chart,
  comparisonChart,
  confusionChart,
  contourChart,
  importanceChart,
  learningCurvesChart,
  leaveOneOutChart,
  parallelCoordinatesChart,
  precisionRecallChart,
  rocChart,
  sliceChart,
} from "../../src/chart/index.ts";
import { createRng } from "../../src/math/rng.ts";
import { categorical } from "../../src/space/choice.ts";
import { createSpace } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { space, trials } from "../analysis/study.ts";

/** A name that would be a program if it were not escaped. */
export const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202E]]>\u0000\uD800`;

const METRIC = "cross-validated recall";
const maximize = { direction: "maximize" } as const;

type History = ReturnType<typeof trials>;

const usual = trials(60, 1);
const grid = trials(54, 2);
const valued = (value: (i: number) => number | null): History =>
  trials(14, 5).map((trial, i) => ({ ...trial, state: value(i) === null ? "failed" : "completed", value: value(i) }));

/** Histories by what is odd about them. */
const HISTORIES: Readonly<Record<string, History>> = {
  empty: [],
  "one trial": usual.slice(0, 1),
  "all failed": valued(() => null),
  "all equal": valued(() => 0.5),
  huge: valued((i) => (i % 3 === 0 ? -1e300 : 1e300)),
  close: valued((i) => 0.8 + i * 1e-9),
  tiny: valued((i) => i * 1e-12),
  negative: valued((i) => -1000 * i),
};

const strange = createSpace({
  [HOSTILE.replace(/[\u0000\uD800.]/g, "").slice(0, 28)]: float(0, 1),
  "a very long parameter name that goes on and on and on": categorical([
    HOSTILE,
    "the second choice has a long name too",
    "三番目の選択",
  ]),
  powers: int(1, 100_000, { log: true }),
  tenMillionths: float(2e-7, 5e-7),
  millions: float(1e6, 9e6),
  narrowLog: float(0.02, 0.07, { log: true }),
  fine: float(-1, 1, { step: 0.1 }),
  numbers: categorical([0.1, 0.2, 0.30000000000000004]),
});
const strangeTrials = (() => {
  const rng = createRng(9);
  return Array.from({ length: 25 }, (_, number) => ({
    number,
    value: -1e-5 * rng.next(),
    params: strange.nest(strange.decode(Float64Array.from({ length: strange.coordinates.length }, () => rng.next()))),
  }));
})();

const labels = Array.from({ length: 400 }, (_, i) => i % 2);
const scoresOf = (sharpness: number, seed: string): number[] => {
  const rng = createRng(seed);
  return labels.map((label) => 1 / (1 + Math.exp(-sharpness * (label - 0.5) - rng.normal())));
};
const [sharp, blunt] = [scoresOf(2, "sharp"), scoresOf(1.7, "blunt")];

function network(epochs: number): Record<string, number[]> {
  const falling = (from: number, to: number) =>
    Array.from({ length: epochs }, (_, e) => to + (from - to) * Math.exp(-e / 6));
  return {
    loss: falling(0.7, 0.4),
    val_loss: falling(0.72, 0.47),
    recall: falling(0.5, 0.8),
    val_recall: falling(0.45, 0.77),
  };
}

function ofHistory(history: History, direction: Direction): Chart[] {
  const options = { direction };
  const surrogate = fitSurrogate(space, history);
  const best = bestTrial(history, options);
  const names = space.coordinates
    .map(({ name }) => name)
    .filter((name) => best !== null && Object.hasOwn(space.flatten(best.params), name));
  const cut = (name: string) => slice(surrogate!, space, history, name, { at: best!.params });
  const pair = (a: string, b: string) =>
    surrogate === null ? null : contour(surrogate, space, history, [a, b], { at: best!.params, resolution: 17 });
  return [
    bestSoFarChart({
      metric: METRIC,
      direction,
      series: [
        { name: "Bayesian optimisation", points: convergence(history, { direction, trainings: 3 }) },
        { name: "Grid search", points: convergence(grid, { direction, trainings: 3 }) },
      ],
      band: { name: "the grid in any order", series: 1, points: orderBand(grid, { direction, trainings: 3 }) },
    }),
    bestSoFarChart({
      metric: METRIC,
      direction,
      series: [{ name: "alone", points: convergence(history, options) }],
      by: "evaluations",
    }),
    parallelCoordinatesChart({ ...parallelCoordinates(space, history, options), metric: METRIC }),
    sliceChart({ metric: METRIC, slices: surrogate === null ? [] : names.map(cut) }),
    contourChart({ metric: METRIC, direction, contour: pair("learningRate", "dropout") }),
    contourChart({ metric: METRIC, direction, contour: pair("batch", "learningRate") }),
    importanceChart({
      importance: surrogate === null ? [] : importance(surrogate, space, { samples: 32, scramblings: 2 }),
      rSquared: surrogate?.leaveOneOut.rSquared ?? null,
    }),
    leaveOneOutChart({ metric: METRIC, leaveOneOut: surrogate?.leaveOneOut ?? null }),
  ];
}

function ofStrangeSpace(): Chart[] {
  const surrogate = fitSurrogate(strange, strangeTrials)!;
  const at = strangeTrials[3]!.params;
  const names = strange.coordinates.map(({ name }) => name);
  const both = (a: number, b: number) =>
    contour(surrogate, strange, strangeTrials, [names[a]!, names[b]!], { at, resolution: 13 });
  const options = { direction: "minimize" as const };
  return [
    bestSoFarChart(
      {
        metric: HOSTILE,
        ...options,
        series: [{ name: HOSTILE, points: convergence(strangeTrials, options) }],
        band: { name: HOSTILE, series: 0, points: orderBand(strangeTrials, options) },
      },
      { title: HOSTILE },
    ),
    parallelCoordinatesChart(
      { ...parallelCoordinates(strange, strangeTrials, options), metric: HOSTILE },
      { title: HOSTILE },
    ),
    sliceChart(
      { metric: HOSTILE, slices: names.map((name) => slice(surrogate, strange, strangeTrials, name, { at })) },
      { title: HOSTILE },
    ),
    contourChart({ metric: HOSTILE, ...options, contour: both(0, 1) }, { title: HOSTILE }),
    contourChart({ metric: HOSTILE, ...options, contour: both(1, 7) }),
    contourChart({ metric: HOSTILE, ...options, contour: both(2, 4) }),
    contourChart({ metric: HOSTILE, ...options, contour: both(3, 5) }),
    importanceChart(
      { importance: importance(surrogate, strange, { samples: 32, scramblings: 2 }), rSquared: 0.1 },
      { title: HOSTILE },
    ),
    leaveOneOutChart({ metric: HOSTILE, leaveOneOut: surrogate.leaveOneOut }, { title: HOSTILE }),
  ];
}

function ofClassifiers(): Chart[] {
  const cards = [scorecard(labels, sharp), scorecard(labels, blunt)];
  const named = (name: string, of: typeof rocCurve) => [
    { name, curve: of(labels, sharp) },
    { name: "Grid search", curve: of(labels, blunt) },
  ];
  const metrics = [
    { key: "recall", name: "Recall" },
    { key: "precision", name: "Precision" },
    { key: "auc", name: "AUC" },
  ];
  return [
    rocChart(named("Bayesian optimisation", rocCurve)),
    rocChart(named(HOSTILE, rocCurve), { title: HOSTILE }),
    precisionRecallChart(named("Bayesian optimisation", precisionRecallCurve)),
    rocChart([]),
    rocChart([{ name: "one class", curve: rocCurve([1, 1], [0.1, 0.2]) }]),
    precisionRecallChart([{ name: "no positives", curve: precisionRecallCurve([0, 0], [0.1, 0.2]) }]),
    rocChart([{ name: "perfect", curve: rocCurve([0, 1], [0.1, 0.9]) }]),
    precisionRecallChart([{ name: "perfect", curve: precisionRecallCurve([0, 1], [0.1, 0.9]) }]),
    confusionChart(
      [
        { name: "Bayesian optimisation", confusion: cards[0]!.confusion },
        { name: "Grid search", confusion: cards[1]!.confusion },
        {
          name: HOSTILE,
          confusion: { truePositives: 0, falsePositives: 0, trueNegatives: 123_456_789, falseNegatives: 0 },
        },
      ],
      { classes: ["fraudulent transactions", HOSTILE] },
    ),
    confusionChart([]),
    comparisonChart({
      methods: [
        { name: "Bayesian optimisation", scores: cards[0]!.metrics },
        { name: HOSTILE, scores: cards[1]!.metrics },
        { name: "The article (other data)", scores: { recall: { value: 0.84 }, precision: { value: 0.8304 } } },
      ],
      metrics,
    }),
    comparisonChart({ methods: [{ name: "alone", scores: { recall: { value: 0.5, low: 0.5, high: 0.5 } } }], metrics }),
    comparisonChart({ methods: [], metrics }),
    learningCurvesChart([
      learningCurves("Bayesian optimisation, winner", network(40)),
      learningCurves(HOSTILE, network(3)),
    ]),
    learningCurvesChart([
      learningCurves("one epoch", network(1)),
      learningCurves("gaps", { loss: [0.5, Number.NaN, 0.4, Number.POSITIVE_INFINITY] }),
    ]),
    learningCurvesChart([]),
    learningCurvesChart([learningCurves("without metrics", {})]),
  ];
}

/** [what it is, the charts]. */
export const GALLERY: readonly (readonly [string, () => readonly Chart[]])[] = [
  ["a usual study, maximised", () => ofHistory(usual, "maximize")],
  ["a usual study, minimised", () => ofHistory(usual, "minimize")],
  ...Object.entries(HISTORIES).map(
    ([name, history]) => [`a history that is ${name}`, () => ofHistory(history, "maximize")] as const,
  ),
  ["a strange space", ofStrangeSpace],
  ["classifiers", ofClassifiers],
];

/** The usual best-so-far and contour, small enough to be kept as golden files. */
export function goldenCharts(): Readonly<Record<string, Chart>> {
  const few = usual.slice(0, 12);
  return {
    "best-so-far": bestSoFarChart({
      metric: METRIC,
      ...maximize,
      series: [{ name: "Bayesian optimisation", points: convergence(few, maximize) }],
      band: { name: "any order", series: 0, points: orderBand(few, maximize) },
    }),
    "parallel-coordinates": parallelCoordinatesChart({ ...parallelCoordinates(space, few, maximize), metric: METRIC }),
    comparison: comparisonChart({
      methods: [
        { name: "Bayesian optimisation", scores: { recall: { value: 0.8, low: 0.739, high: 0.85 } } },
        { name: "Grid search", scores: { recall: { value: 0.785, low: 0.723, high: 0.837 } } },
        { name: "The article", scores: { recall: { value: 0.84 } } },
      ],
      metrics: [{ key: "recall", name: "Recall" }],
    }),
    confusion: confusionChart(
      [
        {
          name: "Grid search",
          confusion: { truePositives: 157, falsePositives: 40, trueNegatives: 160, falseNegatives: 43 },
        },
      ],
      { classes: ["fraud", "legitimate"] },
    ),
  };
}
