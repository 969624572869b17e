/**
 * What a chart is: a picture at two widths, a sentence that says what is in it, and the data behind it as a table. Charts are
 * pure functions from analysis data to this record.
 */

import { element, escapeText } from "./svg.ts";
import { FONT, fitText, label, TEXT_SIZE, wrapText } from "./text.ts";
import { colour, type Theme, withTheme } from "./theme.ts";

export interface Chart {
  readonly title: string;
  /** One sentence for those who do not see the picture, and for those who do. */
  readonly summary: string;
  /** For screens and paper, `width` pixels wide. */
  readonly svg: string;
  /** For a phone, 340 pixels wide. */
  readonly narrow: string;
  readonly width: number;
  readonly table: Table;
}

/** Rows of cells, ready to be shown. */
export interface Table {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Column {
  readonly name: string;
  /** Numbers are set flush right. */
  readonly isNumeric?: boolean;
}

/** Text, or text with a smaller remark under it. */
export type Cell = string | { readonly text: string; readonly note?: string; readonly isStrong?: boolean };

/** What every chart function takes besides its data. */
export interface ChartOptions {
  readonly title?: string;
  /** Pixels; each chart has a width of its own. */
  readonly width?: number;
}

/** The content of a chart at some width. */
export interface Drawing {
  readonly height: number;
  readonly marks: readonly string[];
}

export const NARROW_WIDTH = 340;

/** Draws at both widths and wraps the marks. */
export function chart(options: {
  readonly title: string;
  readonly summary: string;
  readonly width: number;
  readonly table: Table;
  readonly draw: (width: number) => Drawing;
}): Chart {
  const { title, summary, width, table, draw } = options;
  const picture = (at: number): string => {
    const { height, marks } = draw(at);
    return element(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        viewBox: `0 0 ${at} ${Math.ceil(height)}`,
        width: at,
        height: Math.ceil(height),
        role: "img",
        "aria-label": `${title}. ${summary}`,
        "font-family": FONT,
        "font-size": TEXT_SIZE,
      },
      element("desc", {}, escapeText(summary)),
      ...marks,
    );
  };
  return { title, summary, svg: picture(width), narrow: picture(Math.min(width, NARROW_WIDTH)), width, table };
}

/** What is drawn where there is nothing to draw: a quiet frame and the reason. */
export function emptyDrawing(width: number, reason: string, height: number = 160): Drawing {
  const lines = wrapText(reason, width - 48);
  const top = height / 2 - (lines.length - 1) * 9 + 4;
  return {
    height,
    marks: [
      element("rect", {
        x: 0.5,
        y: 0.5,
        width: width - 1,
        height: height - 1,
        rx: 6,
        fill: "none",
        stroke: colour("line"),
        "stroke-dasharray": "4 4",
      }),
      ...lines.map((line, i) => label(line, width / 2, top + i * 18, { anchor: "middle", role: "muted" })),
    ],
  };
}

/** A chart as an SVG file of its own: with its title, on its ground, in fixed colours. */
export function standalone(it: Chart, theme: Theme = "light"): string {
  const height = Number(/ height="(\d+)"/.exec(it.svg)![1]);
  const [margin, header] = [16, 34];
  const [width, total] = [it.width + 2 * margin, height + header + 2 * margin];
  const inner = it.svg.replace("<svg ", `<svg x="${margin}" y="${margin + header}" `);
  const whole = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${total}`,
      width,
      height: total,
      "font-family": FONT,
    },
    element("title", {}, escapeText(it.title)),
    element("rect", { width, height: total, fill: colour("ground") }),
    label(fitText(it.title, it.width, 16), margin, margin + 16, { size: 16, weight: 600 }),
    inner,
  );
  return `${withTheme(whole, theme)}\n`;
}
