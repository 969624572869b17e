/** Measures of predicted numbers, by scikit-learn's definitions. Those that are errors are smallest for the best. */
import { show, ValidationError } from "../../errors.ts";
import { log, log1p } from "../../math/special.ts";

type Values = ArrayLike<number>;

/** 1 − Σ (y − ŷ)² / Σ (y − ȳ)²; for constant y 1 when it is met exactly and 0 otherwise. */
export function r2(y: Values, predicted: Values): number {
  const centre = meanOver(y, (value) => value);
  return explainedShare(
    meanSquaredError(y, predicted),
    meanOver(y, (value) => (value - centre) * (value - centre)),
  );
}

/** 1 − Var(y − ŷ) / Var(y): R² that forgives a constant offset. */
export function explainedVariance(y: Values, predicted: Values): number {
  const rest = Float64Array.from(y, (value, i) => value - predicted[i]!);
  const variance = (values: Values) => {
    const centre = meanOver(values, (value) => value);
    return meanOver(values, (value) => (value - centre) * (value - centre));
  };
  return explainedShare(variance(rest), variance(y));
}

/** 1 − mean |y − ŷ| / mean |y − median of y|. */
export function d2AbsoluteError(y: Values, predicted: Values): number {
  const centre = median(y);
  return explainedShare(
    meanAbsoluteError(y, predicted),
    meanOver(y, (value) => Math.abs(value - centre)),
  );
}

export function meanSquaredError(y: Values, predicted: Values): number {
  return meanOver(y, (value, i) => (value - predicted[i]!) * (value - predicted[i]!));
}

export function meanAbsoluteError(y: Values, predicted: Values): number {
  return meanOver(y, (value, i) => Math.abs(value - predicted[i]!));
}

export function medianAbsoluteError(y: Values, predicted: Values): number {
  return median(Float64Array.from(y, (value, i) => Math.abs(value - predicted[i]!)));
}

export function maxError(y: Values, predicted: Values): number {
  return Array.from(y, (value, i) => Math.abs(value - predicted[i]!)).reduce((a, b) => Math.max(a, b), 0);
}

/** Mean of |y − ŷ| / max(|y|, 2⁻⁵²): a share, not per cent. */
export function meanAbsolutePercentageError(y: Values, predicted: Values): number {
  return meanOver(y, (value, i) => Math.abs(value - predicted[i]!) / Math.max(Math.abs(value), Number.EPSILON));
}

/** Mean of (log(1 + y) − log(1 + ŷ))². @throws ValidationError for a value <= −1 */
export function meanSquaredLogError(y: Values, predicted: Values): number {
  checkAbove("A squared error of logarithms", -1, false, y, "y");
  checkAbove("A squared error of logarithms", -1, false, predicted, "a prediction");
  return meanOver(y, (value, i) => {
    const distance = log1p(value) - log1p(predicted[i]!);
    return distance * distance;
  });
}

/** 2 · mean of y log(y / ŷ) − y + ŷ. @throws ValidationError for y < 0 or a prediction <= 0 */
export function poissonDeviance(y: Values, predicted: Values): number {
  checkAbove("The Poisson deviance", 0, true, y, "y");
  checkAbove("The Poisson deviance", 0, false, predicted, "a prediction");
  return 2 * meanOver(y, (value, i) => (value === 0 ? 0 : value * log(value / predicted[i]!)) - value + predicted[i]!);
}

/** 2 · mean of log(ŷ / y) + y / ŷ − 1. @throws ValidationError for y or a prediction <= 0 */
export function gammaDeviance(y: Values, predicted: Values): number {
  checkAbove("The gamma deviance", 0, false, y, "y");
  checkAbove("The gamma deviance", 0, false, predicted, "a prediction");
  return 2 * meanOver(y, (value, i) => log(predicted[i]! / value) + value / predicted[i]! - 1);
}

/** 1 − error / spread; without any spread 1 when there is no error and 0 otherwise, as in scikit-learn. */
function explainedShare(error: number, spread: number): number {
  if (spread === 0) return error === 0 ? 1 : 0;
  return 1 - error / spread;
}

export function median(values: Values): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function meanOver(values: Values, term: (value: number, index: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += term(values[i]!, i);
  return sum / values.length;
}

function checkAbove(subject: string, low: number, included: boolean, values: Values, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i]! > low || (included && values[i] === low)) continue;
    throw new ValidationError(
      `${subject} needs numbers ${included ? ">=" : ">"} ${low}, but ${what} of row ${i} is ${show(values[i])}. Choose another score.`,
    );
  }
}
