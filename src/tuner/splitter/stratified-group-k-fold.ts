/** Folds that keep groups together and, as far as that allows, the shares of the classes. */
import { ValidationError } from "../../errors.ts";
import { readGroups } from "./groups.ts";
import { checkShuffle, nameOf, ordering, type SplitterOptions } from "./shuffle.ts";
import { checkSplits, partition, type Splitter } from "./splitter.ts";
import { countClasses } from "./stratified-k-fold.ts";

/**
 * k folds: the groups, those with the most uneven classes first, are given one by one to the fold with which the classes'
 * shares differ least from fold to fold; among folds as good as each other, to the smallest.
 *
 * @throws ValidationError when `splits` is no integer >= 2, or larger than the number of groups or of every class's rows
 */
export function stratifiedGroupKFold(splits = 5, options: SplitterOptions = {}): Splitter {
  checkSplits(splits);
  checkShuffle(options);
  return {
    name: nameOf("stratifiedGroupKFold", splits, options),
    split: (y, given) => {
      const groups = readGroups(given, y.length, `stratifiedGroupKFold(${splits})`, splits);
      const classes = [...countClasses(y)].sort(([a], [b]) => a - b);
      if (classes.every(([, count]) => count < splits)) {
        throw new ValidationError(
          `At least one class must have as many rows as there are folds, but for ${splits} folds the largest has ${Math.max(...classes.map(([, count]) => count))}. Use fewer folds.`,
        );
      }
      const codeOf = new Map(classes.map(([label], code) => [label, code]));
      const counts = groups.names.map(() => new Float64Array(classes.length));
      for (const [row, group] of groups.of.entries()) counts[group]![codeOf.get(y[row]!)!]!++;

      const totals = classes.map(([, count]) => count);
      const inFold = Array.from({ length: splits }, () => new Float64Array(classes.length));
      const foldOf = new Uint32Array(counts.length);
      const order = ordering(counts.length, options, "groups");
      const spread = counts.map((count) => deviation([...count]));
      for (const group of [...order].sort((a, b) => spread[b]! - spread[a]!)) {
        const fold = bestFold(inFold, totals, counts[group]!);
        foldOf[group] = fold;
        for (const [code, count] of counts[group]!.entries()) inFold[fold]![code]! += count;
      }
      return partition(
        groups.of.map((group) => foldOf[group]!),
        splits,
      );
    },
  };
}

/** The fold to which a group with these counts is best given. */
function bestFold(inFold: readonly Float64Array[], totals: readonly number[], added: Float64Array): number {
  let best = 0;
  let unevenBest = Number.POSITIVE_INFINITY;
  let rowsBest = Number.POSITIVE_INFINITY;
  for (const [fold, counts] of inFold.entries()) {
    const share = (other: number, code: number) =>
      (inFold[other]![code]! + (other === fold ? added[code]! : 0)) / totals[code]!;
    const spreads = totals.map((_, code) => deviation(inFold.map((_, other) => share(other, code))));
    const uneven = spreads.reduce((sum, value) => sum + value, 0) / spreads.length;
    const rows = counts.reduce((sum, count) => sum + count, 0);
    // numpy's `isclose`, by which scikit-learn decides.
    const equal = Math.abs(uneven - unevenBest) <= 1e-8 + 1e-5 * unevenBest;
    if (uneven < unevenBest || (equal && rows < rowsBest)) [best, unevenBest, rowsBest] = [fold, uneven, rows];
  }
  return best;
}

function deviation(values: readonly number[]): number {
  const centre = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) * (value - centre), 0) / values.length);
}
