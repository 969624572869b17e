/**
 * Best value so far against what it cost, for one or more searches, with the band of all orders that a grid could have had.
 */
import type { ConvergencePoint, Direction, OrderBandPoint } from "../analysis/index.ts";
import { axisBelow, axisLeft, extent, labelRoom, linearScale } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { dotSwatch, type LegendItem, legend, lineSwatch, patchSwatch } from "./legend.ts";
import { bandPath, dot, linePath, marker, type Point } from "./marks.ts";
import { counted, formatNumber } from "./number.ts";
import { fitText, label } from "./text.ts";
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

  const height = Math.round(Math.min(320, width * 0.5 + 60));
  const domain = focus(data);
  const isSeen = (value: number) => domain[0] <= value && value <= domain[1];
  const unseen = ended.filter(({ value }) => value !== null && !isSeen(value)).length;
  const key = legend(
    [
      ...series.map(({ name }, i): LegendItem => ({ name, swatch: lineSwatch(seriesStyle(i)) })),
      ...(band && band.points.length > 0
        ? [{ name: band.name, swatch: patchSwatch(seriesStyle(band.series).colour, 0.18, { dash: "2 2" }) }]
        : []),
      {
        name: unseen === 0 ? "single trials" : `single trials (${unseen} worse ones outside the frame)`,
        swatch: dotSwatch(colour("muted"), 0.6),
      },
    ],
    0,
    0,
    width,
  );
  const top = key.height + 24;
  const y = linearScale(domain, [top + height, top]);
  const left = labelRoom(y);
  const panel = { left, top, width: width - left - 10, height };
  const last = Math.max(1, ...ended.map(count), ...(band?.points ?? []).map(count));
  const x = linearScale([0, last], [left, left + panel.width], {
    isWhole: true,
    isExact: true,
    count: width < 500 ? 4 : 8,
  });

  const dots = series.flatMap(({ name, points }, i) =>
    points.map((point) =>
      point.value === null || !isSeen(point.value)
        ? ""
        : dot([x.at(count(point)), y.at(point.value)], seriesStyle(i).colour, {
            radius: 2,
            opacity: 0.55,
            tip: `${name}, trial ${point.evaluation}: ${formatNumber(point.value)}`,
          }),
    ),
  );
  const curves = series.map(({ name, points }, i) => {
    const style = seriesStyle(i);
    const seen = points.flatMap((point): Point[] =>
      point.best === null || !isSeen(point.best) ? [] : [[x.at(count(point)), y.at(point.best)]],
    );
    const end = points.at(-1);
    if (end === undefined || seen.length === 0) return "";
    const tip = `${name}: ${formatNumber(end.best)} after ${count(end)} ${by}`;
    return linePath(seen, { ...style, width: 2.25, isStep: true }) + marker(seen.at(-1)!, style, { area: 60, tip });
  });
  const within = (value: number) => y.at(Math.min(domain[1], Math.max(domain[0], value)));
  const orders = (band?.points ?? []).map(({ low, median, high, ...spent }) =>
    low === null || median === null || high === null ? null : { at: x.at(count(spent)), low, median, high },
  );
  const { colour: bandColour } = seriesStyle(band?.series ?? 0);
  return {
    height: top + height + 40,
    marks: [
      key.markup,
      label(fitText(metric, width), 0, top - 10, { role: "muted", full: metric }),
      axisLeft(panel, y),
      bandPath(
        orders.map((it) => it && ([it.at, within(it.low), within(it.high)] as const)),
        { colour: bandColour, isStep: true },
      ),
      linePath(
        orders.map((it) => it && isSeen(it.median) && ([it.at, y.at(it.median)] as const)).map((it) => it || null),
        { colour: bandColour, width: 1.25, dash: "2 2", isStep: true },
      ),
      ...dots,
      ...curves,
      axisBelow(panel, x, { title: by }),
    ],
  };
}

/**
 * The values worth the height: every curve and band after the first twentieth of the search, in which anything can happen, and
 * three quarters of the single values.
 */
function focus({ series, band, direction }: BestSoFar): readonly [number, number] {
  const settled = <T>(points: readonly T[]): readonly T[] => points.slice(Math.floor(points.length / 20));
  const curves = [
    ...series.flatMap(({ points }) => settled(points.filter(({ best }) => best !== null)).map(({ best }) => best)),
    ...settled(band?.points ?? []).flatMap(({ low, high }) => [low, high]),
  ].filter((value) => value !== null);
  const values = series.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
  values.sort((a, b) => (direction === "minimize" ? a - b : b - a));
  return extent([...curves, ...values.slice(0, Math.ceil(values.length * 0.75))]);
}

function summarise({ series, band, metric, by = "trainings" }: BestSoFar): string {
  const ends = series.flatMap(({ name, points }) => {
    const end = points.at(-1);
    if (end === undefined) return [`${name} has no trial that has ended`];
    const spent = counted(by === "trainings" ? end.trainings : end.evaluation, by.slice(0, -1));
    return [
      end.best === null ? `${name} found nothing in ${spent}` : `${name} reached ${formatNumber(end.best)} in ${spent}`,
    ];
  });
  const middle = band !== undefined && band.points.length > 3 ? band.points[band.points.length >> 1] : undefined;
  const orders =
    middle?.median == null || middle.low === null || middle.high === null
      ? ""
      : ` Half-way, after ${by === "trainings" ? middle.trainings : middle.evaluation} ${by}, nine in ten orders of the same trials stand between ${formatNumber(middle.low)} and ${formatNumber(middle.high)}.`;
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
