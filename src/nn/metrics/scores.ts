import { show, ValidationError } from "../../errors.ts";

/** 0/1 labels and one score a label, the higher the likelier a 1. @throws ValidationError when they are not that */
export function checkScores(yTrue: ArrayLike<number>, yScore: ArrayLike<number>): void {
  if (yTrue.length !== yScore.length) {
    throw new ValidationError(
      `Labels and scores must have the same length, but got ${yTrue.length} and ${yScore.length}.`,
    );
  }
  if (yTrue.length === 0) throw new ValidationError("A metric needs at least one label, but got none.");
  for (let i = 0; i < yTrue.length; i++) {
    if (yTrue[i] !== 0 && yTrue[i] !== 1)
      throw new ValidationError(`Labels must be 0 or 1, but yTrue[${i}] is ${show(yTrue[i])}.`);
    if (!Number.isFinite(yScore[i]))
      throw new ValidationError(`Scores must be finite, but yScore[${i}] is ${show(yScore[i])}.`);
  }
}
