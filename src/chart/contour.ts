/**
 * The surrogate over two parameters: what it expects, and beside it how uncertain it is.
 */
import { contours } from "d3-contour";
import { scaleLinear } from "d3-scale";
import type { Contour, Direction } from "../analysis/index.ts";
import { apart, axisBelow, extent, type Panel, parameterScale, type Scale, TICK_SIZE } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { legend } from "./legend.ts";
import { tipOf } from "./marks.ts";
import { formatNumber, formatTicks, showParam } from "./number.ts";
import { coordinate, element } from "./svg.ts";
import { fitText, label, textWidth } from "./text.ts";
import { colour, rampColour } from "./theme.ts";

export interface ContourPair {
  readonly metric: string;
  readonly direction: Direction;
  /** Null where there is no surrogate. */
  readonly contour: Contour | null;
}

export function contourChart(data: ContourPair, options: ChartOptions = {}): Chart {
  const { title = "Two parameters together", width = 920 } = options;
  return chart({ title, width, summary: summarise(data), table: tabulate(data, title), draw: (at) => draw(data, at) });
}

function draw({ metric, direction, contour }: ContourPair, width: number): Drawing {
  if (contour === null) return emptyDrawing(width, "There is no surrogate over two parameters to show.");
  const isWide = width >= 620;
  const [across, down] = contour.axes;
  const yLabels = parameterScale(down, [1, 0], 5).ticks.map((tick) =>
    textWidth(fitText(tick.label, 90, TICK_SIZE), TICK_SIZE),
  );
  const left = Math.ceil(Math.max(10, ...yLabels)) + 12;
  const gap = left + 24;
  const panelWidth = isWide ? (width - left - gap - 10) / 2 : width - left - 10;
  const panelHeight = Math.min(panelWidth * 0.8, 320);
  const key = legend(
    [
      { name: "observed", swatch: (x, y) => observation(x + 11, y) },
      { name: "the best", swatch: (x, y) => cross(x + 11, y) },
    ],
    0,
    0,
    width,
  );
  const stride = panelHeight + 144;
  const views = [
    { heading: `Expected ${metric}`, values: contour.mean, fill: heat(direction) },
    { heading: "Uncertainty (standard deviation)", values: contour.sd, fill: shade },
  ];
  const panels = views.map(({ heading, values, fill }, i) => {
    const panel = {
      left: left + (isWide ? i * (panelWidth + gap) : 0),
      top: key.height + 44 + (isWide ? 0 : i * stride),
      width: panelWidth,
      height: panelHeight,
    };
    const x = parameterScale(across, [panel.left, panel.left + panel.width], panelWidth < 300 ? 3 : 5);
    const y = parameterScale(down, [panel.top + panel.height, panel.top], 5);
    const levels = levelsOf(values);
    return [
      label(fitText(heading, panelWidth + left), panel.left - left, panel.top - 26, { weight: 600, full: heading }),
      label(fitText(down.name, panelWidth + left), panel.left - left, panel.top - 9, {
        role: "muted",
        full: down.name,
      }),
      filled(contour, values, levels, panel, x, y, fill),
      element("rect", {
        x: panel.left,
        y: panel.top,
        width: panel.width,
        height: panel.height,
        fill: "none",
        stroke: colour("line"),
      }),
      ...y.ticks.map((tick) =>
        label(fitText(tick.label, 90, TICK_SIZE), panel.left - 7, tick.at + 4, {
          anchor: "end",
          size: TICK_SIZE,
          role: "muted",
          full: tick.label,
        }),
      ),
      ...contour.observations.map((point) =>
        observation(x.at(point.x), y.at(point.y), `trial ${point.number}: ${formatNumber(point.value)}`),
      ),
      cross(x.at(contour.at[0]), y.at(contour.at[1])),
      axisBelow(panel, x, { title: across.name, cut: across.scale === "levels" }),
      colourKey(levels, fill, panel),
    ].join("");
  });
  return { height: key.height + 44 + (isWide ? 0 : stride) + panelHeight + 88, marks: [key.markup, ...panels] };
}

