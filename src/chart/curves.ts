/**
 * The two pictures of a classifier over all thresholds: ROC and precision–recall, several classifiers in one square.
 */
import type { Curve } from "../analysis/index.ts";
import { axisBelow, axisLeft, linearScale } from "./axis.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { legend, lineSwatch, markerSwatch, ruleSwatch } from "./legend.ts";
import { linePath, marker, segment } from "./marks.ts";
import { formatFixed, formatNumber } from "./number.ts";
import { label } from "./text.ts";
import { colour, seriesStyle } from "./theme.ts";

export interface NamedCurve {
  readonly name: string;
  readonly curve: Curve;
}

/** What differs between the two. */
interface Kind {
  readonly x: string;
  readonly y: string;
  /** As in the key, and as in a sentence. */
  readonly area: string;
  readonly areaInWords: string;
  readonly chance: string;
  /** Ends of the line of a classifier that knows nothing, in data. */
  readonly chanceFrom: (baseRate: number) => readonly [number, number];
  readonly chanceTo: (baseRate: number) => readonly [number, number];
  readonly missing: string;
}

const ROC: Kind = {
  x: "false positive rate",
  y: "true positive rate (recall)",
  area: "AUC",
  areaInWords: "Area under the curve",
  chance: "chance",
  chanceFrom: () => [0, 0],
  chanceTo: () => [1, 1],
  missing: "A ROC curve needs both classes among the labels.",
};

const PRECISION_RECALL: Kind = {
  x: "recall",
  y: "precision",
  area: "AP",
  areaInWords: "Average precision",
  chance: "base rate",
  chanceFrom: (baseRate) => [0, baseRate],
  chanceTo: (baseRate) => [1, baseRate],
  missing: "A precision–recall curve needs positives among the labels.",
};

export function rocChart(curves: readonly NamedCurve[], options: ChartOptions = {}): Chart {
  return curveChart(curves, ROC, { title: "ROC curves", ...options });
}

export function precisionRecallChart(curves: readonly NamedCurve[], options: ChartOptions = {}): Chart {
  return curveChart(curves, PRECISION_RECALL, { title: "Precision–recall curves", ...options });
}

function curveChart(
  curves: readonly NamedCurve[],
  kind: Kind,
  options: ChartOptions & { readonly title: string },
): Chart {
  const { title, width = 440 } = options;
  return chart({
    title,
    width,
    summary: summarise(curves, kind),
    table: tabulate(curves, kind, title),
    draw: (at) => draw(curves, kind, at),
  });
}

function draw(curves: readonly NamedCurve[], kind: Kind, width: number): Drawing {
  if (curves.length === 0) return emptyDrawing(width, "No classifier has been scored yet.");
  if (curves.every(({ curve }) => curve.points.length === 0)) return emptyDrawing(width, kind.missing);
  const key = legend(
    [
      ...curves.map(({ name, curve }, i) => ({
        name: `${name} (${kind.area} ${formatFixed(curve.area)})`,
        swatch: lineSwatch(seriesStyle(i)),
      })),
      { name: "at the threshold in use", swatch: markerSwatch({ ...seriesStyle(0), colour: colour("ink") }) },
      { name: kind.chance, swatch: ruleSwatch() },
    ],
    0,
    0,
    width,
  );
  const top = key.height + 26;
  const left = 38;
  const side = width - left - 12;
  const panel = { left, top, width: side, height: side * 0.9 };
  const x = linearScale([0, 1], [left, left + side], { count: 5, isExact: true });
  const y = linearScale([0, 1], [top + panel.height, top], { count: 5, isExact: true });
  const { baseRate } = curves.find(({ curve }) => curve.points.length > 0)!.curve;
  const at = ([u, v]: readonly [number, number]) => [x.at(u), y.at(v)] as const;
  return {
    height: top + panel.height + 40,
    marks: [
      key.markup,
      label(kind.y, 0, top - 11, { role: "muted" }),
      axisLeft(panel, y),
      segment(at(kind.chanceFrom(baseRate)), at(kind.chanceTo(baseRate)), { colour: colour("muted"), dash: "3 3" }),
      ...curves.map(({ curve }, i) =>
        linePath(
          curve.points.map((point) => at([point.x, point.y])),
          seriesStyle(i),
        ),
      ),
      ...curves.map(({ name, curve: { operatingPoint } }, i) =>
        operatingPoint === null
          ? ""
          : marker(at([operatingPoint.x, operatingPoint.y]), seriesStyle(i), {
              area: 75,
              tip: `${name}: ${kind.x} ${formatNumber(operatingPoint.x)}, ${kind.y} ${formatNumber(operatingPoint.y)}`,
            }),
      ),
      axisBelow(panel, x, { title: kind.x }),
    ],
  };
}

function summarise(curves: readonly NamedCurve[], kind: Kind): string {
  if (curves.length === 0) return "No classifier has been scored yet.";
  const { baseRate } = curves[0]!.curve;
  const chance =
    kind === PRECISION_RECALL
      ? ` Predicting all positive has a precision of ${formatFixed(baseRate)}.`
      : " A classifier that knows nothing has 0.5.";
  const parts = curves.map(({ name, curve }) =>
    curve.area === null ? `${name} has none` : `${name} ${formatFixed(curve.area)}`,
  );
  return `${kind.areaInWords}: ${parts.join(", ")}.${chance}`;
}

function tabulate(curves: readonly NamedCurve[], kind: Kind, caption: string): Table {
  return {
    caption,
    columns: [
      { name: "classifier" },
      { name: "threshold", isNumeric: true },
      { name: kind.x, isNumeric: true },
      { name: kind.y, isNumeric: true },
    ],
    rows: curves.flatMap(({ name, curve: { points } }) => {
      const every = Math.max(1, Math.ceil(points.length / 60));
      return points
        .filter((_, i) => i % every === 0 || i === points.length - 1)
        .map(({ threshold, x, y }) => [
          name,
          Number.isFinite(threshold) ? formatNumber(threshold) : "above all",
          formatNumber(x),
          formatNumber(y),
        ]);
    }),
  };
}
