/** Folds that keep groups together: every group is tested once, whole. */

import { readGroups } from "./groups.ts";
import { stretchOf } from "./k-fold.ts";
import { checkShuffle, nameOf, ordering, type SplitterOptions } from "./shuffle.ts";
import { checkSplits, partition, type Splitter } from "./splitter.ts";

/**
 * k folds of nearly equal size: the groups, largest first, are given one by one to the fold that is smallest so far. With
 * `shuffle` the groups are put in random order and cut into k stretches of as many groups each.
 *
 * @throws ValidationError when `splits` is no integer >= 2, or there are fewer groups than folds, or none are given
 */
export function groupKFold(splits = 5, options: SplitterOptions = {}): Splitter {
  checkSplits(splits);
  checkShuffle(options);
  return {
    name: nameOf("groupKFold", splits, options),
    split: (y, given) => {
      const groups = readGroups(given, y.length, `groupKFold(${splits})`, splits);
      const count = groups.names.length;
      const foldOf = new Uint32Array(count);
      if (options.shuffle === true) {
        for (const [i, group] of ordering(count, options, "groups").entries())
          foldOf[group] = stretchOf(i, count, splits);
      } else {
        const sizes = new Uint32Array(count);
        for (const group of groups.of) sizes[group]!++;
        const total = new Float64Array(splits);
        for (const group of largestFirst(sizes)) {
          const lightest = total.indexOf(Math.min(...total));
          foldOf[group] = lightest;
          total[lightest]! += sizes[group]!;
        }
      }
      return partition(
        groups.of.map((group) => foldOf[group]!),
        splits,
      );
    },
  };
}

/** Of groups of one size the last comes first, as in scikit-learn, which reverses an ascending stable sort. */
function largestFirst(sizes: Uint32Array): number[] {
  return [...sizes.keys()].sort((a, b) => sizes[a]! - sizes[b]!).reverse();
}
