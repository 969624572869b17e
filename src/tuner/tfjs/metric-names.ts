/**
 * Teaches `model.compile` of TensorFlow.js the metrics that it lacks, while a hypermodel builds. TensorFlow.js throws for
 * "recall" and "auc", and its "precision" compares probabilities with 1. Metrics that `nn` has are set aside here and
 * computed from whole predictions by the training loop; all others stay with TensorFlow.js.
 */
import { type MetricLike, metricDirection } from "../../nn/metrics/metric.ts";
import type { Api, CompileArgs, Network } from "./framework.ts";

/** A metric of one output, or of every one. */
export interface WantedMetric {
  readonly metric: MetricLike;
  readonly output?: string;
}

const wanted = new WeakMap<object, readonly WantedMetric[]>();

/** The metrics that a model was compiled with under `withMetricNames`. */
export function wantedMetrics(network: Network): readonly WantedMetric[] {
  return wanted.get(network) ?? [];
}

type Prototype = Api["LayersModel"]["prototype"];

/** Where `compile` is ours at present: what was there, and how many builds are under way. */
const replaced = new Map<Prototype, { readonly compile: Prototype["compile"]; builds: number }>();

/** Runs `build` with a `compile` that knows our metrics, and puts the other back however it ends. */
export function withMetricNames<T>(tf: Api, build: () => T): T {
  const { prototype } = tf.LayersModel;
  const held = replaced.get(prototype) ?? { compile: prototype.compile, builds: 0 };
  if (held.builds++ === 0) {
    replaced.set(prototype, held);
    prototype.compile = function compile(this: object, args: CompileArgs) {
      const { ours, theirs } = divide(args.metrics);
      held.compile.call(this, { ...args, metrics: theirs });
      wanted.set(this, ours);
    };
  }
  const leave = () => {
    if (--held.builds > 0) return;
    prototype.compile = held.compile;
    replaced.delete(prototype);
  };
  let result: T;
  try {
    result = build();
  } catch (error) {
    leave();
    throw error;
  }
  if (result instanceof Promise) return result.finally(leave) as T;
  leave();
  return result;
}

/** Says what a model is measured by, as if it had been compiled so. */
export function setWantedMetrics(network: Network, metrics: readonly WantedMetric[]): void {
  wanted.set(network, metrics);
}

/** `metrics` as TensorFlow.js takes them: one, a list, or either by the output's name. */
function divide(metrics: unknown): { readonly ours: readonly WantedMetric[]; readonly theirs: unknown } {
  if (metrics === undefined || metrics === null) return { ours: [], theirs: [] };
  if (isByOutput(metrics)) {
    const parts = Object.entries(metrics).map(([output, given]) => ({ output, ...divide(given) }));
    return {
      ours: parts.flatMap(({ output, ours }) => ours.map(({ metric }) => ({ metric, output }))),
      theirs: Object.fromEntries(parts.map(({ output, theirs }) => [output, theirs])),
    };
  }
  const list: readonly unknown[] = Array.isArray(metrics) ? metrics : [metrics];
  return {
    ours: list.filter(isOurs).map((metric) => ({ metric })),
    theirs: list.filter((metric) => !isOurs(metric)),
  };
}

function isOurs(metric: unknown): metric is MetricLike {
  if (typeof metric === "object" && metric !== null) return true;
  return typeof metric === "string" && metric !== "loss" && metricDirection(metric) !== undefined;
}

function isByOutput(metrics: unknown): metrics is Readonly<Record<string, unknown>> {
  return typeof metrics === "object" && !Array.isArray(metrics) && metrics !== null && !("name" in metrics);
}
