/** Rows by group, as the splitters of groups read them. */
import { show, ValidationError } from "../../errors.ts";
import type { Groups } from "./splitter.ts";

export interface GroupIndex {
  /** The different groups: numbers in ascending order, or names in alphabetical order. */
  readonly names: readonly (number | string)[];
  /** The place of each row's group in `names`, [rows]. */
  readonly of: Uint32Array;
}

/**
 * @param kind   the splitter that asks
 * @param least  groups that it needs
 * @throws ValidationError when there are no groups, not one a row, or too few different ones
 */
export function readGroups(groups: Groups | undefined, rows: number, kind: string, least: number): GroupIndex {
  if (groups === undefined || groups === null) {
    throw new ValidationError(
      `${kind} needs to know to which group each row belongs, but got no \`groups\`. Give them beside the labels: fit(x, y, { groups }).`,
    );
  }
  if (groups.length !== rows) {
    throw new ValidationError(
      `\`groups\` must have one group for each of the ${rows} rows, but has ${show(groups.length)}.`,
    );
  }
  const given = Array.from(groups);
  const wrong = given.findIndex((group) => typeof group !== "string" && !Number.isFinite(group));
  if (wrong >= 0 || new Set(given.map((group) => typeof group)).size > 1) {
    throw new ValidationError(
      `\`groups\` must be all numbers or all strings, but ${wrong >= 0 ? `groups[${wrong}] is ${show(given[wrong])}` : "got both"}.`,
    );
  }
  const names = [...new Set(given)].sort(
    typeof given[0] === "number" ? (a, b) => (a as number) - (b as number) : undefined,
  );
  if (names.length < least) {
    throw new ValidationError(
      `${kind} needs at least ${least} groups, but got ${names.length}: ${show(names)}. Use fewer folds, or split finer groups.`,
    );
  }
  const placeOf = new Map(names.map((name, place) => [name, place]));
  return { names, of: Uint32Array.from(given, (group) => placeOf.get(group)!) };
}
