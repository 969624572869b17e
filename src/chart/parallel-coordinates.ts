/**
 * Every configuration as a line over the parameters' axes, the better the more it stands out. Axes stand side by side where
 * there is room to name them, and lie under one another where there is not.
 */
import type { Axis, ParallelCoordinates, ParallelLine } from "../analysis/index.ts";
import { apart, extent, labelRoom, linearScale, parameterScale, type Scale, TICK_SIZE } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { type LegendItem, legend, lineSwatch, rampKey, ruleSwatch } from "./legend.ts";
import { type LineStyle, linePath, marker, type Point, segment } from "./marks.ts";
import { counted, formatNumber, showParam } from "./number.ts";
import { element } from "./svg.ts";
import { fitText, label, textWidth } from "./text.ts";
import { colour, rampColour, seriesStyle } from "./theme.ts";

/** More lines than this make a carpet: the best hundred stay, the rest are thinned evenly. */
const LINES_MOST = 1000;
/** Room to name an axis that stands. */
const AXIS_ROOM = 88;
const ROWS_MOST = 500;

export function parallelCoordinatesChart(
  data: ParallelCoordinates & { readonly metric: string },
  options: ChartOptions = {},
): Chart {
  const { title = "All configurations", width = 920 } = options;
  return chart({ title, width, summary: summarise(data), table: tabulate(data, title), draw: (at) => draw(data, at) });
}

function draw(data: ParallelCoordinates & { readonly metric: string }, width: number): Drawing {
  const { axes, omitted, metric } = data;
  const lines = thinned(data.lines);
  if (lines.length === 0)
    return emptyDrawing(
      width,
      omitted > 0 ? `None of ${omitted} trials completed, so there is no line to draw.` : "No trial has completed yet.",
    );
  if (axes.length === 0) return emptyDrawing(width, "No parameter of this space has more than one value.");
  const isUpright = width / (axes.length + 1) >= AXIS_ROOM;
  return isUpright ? drawUpright(data, lines, metric, width) : drawLying(data, lines, metric, width);
}

/** One axis, wherever it lies: the parameters', and the value's at the end. */
interface Track {
  readonly name: string;
  readonly scale: Scale;
  /** Pixels along the axis where a line crosses it; null where its parameter is inactive. */
  readonly crossing: (line: ParallelLine, rank: number) => number | null;
}

function tracks(
  { axes, lines: all }: ParallelCoordinates,
  metric: string,
  range: readonly [number, number],
  count: number,
): Track[] {
  const value = linearScale(extent(all.map((line) => line.value)), range, { count });
  return [
    ...axes.map((axis, j): Track => {
      const scale = parameterScale(axis, range, count);
      return {
        name: axis.name,
        scale,
        crossing: (line, rank) => {
          const position = line.positions[j];
          return position === null || position === undefined ? null : scale.at(position + fan(axis, rank));
        },
      };
    }),
    { name: metric, scale: value, crossing: (line) => value.at(line.value) },
  ];
}

/** Lines through one level are fanned out by rank within its cell, worst to best, so that they can be seen apart. */
function fan(axis: Axis, rank: number): number {
  return axis.scale === "levels" ? ((rank - 0.5) * 0.56) / axis.levels.length : 0;
}

