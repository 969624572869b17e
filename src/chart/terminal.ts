/**
 * Pictures and tables for a terminal: plain strings, 80 columns unless told otherwise, colour only when asked for (the caller
 * knows about NO_COLOR), control characters taken out of every word that comes from data.
 */
import { scaleLinear } from "d3-scale";
import type { Cell, Table } from "./chart.ts";
import { formatTicks } from "./number.ts";

export interface TerminalOptions {
  /** Columns. Default 80. */
  readonly width?: number;
  /** Use ANSI colours. Default false. */
  readonly colour?: boolean;
}

const BLOCKS = "▁▂▃▄▅▆▇█";

/**
 * A line of blocks, one a value; a space where there is none. More values than columns are thinned to the last of each share.
 *
 * @example sparkline([1, 4, 9, 16]) // "▁▂▄█"
 */
export function sparkline(values: readonly (number | null)[], options: { readonly width?: number } = {}): string {
  const width = Math.min(options.width ?? 80, values.length);
  const shown = Array.from(
    { length: width },
    (_, i) => values[Math.ceil(((i + 1) * values.length) / width) - 1] ?? null,
  );
  const finite = shown.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return shown
    .map((value) => {
      if (value === null || !Number.isFinite(value)) return " ";
      return BLOCKS[high > low ? Math.round(((value - low) / (high - low)) * 7) : 3];
    })
    .join("");
}

export interface TerminalSeries {
  readonly name: string;
  /** Held until the next, as a best-so-far is. */
  readonly points: readonly { readonly x: number; readonly y: number | null }[];
}

/** Bits of a braille character: [column][row] from the top left. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;

const SERIES_COLOURS = [36, 33, 32, 35];

/**
 * Step curves in braille dots with labelled axes; each series ends in its letter, so that they differ without colour.
 *
 * @param options `height` in rows, default 10; `xLabel` under the axis
 */
export function linePlot(
  series: readonly TerminalSeries[],
  options: TerminalOptions & { readonly height?: number; readonly xLabel?: string } = {},
): string {
  const { width = 80, height = 10, colour = false, xLabel = "" } = options;
  const known = series.map(({ points }) =>
    points.filter((point): point is { x: number; y: number } => point.y !== null && Number.isFinite(point.y)),
  );
  const all = known.flat();
  if (all.length === 0) return "(nothing to plot yet)";
  const y = scaleLinear()
    .domain(apartEnds(all.map((point) => point.y)))
    .nice(4);
  const [low, high] = y.domain() as [number, number];
  const ticks = y.ticks(4);
  const labels = formatTicks(ticks, ticks.length > 1 ? ticks[1]! - ticks[0]! : 1);
  const room = Math.max(...labels.map((text) => text.length));
  const columns = Math.max(4, width - room - 5);
  const lastX = Math.max(...all.map((point) => point.x), 1);
  const across = (x: number) => Math.round((x / lastX) * (2 * columns - 1));
  const down = (value: number) => Math.round(((high - value) / (high - low)) * (4 * height - 1));

  const bits = Array.from({ length: height }, () => new Uint8Array(columns));
  const owner = Array.from({ length: height }, () => new Int8Array(columns).fill(-1));
  const put = (column: number, row: number, by: number) => {
    bits[row >> 2]![column >> 1]! |= DOTS[(column & 1) as 0 | 1][row & 3]!;
    owner[row >> 2]![column >> 1] = by;
  };
  known.forEach((points, s) => {
    points.forEach((point, i) => {
      const next = points[i + 1];
      const [c, r] = [across(point.x), down(point.y)];
      put(c, r, s);
      if (next === undefined) return;
      const [nextC, nextR] = [across(next.x), down(next.y)];
      for (let column = c; column <= nextC; column++) put(column, r, s);
      for (let row = Math.min(r, nextR); row <= Math.max(r, nextR); row++) put(nextC, row, s);
    });
  });
  const ends = known.map((points) => (points.length === 0 ? -1 : down(points.at(-1)!.y) >> 2));
  const tickRows = new Map(ticks.map((tick, i) => [Math.min(height - 1, down(tick) >> 2), labels[i]!]));
  const rows = bits.map((line, row) => {
    const picture = Array.from(line, (dots, column) =>
      paint(dots === 0 ? " " : String.fromCodePoint(0x2800 + dots), owner[row]![column]!, colour),
    ).join("");
    const letters = ends.map((end, s) => (end === row ? paint(letter(s), s, colour) : "")).join("");
    const text = tickRows.get(row);
    return `${(text ?? "").padStart(room)} ${text === undefined ? "│" : "┤"}${picture}${letters === "" ? "" : ` ${letters}`}`.trimEnd();
  });
  const right = String(lastX);
  const axis = `${" ".repeat(room + 1)}└${"─".repeat(columns)}`;
  const under = `${" ".repeat(room + 2)}0${clean(xLabel)
    .slice(0, columns - right.length - 2)
    .padStart(Math.floor((columns + xLabel.length) / 2) - 1)
    .padEnd(columns - right.length - 1)}${right}`;
  const key = series
    .map(
      ({ name }, s) =>
        `${paint(letter(s), s, colour)} ${cut(clean(name), Math.floor(width / Math.max(1, series.length)) - 4)}`,
    )
    .join("   ");
  return [...rows, axis, under, `${" ".repeat(room + 2)}${key}`].join("\n");
}

