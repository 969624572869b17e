/** Folds that the caller has decided on. */
import { show, ValidationError } from "../../errors.ts";
import { foldTesting, type Splitter, toFold } from "./splitter.ts";

export interface GivenFold {
  readonly train: ArrayLike<number>;
  readonly test: ArrayLike<number>;
}

/** @throws ValidationError for no fold; when splitting, for a fold without rows or with rows that do not exist */
export function givenFolds(given: readonly GivenFold[]): Splitter {
  if (given.length === 0) throw new ValidationError("`cv` as a list needs at least one { train, test }, but got none.");
  return {
    name: `${given.length} given folds`,
    split: (y) => given.map(({ train, test }, i) => toFold(rowsOf(train, y.length, i), rowsOf(test, y.length, i))),
  };
}

/**
 * Says of each row in which fold it is tested; −1 stands for a row that is only trained on.
 *
 * @param testFold [rows], whole numbers >= −1
 * @throws ValidationError for other numbers, and when splitting as many labels as there are not numbers
 */
export function predefinedSplit(testFold: ArrayLike<number>): Splitter {
  const foldOf = Array.from(testFold ?? []);
  const wrong = foldOf.findIndex((fold) => !Number.isSafeInteger(fold) || fold < -1);
  const folds = [...new Set(foldOf)].filter((fold) => fold !== -1).sort((a, b) => a - b);
  if (wrong >= 0 || folds.length === 0) {
    throw new ValidationError(
      `predefinedSplit needs a fold for each row, 0, 1, … or −1 for none, but got ${wrong >= 0 ? `${show(foldOf[wrong])} for row ${wrong}` : "no row to test"}.`,
    );
  }
  return {
    name: `predefinedSplit of ${folds.length} folds`,
    split: (y) => {
      if (foldOf.length !== y.length) {
        throw new ValidationError(
          `predefinedSplit must name a fold for each of the ${y.length} rows, but has ${foldOf.length}.`,
        );
      }
      return folds.map((fold) => foldTesting(y.length, (row) => foldOf[row] === fold));
    },
  };
}

function rowsOf(rows: ArrayLike<number> | undefined, count: number, fold: number): number[] {
  const numbers = Array.from(rows ?? []);
  const wrong = numbers.find((row) => !Number.isInteger(row) || row < 0 || row >= count);
  if (numbers.length > 0 && wrong === undefined) return numbers;
  throw new ValidationError(
    `The folds of \`cv\` must list row numbers from 0 to ${count - 1}, but fold ${fold} has ${numbers.length === 0 ? "none" : show(wrong)}.`,
  );
}