/** Boundaries of bands between round values: bands lie below the first, between two, and above the last. */
interface Levels {
  readonly bounds: readonly number[];
  readonly labels: readonly string[];
  readonly range: readonly [number, number];
}

function levelsOf(values: readonly number[]): Levels {
  const [low, high] = extent(values);
  if (!(high - low > Math.max(Math.abs(low), Math.abs(high)) * 1e-9))
    return { bounds: [], labels: [], range: [low, high] };
  const bounds = scaleLinear()
    .domain([low, high])
    .ticks(7)
    .filter((tick) => tick > low && tick < high);
  const step = bounds.length > 1 ? bounds[1]! - bounds[0]! : high - low;
  return { bounds, labels: formatTicks(bounds, step), range: [low, high] };
}

type Fill = (t: number) => { readonly fill: string; readonly "fill-opacity"?: number };

function heat(direction: Direction): Fill {
  return (t) => ({ fill: rampColour(direction === "maximize" ? t : 1 - t) });
}

/** Grey: uncertainty has no good or bad end. */
function shade(t: number): { readonly fill: string; readonly "fill-opacity": number } {
  return { fill: colour("ink"), "fill-opacity": 0.06 + 0.62 * t };
}

/** Band k of n + 1, from 0 to 1. */
function share(k: number, { bounds }: Levels): number {
  return bounds.length === 0 ? 0.5 : k / bounds.length;
}

/** Smooth bands over two numeric axes; where one has levels, one cell each, for between levels there is nothing. */
function filled(
  contour: Contour,
  values: readonly number[],
  levels: Levels,
  panel: Panel,
  x: Scale,
  y: Scale,
  fill: Fill,
): string {
  return contour.axes.every(({ scale }) => scale !== "levels")
    ? bands(contour, values, levels, panel, fill)
    : cells(contour, values, levels, x, y, fill);
}

function bands(
  { x: columns, y: rows }: Contour,
  values: readonly number[],
  levels: Levels,
  panel: Panel,
  fill: Fill,
): string {
  const [nx, ny] = [columns.length, rows.length];
  // d3 puts a value at the centre of its cell; the outermost half cells are folded back onto the edge.
  const across = (u: number) => panel.left + (Math.min(nx - 0.5, Math.max(0.5, u)) - 0.5) * (panel.width / (nx - 1));
  const up = (v: number) =>
    panel.top + panel.height - (Math.min(ny - 0.5, Math.max(0.5, v)) - 0.5) * (panel.height / (ny - 1));
  const rings = (bound: number): string =>
    contours()
      .size([nx, ny])
      .contour([...values], bound)
      .coordinates.flat()
      .map(
        (ring) => `M${ring.map((point) => `${coordinate(across(point[0]!))},${coordinate(up(point[1]!))}`).join("L")}Z`,
      )
      .join("");
  // Opaque bands are painted over one another. Shades are let through, so each is cut out to end where the next begins.
  const whole = `M${panel.left},${panel.top}h${coordinate(panel.width)}v${coordinate(panel.height)}h${coordinate(-panel.width)}Z`;
  const outlines = [whole, ...levels.bounds.map(rings)];
  return outlines
    .map((outline, k) => {
      const style = fill(share(k, levels));
      const d = style["fill-opacity"] === undefined ? outline : outline + (outlines[k + 1] ?? "");
      return d === "" ? "" : element("path", { d, "fill-rule": "evenodd", ...style });
    })
    .join("");
}

function cells(
  { x: columns, y: rows }: Contour,
  values: readonly number[],
  levels: Levels,
  x: Scale,
  y: Scale,
  fill: Fill,
): string {
  const edges = (positions: readonly number[]): number[] => [
    0,
    ...positions.slice(1).map((position, i) => (position + positions[i]!) / 2),
    1,
  ];
  const [across, up] = [edges(columns).map(x.at), edges(rows).map(y.at)];
  const tiles = rows
    .flatMap((_, row) =>
      columns.map((_, column) => {
        const value = values[row * columns.length + column]!;
        const [left, right] = [across[column]!, across[column + 1]!];
        const [bottom, top] = [up[row]!, up[row + 1]!];
        const band = levels.bounds.filter((bound) => value >= bound).length;
        return element(
          "rect",
          { x: left, y: top, width: right - left, height: bottom - top, ...fill(share(band, levels)) },
          ...tipOf(formatNumber(value)),
        );
      }),
    )
    .join("");
  // Without smoothing, or the ground would show between neighbours.
  return element("g", { "shape-rendering": "crispEdges" }, tiles);
}

