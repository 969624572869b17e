/** Folds that keep the shares of the classes. */
import { show, ValidationError } from "../../errors.ts";
import { checkShuffle, nameOf, ordering, type SplitterOptions } from "./shuffle.ts";
import { checkRows, checkSplits, partition, type Splitter } from "./splitter.ts";

export interface StratifiedKFoldOptions extends SplitterOptions {
  /**
   * Whether a class may have fewer rows than there are folds, so that some folds test none of them. "refuse" by default:
   * scores of such folds are undefined or misleading. "allow" is what scikit-learn does, with a warning.
   */
  readonly rareClasses?: "refuse" | "allow";
}

/**
 * k folds in which every class has the same share as in the whole, as nearly as its count allows.
 *
 * @throws ValidationError when `splits` is no integer >= 2, or a class (with `rareClasses: "allow"`, every class) has fewer
 *   rows than there are folds
 */
export function stratifiedKFold(splits = 5, options: StratifiedKFoldOptions = {}): Splitter {
  checkSplits(splits);
  checkShuffle(options);
  const { rareClasses = "refuse" } = options;
  if (rareClasses !== "refuse" && rareClasses !== "allow") {
    throw new ValidationError(`\`rareClasses\` must be "refuse" or "allow", but got ${show(rareClasses)}.`);
  }
  return {
    name: nameOf("stratifiedKFold", splits, options),
    split: (y) => {
      checkRows(splits, y.length);
      const classes = countClasses(y);
      const rare = [...classes].filter(([, count]) => count < splits);
      if (rare.length > 0 && (rareClasses === "refuse" || rare.length === classes.size)) {
        const [label, count] = rare[0]!;
        throw new ValidationError(
          `Each class must have at least as many rows as there are folds, but class ${label} has ${count} and there are ${splits} folds. Use fewer folds, or more rows of that class${rare.length < classes.size ? ', or set `rareClasses: "allow"`' : ""}.`,
        );
      }
      // Dealing the labels in sorted order to the folds in turn says how many rows of each class a fold gets.
      const codes = new Map([...classes.keys()].map((label, code) => [label, code]));
      const sorted = Uint32Array.from({ length: y.length }, (_, i) => codes.get(y[i]!)!).sort();
      const quota = Array.from(classes, () => new Uint32Array(splits));
      for (const [i, code] of sorted.entries()) quota[code]![i % splits]!++;
      const foldOf = new Uint32Array(y.length);
      for (const [label, code] of codes) {
        const queue = Uint32Array.from([...quota[code]!].flatMap((count, fold) => Array<number>(count).fill(fold)));
        const order = ordering(queue.length, options, label);
        for (let i = 0, next = 0; i < y.length; i++) if (y[i] === label) foldOf[i] = queue[order[next++]!]!;
      }
      return partition(foldOf, splits);
    },
  };
}

/** The labels in the order in which they first stand, with their counts. */
export function countClasses(y: ArrayLike<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < y.length; i++) counts.set(y[i]!, (counts.get(y[i]!) ?? 0) + 1);
  return counts;
}
