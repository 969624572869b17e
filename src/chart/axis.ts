/**
 * Scales and axes: values to pixels, ticks that say what they mean, labels that do not run into one another.
 */
import { scaleLinear, scaleLog } from "d3-scale";
import type { Axis } from "../analysis/index.ts";
import { formatLogTick, formatTicks } from "./number.ts";
import { element } from "./svg.ts";
import { fitText, label, textWidth } from "./text.ts";
import { colour } from "./theme.ts";

/** The inside of a plot, in pixels. */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Tick {
  /** Pixels. */
  readonly at: number;
  readonly label: string;
}

export interface Scale {
  /** Pixels of a value; not limited to the panel. */
  at(value: number): number;
  /** The values at the ends. */
  readonly domain: readonly [number, number];
  readonly ticks: readonly Tick[];
}

export const TICK_SIZE = 11;

/**
 * A linear scale that begins and ends at round numbers.
 *
 * @param domain the least and the largest value to be shown; widened where they are equal
 * @param range  pixels at its ends
 * @param options `count` of ticks wished for; `isWhole` for counts, which have no ticks between; `isExact` keeps the domain as it is
 */
export function linearScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  options: { readonly count?: number; readonly isWhole?: boolean; readonly isExact?: boolean } = {},
): Scale {
  const count = options.count ?? 5;
  const scale = scaleLinear().domain(widened(domain)).range(range);
  if (!options.isExact) scale.nice(count);
  const values = scale.ticks(count).filter((value) => !options.isWhole || Number.isInteger(value));
  const step = values.length > 1 ? Math.abs(values[1]! - values[0]!) : Math.abs(values[0] ?? 1) || 1;
  const labels = formatTicks(values, step);
  const [low, high] = scale.domain();
  return {
    at: (value) => scale(value),
    domain: [low!, high!],
    ticks: values.map((value, i) => ({ at: scale(value), label: labels[i]! })),
  };
}

