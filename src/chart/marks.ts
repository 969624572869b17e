/**
 * The marks that charts share: lines, bands, markers, whiskers. Each returns markup.
 */
import {
  area,
  curveLinear,
  curveStepAfter,
  line,
  symbol,
  symbolCircle,
  symbolDiamond,
  symbolSquare,
  symbolTriangle,
} from "d3-shape";
import { element, escapeText } from "./svg.ts";
import { colour, type SeriesStyle } from "./theme.ts";

export type Point = readonly [x: number, y: number];

export interface LineStyle {
  readonly colour: string;
  readonly dash?: string | undefined;
  readonly width?: number;
  readonly opacity?: number;
  /** Hold each value until the next point. */
  readonly isStep?: boolean;
}

/** A line through points; null breaks it. */
export function linePath(points: readonly (Point | null)[], style: LineStyle): string {
  const d = line<Point | null>()
    .defined((point) => point !== null)
    .x((point) => point![0])
    .y((point) => point![1])
    .curve(style.isStep ? curveStepAfter : curveLinear)(points);
  if (!d) return "";
  return element("path", {
    d,
    fill: "none",
    stroke: style.colour,
    "stroke-width": style.width ?? 2,
    "stroke-linejoin": "round",
    "stroke-linecap": style.dash === undefined ? "round" : undefined,
    "stroke-dasharray": style.dash,
    "stroke-opacity": style.opacity,
  });
}

/** The area between two lines over the same x; null breaks it. */
export function bandPath(
  points: readonly (readonly [x: number, low: number, high: number] | null)[],
  style: { readonly colour: string; readonly opacity?: number; readonly isStep?: boolean },
): string {
  const d = area<readonly [number, number, number] | null>()
    .defined((point) => point !== null)
    .x((point) => point![0])
    .y0((point) => point![1])
    .y1((point) => point![2])
    .curve(style.isStep ? curveStepAfter : curveLinear)(points);
  return d ? element("path", { d, fill: style.colour, "fill-opacity": style.opacity ?? 0.18 }) : "";
}

const SYMBOLS = {
  circle: symbolCircle,
  square: symbolSquare,
  triangle: symbolTriangle,
  diamond: symbolDiamond,
} as const;

export interface MarkerOptions {
  /** Square pixels. Default 40. */
  readonly area?: number;
  readonly isHollow?: boolean;
  readonly opacity?: number;
  /** Shown when pointed at. */
  readonly tip?: string;
}

/** A marker in a series' shape and colour, rimmed with the ground so that neighbours stay apart. */
export function marker([x, y]: Point, style: SeriesStyle, options: MarkerOptions = {}): string {
  const { isHollow = false, opacity, tip } = options;
  return element(
    "path",
    {
      d: symbol(SYMBOLS[style.marker], options.area ?? 40)(),
      transform: `translate(${x.toFixed(2)},${y.toFixed(2)})`,
      fill: isHollow ? colour("ground") : style.colour,
      stroke: isHollow ? style.colour : colour("ground"),
      "stroke-width": isHollow ? 1.5 : 1,
      "fill-opacity": opacity,
    },
    ...tipOf(tip),
  );
}

/** A small dot of the raw data. */
export function dot(
  [x, y]: Point,
  fill: string,
  options: {
    readonly radius?: number;
    readonly opacity?: number;
    readonly isHollow?: boolean;
    readonly tip?: string;
  } = {},
): string {
  const { radius = 2.5, opacity, isHollow = false, tip } = options;
  const paint = isHollow ? { fill: colour("ground"), stroke: fill } : { fill, "fill-opacity": opacity };
  return element("circle", { cx: x, cy: y, r: radius, ...paint }, ...tipOf(tip));
}

export function segment([x1, y1]: Point, [x2, y2]: Point, style: Omit<LineStyle, "isStep">): string {
  return element("line", {
    x1,
    y1,
    x2,
    y2,
    stroke: style.colour,
    "stroke-width": style.width ?? 1,
    "stroke-dasharray": style.dash,
    "stroke-opacity": style.opacity,
  });
}

export function tipOf(text: string | undefined): string[] {
  return text === undefined ? [] : [element("title", {}, escapeText(text))];
}
