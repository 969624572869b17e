/**
 * Finished results of methods compared in pairs: tests corrected for their number, costs side by side, a plain sentence.
 */
import { show, ValidationError } from "../errors.ts";
import { type Direction, isBetter } from "./direction.ts";
import { holm } from "./holm.ts";
import { comparePaired, judged, type PairedComparison } from "./paired.ts";

/** The result of one run. `cost` is in any unit, the same for all methods: trials, trainings, seconds. */
export type Result = number | { readonly value: number; readonly cost?: number };

export interface CompareResultsOptions {
  /** What was measured, for sentences. Default "value". */
  readonly metric?: string;
  /** What one pair is, in the plural. Default "pairs". */
  readonly unit?: string;
  /** Which values are good. Default "maximize". */
  readonly direction?: Direction;
  /** Compares this method with each other one, in place of all with all; fewer tests are corrected less. */
  readonly against?: string;
  /** What costs are counted in, for sentences. Default "trials". */
  readonly costUnit?: string;
  /** Mean costs that differ by no more than this share are equal. Default 0.05. */
  readonly costTolerance?: number;
  /** "flag" says in the verdict that costs differ, "refuse" throws. Default "flag". */
  readonly unequalCosts?: "flag" | "refuse";
  /** Of the bootstrap. Default 0. */
  readonly seed?: number | string;
}

export interface MethodResults {
  readonly name: string;
  /** [pairs] */
  readonly values: readonly number[];
  readonly mean: number;
  /** Mean of a run; null where one of them did not say. */
  readonly cost: number | null;
}

/** Two of the methods; `isClear` and `verdict` go by the adjusted p. */
export interface ComparedPair extends PairedComparison {
  readonly names: readonly [string, string];
  /** The p of `test` after Holm's correction for all pairs. */
  readonly adjustedP: number;
}

export interface ResultsComparison {
  /** The best mean first. */
  readonly methods: readonly MethodResults[];
  readonly pairs: readonly ComparedPair[];
  /** Null where the costs are not known. */
  readonly costsAreEqual: boolean | null;
  readonly winner: {
    readonly name: string;
    /** Whether it is clearly better than every method it was compared with. */
    readonly isClear: boolean;
  };
  readonly verdict: string;
}

/**
 * Compares methods by their results, of which those at the same place are a pair: of the same seed, fold or task.
 *
 * The intervals hold for each pair of methods alone, the p values for all of them together (Holm).
 *
 * @throws ValidationError for fewer than two methods, different numbers of results, a result that is no finite number, and
 *   costs that differ where these are refused
 * @example compareResults({ gp: recallGp, random: recallRandom }, { metric: "recall", unit: "seeds" }).verdict
 */
export function compareResults(
  methods: Readonly<Record<string, readonly Result[]>>,
  options: CompareResultsOptions = {},
): ResultsComparison {
  checkNames(Object.keys(methods), options.against);
  const { metric = "value", unit = "pairs", direction = "maximize" } = options;
  const words = { metric, unit, direction };
  const results = Object.entries(methods).map(([name, runs]): MethodResults => {
    const measures = runs.map((result, i) => measure(result, `Result ${i} of ${show(name)}`));
    const values = measures.map(({ value }) => value);
    const costs = measures.map(({ cost }) => cost);
    return { name, values, mean: mean(values), cost: costs.includes(null) ? null : mean(costs as number[]) };
  });
  checkLengths(results.map(({ name, values }) => [name, values.length]));

  const costsAreEqual = equalCosts(results, options.costTolerance ?? 0.05);
  const costNote = costsAreEqual === false ? sayCosts(results, options.costUnit ?? "trials") : null;
  if (costNote !== null && options.unequalCosts === "refuse") {
    throw new ValidationError(`Methods must be compared at equal cost, but ${costNote}.`);
  }
  const pairs = allPairs(results, options.against, words, options.seed);
  const ranked = results.toSorted((a, b) => (a.mean === b.mean ? 0 : isBetter(a.mean, b.mean, direction) ? -1 : 1));
  const { name } = ranked[0]!;
  const rivals = pairs.filter(({ names }) => names.includes(name));
  const verdict = pairs.length === 1 ? pairs[0]!.verdict : rank(ranked, rivals, words);
  return {
    methods: ranked,
    pairs,
    costsAreEqual,
    winner: { name, isClear: rivals.every((pair) => pair.isClear) },
    verdict:
      costNote === null ? verdict : `${verdict} The costs are not equal, which this does not allow for: ${costNote}.`,
  };
}

