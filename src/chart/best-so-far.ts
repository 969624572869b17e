/**
 * Best value so far against what it cost, for one or more searches, with the band of all orders that a grid could have had.
 */
import type { ConvergencePoint, Direction, OrderBandPoint } from "../analysis/index.ts";
import { axisBelow, axisLeft, extent, labelRoom, linearScale } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { dotSwatch, type LegendItem, legend, lineSwatch, patchSwatch } from "./legend.ts";
import { bandPath, dot, linePath, marker } from "./marks.ts";
import { formatNumber } from "./number.ts";
import { label } from "./text.ts";
import { colour, seriesStyle } from "./theme.ts";

export interface BestSoFar {
  /** What is measured: "cross-validated recall". */
  readonly metric: string;
  readonly direction: Direction;
  readonly series: readonly { readonly name: string; readonly points: readonly ConvergencePoint[] }[];
  /** The orders that one of the searches could have had; `series` names it, to be drawn in its colour. */
  readonly band?: { readonly name: string; readonly series: number; readonly points: readonly OrderBandPoint[] };
  /** What the horizontal axis counts. Default "trainings". */
  readonly by?: "trainings" | "evaluations";
}

export function bestSoFarChart(data: BestSoFar, options: ChartOptions = {}): Chart {
  const { title = "Best so far", width = 720 } = options;
  return chart({ title, width, summary: summarise(data), table: tabulate(data, title), draw: (at) => draw(data, at) });
}

type Counted = { readonly evaluation: number; readonly trainings: number };

function draw(data: BestSoFar, width: number): Drawing {
  const { series, band, metric } = data;
  const by = data.by ?? "trainings";
  const count = (point: Counted) => (by === "trainings" ? point.trainings : point.evaluation);
  const ended = series.flatMap(({ points }) => points);
  if (ended.length === 0) return emptyDrawing(width, "No trial has ended yet.");
  if (ended.every(({ best }) => best === null))
    return emptyDrawing(width, `All ${ended.length} trials failed or were pruned, so there is no value to show.`);

  const key = legend(
    [
      ...series.map(
        ({ name }, i): LegendItem => ({ name: `${name}, best so far`, swatch: lineSwatch(seriesStyle(i)) }),
      ),
      ...(band && band.points.length > 0
        ? [{ name: band.name, swatch: patchSwatch(seriesStyle(band.series).colour, 0.18, { dash: "2 2" }) }]
        : []),
      { name: "single trials", swatch: dotSwatch(colour("muted"), 0.6) },
    ],
    0,
    0,
    width,
  );
  const lines = [...ended.map(({ best }) => best), ...(band?.points ?? []).flatMap(({ low, high }) => [low, high])];
  const known = lines.filter((value) => value !== null);
  const height = Math.round(Math.min(320, width * 0.5 + 60));
  const top = key.height + 24;
  const y = linearScale(extent(known), [top + height, top]);
  const left = labelRoom(y);
  const panel = { left, top, width: width - left - 10, height };
  const last = Math.max(1, ...ended.map(count), ...(band?.points ?? []).map(count));
  const x = linearScale([0, last], [left, left + panel.width], {
    isWhole: true,
    isExact: true,
    count: width < 500 ? 4 : 8,
  });

  // Values far from the best would press the curves flat: they stay at the edge, as hollow dots.
  const inside = (value: number) => Math.min(panel.top + height, Math.max(panel.top, y.at(value)));
  const dots = series.flatMap(({ name, points }, i) =>
    points.flatMap((point) => {
      if (point.value === null) return [];
      const beyond = y.at(point.value) > panel.top + height + 0.5 || y.at(point.value) < panel.top - 0.5;
      const tip = `${name}, trial ${point.evaluation}: ${formatNumber(point.value)}`;
      const at = [x.at(count(point)), inside(point.value)] as const;
      return [dot(at, beyond ? "none" : seriesStyle(i).colour, { radius: 2, opacity: 0.55, tip })];
    }),
  );
  const curves = series.map(({ points }, i) => {
    const known = points.filter(({ best }) => best !== null);
    const end = known.at(-1);
    const style = seriesStyle(i);
    const path = linePath(
      known.map((point) => [x.at(count(point)), y.at(point.best!)] as const),
      { ...style, width: 2.25, isStep: true },
    );
    const tip = end && `${series[i]!.name}: ${formatNumber(end.best)} after ${count(end)}`;
    return path + (end ? marker([x.at(count(end)), y.at(end.best!)], style, { area: 60, tip: tip! }) : "");
  });
  const orders = (band?.points ?? []).map((point) =>
    point.low === null || point.median === null || point.high === null
      ? null
      : { ...point, low: point.low, median: point.median, high: point.high },
  );
  const bandStyle = seriesStyle(band?.series ?? 0);
  return {
    height: top + height + 40,
    marks: [
      key.markup,
      label(metric, 0, top - 10, { role: "muted" }),
      axisLeft(panel, y),
      bandPath(
        orders.map((point) => point && ([x.at(count(point)), y.at(point.low), y.at(point.high)] as const)),
        { colour: bandStyle.colour, isStep: true },
      ),
      linePath(
        orders.map((point) => point && ([x.at(count(point)), y.at(point.median)] as const)),
        { colour: bandStyle.colour, width: 1.25, dash: "2 2", isStep: true },
      ),
      ...dots,
      ...curves,
      axisBelow(panel, x, { title: by }),
    ],
  };
}

