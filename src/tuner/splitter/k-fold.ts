/** Folds of equal size: every row is tested once, by a model that was not trained on it. */

import { checkShuffle, nameOf, ordering, type SplitterOptions } from "./shuffle.ts";
import { checkRows, checkSplits, partition, type Splitter } from "./splitter.ts";

/**
 * k folds of equal size, the first of them one row longer where it does not divide evenly.
 *
 * @throws ValidationError when `splits` is no integer >= 2, or larger than the number of rows to split
 */
export function kFold(splits = 5, options: SplitterOptions = {}): Splitter {
  checkSplits(splits);
  checkShuffle(options);
  return {
    name: nameOf("kFold", splits, options),
    split: (y) => {
      const rows = y.length;
      checkRows(splits, rows);
      const order = ordering(rows, options, "rows");
      const foldOf = new Uint32Array(rows);
      for (let i = 0; i < rows; i++) foldOf[order[i]!] = stretchOf(i, rows, splits);
      return partition(foldOf, splits);
    },
  };
}

/** In which of so many stretches of equal length place i of n lies; the first n mod stretches are one longer. */
export function stretchOf(i: number, n: number, stretches: number): number {
  const short = Math.floor(n / stretches);
  const longer = n % stretches;
  const beyond = i - longer * (short + 1);
  return beyond < 0 ? Math.floor(i / (short + 1)) : longer + Math.floor(beyond / short);
}