function letter(series: number): string {
  return String.fromCharCode(65 + (series % 26));
}

function paint(text: string, series: number, colour: boolean): string {
  return colour && series >= 0 && text !== " "
    ? `\u001B[${SERIES_COLOURS[series % SERIES_COLOURS.length]}m${text}\u001B[39m`
    : text;
}

function apartEnds(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (high - low > Math.max(Math.abs(low), Math.abs(high)) * 1e-9) return [low, high];
  const half = Math.abs(low) * 0.05 || 0.5;
  return [low - half, low + half];
}

/**
 * A table in aligned columns under a heading rule. A remark stands on a line of its own under its cell; columns of words are
 * cut, the widest first, until the whole fits.
 */
export function textTable(table: Table, options: TerminalOptions = {}): string {
  const { width = 80, colour = false } = options;
  const { columns } = table;
  const lines = [columns.map(({ name }) => clean(name)), ...table.rows.flatMap(linesOf)];
  const natural = columns.map((_, i) => Math.max(1, ...lines.map((line) => displayWidth(line[i] ?? ""))));
  const widths = fitted(
    natural,
    columns.map(({ isNumeric }) => !isNumeric),
    width - 2 * (columns.length - 1),
  );
  const written = lines.map((line) =>
    widths
      .map((room, i) => {
        const text = cut(line[i] ?? "", room);
        const space = " ".repeat(room - displayWidth(text));
        return columns[i]!.isNumeric ? space + text : text + space;
      })
      .join("  ")
      .trimEnd(),
  );
  const bold = (text: string) => (colour ? `\u001B[1m${text}\u001B[22m` : text);
  const rule = "─".repeat(
    Math.min(
      width,
      widths.reduce((sum, room) => sum + room + 2, -2),
    ),
  );
  return [bold(written[0]!), rule, ...written.slice(1)].join("\n");
}

function linesOf(row: readonly Cell[]): string[][] {
  const texts = row.map((cell) => clean(typeof cell === "string" ? cell : cell.text));
  const notes = row.map((cell) => clean(typeof cell === "string" ? "" : (cell.note ?? "")));
  return notes.some((note) => note !== "") ? [texts, notes] : [texts];
}

/** Takes columns from the widest that may be cut, then from any, until they fit. */
function fitted(natural: readonly number[], mayCut: readonly boolean[], room: number): number[] {
  const widths = [...natural];
  const least = 6;
  for (;;) {
    const over = widths.reduce((sum, width) => sum + width, 0) - room;
    if (over <= 0) return widths;
    const candidates = widths.map((width, i) => (mayCut[i] && width > least ? width : 0));
    const from = candidates.some((width) => width > 0) ? candidates : widths;
    const widest = from.indexOf(Math.max(...from));
    if (widths[widest]! <= 1) return widths;
    widths[widest]!--;
  }
}

function cut(text: string, room: number): string {
  if (displayWidth(text) <= room) return text;
  const characters = Array.from(text);
  while (characters.length > 0 && displayWidth(characters.join("")) > room - 1) characters.pop();
  return room < 1 ? "" : `${characters.join("")}…`;
}

/** Columns that a terminal gives a text: two for the scripts of East Asia, none for marks that combine. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{Mark}|\p{Cf}/u.test(character)) continue;
    width +=
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** Without anything that a terminal would obey. */
function clean(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Bidi_Control}]/gu, " ");
}
