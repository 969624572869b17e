/**
 * How a network learned: each metric by epoch, on the training and on the validation data.
 */
export interface LearningCurves {
  readonly name: string;
  readonly metrics: readonly MetricCurve[];
  /** 1 for the first; the epoch whose weights were kept. Null where all were used to the end. */
  readonly bestEpoch: number | null;
}

export interface MetricCurve {
  readonly metric: string;
  /** [epochs]; null where the number is not finite or was not recorded. */
  readonly training: readonly (number | null)[];
  /** [epochs], or empty without validation data. */
  readonly validation: readonly (number | null)[];
}

/**
 * Pairs each key of a training history with its `val_` counterpart.
 *
 * @param history values by epoch, as `fit` returns them: `{ loss: […], val_loss: […], … }`
 * @param options `metrics` to show, in order (default: all); `bestEpoch`, from 1 (default: lowest `val_loss`, else none)
 * @example learningCurves("Winner of the grid", history.history, { metrics: ["loss", "recall"] })
 */
export function learningCurves(
  name: string,
  history: Readonly<Record<string, ArrayLike<number>>>,
  options: { readonly metrics?: readonly string[]; readonly bestEpoch?: number } = {},
): LearningCurves {
  const keys = options.metrics ?? Object.keys(history).filter((key) => !key.startsWith("val_"));
  const metrics = keys
    .map((metric) => ({ metric, training: finite(history[metric]), validation: finite(history[`val_${metric}`]) }))
    .filter(({ training, validation }) => training.length > 0 || validation.length > 0);
  return { name, metrics, bestEpoch: options.bestEpoch ?? lowest(finite(history.val_loss)) };
}

function finite(values: ArrayLike<number> | undefined): (number | null)[] {
  return Array.from(values ?? [], (value) => (Number.isFinite(value) ? value : null));
}

function lowest(values: readonly (number | null)[]): number | null {
  let at: number | null = null;
  values.forEach((value, i) => {
    if (value !== null && (at === null || value < values[at - 1]!)) at = i + 1;
  });
  return at;
}
