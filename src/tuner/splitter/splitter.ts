/**
 * How rows are divided for cross-validation: each fold trains on some rows and tests on others. A splitter gives the same
 * folds each time it is asked, so that all candidates are compared on the same ones.
 *
 * Source: scikit-learn's splitters. Where nothing is shuffled the folds are the same, index by index; what is shuffled is
 * drawn from a generator of our own.
 */
import { show, ValidationError } from "../../errors.ts";

/** Row numbers: ascending, but for splitters that draw them, which keep the order of the draw. */
export interface Fold {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/** To which group each row belongs (a person, a shop, a day), [rows]: rows of one group are never on both sides of a fold. */
export type Groups = ArrayLike<number | string>;

export interface Splitter {
  /** The splitter and its settings in words, the same for two that split alike. */
  readonly name: string;
  /**
   * @param y       labels, [rows]
   * @param groups  needed by the splitters of groups, passed over by the others
   */
  split(y: ArrayLike<number>, groups?: Groups): readonly Fold[];
}

/** A fold whose row numbers lie on shared memory, so that a worker reads them without a copy of its own. */
export function toFold(train: Iterable<number>, test: Iterable<number>): Fold {
  return { train: onSharedMemory([...train]), test: onSharedMemory([...test]) };
}

/** The fold that tests these rows, in ascending order, and trains on all others. */
export function foldTesting(rows: number, isTested: (row: number) => boolean): Fold {
  const all = Array.from({ length: rows }, (_, row) => row);
  return toFold(
    all.filter((row) => !isTested(row)),
    all.filter(isTested),
  );
}

/** The folds of an assignment: row i is tested in fold `foldOf[i]` and trained on in the others. */
export function partition(foldOf: Uint32Array, splits: number): Fold[] {
  return Array.from({ length: splits }, (_, fold) => foldTesting(foldOf.length, (row) => foldOf[row] === fold));
}

/** @throws ValidationError when `splits` is no integer >= 2 */
export function checkSplits(splits: number): void {
  if (Number.isSafeInteger(splits) && splits >= 2) return;
  throw new ValidationError(`Cross-validation needs a whole number of folds, at least 2, but got ${show(splits)}.`);
}

export function checkRows(splits: number, rows: number): void {
  if (rows >= splits) return;
  throw new ValidationError(`There must be at least as many rows as folds, but got ${rows} rows for ${splits} folds.`);
}

function onSharedMemory(rows: readonly number[]): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(4 * rows.length));
  shared.set(rows);
  return shared;
}
