/**
 * How rows are divided into folds for cross-validation: every row is tested once, by a model that was not trained on it.
 * The same splitter gives the same folds each time, so that all candidates are compared on the same ones.
 *
 * Source: scikit-learn, `KFold` and `StratifiedKFold`; without shuffling the folds are the same, index by index.
 */
import { show, ValidationError } from "../errors.ts";
import { createRng } from "../math/rng.ts";

/** Row numbers, ascending. */
export interface Fold {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

export interface Splitter {
  /** The splitter and its settings in words, the same for two that split alike. */
  readonly name: string;
  /** @param y labels, [rows] */
  split(y: ArrayLike<number>): readonly Fold[];
}

export interface SplitterOptions {
  /** Whether rows are put in random order first. Default false. */
  readonly shuffle?: boolean;
  /** For `shuffle`. Default 0. */
  readonly seed?: number | string;
}

/**
 * k folds of equal size, the first of them one row longer where it does not divide evenly.
 *
 * @throws ValidationError when `splits` is no integer >= 2, or larger than the number of rows to split
 */
export function kFold(splits = 5, options: SplitterOptions = {}): Splitter {
  checkSplits(splits);
  return {
    name: nameOf("kFold", splits, options),
    split: (y) => {
      const rows = y.length;
      checkRows(splits, rows);
      const order = ordering(rows, options, "rows");
      const foldOf = new Uint32Array(rows);
      const short = Math.floor(rows / splits);
      const longer = rows % splits;
      // The first `longer` folds have short + 1 rows.
      for (let i = 0; i < rows; i++) {
        const beyond = i - longer * (short + 1);
        foldOf[order[i]!] = beyond < 0 ? Math.floor(i / (short + 1)) : longer + Math.floor(beyond / short);
      }
      return folds(foldOf, splits);
    },
  };
}

/**
 * k folds in which every class has the same share as in the whole, as nearly as its count allows.
 *
 * @throws ValidationError when `splits` is no integer >= 2, or a class has fewer rows than there are folds
 */
export function stratifiedKFold(splits = 5, options: SplitterOptions = {}): Splitter {
  checkSplits(splits);
  return {
    name: nameOf("stratifiedKFold", splits, options),
    split: (y) => {
      checkRows(splits, y.length);
      const classes = countClasses(y);
      for (const [label, count] of classes) {
        if (count >= splits) continue;
        throw new ValidationError(
          `Each class must have at least as many rows as there are folds, but class ${label} has ${count} and there are ${splits} folds. Use fewer folds, or more rows of that class.`,
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
      return folds(foldOf, splits);
    },
  };
}

/** How `cv` can be given: a number of folds, a splitter, or the folds themselves. */
export type CrossValidation =
  | number
  | Splitter
  | readonly { readonly train: ArrayLike<number>; readonly test: ArrayLike<number> }[];

/**
 * The splitter that `cv` means; a number means stratified folds where the labels are classes.
 *
 * @throws ValidationError when it is none of the three
 */
export function toSplitter(cv: CrossValidation, classes: boolean): Splitter {
  if (typeof cv === "number") return classes ? stratifiedKFold(cv) : kFold(cv);
  if (Array.isArray(cv)) return givenFolds(cv);
  if (typeof cv === "object" && typeof (cv as Splitter | null)?.split === "function") return cv as Splitter;
  throw new ValidationError(
    `\`cv\` must be a number of folds, a splitter such as stratifiedKFold(5), or a list of { train, test }, but got ${show(cv)}.`,
  );
}

/**
 * Whether labels look like classes: whole numbers from 0, not more than 20 different ones. Stratifying where it was not
 * needed does no harm; not stratifying where it was needed goes unnoticed.
 */
export function areClasses(y: ArrayLike<number>): boolean {
  const seen = new Set<number>();
  for (let i = 0; i < y.length; i++) {
    if (!Number.isInteger(y[i]) || y[i]! < 0 || seen.add(y[i]!).size > 20) return false;
  }
  return true;
}

function givenFolds(
  given: readonly { readonly train: ArrayLike<number>; readonly test: ArrayLike<number> }[],
): Splitter {
  if (given.length === 0) throw new ValidationError("`cv` as a list needs at least one { train, test }, but got none.");
  return {
    name: `${given.length} given folds`,
    split: (y) =>
      given.map(({ train, test }, i) => ({ train: rowsOf(train, y.length, i), test: rowsOf(test, y.length, i) })),
  };
}

function rowsOf(rows: ArrayLike<number> | undefined, count: number, fold: number): Uint32Array {
  const numbers = Array.from(rows ?? []);
  const wrong = numbers.find((row) => !Number.isInteger(row) || row < 0 || row >= count);
  if (numbers.length === 0 || wrong !== undefined) {
    throw new ValidationError(
      `The folds of \`cv\` must list row numbers from 0 to ${count - 1}, but fold ${fold} has ${numbers.length === 0 ? "none" : show(wrong)}.`,
    );
  }
  return onSharedMemory(numbers);
}

/** The labels in the order in which they first stand, with their counts. */
function countClasses(y: ArrayLike<number>): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < y.length; i++) counts.set(y[i]!, (counts.get(y[i]!) ?? 0) + 1);
  return counts;
}

function folds(foldOf: Uint32Array, splits: number): Fold[] {
  const rows = Array.from(foldOf.keys());
  return Array.from({ length: splits }, (_, fold) => ({
    train: onSharedMemory(rows.filter((row) => foldOf[row] !== fold)),
    test: onSharedMemory(rows.filter((row) => foldOf[row] === fold)),
  }));
}

/** So that a worker reads the row numbers without a copy of its own. */
function onSharedMemory(rows: readonly number[]): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(4 * rows.length));
  shared.set(rows);
  return shared;
}

function ordering(count: number, options: SplitterOptions, key: string | number): Uint32Array {
  if (options.shuffle === true)
    return createRng(options.seed ?? 0)
      .fork("folds")
      .fork(key)
      .permutation(count);
  return Uint32Array.from({ length: count }, (_, i) => i);
}

function nameOf(kind: string, splits: number, { shuffle = false, seed = 0 }: SplitterOptions): string {
  return shuffle ? `${kind}(${splits}, shuffled by seed ${show(seed)})` : `${kind}(${splits})`;
}

function checkSplits(splits: number): void {
  if (Number.isSafeInteger(splits) && splits >= 2) return;
  throw new ValidationError(`Cross-validation needs a whole number of folds, at least 2, but got ${show(splits)}.`);
}

function checkRows(splits: number, rows: number): void {
  if (rows >= splits) return;
  throw new ValidationError(`There must be at least as many rows as folds, but got ${rows} rows for ${splits} folds.`);
}