/** The least and largest of numbers; [0, 1] of none. */
export function extent(values: Iterable<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

/** A domain that differs at its ends by more than rounding, and whose width is finite. */
function widened([low, high]: readonly [number, number]): [number, number] {
  const [a, b] = [Math.max(low, -8e307), Math.min(high, 8e307)];
  const size = Math.max(Math.abs(a), Math.abs(b));
  if (b - a > size * 1e-9) return [a, b];
  const half = size > 0 ? Math.abs(size) * 0.05 : 0.5;
  return [a - half, b + half];
}

/** Where the positions of a parameter's axis lie, with the parameter's values as labels. */
export function parameterScale(axis: Axis, range: readonly [number, number], count: number = 4): Scale {
  const [start, end] = range;
  const at = (position: number) => start + position * (end - start);
  return {
    at,
    domain: [0, 1],
    ticks: axis.scale === "levels" ? levelTicks(axis.levels, at) : numericTicks(axis, at, count),
  };
}

function levelTicks(
  levels: readonly { readonly label: string; readonly position: number }[],
  at: (position: number) => number,
): Tick[] {
  return levels.map((level) => ({ at: at(level.position), label: tidy(level.label) }));
}

/** Numbers among level labels get the same care as others. */
function tidy(text: string): string {
  const value = Number(text);
  return text.trim() !== "" && Number.isFinite(value) && text === String(value)
    ? formatLogTick(value).replace(/^-/, "−")
    : text;
}

function numericTicks(
  axis: Exclude<Axis, { scale: "levels" }>,
  at: (position: number) => number,
  count: number,
): Tick[] {
  const { low, high, from, to } = axis;
  if (axis.scale === "log") {
    const scale = scaleLog().domain([low, high]).range([from, to]);
    return logTickValues(low, high, count).map((value) => ({ at: at(scale(value)), label: formatLogTick(value) }));
  }
  const scale = scaleLinear().domain([low, high]).range([from, to]);
  const values = scale.ticks(count);
  const labels = formatTicks(values, values.length > 1 ? values[1]! - values[0]! : 1);
  return values.map((value, i) => ({ at: at(scale(value)), label: labels[i]! }));
}

/** Powers of ten where there are three or more; 1, 2 and 5 times them where there are fewer; then round linear steps. */
function logTickValues(low: number, high: number, count: number): number[] {
  const powers: number[] = [];
  const inside = (value: number) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
  for (let k = Math.floor(Math.log10(low)); k <= Math.ceil(Math.log10(high)); k++) powers.push(Number(`1e${k}`));
  const whole = powers.filter(inside);
  if (whole.length >= 3) {
    const every = Math.ceil(whole.length / Math.max(2, count + 1));
    return whole.filter((_, i) => i % every === 0);
  }
  const some = powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(inside);
  return some.length >= 2 ? some : scaleLinear().domain([low, high]).ticks(count);
}

/** Ticks whose labels stay apart along a horizontal axis: all, or every second, third, … */
export function apart(ticks: readonly Tick[], gap: number = 8): Tick[] {
  for (let every = 1; every < ticks.length; every++) {
    const kept = ticks.filter((_, i) => i % every === 0);
    const clear = kept.every((tick, i) => {
      const next = kept[i + 1];
      if (next === undefined) return true;
      const need = (textWidth(tick.label, TICK_SIZE) + textWidth(next.label, TICK_SIZE)) / 2 + gap;
      return Math.abs(next.at - tick.at) >= need;
    });
    if (clear) return kept;
  }
  return ticks.slice(0, 1);
}

/** Labels under a panel, with ticks; names that are too long for their share are cut. Takes 20 pixels, 36 with a title. */
export function axisBelow(
  panel: Panel,
  scale: Scale,
  options: { readonly title?: string; readonly cut?: boolean } = {},
): string {
  const { left, top, width, height } = panel;
  const bottom = top + height;
  const share = scale.ticks.length > 0 ? width / scale.ticks.length - 6 : width;
  const shown = scale.ticks.map((tick) => ({
    ...tick,
    full: tick.label,
    label: options.cut ? fitText(tick.label, Math.max(share, 18), TICK_SIZE) : tick.label,
  }));
  const kept = apart(shown, 5) as typeof shown;
  const marks = kept.map((tick) => {
    // The outermost labels stay inside the picture.
    const half = textWidth(tick.label, TICK_SIZE) / 2;
    const x = Math.min(Math.max(tick.at, left - 24 + half), left + width + 8 - half);
    return (
      element("line", { x1: tick.at, y1: bottom, x2: tick.at, y2: bottom + 4, stroke: colour("line") }) +
      label(tick.label, x, bottom + 16, { anchor: "middle", size: TICK_SIZE, role: "muted", full: tick.full })
    );
  });
  const title =
    options.title === undefined
      ? ""
      : label(fitText(options.title, width), left + width / 2, bottom + 33, {
          anchor: "middle",
          role: "ink",
          full: options.title,
        });
  return (
    element("line", { x1: left, y1: bottom, x2: left + width, y2: bottom, stroke: colour("line") }) +
    marks.join("") +
    title
  );
}

/** Labels left of a panel, with grid lines through it. */
export function axisLeft(
  panel: Panel,
  scale: Scale,
  options: { readonly grid?: boolean; readonly labels?: boolean } = {},
): string {
  const { left, width } = panel;
  const { grid = true, labels = true } = options;
  return scale.ticks
    .map(
      (tick) =>
        (grid
          ? element("line", { x1: left, y1: tick.at, x2: left + width, y2: tick.at, stroke: colour("grid") })
          : "") +
        (labels ? label(tick.label, left - 7, tick.at + 4, { anchor: "end", size: TICK_SIZE, role: "muted" }) : ""),
    )
    .join("");
}

/** Room that labels left of a panel need. */
export function labelRoom(scale: Scale): number {
  return Math.ceil(Math.max(0, ...scale.ticks.map((tick) => textWidth(tick.label, TICK_SIZE)))) + 12;
}