function drawUpright(
  data: ParallelCoordinates,
  lines: readonly ParallelLine[],
  metric: string,
  width: number,
): Drawing {
  const key = keyOf(data, width);
  const top = key.height + 34;
  const height = 280;
  const all = tracks(data, metric, [top + height, top], 5);
  const side = Math.min(70, AXIS_ROOM / 2 + 4);
  const right = Math.max(side, labelRoom(all.at(-1)!.scale));
  const spacing = (width - side - right) / (all.length - 1);
  const x = all.map((_, k) => side + k * spacing);
  const frame = all.map(({ name, scale }, k) => {
    const isValue = k === all.length - 1;
    const rule = element("line", {
      x1: x[k]!,
      y1: top,
      x2: x[k]!,
      y2: top + height,
      stroke: colour(isValue ? "ink" : "line"),
      "stroke-width": 1.25,
    });
    const head = headOf(name, k, all.length, x[k]!, top - 14, spacing - 8, width);
    const ticks = scale.ticks.map((tick) =>
      label(fitText(tick.label, (isValue ? right : spacing) - 8, TICK_SIZE), x[k]! + 6, tick.at + 4, {
        size: TICK_SIZE,
        halo: true,
        full: tick.label,
      }),
    );
    return { rule, text: head + ticks.join("") };
  });
  return {
    height: top + height + 12,
    marks: [
      key.markup,
      ...frame.map(({ rule }) => rule),
      ...drawLines(lines, (line, rank) => all.map(({ crossing }, k) => pointAt(x[k]!, crossing(line, rank)))),
      ...frame.map(({ text }) => text),
    ],
  };
}

/** An axis' name over it; the outermost ones reach inwards. */
function headOf(name: string, k: number, n: number, x: number, y: number, room: number, width: number): string {
  const options = { weight: 600, full: name } as const;
  const shown = fitText(name, room);
  const half = textWidth(shown) / 2;
  if (k === 0 && x < half) return label(shown, 0, y, options);
  if (k === n - 1 && x + half > width) return label(shown, width, y, { ...options, anchor: "end" });
  return label(shown, x, y, { ...options, anchor: "middle" });
}

function drawLying(data: ParallelCoordinates, lines: readonly ParallelLine[], metric: string, width: number): Drawing {
  const key = keyOf(data, width);
  const row = 58;
  const top = key.height + 28;
  const [left, right] = [14, width - 14];
  const all = tracks(data, metric, [left, right], width < 500 ? 3 : 6);
  const frame = all.map(({ name, scale }, k) => {
    const y = top + k * row;
    const rule = element("line", {
      x1: left,
      y1: y,
      x2: right,
      y2: y,
      stroke: colour(k === all.length - 1 ? "ink" : "line"),
      "stroke-width": 1.25,
    });
    const head = label(fitText(name, width - 28), left - 8, y - 8, { weight: 600, halo: true, full: name });
    const ticks = apart(scale.ticks).map((tick) => {
      const text = fitText(tick.label, width / 2, TICK_SIZE);
      const half = textWidth(text, TICK_SIZE) / 2;
      const at = Math.min(Math.max(tick.at, half), width - half);
      return label(text, at, y + 15, { anchor: "middle", size: TICK_SIZE, halo: true, full: tick.label });
    });
    return { rule, text: head + ticks.join("") };
  });
  return {
    height: top + (all.length - 1) * row + 24,
    marks: [
      key.markup,
      ...frame.map(({ rule }) => rule),
      ...drawLines(lines, (line, rank) =>
        all.map(({ crossing }, k) => turned(pointAt(top + k * row, crossing(line, rank)))),
      ),
      ...frame.map(({ text }) => text),
    ],
  };
}

function pointAt(axis: number, crossing: number | null): Point | null {
  return crossing === null ? null : [axis, crossing];
}

function turned(point: Point | null): Point | null {
  return point && [point[1], point[0]];
}

/** From worst to best; the best in a colour of its own, with its crossings marked. */
function drawLines(
  lines: readonly ParallelLine[],
  through: (line: ParallelLine, rank: number) => (Point | null)[],
): string[] {
  const n = lines.length;
  const crowd = Math.max(0.25, Math.min(0.9, 60 / n));
  return lines.map((line, i) => {
    const rank = n === 1 ? 1 : i / (n - 1);
    const points = through(line, rank);
    if (i === n - 1) {
      const style = seriesStyle(1);
      const crossings = points
        .filter((point) => point !== null)
        .map((point) =>
          marker(
            point,
            { ...style, marker: "circle" },
            { area: 45, tip: `trial ${line.number}, the best: ${formatNumber(line.value)}` },
          ),
        );
      return drawLine(points, { colour: style.colour, width: 2.75 }) + crossings.join("");
    }
    const opacity = crowd + (0.9 - crowd) * rank * rank * rank;
    return drawLine(points, { colour: rampColour(rank), width: 1.25, opacity });
  });
}

