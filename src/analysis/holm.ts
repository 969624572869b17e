/**
 * Holm's correction for several tests at once: adjusted p values, such that rejecting those below α keeps the chance of any
 * false rejection below α, however the tests depend on each other.
 *
 *   p̃₍ᵢ₎ = max over j <= i of min(1, (m − j + 1) p₍ⱼ₎),   p₍₁₎ <= … <= p₍ₘ₎
 *
 * @param pValues [m]
 * @returns       [m], in the same order
 * @throws ValidationError for numbers outside [0, 1]
 *
 * Source: Holm 1979, A simple sequentially rejective multiple test procedure. statsmodels' `multipletests` gives the same.
 */
import { show, ValidationError } from "../errors.ts";

export function holm(pValues: ArrayLike<number>): Float64Array {
  const m = pValues.length;
  const adjusted = new Float64Array(m);
  const order = Uint32Array.from({ length: m }, (_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  let largest = 0;
  order.forEach((at, i) => {
    const p = pValues[at]!;
    if (!(p >= 0 && p <= 1))
      throw new ValidationError(`A p value must be in [0, 1], but pValues[${at}] is ${show(p)}.`);
    largest = Math.max(largest, Math.min(1, (m - i) * p));
    adjusted[at] = largest;
  });
  return adjusted;
}
