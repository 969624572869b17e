/**
 * How much of the surrogate's variation each parameter accounts for: alone (solid) and with its interactions (outline).
 */
import type { Importance } from "../analysis/index.ts";
import { axisBelow, linearScale } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { legend, patchSwatch } from "./legend.ts";
import { segment, tipOf } from "./marks.ts";
import { formatFixed, formatNumber } from "./number.ts";
import { element } from "./svg.ts";
import { fitText, label, textWidth, wrapText } from "./text.ts";
import { colour, seriesStyle } from "./theme.ts";

export interface ImportanceBars {
  readonly importance: readonly Importance[];
  /** Leave-one-out R² of the surrogate they come from: below 0.3 the bars are greyed and said to mean little. */
  readonly rSquared: number | null;
}

const TRUSTED_LEAST = 0.3;

export function importanceChart(data: ImportanceBars, options: ChartOptions = {}): Chart {
  const { title = "Which parameters matter", width = 440 } = options;
  return chart({ title, width, summary: summarise(data), table: tabulate(data, title), draw: (at) => draw(data, at) });
}

function isTrusted({ rSquared }: ImportanceBars): boolean {
  return rSquared !== null && rSquared >= TRUSTED_LEAST;
}

function draw(data: ImportanceBars, width: number): Drawing {
  const { importance } = data;
  if (importance.length === 0) return emptyDrawing(width, "There is no surrogate to tell which parameters matter.");
  if (importance.every(({ total }) => total === 0))
    return emptyDrawing(width, "The surrogate is flat: no parameter makes a difference that it can see.");
  const trusted = isTrusted(data);
  const fill = trusted ? seriesStyle(0).colour : colour("line");
  const key = legend(
    [
      { name: "alone", swatch: patchSwatch(fill, 1) },
      { name: "with interactions", swatch: patchSwatch(fill, 0.3) },
    ],
    0,
    0,
    width,
  );
  const warning = trusted ? [] : wrapText(`${untrusted(data)}.`, width);
  const top = key.height + warning.length * 17 + 8;
  const row = 26;
  const left = Math.min(width * 0.4, Math.max(...importance.map(({ parameter }) => textWidth(parameter))) + 12);
  const panel = { left, top, width: width - left - 48, height: importance.length * row };
  const largest = Math.max(...importance.map(({ total, totalError }) => total + 2 * totalError));
  const x = linearScale([0, Math.min(1, Math.max(0.1, largest))], [left, left + panel.width], { count: 4 });
  const bars = importance.map(({ parameter, first, total, totalError }, i) => {
    const y = top + i * row + 5;
    const to = (share: number) => Math.min(left + panel.width, Math.max(left, x.at(share)));
    const tip = tipOf(
      `${parameter}: ${formatFixed(first)} alone, ${formatFixed(total)} ± ${formatFixed(2 * totalError)} with interactions`,
    );
    return [
      element(
        "rect",
        { x: left, y, width: to(total) - left, height: row - 10, rx: 2, fill, "fill-opacity": 0.3 },
        ...tip,
      ),
      element("rect", { x: left, y, width: to(Math.min(first, total)) - left, height: row - 10, rx: 2, fill }, ...tip),
      segment([to(total - 2 * totalError), y + 8], [to(total + 2 * totalError), y + 8], {
        colour: colour("ink"),
        width: 1.25,
      }),
      label(fitText(parameter, left - 10), left - 8, y + 12, { anchor: "end", full: parameter }),
      label(formatFixed(total, 2), to(total + 2 * totalError) + 6, y + 12, { size: 11, role: "muted" }),
    ].join("");
  });
  return {
    height: top + panel.height + 40,
    marks: [
      key.markup,
      ...warning.map((line, i) => label(line, 0, key.height + 10 + i * 17, { role: "bad" })),
      ...x.ticks.map(({ at }) => segment([at, top], [at, top + panel.height], { colour: colour("grid") })),
      ...bars,
      axisBelow(panel, x, { title: "share of the variance" }),
    ],
  };
}

function untrusted({ rSquared }: ImportanceBars): string {
  return `The surrogate predicts too little for these to mean much (R² ${formatFixed(rSquared, 2)})`;
}

function summarise(data: ImportanceBars): string {
  const [most, next] = data.importance;
  if (most === undefined) return "There is no surrogate to tell which parameters matter.";
  if (most.total === 0) return "The surrogate is flat: no parameter makes a difference that it can see.";
  const second =
    next === undefined || next.total < 0.01 ? "" : `; next is ${next.parameter} with ${percent(next.total)}`;
  const caution = isTrusted(data) ? "" : ` ${untrusted(data)}.`;
  return `${most.parameter} accounts for ${percent(most.total)} of the variation, its interactions included${second}.${caution}`;
}

function percent(share: number): string {
  return `${Math.round(100 * Math.min(1, share))} %`;
}

function tabulate({ importance }: ImportanceBars, caption: string): Table {
  return {
    caption,
    columns: [
      { name: "parameter" },
      { name: "alone", isNumeric: true },
      { name: "with interactions", isNumeric: true },
      { name: "standard error", isNumeric: true },
    ],
    rows: importance.map(({ parameter, first, total, totalError }) => [
      parameter,
      formatNumber(first),
      formatNumber(total),
      formatNumber(totalError, 2),
    ]),
  };
}
