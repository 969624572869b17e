/**
 * What the surrogate said of each observation without having seen it, against what was observed. A model that can be
 * believed puts the points along the diagonal, and nineteen bars in twenty across it.
 */
import type { LeaveOneOut } from "../analysis/index.ts";
import { axisBelow, axisLeft, extent, labelRoom, linearScale } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { legend, markerSwatch, ruleSwatch } from "./legend.ts";
import { marker, segment } from "./marks.ts";
import { formatFixed, formatNumber } from "./number.ts";
import { fitText, label } from "./text.ts";
import { colour, seriesStyle } from "./theme.ts";

export interface LeaveOneOutPlot {
  readonly metric: string;
  /** Null where there is no surrogate. */
  readonly leaveOneOut: LeaveOneOut | null;
}

export function leaveOneOutChart(data: LeaveOneOutPlot, options: ChartOptions = {}): Chart {
  const { title = "Can the surrogate be believed?", width = 440 } = options;
  return chart({ title, width, summary: summarise(data), table: tabulate(data, title), draw: (at) => draw(data, at) });
}

function draw({ metric, leaveOneOut }: LeaveOneOutPlot, width: number): Drawing {
  if (leaveOneOut === null || leaveOneOut.points.length === 0)
    return emptyDrawing(
      width,
      "There is no surrogate to test: it needs three completed trials and a parameter that varies.",
    );
  const { points } = leaveOneOut;
  const [inside, outside] = [seriesStyle(0), seriesStyle(1)];
  const key = legend(
    [
      { name: "observed inside its 95 % interval", swatch: markerSwatch(inside) },
      { name: "outside", swatch: markerSwatch(outside, true) },
      { name: "predicted = observed", swatch: ruleSwatch() },
    ],
    0,
    0,
    width,
  );
  const top = key.height + 26;
  // The intervals may reach far; the points and the middle of the bars decide what is seen.
  const domain = extent(points.flatMap(({ observed, predicted }) => [observed, predicted]));
  const room = (domain[1] - domain[0]) * 0.08;
  const wide: [number, number] = [domain[0] - room, domain[1] + room];
  const left = labelRoom(linearScale(wide, [1, 0], { count: 5 }));
  const side = width - left - 12;
  const panel = { left, top, width: side, height: side * 0.9 };
  const y = linearScale(wide, [top + panel.height, top], { count: 5 });
  const x = linearScale(wide, [left, left + side], { count: 5 });
  const within = (value: number) => Math.min(panel.top + panel.height, Math.max(panel.top, y.at(value)));
  const marks = points.map(({ number, observed, predicted, low, high }) => {
    const isInside = low <= observed && observed <= high;
    const style = isInside ? inside : outside;
    const tip = `trial ${number}: observed ${formatNumber(observed)}, predicted ${formatNumber(predicted)} (${formatNumber(low)} to ${formatNumber(high)})`;
    return (
      segment([x.at(observed), within(low)], [x.at(observed), within(high)], {
        colour: style.colour,
        opacity: 0.4,
        width: 1.5,
      }) + marker([x.at(observed), y.at(predicted)], style, { area: 32, isHollow: !isInside, tip })
    );
  });
  return {
    height: top + panel.height + 40,
    marks: [
      key.markup,
      label(fitText(`predicted ${metric}`, width), 0, top - 11, { role: "muted" }),
      axisLeft(panel, y),
      segment([left, panel.top + panel.height], [left + side, panel.top], { colour: colour("muted"), dash: "3 3" }),
      ...marks,
      axisBelow(panel, x, { title: `observed ${metric}` }),
    ],
  };
}

function summarise({ leaveOneOut }: LeaveOneOutPlot): string {
  if (leaveOneOut === null || leaveOneOut.points.length === 0) return "There is no surrogate to test.";
  const { points, rSquared, coverage } = leaveOneOut;
  const verdict =
    rSquared === null
      ? "nothing varies, so there is nothing to predict"
      : `R² ${formatFixed(rSquared, 2)}: ${worth(rSquared)}`;
  return `Each of ${points.length} observations predicted from the others: ${verdict}; ${Math.round(100 * coverage)} % lie inside their 95 % interval.`;
}

function worth(rSquared: number): string {
  if (rSquared >= 0.7) return "the surrogate predicts well";
  if (rSquared >= 0.3) return "it predicts the trend, not the details";
  if (rSquared > 0) return "it predicts little more than the mean";
  return "it predicts no better than the mean would";
}

function tabulate({ metric, leaveOneOut }: LeaveOneOutPlot, caption: string): Table {
  return {
    caption,
    columns: ["trial", `observed ${metric}`, "predicted", "95 % from", "to"].map((name) => ({ name, isNumeric: true })),
    rows: (leaveOneOut?.points ?? []).map(({ number, observed, predicted, low, high }) => [
      String(number),
      formatNumber(observed),
      formatNumber(predicted),
      formatNumber(low),
      formatNumber(high),
    ]),
  };
}
