/** Measures of the probabilities themselves: proper scores, lowest for the true ones. */
import { show, ValidationError } from "../../errors.ts";
import { log } from "../../math/special.ts";
import { checkScores } from "./scores.ts";

/**
 * Mean negative log-likelihood −(1/n) Σ y log p + (1 − y) log(1 − p), p kept inside [ε, 1 − ε] with ε = 2⁻⁵², as in
 * scikit-learn.
 */
export function logLoss(yTrue: ArrayLike<number>, probability: ArrayLike<number>): number {
  checkProbabilities(yTrue, probability);
  let sum = 0;
  for (let i = 0; i < yTrue.length; i++) {
    const p = yTrue[i] === 1 ? probability[i]! : 1 - probability[i]!;
    sum -= log(Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON));
  }
  return sum / yTrue.length;
}

/** Mean squared distance (1/n) Σ (p − y)². Source: Brier 1950, "Verification of forecasts expressed in terms of probability". */
export function brierScore(yTrue: ArrayLike<number>, probability: ArrayLike<number>): number {
  checkProbabilities(yTrue, probability);
  let sum = 0;
  for (let i = 0; i < yTrue.length; i++) sum += (probability[i]! - yTrue[i]!) * (probability[i]! - yTrue[i]!);
  return sum / yTrue.length;
}

function checkProbabilities(yTrue: ArrayLike<number>, probability: ArrayLike<number>): void {
  checkScores(yTrue, probability);
  for (let i = 0; i < probability.length; i++) {
    if (probability[i]! < 0 || probability[i]! > 1) {
      throw new ValidationError(`Probabilities must lie between 0 and 1, but number ${i} is ${show(probability[i])}.`);
    }
  }
}
