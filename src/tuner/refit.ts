/** Which candidate is the best one, and is fitted on all rows at the end. */
import { NotFoundError, show, ValidationError } from "../errors.ts";
import type { CvResults } from "./cv-results.ts";

/**
 * - `true`: the candidate with the greatest mean score; needs a single score.
 * - a name: the candidate with the greatest mean of that one of several scores.
 * - a function: the candidate at the place in the table that it returns, for trade-offs such as the simplest model within
 *   one standard error of the best.
 * - `false`: nothing is fitted.
 */
export type Refit = boolean | string | ((results: CvResults) => number);

/** @param names of several scores; undefined for a single one */
export function checkRefit(refit: Refit, names: readonly string[] | undefined): void {
  if (typeof refit === "function" || refit === false) return;
  if (names === undefined && (refit === true || refit === "score")) return;
  if (names !== undefined && typeof refit === "string" && names.includes(refit)) return;
  throw new ValidationError(
    names === undefined
      ? `\`refit\` of a search by one score must be true, false or a function of the table, but got ${show(refit)}.`
      : `\`refit\` of a search by several scores must say which of them chooses the best candidate (${names.map(show).join(", ")}), be a function of the table, or false, but got ${show(refit)}.`,
  );
}

/** The score that decides: of several the one that `refit` names, otherwise the first. */
export function primaryName(refit: Refit, names: readonly string[] | undefined): string | undefined {
  return names === undefined ? undefined : typeof refit === "string" ? refit : names[0];
}

/**
 * The best candidate's place in the table.
 *
 * @throws ValidationError when a function returns no place in the table
 * @throws NotFoundError when several scores were asked for and none of them chooses
 */
export function chooseBest(refit: Refit, results: CvResults): number {
  if (typeof refit === "function") {
    const index: unknown = refit(results);
    const candidates = results.params.length;
    if (Number.isInteger(index) && (index as number) >= 0 && (index as number) < candidates) return index as number;
    throw new ValidationError(
      `A \`refit\` function must return the place of a candidate in the table, 0 to ${candidates - 1}, but returned ${show(index)}.`,
    );
  }
  const name = typeof refit === "string" ? refit : "score";
  const ranks = results[`rank_test_${name}`];
  if (ranks !== undefined) return ranks.indexOf(1);
  throw new NotFoundError(
    "Of several scores none says which candidate is the best. Set `refit` to the name of one, or to a function of the table.",
  );
}