/** @throws ValidationError for fewer than two methods, and for `against` that is none of them */
export function checkNames(names: readonly string[], against: string | undefined): void {
  if (names.length < 2) throw new ValidationError(`A comparison needs at least two methods, but got ${show(names)}.`);
  if (against !== undefined && !names.includes(against)) {
    throw new ValidationError(`\`against\` must be one of the methods ${names.join(", ")}, but got ${show(against)}.`);
  }
}

/** @throws ValidationError unless every method has as many results as the first, or as `n`, and at least one */
export function checkLengths(
  lengths: readonly (readonly [name: string, length: number])[],
  n: number = lengths[0]?.[1] ?? 0,
): void {
  if (n === 0) throw new ValidationError("A comparison needs at least one pair of results, but got none.");
  const other = lengths.find(([, length]) => length !== n);
  if (other === undefined) return;
  throw new ValidationError(
    `Every method must have one result for each of the ${n} pairs, but ${show(other[0])} has ${other[1]}. Results are paired by their place.`,
  );
}

/**
 * A result as its two numbers; a cost of null is not known.
 *
 * @param subject for an error
 * @throws ValidationError where one of them is none
 */
export function measure(result: Result, subject: string): { readonly value: number; readonly cost: number | null } {
  const { value, cost = null } = typeof result === "object" && result !== null ? result : { value: result };
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ValidationError(
      `${subject} must be a finite number, or { value, cost } with one, but got ${show(result)}.`,
    );
  }
  if (cost !== null && !(typeof cost === "number" && cost >= 0 && Number.isFinite(cost))) {
    throw new ValidationError(`${subject} must cost a finite number >= 0, but got cost=${show(cost)}.`);
  }
  return { value, cost };
}

function allPairs(
  results: readonly MethodResults[],
  against: string | undefined,
  words: { readonly metric: string; readonly unit: string; readonly direction: Direction },
  seed: number | string = 0,
): ComparedPair[] {
  const chosen = results.flatMap((a, i) =>
    results
      .slice(i + 1)
      .flatMap((b) => (against === undefined || a.name === against || b.name === against ? [[a, b] as const] : [])),
  );
  const alone = chosen.map(([a, b]) => {
    const names = [a.name, b.name] as const;
    return { names, ...comparePaired(a.values, b.values, { ...words, names, seed }) };
  });
  const adjusted = holm(alone.map(({ test }) => test.pValue));
  return alone.map((pair, i) => ({
    ...pair,
    adjustedP: adjusted[i]!,
    ...judged(pair, adjusted[i]!, alone.length, { ...words, names: pair.names }),
  }));
}

/** The sentence for three methods and more. */
function rank(
  ranked: readonly MethodResults[],
  rivals: readonly ComparedPair[],
  { metric, unit }: { readonly metric: string; readonly unit: string },
): string {
  const { name, values } = ranked[0]!;
  const others = (isClear: boolean) =>
    rivals.filter((pair) => pair.isClear === isClear).map(({ names }) => (names[0] === name ? names[1] : names[0]));
  const [beaten, near] = [others(true), others(false)];
  const head = `${name} has the best mean ${metric} of ${ranked.length} methods over ${values.length} ${unit}`;
  const isBetterThan = `better than ${listed(beaten, "and")}`;
  if (near.length === 0) return `${head} and is ${isBetterThan} (Holm-adjusted p < 0.05).`;
  const noDifference = `no difference from ${listed(near, "or")} was shown`;
  return beaten.length === 0 ? `${head}, but ${noDifference}.` : `${head} and is ${isBetterThan}, but ${noDifference}.`;
}

function equalCosts(results: readonly MethodResults[], tolerance: number): boolean | null {
  const costs = results.map(({ cost }) => cost);
  if (costs.includes(null)) return null;
  const [least, most] = [Math.min(...(costs as number[])), Math.max(...(costs as number[]))];
  return most - least <= tolerance * most;
}

function sayCosts(results: readonly MethodResults[], unit: string): string {
  const costs = results.map(({ name, cost }) => `${name} takes ${brief(cost!)}`);
  return `${listed(costs, "and")} ${unit} a run`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Four digits, without trailing zeros. */
export function brief(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** "a", "a and b", "a, b and c". */
function listed(words: readonly string[], last: string): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
