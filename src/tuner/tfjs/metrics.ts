/**
 * The metrics of a model, ours and those of TensorFlow.js, each computed from whole predictions: a mean of what batches
 * scored is not the precision or the AUC of anything.
 */
import { ValidationError } from "../../errors.ts";
import type { Logs } from "../../nn/callbacks.ts";
import { metricDirection, toMetric } from "../../nn/metrics/metric.ts";
import type { Values } from "./evaluation.ts";
import type { Api, Network } from "./framework.ts";
import type { WantedMetric } from "./metric-names.ts";

/** A metric of one output. */
export interface OutputMetric {
  /** The key in the logs; with the output's name before it where there are several. */
  readonly key: string;
  /** Undefined where only the user knows. */
  readonly direction: "min" | "max" | undefined;
  readonly output: number;
  evaluate(yTrue: Values, yPred: Values): number;
}

/** @throws ValidationError for a metric that no output has, that does not fit its output, or a name given twice */
export function toMetrics(tf: Api, network: Network, wanted: readonly WantedMetric[]): readonly OutputMetric[] {
  const { outputNames, outputs } = network;
  const ours = wanted.flatMap(({ metric: given, output: name }) => {
    const places = name === undefined ? [...outputNames.keys()] : [outputNames.indexOf(name)];
    return places.map((output): OutputMetric => {
      const units = outputs[output]?.shape.at(-1) ?? undefined;
      if (units === undefined) {
        throw new ValidationError(`Metrics are for the outputs ${outputNames.join(", ")}, but one is for ${name}.`);
      }
      const metric = toMetric(given, units);
      return {
        key: outputs.length > 1 ? `${outputNames[output]}_${metric.key}` : metric.key,
        direction: metric.direction,
        output,
        evaluate: (yTrue, yPred) => metric.evaluate(oneHot(yTrue.values, yPred.values, units), yPred.values),
      };
    });
  });
  const theirs = network.metricsTensors.map(([metric, output], index): OutputMetric => {
    const key = network.metricsNames[index + 1]!;
    return {
      key,
      direction: /acc/i.test(key) ? "max" : metricDirection(key),
      output,
      evaluate: (yTrue, yPred) =>
        tf.tidy(() => {
          const [actual, predicted] = [yTrue, yPred].map(({ values, shape }) => tf.tensor(values, shape));
          return tf.mean(metric(actual!, predicted!)).dataSync()[0]!;
        }),
    };
  });
  const all = [...ours, ...theirs];
  const twice = all.find(({ key }, index) => key === "loss" || all.findIndex((other) => other.key === key) !== index);
  if (twice === undefined) return all;
  throw new ValidationError(
    `Names in the logs must be unique, but got "${twice.key}" twice. Name a metric with \`as\`, or leave one out.`,
  );
}

export function measure(
  metrics: readonly OutputMetric[],
  targets: readonly Values[],
  predictions: readonly Values[],
): Logs {
  return Object.fromEntries(
    metrics.map(({ key, output, evaluate }) => [key, evaluate(targets[output]!, predictions[output]!)]),
  );
}

/** Class indices as one-hot rows, which our metrics compare with; anything else as it is. */
function oneHot(yTrue: Float32Array, yPred: Float32Array, units: number): Float32Array {
  if (units === 1 || yTrue.length * units !== yPred.length) return yTrue;
  const rows = new Float32Array(yPred.length);
  for (const [row, label] of yTrue.entries()) rows[row * units + label] = 1;
  return rows;
}
