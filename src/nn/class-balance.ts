/** What an imbalanced table asks of a network before it is trained: weights of the classes, and a first bias. */
import { show, ValidationError } from "../errors.ts";
import { log } from "../math/special.ts";

/**
 * Weights under which every class counts alike: n / (classes · n_c) for class c, as scikit-learn's `"balanced"`.
 *
 * @param y  class labels, whole numbers >= 0
 * @example balancedClassWeights([0, 0, 0, 1])   // { 0: 0.667, 1: 2 }
 */
export function balancedClassWeights(y: ArrayLike<number>): Record<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < y.length; i++) {
    const label = y[i]!;
    if (!Number.isInteger(label) || label < 0) {
      throw new ValidationError(`Class labels must be whole numbers >= 0, but y[${i}] is ${show(label)}.`);
    }
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  if (counts.size === 0) throw new ValidationError("`balancedClassWeights` needs at least one label, but got none.");
  return Object.fromEntries([...counts].map(([label, count]) => [label, y.length / (counts.size * count)]));
}

/**
 * log(positives / negatives): the last bias with which an untrained sigmoid network predicts the base rate.
 *
 * @param y  labels, 0 or 1
 * @throws ValidationError when one of the two classes is missing
 */
export function initialBias(y: ArrayLike<number>): number {
  let positives = 0;
  for (let i = 0; i < y.length; i++) {
    if (y[i] !== 0 && y[i] !== 1) throw new ValidationError(`Labels must be 0 or 1, but y[${i}] is ${show(y[i])}.`);
    positives += y[i]!;
  }
  if (positives === 0 || positives === y.length) {
    throw new ValidationError(
      `\`initialBias\` needs labels of both classes, but got ${positives} ones and ${y.length - positives} zeros.`,
    );
  }
  return log(positives / (y.length - positives));
}
