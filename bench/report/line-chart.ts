/** Lines over a common axis, with bands of uncertainty, as SVG in the page's colours. */
import type { Chart } from "assay/chart";
import { escaped, INK, LINE, MUTED, seriesColour } from "./marks.ts";

export interface Series {
  readonly name: string;
  /** By ascending x. */
  readonly points: readonly { readonly x: number; readonly y: number; readonly low?: number; readonly high?: number }[];
}

export interface LineChartOptions {
  readonly title: string;
  readonly summary: string;
  readonly xName: string;
  readonly yName: string;
  readonly xScale?: "linear" | "log";
  readonly yScale?: "linear" | "log";
  readonly width?: number;
}

export function lineChart(series: readonly Series[], options: LineChartOptions): Chart {
  const { title, summary, xName, width = 720 } = options;
  return {
    title,
    summary,
    width,
    svg: draw(series, options, width),
    narrow: draw(series, options, 340),
    table: {
      caption: title,
      columns: [{ name: xName, isNumeric: true }, ...series.map(({ name }) => ({ name, isNumeric: true }))],
      rows: thinned(series[0]?.points.map(({ x }) => x) ?? []).map((x) => [
        brief(x),
        ...series.map(({ points }) => brief(points.find((point) => point.x === x)?.y ?? Number.NaN)),
      ]),
    },
  };
}

function draw(series: readonly Series[], options: LineChartOptions, width: number): string {
  const { title, summary, xName, yName, xScale = "linear", yScale = "linear" } = options;
  const keyRows = Math.ceil(series.length / Math.max(1, Math.floor(width / 170)));
  const [left, right, top, bottom] = [52, 12, 14 + 18 * keyRows, 40];
  const height = Math.round(Math.min(360, width * 0.62)) + 18 * keyRows;
  const all = series.flatMap(({ points }) => points);
  const x = scale(
    all.map((point) => point.x),
    xScale,
    [left, width - right],
  );
  const y = scale(
    all.flatMap(({ y: value, low = value, high = value }) => [value, low, high]),
    yScale,
    [height - bottom, top],
  );
  const marks = series.map(({ points }, i) => {
    const line = points.map((point, k) => `${k === 0 ? "M" : "L"}${x.at(point.x)} ${y.at(point.y)}`).join("");
    const edge = (pick: (point: (typeof points)[number]) => number | undefined, all_ = points) =>
      all_.map((point) => `${x.at(point.x)} ${y.at(pick(point) ?? point.y)}`).join("L");
    const hasBand = points.some(({ low }) => low !== undefined);
    const band = hasBand ? `M${edge((it) => it.low)}L${edge((it) => it.high, points.toReversed())}Z` : "";
    return [
      band === "" ? "" : `<path d="${band}" fill="${seriesColour(i)}" opacity="0.13"/>`,
      `<path d="${line}" fill="none" stroke="${seriesColour(i)}" stroke-width="2"${i < 8 ? "" : ' stroke-dasharray="5 3"'}/>`,
    ].join("");
  });
  const key = series.map(({ name }, i) => {
    const perRow = Math.max(1, Math.floor(width / 170));
    const at = { x: (i % perRow) * 170 + 4, y: 12 + 18 * Math.floor(i / perRow) };
    return `<path d="M${at.x} ${at.y - 4}h16" stroke="${seriesColour(i)}" stroke-width="3"${i < 8 ? "" : ' stroke-dasharray="5 3"'}/><text x="${at.x + 21}" y="${at.y}" fill="${INK}">${escaped(name.slice(0, 22))}</text>`;
  });
  const xTicks = x.ticks.map(
    (value) =>
      `<text x="${x.at(value)}" y="${height - bottom + 16}" text-anchor="middle" fill="${MUTED}">${brief(value)}</text>`,
  );
  const yTicks = y.ticks.map(
    (value) =>
      `<path d="M${left} ${y.at(value)}H${width - right}" stroke="${LINE}"/><text x="${left - 6}" y="${y.at(value) + 4}" text-anchor="end" fill="${MUTED}">${brief(value)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(`${title}. ${summary}`)}" font-size="12" font-family="system-ui, sans-serif">${key.join("")}${yTicks.join("")}${xTicks.join("")}${marks.join("")}<text x="${width - right}" y="${height - 6}" text-anchor="end" fill="${MUTED}">${escaped(xName)}</text><text x="4" y="${height - 6}" fill="${MUTED}">↑ ${escaped(yName)}</text></svg>`;
}

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

function scale(values: readonly number[], kind: "linear" | "log", [from, to]: readonly [number, number]): Scale {
  const finite = values.filter((value) => Number.isFinite(value) && (kind === "linear" || value > 0));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const f = kind === "log" ? (value: number) => Math.log10(Math.max(value, low)) : (value: number) => value;
  const [a, b] = [f(low), f(high) === f(low) ? f(low) + 1 : f(high)];
  return {
    at: (value) => Math.round((from + ((f(value) - a) / (b - a)) * (to - from)) * 100) / 100,
    ticks: kind === "log" ? logTicks(low, high) : linearTicks(low, high),
  };
}

function linearTicks(low: number, high: number): number[] {
  const raw = (high - low) / 5 || 1;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((it) => it * unit).find((it) => it >= raw)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

function logTicks(low: number, high: number): number[] {
  const decades = Array.from({ length: 30 }, (_, i) => 10 ** (i - 15));
  const steps = Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5];
  return decades.flatMap((decade) => steps.map((it) => it * decade)).filter((it) => it >= low && it <= high);
}

/** Rows of the table: about a dozen of many. */
function thinned(values: readonly number[]): readonly number[] {
  const step = Math.max(1, Math.floor(values.length / 12));
  return values.filter((_, i) => (i + 1) % step === 0 || i === values.length - 1);
}

function brief(value: number): string {
  return Number.isNaN(value) ? "–" : String(Number(value.toPrecision(3)));
}