/** The bands as a strip, with the values at which one ends and the next begins. */
function colourKey(levels: Levels, fill: Fill, panel: Panel): string {
  const top = panel.top + panel.height + 46;
  const n = levels.bounds.length + 1;
  const wide = Math.min(panel.width, 300);
  const step = wide / n;
  const strip = Array.from({ length: n }, (_, k) =>
    element("rect", { x: panel.left + k * step, y: top, width: step, height: 11, ...fill(share(k, levels)) }),
  );
  if (levels.bounds.length === 0)
    return (
      strip.join("") +
      label(formatNumber(levels.range[0]), panel.left + wide / 2, top + 25, {
        anchor: "middle",
        size: TICK_SIZE,
        role: "muted",
      })
    );
  const ticks = levels.labels.map((text, k) => ({ at: panel.left + (k + 1) * step, label: text }));
  return (
    strip.join("") +
    apart(ticks, 6)
      .map((tick) => label(tick.label, tick.at, top + 25, { anchor: "middle", size: TICK_SIZE, role: "muted" }))
      .join("")
  );
}

function observation(x: number, y: number, tip?: string): string {
  return element(
    "circle",
    { cx: x, cy: y, r: 3, fill: "#ffffff", stroke: "#1c232b", "stroke-width": 1 },
    ...tipOf(tip),
  );
}

function cross(x: number, y: number): string {
  const arm = (dx: number, dy: number) =>
    `M${coordinate(x - dx)},${coordinate(y - dy)}L${coordinate(x + dx)},${coordinate(y + dy)}`;
  const d = arm(6, 6) + arm(6, -6);
  return (
    element("path", { d, stroke: "#ffffff", "stroke-width": 5, "stroke-linecap": "round" }) +
    element("path", { d, stroke: "#b3310f", "stroke-width": 2.5, "stroke-linecap": "round" })
  );
}

function summarise({ metric, direction, contour }: ContourPair): string {
  if (contour === null) return "There is no surrogate over two parameters to show.";
  const [a, b] = contour.axes;
  const [low, high] = extent(contour.mean);
  const [least, most] = extent(contour.sd);
  const best = direction === "maximize" ? high : low;
  return `Over ${a.name} and ${b.name} the expected ${metric} lies between ${formatNumber(low)} and ${formatNumber(high)}, best at ${formatNumber(best)}; its standard deviation is ${formatNumber(least, 2)} to ${formatNumber(most, 2)}.`;
}

function tabulate({ metric, contour }: ContourPair, caption: string): Table {
  const [a, b] = contour?.axes ?? [{ name: "x" }, { name: "y" }];
  const columns = [
    { name: a.name, isNumeric: true },
    { name: b.name, isNumeric: true },
    { name: `mean ${metric}`, isNumeric: true },
    { name: "standard deviation", isNumeric: true },
  ];
  if (contour === null) return { caption, columns, rows: [] };
  const { x, y, params, mean, sd } = contour;
  return {
    caption,
    columns,
    rows: every(y.length).flatMap((row) =>
      every(x.length).map((column) => {
        const at = row * x.length + column;
        return [
          showParam(params[0][column]!),
          showParam(params[1][row]!),
          formatNumber(mean[at]),
          formatNumber(sd[at]),
        ];
      }),
    ),
  };
}

/** About ten of n indices, both ends among them. */
function every(n: number): number[] {
  const stride = Math.max(1, Math.floor((n - 1) / 10));
  return Array.from({ length: Math.floor((n - 1) / stride) + 1 }, (_, i) => i * stride);
}
