/**
 * Confusion matrices, one for each classifier: counts, with the share of each true class shaded.
 */
import type { Confusion } from "../analysis/index.ts";
import { type Chart, type ChartOptions, chart, type Drawing, emptyDrawing, type Table } from "./chart.ts";
import { formatNumber } from "./number.ts";
import { element } from "./svg.ts";
import { fitText, label } from "./text.ts";
import { seriesStyle } from "./theme.ts";

export interface NamedConfusion {
  readonly name: string;
  readonly confusion: Confusion;
}

export interface ConfusionOptions extends ChartOptions {
  /** What a row of class 1 and one of class 0 is called. Default "positive" and "negative". */
  readonly classes?: readonly [positive: string, negative: string];
}

export function confusionChart(matrices: readonly NamedConfusion[], options: ConfusionOptions = {}): Chart {
  const { title = "Confusion matrices", width = 920, classes = ["positive", "negative"] } = options;
  return chart({
    title,
    width,
    summary: summarise(matrices, classes),
    table: tabulate(matrices, classes, title),
    draw: (at) => draw(matrices, classes, at),
  });
}

type Classes = readonly [positive: string, negative: string];

function draw(matrices: readonly NamedConfusion[], classes: Classes, width: number): Drawing {
  if (matrices.length === 0) return emptyDrawing(width, "No classifier has been scored yet.");
  const columns = Math.max(1, Math.min(matrices.length, Math.floor(width / 280)));
  const room = Math.min(width / columns, 320);
  const rowHeight = 196;
  const marks = matrices.map((matrix, i) =>
    drawMatrix(matrix, classes, (i % columns) * room, Math.floor(i / columns) * rowHeight, room - 20),
  );
  return { height: Math.ceil(matrices.length / columns) * rowHeight - 20, marks };
}

function drawMatrix(
  { name, confusion }: NamedConfusion,
  [positive, negative]: Classes,
  left: number,
  top: number,
  width: number,
): string {
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = confusion;
  const side = 84;
  const cell = (width - side) / 2;
  const height = 54;
  const rows = [
    { truth: positive, counts: [truePositives, falseNegatives], isRight: [true, false] },
    { truth: negative, counts: [falsePositives, trueNegatives], isRight: [false, true] },
  ] as const;
  const heads = [positive, negative].map((said, k) =>
    label(fitText(said, cell - 6), left + side + (k + 0.5) * cell, top + 52, { anchor: "middle", full: said }),
  );
  const body = rows.flatMap(({ truth, counts, isRight }, r) => {
    const y = top + 60 + r * (height + 4);
    const total = counts[0] + counts[1];
    return [
      label(fitText(truth, side - 10), left + side - 8, y + height / 2 + 4, { anchor: "end", full: truth }),
      ...counts.map((count, k) => {
        const x = left + side + k * cell;
        const share = total === 0 ? 0 : count / total;
        const fill = seriesStyle(isRight[k] ? 0 : 1).colour;
        return (
          element("rect", {
            x,
            y,
            width: cell - 4,
            height,
            rx: 4,
            fill,
            "fill-opacity": 0.06 + 0.3 * share,
            stroke: fill,
            "stroke-opacity": 0.5,
          }) +
          label(String(count), x + cell / 2 - 2, y + 25, { anchor: "middle", size: 17, weight: 600 }) +
          label(total === 0 ? "none" : `${Math.round(100 * share)} %`, x + cell / 2 - 2, y + 43, {
            anchor: "middle",
            size: 11,
          })
        );
      }),
    ];
  });
  return [
    label(fitText(name, width), left, top + 14, { weight: 600, full: name }),
    label("truth", left + side - 8, top + 52, { anchor: "end", role: "muted" }),
    label("predicted", left + side + cell, top + 34, { anchor: "middle", role: "muted" }),
    ...heads,
    ...body,
  ].join("");
}

function summarise(matrices: readonly NamedConfusion[], [positive, negative]: Classes): string {
  if (matrices.length === 0) return "No classifier has been scored yet.";
  const parts = matrices.map(
    ({ name, confusion: { truePositives, falsePositives, falseNegatives } }) =>
      `${name} finds ${truePositives} of ${truePositives + falseNegatives} ${positive} rows and takes ${falsePositives} ${negative} ones for ${positive}`,
  );
  return `${parts.join("; ")}.`;
}

function tabulate(matrices: readonly NamedConfusion[], [positive, negative]: Classes, caption: string): Table {
  return {
    caption,
    columns: [
      { name: "classifier" },
      ...[
        `${positive}, found`,
        `${positive}, missed`,
        `${negative}, taken for ${positive}`,
        `${negative}, left alone`,
      ].map((name) => ({ name, isNumeric: true })),
    ],
    rows: matrices.map(({ name, confusion: c }) => [
      name,
      ...[c.truePositives, c.falseNegatives, c.falsePositives, c.trueNegatives].map((count) => formatNumber(count)),
    ]),
  };
}
