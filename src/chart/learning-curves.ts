/**
 * Training and validation by epoch, a row of panels for each network and a column for each metric, scales shared by metric.
 */
import type { LearningCurves, MetricCurve } from "../analysis/index.ts";
import { axisBelow, axisLeft, extent, labelRoom, linearScale, type Panel } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { legend, lineSwatch, ruleSwatch } from "./legend.ts";
import { linePath, marker, segment } from "./marks.ts";
import { formatNumber } from "./number.ts";
import { fitText, label } from "./text.ts";
import { colour, seriesStyle } from "./theme.ts";

const PANEL_ROOM = 250;

export function learningCurvesChart(networks: readonly LearningCurves[], options: ChartOptions = {}): Chart {
  const { title = "Learning curves", width = 920 } = options;
  return chart({
    title,
    width,
    summary: summarise(networks),
    table: tabulate(networks, title),
    draw: (at) => draw(networks, at),
  });
}

function draw(networks: readonly LearningCurves[], width: number): Drawing {
  const panels = networks.flatMap((network) => network.metrics.map((curve) => ({ network, curve })));
  if (panels.length === 0) return emptyDrawing(width, "No training was recorded.");
  const [training, validation] = [seriesStyle(1), seriesStyle(0)];
  const key = legend(
    [
      { name: "validation", swatch: lineSwatch(validation) },
      { name: "training", swatch: lineSwatch(training) },
      { name: "epoch whose weights were kept", swatch: ruleSwatch(true) },
    ],
    0,
    0,
    width,
  );
  const most = Math.max(...networks.map(({ metrics }) => metrics.length));
  const columns = Math.max(1, Math.min(most, Math.floor(width / PANEL_ROOM)));
  const wide = width / columns;
  const [panelHeight, rowHeight] = [150, 236];
  const first = key.height + 52;
  let [row, column] = [0, 0];
  const parts = networks.flatMap((network, k) => {
    if (k > 0 && column > 0) [row, column] = [row + 1, 0];
    return network.metrics.map((curve) => {
      if (column === columns) [row, column] = [row + 1, 0];
      const domain = domainOf(networks, curve.metric);
      const room = labelRoom(linearScale(domain, [panelHeight, 0], { count: 4 }));
      const panel = {
        left: column * wide + room,
        top: first + row * rowHeight,
        width: wide - room - (columns > 1 ? 28 : 14),
        height: panelHeight,
      };
      column++;
      return drawPanel(network, curve, panel, domain, room);
    });
  });
  return { height: first + row * rowHeight + panelHeight + 42, marks: [key.markup, ...parts] };
}

function drawPanel(
  network: LearningCurves,
  curve: MetricCurve,
  panel: Panel,
  domain: readonly [number, number],
  room: number,
): string {
  const { left, top, width, height } = panel;
  const epochs = Math.max(curve.training.length, curve.validation.length);
  const y = linearScale(domain, [top + height, top], { count: 4 });
  const x = linearScale([1, Math.max(epochs, 2)], [left, left + width], { isWhole: true, isExact: true, count: 5 });
  const path = (values: readonly (number | null)[], series: 0 | 1): string => {
    const style = seriesStyle(series);
    const points = values.map((value, i) => (value === null ? null : ([x.at(i + 1), y.at(value)] as const)));
    // A line needs two points; one that stands alone is marked.
    const alone = points.filter((point, i) => point !== null && !points[i - 1] && !points[i + 1]);
    return (
      linePath(points, { ...style, width: series === 0 ? 2 : 1.5 }) +
      alone.map((point) => marker(point!, style)).join("")
    );
  };
  const { bestEpoch } = network;
  const kept =
    bestEpoch !== null && bestEpoch >= 1 && bestEpoch <= epochs
      ? segment([x.at(bestEpoch), top], [x.at(bestEpoch), top + height], { colour: colour("muted"), dash: "3 3" })
      : "";
  return [
    label(fitText(network.name, width + room), left - room, top - 27, { weight: 600, full: network.name }),
    label(fitText(curve.metric, width + room), left - room, top - 11, { role: "muted", full: curve.metric }),
    axisLeft(panel, y),
    kept,
    path(curve.training, 1),
    path(curve.validation, 0),
    axisBelow(panel, x, { title: "epoch" }),
  ].join("");
}

function domainOf(networks: readonly LearningCurves[], metric: string): [number, number] {
  const values = networks
    .flatMap(({ metrics }) => metrics.filter((curve) => curve.metric === metric))
    .flatMap(({ training, validation }) => [...training, ...validation]);
  return extent(values.filter((value) => value !== null));
}

function summarise(networks: readonly LearningCurves[]): string {
  const parts = networks
    .filter(({ metrics }) => metrics.length > 0)
    .map(({ name, metrics, bestEpoch }) => {
      const epochs = Math.max(
        ...metrics.map(({ training, validation }) => Math.max(training.length, validation.length)),
      );
      const kept = bestEpoch === null ? "" : `, and the weights of epoch ${bestEpoch} were kept`;
      return `${name} trained for ${epochs} ${epochs === 1 ? "epoch" : "epochs"}${kept}`;
    });
  return parts.length === 0 ? "No training was recorded." : `${parts.join("; ")}.`;
}

function tabulate(networks: readonly LearningCurves[], caption: string): Table {
  const columns = networks.flatMap(({ name, metrics }) =>
    metrics.map((curve) => ({ name: `${name}: ${curve.metric}`, curve })),
  );
  const epochs = Math.max(0, ...columns.map(({ curve }) => Math.max(curve.training.length, curve.validation.length)));
  return {
    caption,
    columns: [
      { name: "epoch", isNumeric: true },
      ...columns.flatMap(({ name }) => [
        { name: `${name}, training`, isNumeric: true },
        { name: `${name}, validation`, isNumeric: true },
      ]),
    ],
    rows: Array.from({ length: epochs }, (_, i) => [
      String(i + 1),
      ...columns.flatMap(({ curve }) => [cell(curve.training, i), cell(curve.validation, i)]),
    ]),
  };
}

function cell(values: readonly (number | null)[], i: number): string {
  return i < values.length ? formatNumber(values[i]) : "";
}
