/** What `cv` can be, and the splitter that it means. */
import { show, ValidationError } from "../../errors.ts";
import { type GivenFold, givenFolds } from "./given.ts";
import { kFold } from "./k-fold.ts";
import type { Splitter } from "./splitter.ts";
import { stratifiedKFold } from "./stratified-k-fold.ts";

/** How `cv` can be given: a number of folds, a splitter, or the folds themselves. */
export type CrossValidation = number | Splitter | readonly GivenFold[];

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
