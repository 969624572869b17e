import type { Network, PlacedLayer } from "./network.ts";

/** A model's layers, shapes and parameters in Keras's table. */
export function summaryTable(name: string, network: Network): string {
  const rows = network.layers.map((placed) => ({
    label: labelLines(placed),
    shape: `(None, ${placed.outputUnits})`,
    parameters: grouped(parameterCount(placed)),
  }));
  const widths = [
    Math.max(31, ...rows.flatMap(({ label }) => label.map((line) => line.length))),
    Math.max(22, ...rows.map(({ shape }) => shape.length)),
    Math.max(13, ...rows.map(({ parameters }) => parameters.length)),
  ] as const;
  const rule = (left: string, line: string, middle: string, right: string) =>
    left + widths.map((width) => line.repeat(width + 2)).join(middle) + right;
  const cells = (bar: string, label: string, shape: string, parameters: string) =>
    `${bar} ${label.padEnd(widths[0])} ${bar} ${shape.padEnd(widths[1])} ${bar} ${parameters.padStart(widths[2])} ${bar}`;
  const body = rows.map(({ label, shape, parameters }) =>
    label
      .map((line, index) => (index === 0 ? cells("│", line, shape, parameters) : cells("│", line, "", "")))
      .join("\n"),
  );
  const trainable = sum(network.layers.map((placed) => parameterCount(placed, true)));
  const total = sum(network.layers.map((placed) => parameterCount(placed)));
  return [
    `Model: "${name}"`,
    rule("┏", "━", "┳", "┓"),
    cells("┃", "Layer (type)", "Output Shape", "Param #"),
    rule("┡", "━", "╇", "┩"),
    body.join(`\n${rule("├", "─", "┼", "┤")}\n`),
    rule("└", "─", "┴", "┘"),
    ` Total params: ${grouped(total)} (${bytes(4 * total)})`,
    ` Trainable params: ${grouped(trainable)} (${bytes(4 * trainable)})`,
    ` Non-trainable params: ${grouped(total - trainable)} (${bytes(4 * (total - trainable))})`,
  ].join("\n");
}

/** The name and the kind, on two lines when they do not fit on one. */
function labelLines({ name, layer }: PlacedLayer): string[] {
  const label = `${name} (${layer.title})`;
  return label.length <= 31 ? [label] : [name, `(${layer.title})`];
}

function parameterCount({ weights }: PlacedLayer, trainableOnly = false): number {
  return sum(
    weights
      .filter(({ trainable }) => trainable || !trainableOnly)
      .map(({ shape }) => shape.reduce((product, size) => product * size, 1)),
  );
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function bytes(count: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let size = count;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${size.toFixed(2)} ${units[unit]}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
