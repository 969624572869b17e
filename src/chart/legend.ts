/**
 * The key above a chart: swatches with names, in as many rows as they need.
 */
import { marker } from "./marks.ts";
import { element } from "./svg.ts";
import { fitText, label, textWidth } from "./text.ts";
import { colour, RAMP_STEPS, rampColour, type SeriesStyle } from "./theme.ts";

export interface LegendItem {
  readonly name: string;
  /** Draws a swatch 22 pixels wide, centred on height y. */
  readonly swatch: (x: number, y: number) => string;
}

const ROW = 19;
const SWATCH = 22;

/** @returns the markup and the height it takes, from `top` down */
export function legend(
  items: readonly LegendItem[],
  left: number,
  top: number,
  width: number,
): { readonly markup: string; readonly height: number } {
  let [x, row] = [0, 0];
  const parts = items.map(({ name, swatch }) => {
    const shown = fitText(name, width - SWATCH - 6);
    const wide = SWATCH + 6 + textWidth(shown);
    if (x > 0 && x + wide > width) [x, row] = [0, row + 1];
    const y = top + row * ROW + ROW / 2;
    const part = swatch(left + x, y) + label(shown, left + x + SWATCH + 6, y + 4, { full: name });
    x += wide + 18;
    return part;
  });
  return { markup: parts.join(""), height: items.length === 0 ? 0 : (row + 1) * ROW + 5 };
}

/** A piece of line, with a marker on it if asked for. */
export function lineSwatch(style: SeriesStyle, withMarker: boolean = false): LegendItem["swatch"] {
  return (x, y) =>
    element("line", {
      x1: x,
      y1: y,
      x2: x + SWATCH,
      y2: y,
      stroke: style.colour,
      "stroke-width": 2,
      "stroke-dasharray": style.dash,
    }) + (withMarker ? marker([x + SWATCH / 2, y], style) : "");
}

export function markerSwatch(style: SeriesStyle, isHollow: boolean = false): LegendItem["swatch"] {
  return (x, y) => marker([x + SWATCH / 2, y], style, { isHollow });
}

/** A patch of colour, optionally with a line through its middle. */
export function patchSwatch(
  fill: string,
  opacity: number,
  line?: { readonly dash?: string | undefined },
): LegendItem["swatch"] {
  return (x, y) =>
    element("rect", { x, y: y - 6, width: SWATCH, height: 12, rx: 2, fill, "fill-opacity": opacity }) +
    (line === undefined
      ? ""
      : element("line", {
          x1: x,
          y1: y,
          x2: x + SWATCH,
          y2: y,
          stroke: fill,
          "stroke-width": 1.5,
          "stroke-dasharray": line.dash,
        }));
}

/** The ramp as a strip with words at its ends, 18 pixels high, and the width it takes. */
export function rampKey(
  from: string,
  to: string,
  left: number,
  top: number,
): { readonly markup: string; readonly width: number } {
  const start = left + textWidth(from) + 8;
  const step = 11;
  const strip = Array.from({ length: RAMP_STEPS }, (_, i) =>
    element("rect", {
      x: start + i * step,
      y: top + 3,
      width: step + 0.3,
      height: 11,
      fill: rampColour(i / (RAMP_STEPS - 1)),
    }),
  );
  const end = start + RAMP_STEPS * step + 8;
  return {
    markup:
      label(from, left, top + 12.5, { role: "muted" }) + strip.join("") + label(to, end, top + 12.5, { role: "muted" }),
    width: end + textWidth(to) - left,
  };
}

/** What a dot of raw data looks like in the key. */
export function dotSwatch(fill: string, opacity: number = 1): LegendItem["swatch"] {
  return (x, y) => element("circle", { cx: x + SWATCH / 2, cy: y, r: 3, fill, "fill-opacity": opacity });
}

/** A dashed rule, upright or lying. */
export function ruleSwatch(isUpright: boolean = false): LegendItem["swatch"] {
  return (x, y) =>
    element("line", {
      x1: isUpright ? x + SWATCH / 2 : x,
      y1: isUpright ? y - 7 : y,
      x2: isUpright ? x + SWATCH / 2 : x + SWATCH,
      y2: isUpright ? y + 7 : y,
      stroke: colour("muted"),
      "stroke-dasharray": "3 3",
    });
}