function summarise({ series, band, metric, by = "trainings" }: BestSoFar): string {
  const ends = series.flatMap(({ name, points }) => {
    const end = points.at(-1);
    if (end === undefined) return [`${name} has no trial that has ended`];
    const spent = `${by === "trainings" ? end.trainings : end.evaluation} ${by}`;
    return [
      end.best === null ? `${name} found nothing in ${spent}` : `${name} reached ${formatNumber(end.best)} in ${spent}`,
    ];
  });
  const middle = band?.points[Math.ceil((band?.points.length ?? 0) / 2) - 1];
  const orders =
    middle?.median == null || middle.low === null || middle.high === null
      ? ""
      : ` Half-way, after ${by === "trainings" ? middle.trainings : middle.evaluation} ${by}, nine orders of the grid in ten stand between ${formatNumber(middle.low)} and ${formatNumber(middle.high)}.`;
  return ends.length === 0 ? "There is no search to show." : `Best ${metric}: ${ends.join("; ")}.${orders}`;
}

function tabulate({ series, band, by = "trainings" }: BestSoFar, caption: string): Table {
  const rows = new Map<number, (string | undefined)[]>();
  const columns = 2 * series.length + (band ? 3 : 0);
  const write = (point: Counted, column: number, value: number | null) => {
    const key = by === "trainings" ? point.trainings : point.evaluation;
    const row = rows.get(key) ?? Array<string | undefined>(columns).fill(undefined);
    row[column] = formatNumber(value);
    rows.set(key, row);
  };
  series.forEach(({ points }, i) => {
    for (const point of points) {
      write(point, 2 * i, point.value);
      write(point, 2 * i + 1, point.best);
    }
  });
  for (const point of band?.points ?? []) {
    [point.low, point.median, point.high].forEach((value, i) => {
      write(point, 2 * series.length + i, value);
    });
  }
  return {
    caption,
    columns: [
      { name: by, isNumeric: true },
      ...series.flatMap(({ name }) => [
        { name: `${name}: value`, isNumeric: true },
        { name: `${name}: best`, isNumeric: true },
      ]),
      ...(band ? ["5 %", "median", "95 %"].map((part) => ({ name: `${band.name}: ${part}`, isNumeric: true })) : []),
    ],
    rows: [...rows]
      .sort(([a], [b]) => a - b)
      .map(([spent, cells]) => [String(spent), ...cells.map((cell) => cell ?? "")]),
  };
}
