/**
 * Methods side by side: each metric a group of rows, each method a dot with its 95 % interval. Where the intervals overlap
 * widely, the eye should see that before it sees which dot is ahead.
 */
import type { Estimate } from "../analysis/index.ts";
import { axisBelow, extent, linearScale } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { legend, markerSwatch } from "./legend.ts";
import { marker, segment } from "./marks.ts";
import { formatFixed } from "./number.ts";
import { fitText, label, textWidth } from "./text.ts";
import { colour, seriesStyle } from "./theme.ts";

export interface Comparison {
  readonly methods: readonly ComparedMethod[];
  /** The metrics to show, in order: a key of `scores`, and the word for it. */
  readonly metrics: readonly { readonly key: string; readonly name: string }[];
}

export interface ComparedMethod {
  readonly name: string;
  /** A figure without an interval (of another study, say) is drawn hollow. Null or missing where there is none. */
  readonly scores: Readonly<Record<string, Estimate | { readonly value: number } | null | undefined>>;
}

export function comparisonChart(data: Comparison, options: ChartOptions = {}): Chart {
  const { title = "Methods compared", width = 720 } = options;
  return chart({ title, width, summary: summarise(data), table: tabulate(data, title), draw: (at) => draw(data, at) });
}

type Score = Estimate | { readonly value: number };

function draw({ methods, metrics }: Comparison, width: number): Drawing {
  const shown = metrics.filter(({ key }) => methods.some(({ scores }) => scores[key]));
  if (shown.length === 0) return emptyDrawing(width, "Nothing has been scored yet.");
  const key = legend(
    methods.map(({ name, scores }, i) => ({
      name,
      swatch: markerSwatch(
        seriesStyle(i),
        Object.values(scores).every((score) => !score || intervalOf(score) === null),
      ),
    })),
    0,
    0,
    width,
  );
  const left = Math.min(width * 0.3, Math.max(...shown.map(({ name }) => textWidth(name))) + 14);
  const right = 46;
  const [row, gap] = [17, 14];
  const top = key.height + 6;
  const groups = shown.map(({ key: metric, name }) => ({
    name,
    rows: methods.flatMap(({ name: method, scores }, i) =>
      scores[metric] ? [{ method, score: scores[metric], style: seriesStyle(i) }] : [],
    ),
  }));
  const height = groups.reduce((sum, { rows }) => sum + rows.length * row + gap, 0);
  const panel = { left, top, width: width - left - right, height };
  const ends = groups.flatMap(({ rows }) => rows.flatMap(({ score }) => [score.value, ...(intervalOf(score) ?? [])]));
  const x = linearScale(extent(ends), [left, left + panel.width], { count: width < 500 ? 4 : 8 });
  let y = top;
  const marks = groups.map(({ name, rows }, g) => {
    const from = y;
    y += rows.length * row + gap;
    const middle = from + (rows.length * row) / 2 + gap / 2;
    return [
      g === 0 ? "" : segment([0, from], [width, from], { colour: colour("grid") }),
      label(fitText(name, left - 12), 0, middle + 4, { weight: 600, full: name }),
      ...rows.map(({ method, score, style }, r) => {
        const at = from + gap / 2 + (r + 0.5) * row;
        const interval = intervalOf(score);
        const tip = `${method}: ${showScore(score)}`;
        return [
          interval === null
            ? ""
            : segment([x.at(interval[0]), at], [x.at(interval[1]), at], {
                colour: style.colour,
                width: 2.5,
                opacity: 0.55,
              }),
          marker([x.at(score.value), at], style, { area: 60, isHollow: interval === null, tip }),
          label(formatFixed(score.value), width, at + 4, { anchor: "end", size: 11, role: "muted" }),
        ].join("");
      }),
    ].join("");
  });
  return {
    height: top + height + 24,
    marks: [
      key.markup,
      ...x.ticks.map(({ at }) => segment([at, top], [at, top + height], { colour: colour("grid") })),
      ...marks,
      axisBelow(panel, x),
    ],
  };
}

function intervalOf(score: Score): readonly [number, number] | null {
  return "low" in score ? [score.low, score.high] : null;
}

function showScore(score: Score): string {
  const interval = intervalOf(score);
  return interval === null
    ? formatFixed(score.value)
    : `${formatFixed(score.value)} (${formatFixed(interval[0])} to ${formatFixed(interval[1])})`;
}

/** Of the first metric alone: the rest is in the picture and in the table. */
function summarise({ methods, metrics }: Comparison): string {
  const first = metrics.find(({ key }) => methods.some(({ scores }) => scores[key]));
  if (first === undefined) return "Nothing has been scored yet.";
  const scored = methods.flatMap(({ name, scores }) => {
    const score = scores[first.key];
    return score ? [`${name} ${showScore(score)}`] : [];
  });
  return `${first.name}, with 95 % intervals: ${scored.join("; ")}.`;
}

function tabulate({ methods, metrics }: Comparison, caption: string): Table {
  return {
    caption,
    columns: [{ name: "method" }, ...metrics.map(({ name }) => ({ name, isNumeric: true }))],
    rows: methods.map(({ name, scores }) => [
      name,
      ...metrics.map(({ key }) => {
        const score = scores[key];
        if (!score) return "–";
        const interval = intervalOf(score);
        return interval === null
          ? formatFixed(score.value)
          : { text: formatFixed(score.value), note: `${formatFixed(interval[0])}–${formatFixed(interval[1])}` };
      }),
    ]),
  };
}
