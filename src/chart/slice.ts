/**
 * The surrogate along each parameter through one point: mean, one standard deviation to each side, and all observations.
 */
import type { Slice } from "../analysis/index.ts";
import { axisBelow, axisLeft, extent, labelRoom, linearScale, type Panel, parameterScale, type Scale } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { dotSwatch, legend, lineSwatch, patchSwatch, ruleSwatch } from "./legend.ts";
import { bandPath, dot, linePath, marker, segment } from "./marks.ts";
import { formatNumber, showParam } from "./number.ts";
import { fitText, label } from "./text.ts";
import { colour, seriesStyle } from "./theme.ts";

export interface Slices {
  readonly metric: string;
  readonly slices: readonly Slice[];
}

const PANEL_ROOM = 225;

export function sliceChart(data: Slices, options: ChartOptions = {}): Chart {
  const { title = "What the surrogate expects along each parameter", width = 920 } = options;
  return chart({ title, width, summary: summarise(data), table: tabulate(data, title), draw: (at) => draw(data, at) });
}

function draw({ metric, slices }: Slices, width: number): Drawing {
  if (slices.length === 0)
    return emptyDrawing(
      width,
      "There is no surrogate to show: it needs three completed trials and a parameter that varies.",
    );
  const key = legend(
    [
      { name: "posterior mean", swatch: lineSwatch(seriesStyle(0)) },
      { name: "± 1 standard deviation", swatch: patchSwatch(seriesStyle(0).colour, 0.2) },
      { name: "observed (other parameters differ)", swatch: dotSwatch(colour("muted"), 0.7) },
      { name: "the best", swatch: ruleSwatch(true) },
    ],
    0,
    0,
    width,
  );
  const columns = Math.max(1, Math.min(slices.length, Math.floor(width / PANEL_ROOM)));
  const [panelHeight, rowHeight] = [130, 200];
  const domain = valueDomain(slices);
  const left = labelRoom(linearScale(domain, [panelHeight, 0], { count: 4 }));
  const gap = 30;
  const panelWidth = (width - left - 10 - (columns - 1) * gap) / columns;
  const first = key.height + 40;
  const panels = slices.map((slice, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const panel = {
      left: left + column * (panelWidth + gap),
      top: first + row * rowHeight,
      width: panelWidth,
      height: panelHeight,
    };
    return drawPanel(slice, panel, domain, column === 0);
  });
  return {
    height: first + Math.ceil(slices.length / columns) * rowHeight - 32,
    marks: [key.markup, label(fitText(metric, width), 0, key.height + 12, { role: "muted" }), ...panels],
  };
}

/** Around all the bands; observations far outside stay at the edge. */
function valueDomain(slices: readonly Slice[]): [number, number] {
  const values = slices[0]!.observations.map(({ value }) => value).sort((a, b) => a - b);
  const middle = values.slice(Math.floor(values.length * 0.05), Math.ceil(values.length * 0.95));
  return extent([
    ...slices.flatMap(({ mean, sd }) => mean.flatMap((value, i) => [value - sd[i]!, value + sd[i]!])),
    ...middle,
  ]);
}

function drawPanel(slice: Slice, panel: Panel, domain: readonly [number, number], hasLabels: boolean): string {
  const { axis, positions, mean, sd, observations } = slice;
  const y = linearScale(domain, [panel.top + panel.height, panel.top], { count: 4 });
  const x = parameterScale(axis, [panel.left, panel.left + panel.width], panel.width < 200 ? 3 : 5);
  const [top, bottom] = [panel.top, panel.top + panel.height];
  const kept = (value: number) => Math.min(bottom, Math.max(top, y.at(value)));
  // What lies far outside stays at the edge, hollow.
  const dots = observations.map(({ number, position, value }) => {
    const isOutside = y.at(value) < top - 1 || y.at(value) > bottom + 1;
    const tip = `trial ${number}: ${formatNumber(value)}`;
    return dot([x.at(position), kept(value)], colour("muted"), { opacity: 0.6, isHollow: isOutside, tip });
  });
  return [
    label(fitText(axis.name, panel.width), panel.left, panel.top - 8, { weight: 600, full: axis.name }),
    axisLeft(panel, y, { labels: hasLabels }),
    segment([x.at(slice.at), top], [x.at(slice.at), bottom], { colour: colour("muted"), dash: "3 3" }),
    ...(axis.scale === "levels" ? whiskers(slice, x, y) : band(positions, mean, sd, x, y)),
    ...dots,
    axisBelow(panel, x, { cut: axis.scale === "levels" }),
  ].join("");
}

function band(
  positions: readonly number[],
  mean: readonly number[],
  sd: readonly number[],
  x: Scale,
  y: Scale,
): string[] {
  const { colour: blue } = seriesStyle(0);
  return [
    bandPath(
      positions.map((u, i) => [x.at(u), y.at(mean[i]! - sd[i]!), y.at(mean[i]! + sd[i]!)] as const),
      { colour: blue, opacity: 0.2 },
    ),
    linePath(
      positions.map((u, i) => [x.at(u), y.at(mean[i]!)] as const),
      { colour: blue },
    ),
  ];
}

/** Between levels there is nothing, so no line is drawn there. */
function whiskers({ positions, mean, sd }: Slice, x: Scale, y: Scale): string[] {
  const style = seriesStyle(0);
  return positions.flatMap((u, i) => [
    segment([x.at(u), y.at(mean[i]! - sd[i]!)], [x.at(u), y.at(mean[i]! + sd[i]!)], {
      colour: style.colour,
      width: 8,
      opacity: 0.25,
    }),
    marker([x.at(u), y.at(mean[i]!)], style, { area: 55 }),
  ]);
}

function summarise({ metric, slices }: Slices): string {
  if (slices.length === 0) return "There is no surrogate to show.";
  const swings = slices
    .map(({ axis, mean }) => ({ name: axis.name, swing: Math.max(...mean) - Math.min(...mean) }))
    .sort((a, b) => b.swing - a.swing);
  const [most, least] = [swings[0]!, swings.at(-1)!];
  const rest = swings.length > 1 ? `, and the least with ${least.name} (${formatNumber(least.swing, 2)})` : "";
  return `Through the best configuration the expected ${metric} changes most with ${most.name} (by ${formatNumber(most.swing, 2)} over its range)${rest}.`;
}

function tabulate({ metric, slices }: Slices, caption: string): Table {
  return {
    caption,
    columns: [
      { name: "parameter" },
      { name: "value", isNumeric: true },
      { name: `mean ${metric}`, isNumeric: true },
      { name: "standard deviation", isNumeric: true },
    ],
    rows: slices.flatMap(({ axis, params, mean, sd }) => {
      const every = Math.max(1, Math.floor((params.length - 1) / 20));
      return params.flatMap((value, i) =>
        i % every === 0 ? [[axis.name, showParam(value), formatNumber(mean[i]), formatNumber(sd[i])]] : [],
      );
    }),
  };
}
