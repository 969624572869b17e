/** A score by what decisions cost: where one mistake is worse than the other, accuracy does not know it. */
import { show, ValidationError } from "../../errors.ts";
import { makeScorer, type Scorer } from "./scorer.ts";

/**
 * Minus the mean cost of a row.
 *
 * @param costs [classes][classes], the cost of predicting class j for a row of class i in `costs[i][j]`
 * @param name  for errors and for telling stored searches apart
 * @throws ValidationError when the costs are no square table of numbers; when scoring, for a class without a cost
 * @example
 * // The German credit table's own matrix: lending to a bad debtor costs five times as much as refusing a good one.
 * costScorer([[0, 1], [5, 0]])
 */
export function costScorer(costs: readonly (readonly number[])[], name = `cost ${JSON.stringify(costs)}`): Scorer {
  const isTable =
    Array.isArray(costs) &&
    costs.length >= 2 &&
    costs.every((row) => Array.isArray(row) && row.length === costs.length && row.every(Number.isFinite));
  if (!isTable) {
    throw new ValidationError(
      `Costs must be a square table of numbers with a row and a column for each class, at least two, but got ${show(costs)}.`,
    );
  }
  return makeScorer(
    (y, predicted) => {
      let sum = 0;
      for (let i = 0; i < y.length; i++) {
        const cost = costs[y[i]!]?.[predicted[i]!];
        if (cost === undefined) {
          throw new ValidationError(
            `The costs know the classes 0 to ${costs.length - 1}, but row ${i} is of class ${show(y[i])} and was taken for ${show(predicted[i])}.`,
          );
        }
        sum += cost;
      }
      return sum / y.length;
    },
    { greaterIsBetter: false, name },
  );
}
