/**
 * How successive halving spends: many candidates on little, the best part of them on more, until few have had all.
 *
 * Source: scikit-learn, `BaseSuccessiveHalving`; Karnin, Koren & Somekh 2013, "Almost optimal exploration in multi-armed
 * bandits". Two deviations: powers of `factor` are counted exactly, where scikit-learn takes floors of quotients of
 * logarithms and loses a round at counts such as 3⁵; and `factor` must be above 1.
 */
import { show, ValidationError } from "../errors.ts";

export interface HalvingOptions {
  /** Of the candidates of a round one in so many goes on, and is given so many times as much. Default 3. */
  readonly factor?: number;
  /** What is spent on a candidate: rows of the table, or a whole-number parameter of the estimator by name. Default "n_samples". */
  readonly resource?: string;
  /** The most that is spent on one. Default "auto": all rows; a parameter needs a number. */
  readonly maxResources?: number | "auto";
  /**
   * What is spent on each candidate of the first round. "smallest": two rows a fold and class, or 1 of a parameter;
   * "exhaust": so much that the last round spends nearly all there is.
   */
  readonly minResources?: number | "smallest" | "exhaust";
  /** Where there is too little to spend for all rounds, whether the first ones are repeated until few candidates are left. Default false. */
  readonly aggressiveElimination?: boolean;
}

export interface HalvingSchedule {
  readonly nIterations: number;
  /** Rounds after which fewer than `factor` candidates are left. */
  readonly nRequiredIterations: number;
  /** Rounds that there is enough to spend for. */
  readonly nPossibleIterations: number;
  readonly minResources: number;
  readonly maxResources: number;
  /** Spent on each candidate, one number a round. */
  readonly nResources: readonly number[];
  /** One number a round. */
  readonly nCandidates: readonly number[];
  /** Candidates that would go on to a further round. */
  readonly nRemainingCandidates: number;
}

export const SAMPLES = "n_samples";

/** @throws ValidationError for options outside their range, before there are data */
export function checkHalving(options: HalvingOptions): void {
  const { factor = 3, resource = SAMPLES, maxResources = "auto", minResources, aggressiveElimination } = options;
  if (!(typeof factor === "number" && factor > 1 && Number.isFinite(factor))) {
    throw new ValidationError(`\`factor\` must be a number > 1, but got ${show(factor)}.`);
  }
  if (typeof resource !== "string" || resource === "") {
    throw new ValidationError(
      `\`resource\` must be "n_samples" or the name of a parameter, but got ${show(resource)}.`,
    );
  }
  for (const [name, value, words] of [
    ["maxResources", maxResources, ["auto"]],
    ["minResources", minResources ?? "smallest", ["smallest", "exhaust"]],
  ] as const) {
    if ((words as readonly unknown[]).includes(value) || (Number.isSafeInteger(value) && (value as number) >= 1))
      continue;
    throw new ValidationError(
      `\`${name}\` must be an integer >= 1 or ${words.map(show).join(" or ")}, but got ${show(value)}.`,
    );
  }
  if (aggressiveElimination !== undefined && typeof aggressiveElimination !== "boolean") {
    throw new ValidationError(
      `\`aggressiveElimination\` must be true or false, but got ${show(aggressiveElimination)}.`,
    );
  }
  if (resource !== SAMPLES && maxResources === "auto") {
    throw new ValidationError(
      `How much of ${show(resource)} a candidate may be given at most must be said, but \`maxResources\` is "auto", which is known only for rows. Give a number.`,
    );
  }
}

/**
 * @param count       candidates of the first round, as a function of the least and the most that is spent
 * @param data        rows, folds, and classes (0 for none)
 * @param fallback    the searches' own default of `minResources`
 * @throws ValidationError when the least is more than the most
 */
export function halvingSchedule(
  options: HalvingOptions,
  count: (minResources: number, maxResources: number) => number,
  data: { readonly rows: number; readonly splits: number; readonly classes: number },
  fallback: "smallest" | "exhaust",
): HalvingSchedule {
  const { factor = 3, resource = SAMPLES, maxResources = "auto", minResources = fallback } = options;
  const { aggressiveElimination = false } = options;
  const smallest = resource === SAMPLES ? 2 * data.splits * Math.max(1, data.classes) : 1;
  const most = maxResources === "auto" ? data.rows : maxResources;
  let least = typeof minResources === "number" ? minResources : smallest;
  if (least > most) {
    throw new ValidationError(
      `The first round must not spend more than there is, but it needs ${least} of ${show(resource)} a candidate and there are ${most}. Set \`minResources\` lower, or use fewer folds or more rows.`,
    );
  }
  const candidates = count(least, most);
  const required = 1 + powersWithin(candidates, factor);
  if (minResources === "exhaust") least = Math.max(least, Math.floor(most / power(factor, required - 1)));
  const possible = 1 + powersWithin(Math.floor(most / least), factor);
  const iterations = aggressiveElimination ? required : Math.min(possible, required);

  const nResources: number[] = [];
  const nCandidates: number[] = [];
  let left = candidates;
  for (let i = 0; i < iterations; i++) {
    const step = aggressiveElimination ? Math.max(0, i - required + possible) : i;
    nResources.push(Math.min(most, Math.floor(power(factor, step) * least)));
    nCandidates.push(left);
    left = survivors(left, factor);
  }
  return {
    nIterations: iterations,
    nRequiredIterations: required,
    nPossibleIterations: possible,
    minResources: least,
    maxResources: most,
    nResources,
    nCandidates,
    nRemainingCandidates: left,
  };
}

export function survivors(candidates: number, factor: number): number {
  return Math.ceil(candidates / factor);
}

/** The greatest k with factor^k <= x; 0 for x < factor. */
function powersWithin(x: number, factor: number): number {
  let k = 0;
  while (power(factor, k + 1) <= x) k++;
  return k;
}

function power(factor: number, exponent: number): number {
  let product = 1;
  for (let i = 0; i < exponent; i++) product *= factor;
  return product;
}