/** Solid between neighbouring axes, dotted past those whose parameter is not active. */
function drawLine(points: readonly (Point | null)[], style: LineStyle): string {
  let last = -1;
  const bridges = points.flatMap((point, k) => {
    if (point === null) return [];
    const from = last >= 0 && last < k - 1 ? points[last]! : null;
    last = k;
    return from === null ? [] : [segment(from, point, { ...style, dash: "1 4" })];
  });
  return linePath(points, style) + bridges.join("");
}

function keyOf(data: ParallelCoordinates, width: number): { readonly markup: string; readonly height: number } {
  const items: LegendItem[] = [
    { name: "the best trial", swatch: lineSwatch({ ...seriesStyle(1), dash: undefined }) },
    ...(data.lines.some(({ positions }) => positions.includes(null))
      ? [{ name: "past a parameter that is not active", swatch: ruleSwatch() }]
      : []),
  ];
  if (data.lines.length < 2) return legend(items, 0, 0, width);
  const isWide = width >= 420;
  const top = isWide ? 0 : legend(items, 0, 0, width).height - 5;
  const ramp = rampKey("worst", "best, by rank", 0, top);
  const left = isWide ? ramp.width + 24 : 0;
  const rest = legend(items, left, 0, width - left);
  return { markup: ramp.markup + rest.markup, height: isWide ? rest.height : top + 24 };
}

function thinned(lines: readonly ParallelLine[]): readonly ParallelLine[] {
  if (lines.length <= LINES_MOST) return lines;
  const rest = lines.length - 100;
  return lines.filter((_, i) => i >= rest || Math.floor((i * 900) / rest) !== Math.floor(((i - 1) * 900) / rest));
}

function summarise({
  axes,
  lines,
  omitted,
  direction,
  metric,
}: ParallelCoordinates & { readonly metric: string }): string {
  const best = lines.at(-1);
  if (best === undefined) return omitted > 0 ? `None of ${omitted} trials completed.` : "No trial has completed yet.";
  const settings = axes
    .map(({ name }, j) => (best.params[j] === null ? null : `${name} ${showParam(best.params[j]!)}`))
    .filter((it) => it !== null);
  const left = omitted > 0 ? ` ${omitted} without a value ${omitted === 1 ? "is" : "are"} left out.` : "";
  const kept =
    lines.length > LINES_MOST
      ? ` The picture shows the best hundred and every ${Math.round((lines.length - 100) / 900)}th of the others.`
      : "";
  return `${counted(lines.length, "configuration")}; the ${direction === "maximize" ? "highest" : "lowest"} ${metric}, ${formatNumber(best.value)}, is trial ${best.number} with ${settings.join(", ")}.${left}${kept}`;
}

function tabulate({ axes, lines, metric }: ParallelCoordinates & { readonly metric: string }, title: string): Table {
  const shown = lines.slice(-ROWS_MOST).reverse();
  return {
    caption: lines.length > ROWS_MOST ? `${title}: the best ${ROWS_MOST} of ${lines.length}` : title,
    columns: [
      { name: "trial", isNumeric: true },
      { name: metric, isNumeric: true },
      ...axes.map(({ name }, j) => ({ name, isNumeric: shown.every(({ params }) => typeof params[j] !== "string") })),
    ],
    rows: shown.map((line) => [
      String(line.number),
      formatNumber(line.value),
      ...line.params.map((value) => (value === null ? "" : showParam(value))),
    ]),
  };
}
