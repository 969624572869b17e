/** The estimator of test/fixtures/tuner/make-cross-validation.py: every number it gives is the same in both languages. */
import type { Matrix } from "../../src/nn/index.ts";
import type { Estimator } from "../../src/tuner/index.ts";

export interface MeanRuleParams {
  readonly column?: number;
  readonly gain?: number;
  readonly offset?: number;
}

export function meanRule({ column = 0, gain = 1, offset = 0 }: MeanRuleParams): Estimator {
  let zero = 0;
  let one = 0;
  const predictProba = (x: Matrix) =>
    Array.from({ length: x.rows }, (_, row) => {
      const distance = x.data[row * x.columns + column]! - (zero + one) / 2;
      return Math.min(1, Math.max(0, 0.5 + (gain * distance) / (2 * (one - zero)) + offset));
    });
  return {
    type: "classifier",
    fit: (x, y) => {
      if (gain < 0) throw new Error("gain must not be negative");
      [zero, one] = [0, 1].map((label) => {
        const rows = Array.from({ length: x.rows }, (_, row) => row).filter((row) => y[row] === label);
        return rows.reduce((sum, row) => sum + x.data[row * x.columns + column]!, 0) / rows.length;
      }) as [number, number];
    },
    predictProba,
    predict: (x) => predictProba(x).map((p) => (p > 0.5 ? 1 : 0)),
  };
}

/** The same, with a regressor's default score. */
export function meanRegressor(params: MeanRuleParams): Estimator {
  return { ...meanRule(params), type: "regressor" };
}

export const notAnEstimator = 7;

/** Ends its thread in the middle of a training. */
export function crashing({ gain = 1 }: MeanRuleParams): Estimator {
  const rule = meanRule({ gain });
  return { ...rule, fit: (x, y, options) => (gain === 0.5 ? process.exit(3) : rule.fit(x, y, options)) };
}

/** Tells three epochs. */
export function withEpochs({ gain = 1 }: MeanRuleParams): Estimator {
  const rule = meanRule({ gain });
  return {
    ...rule,
    fit: (x, y, { onEpoch, ...options }) => {
      for (let epoch = 0; epoch < 3; epoch++) onEpoch?.({ epoch, epochs: 3, logs: { loss: gain / (epoch + 1) } });
      return rule.fit(x, y, options);
    },
  };
}
