/** Every possible choice of p rows, or of p groups, is left out and tested once. */
import { show, ValidationError } from "../../errors.ts";
import { readGroups } from "./groups.ts";
import { foldTesting, type Splitter } from "./splitter.ts";

/** Each row is tested by a model trained on all others: as many trainings as rows. @throws ValidationError for fewer than 2 rows */
export function leaveOneOut(): Splitter {
  return { ...leavePOut(1), name: "leaveOneOut()" };
}

/** Each set of p rows is tested once. Their number explodes: 4950 for p = 2 and 100 rows. @throws ValidationError unless 1 <= p < rows */
export function leavePOut(p: number): Splitter {
  checkCount(p, "rows");
  return {
    name: `leavePOut(${p})`,
    split: (y) => {
      if (p >= y.length) {
        throw new ValidationError(`Leaving out ${p} needs more rows than that, but got ${y.length}.`);
      }
      return combinations(y.length, p).map((tested) => foldTesting(y.length, (row) => tested.includes(row)));
    },
  };
}

/** Each group is tested by a model trained on all others. @throws ValidationError for fewer than 2 groups, or none given */
export function leaveOneGroupOut(): Splitter {
  return groupsOut("leaveOneGroupOut", "leaveOneGroupOut()", 1);
}

/** Each set of p groups is tested once. @throws ValidationError unless there are more than p groups */
export function leavePGroupsOut(p: number): Splitter {
  checkCount(p, "groups");
  return groupsOut("leavePGroupsOut", `leavePGroupsOut(${p})`, p);
}

function groupsOut(kind: string, name: string, p: number): Splitter {
  return {
    name,
    split: (y, given) => {
      const groups = readGroups(given, y.length, kind, p + 1);
      return combinations(groups.names.length, p).map((tested) =>
        foldTesting(y.length, (row) => tested.includes(groups.of[row]!)),
      );
    },
  };
}

function checkCount(p: number, unit: string): void {
  if (Number.isSafeInteger(p) && p >= 1) return;
  throw new ValidationError(`The number of ${unit} to leave out must be an integer >= 1, but got ${show(p)}.`);
}

/** All ascending choices of p of 0 … n − 1, in lexicographic order. */
function combinations(n: number, p: number, from = 0): number[][] {
  if (p === 0) return [[]];
  return Array.from({ length: Math.max(0, n - p - from + 1) }, (_, i) => from + i).flatMap((first) =>
    combinations(n, p - 1, first + 1).map((rest) => [first, ...rest]),
  );
}
