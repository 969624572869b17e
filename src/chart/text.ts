/**
 * How wide words are, without a browser to ask: by classes of characters of a common sans-serif face, a little generous, so
 * that labels which are taken not to overlap do not.
 */

import { type Attributes, element, escapeText, printable } from "./svg.ts";
import { colour, type Role } from "./theme.ts";

/** For every chart and page: what the reader's system has, none fetched. */
export const FONT: string = '-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif';

export const TEXT_SIZE = 12;

/** Pixels that `text` takes at a font size. */
export function textWidth(text: string, size: number = TEXT_SIZE): number {
  let em = 0;
  for (const character of printable(text)) em += advance(character);
  return em * size;
}

function advance(character: string): number {
  if ("iljtfI.,:;'|!()[] ".includes(character)) return 0.33;
  if ("mwMW%@—".includes(character)) return 0.92;
  if (character >= "A" && character <= "Z") return 0.72;
  return character > "\u2E80" ? 1.05 : 0.58;
}

/** `text`, or its beginning with an ellipsis, in at most `width` pixels. */
export function fitText(text: string, width: number, size: number = TEXT_SIZE): string {
  if (textWidth(text, size) <= width) return text;
  const characters = Array.from(printable(text));
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

/** `text` in lines of at most `width` pixels, broken between words. */
export function wrapText(text: string, width: number, size: number = TEXT_SIZE): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`, size) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(fitText(word, width, size));
  }
  return lines;
}

export interface LabelOptions {
  readonly anchor?: "start" | "middle" | "end";
  readonly size?: number;
  readonly role?: Role;
  readonly weight?: 400 | 600;
  /** A rim in the ground's colour, so that lines behind do not cross the letters. */
  readonly halo?: boolean;
  /** The whole words, where the label is cut. */
  readonly full?: string;
}

/** Text with its baseline at (x, y). */
export function label(text: string, x: number, y: number, options: LabelOptions = {}): string {
  const { anchor = "start", size = TEXT_SIZE, role = "ink", weight = 400, halo = false, full } = options;
  const attributes: Attributes = {
    x,
    y,
    fill: colour(role),
    "font-size": size === TEXT_SIZE ? undefined : size,
    "text-anchor": anchor === "start" ? undefined : anchor,
    "font-weight": weight === 400 ? undefined : weight,
    ...(halo
      ? { stroke: colour("ground"), "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke" }
      : {}),
  };
  return element(
    "text",
    attributes,
    ...(full !== undefined && full !== text ? [element("title", {}, escapeText(full))] : []),
    escapeText(text),
  );
}
