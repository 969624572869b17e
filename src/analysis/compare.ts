/**
 * Methods compared honestly: every method on the same seeds, at the same cost, judged by paired tests that are corrected for
 * their number, and the winner looked at once on data that nobody chose by. What comes out is data and a plain sentence.
 *
 * A method is a list of results, or a function that makes the result of a seed; a result is a number, a value with what it
 * cost, or a finished study, which stands for its best value at the cost of its trials.
 */
import { show, ValidationError } from "../errors.ts";
import { type Direction, isBetter } from "./direction.ts";
import { countedValue, type Evaluation, hasEnded } from "./evaluation.ts";
import { holm } from "./holm.ts";
import { comparePaired, judged, type PairedComparison } from "./paired.ts";

/** What the comparison asks of a study; a `Study` is one. */
export interface ComparableStudy {
  readonly direction: Direction;
  trials(): Promise<readonly Evaluation[]>;
}

/** The result of one run of a method. `cost` is in any unit, the same for all: trials, trainings, seconds. */
export type Outcome = number | { readonly value: number; readonly cost?: number } | ComparableStudy;

/** The results of a method, one a seed (or fold, or task) in the same order as the others', or what makes them. */
export type Method =
  | readonly Outcome[]
  | ((seed: number | string, context: { readonly signal: AbortSignal }) => Outcome | Promise<Outcome>);

/** What the runs of a method come to. */
export type OutcomeOf<M> = M extends readonly (infer O)[]
  ? O
  : M extends (...args: never[]) => infer R
    ? Awaited<R>
    : never;

/** `O`: what the runs come to, for `heldOut`. */
export interface CompareOptions<O = Outcome> {
  /** How many seeds to run, 0, 1, 2, …. Default: as many as there are results, or 20. */
  readonly repeats?: number;
  /** The seeds themselves, in place of `repeats`. */
  readonly seeds?: readonly (number | string)[];
  /** What was measured, for sentences. Default "value". */
  readonly metric?: string;
  /** What one pair is, in the plural. Default "seeds" where seeds are run or given, else "pairs". */
  readonly unit?: string;
  /** Which values are good. Default: the studies' own, or "maximize". */
  readonly direction?: Direction;
  /** Compares this method with each other one, in place of all with all; fewer tests are corrected less. */
  readonly against?: string;
  /** What costs are counted in, for sentences. Default "trials". */
  readonly costUnit?: string;
  /** Mean costs that differ by no more than this share are equal. Default 0.05. */
  readonly costTolerance?: number;
  /** "flag" says in the verdict that costs differ, "refuse" throws. Default "flag". */
  readonly unequalCosts?: "flag" | "refuse";
  /** Scores the winner on data that no method has seen. Called once, with the best run of the winner. */
  readonly heldOut?: (winner: {
    readonly name: string;
    readonly outcome: O;
    readonly pair: number;
  }) => number | Promise<number>;
  /** Of the bootstrap. Default 0. */
  readonly seed?: number | string;
  readonly onProgress?: (progress: CompareProgress) => void;
  /** Ends the comparison before its next run: it rejects with the signal's reason. Methods are given it as well. */
  readonly signal?: AbortSignal;
}

/** A run that has ended. */
export interface CompareProgress {
  readonly method: string;
  readonly seed: number | string;
  readonly value: number;
  readonly cost: number | null;
  /** Runs so far, and in all. */
  readonly done: number;
  readonly total: number;
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

export interface MethodComparison {
  /** The best mean first. */
  readonly methods: readonly MethodResults[];
  readonly pairs: readonly ComparedPair[];
  /** Null where the costs are not known. */
  readonly costsAreEqual: boolean | null;
  readonly winner: {
    readonly name: string;
    /** Whether it is clearly better than every method it was compared with. */
    readonly isClear: boolean;
    /** What `heldOut` gave; null without it. */
    readonly heldOut: number | null;
  };
  readonly verdict: string;
}

/**
 * Runs what is to be run, seed by seed and one method after another, and compares all methods in pairs.
 *
 * The intervals hold for each pair alone, the p values for all pairs together (Holm).
 *
 * @throws ValidationError for fewer than two methods, different numbers of results, a result that is no finite number, and
 *   costs that differ where these are refused
 * @example
 * const { verdict } = await compare(
 *   { gp: (seed) => search(gp(), seed), random: (seed) => search(random(), seed) },
 *   { repeats: 20, metric: "recall" },
 * );
 */
export async function compare<M extends Readonly<Record<string, Method>>>(
  methods: M,
  options: CompareOptions<OutcomeOf<M[keyof M]>> = {},
): Promise<MethodComparison> {
  const names = Object.keys(methods);
  const { against } = options;
  if (names.length < 2) throw new ValidationError(`A comparison needs at least two methods, but got ${show(names)}.`);
  if (against !== undefined && !names.includes(against)) {
    throw new ValidationError(`\`against\` must be one of the methods ${names.join(", ")}, but got ${show(against)}.`);
  }
  const seeds = seedsOf(methods, options);
  const outcomes = await run(methods, seeds, options);
  const direction = directionOf(outcomes.values(), options.direction);
  const unit = options.unit ?? (options.seeds || Object.values(methods).some(isFunction) ? "seeds" : "pairs");
  const words = { metric: options.metric ?? "value", unit, direction };

  const results = names.map((name): MethodResults => {
    const runs = outcomes.get(name)!;
    const costs = runs.map(({ cost }) => cost);
    const values = runs.map(({ value }) => value);
    return { name, values, mean: mean(values), cost: costs.includes(null) ? null : mean(costs as number[]) };
  });
  const costsAreEqual = equalCosts(results, options.costTolerance ?? 0.05);
  const costNote = costsAreEqual === false ? sayCosts(results, options.costUnit ?? "trials") : null;
  if (costNote !== null && options.unequalCosts === "refuse") {
    throw new ValidationError(`Methods must be compared at equal cost, but ${costNote}.`);
  }

  const pairs = allPairs(results, against, words, options.seed);
  const ranked = results.toSorted((a, b) => (a.mean === b.mean ? 0 : isBetter(a.mean, b.mean, direction) ? -1 : 1));
  const best = ranked[0]!;
  const rivals = pairs.filter(({ names: pair }) => pair.includes(best.name));
  const isClear = rivals.every((pair) => pair.isClear);
  const sentences = [pairs.length === 1 ? pairs[0]!.verdict : rank(ranked, rivals, words)];
  if (costNote !== null) sentences.push(`The costs are not equal, which this does not allow for: ${costNote}.`);

  let heldOut: number | null = null;
  if (options.heldOut !== undefined) {
    const pair = best.values.reduce((at, value, i) => (isBetter(value, best.values[at]!, direction) ? i : at), 0);
    const { outcome } = outcomes.get(best.name)![pair]!;
    heldOut = await options.heldOut({ name: best.name, outcome: outcome as OutcomeOf<M[keyof M]>, pair });
    if (!Number.isFinite(heldOut)) {
      throw new ValidationError(`\`heldOut\` must return a finite number, but returned ${show(heldOut)}.`);
    }
    sentences.push(
      `On held-out data the best run of ${best.name} has ${words.metric} ${brief(heldOut)}; it was chosen for ${brief(best.values[pair]!)}.`,
    );
  }
  return {
    methods: ranked,
    pairs,
    costsAreEqual,
    winner: { name: best.name, isClear, heldOut },
    verdict: sentences.join(" "),
  };
}

/** An outcome and what it comes to. */
interface Run {
  readonly outcome: Outcome;
  readonly value: number;
  readonly cost: number | null;
  readonly direction: Direction | null;
}

function seedsOf(
  methods: Readonly<Record<string, Method>>,
  { repeats, seeds }: Pick<CompareOptions, "repeats" | "seeds">,
): readonly (number | string)[] {
  const given = Object.entries(methods).flatMap(([name, method]) => (isFunction(method) ? [] : [{ name, method }]));
  for (const { name, method } of given) {
    if (!Array.isArray(method)) {
      throw new ValidationError(
        `Method ${show(name)} must be a list of results or a function of a seed, but got ${show(method)}.`,
      );
    }
  }
  if (repeats !== undefined && !(Number.isSafeInteger(repeats) && repeats >= 1)) {
    throw new ValidationError(`\`repeats\` must be an integer >= 1, but got ${show(repeats)}.`);
  }
  const n = seeds?.length ?? repeats ?? given[0]?.method.length ?? 20;
  if (n === 0) throw new ValidationError("A comparison needs at least one seed, but got none.");
  if (repeats !== undefined && repeats !== n) {
    throw new ValidationError(`\`repeats\` must be the number of seeds, but got repeats=${repeats} and ${n} seeds.`);
  }
  const other = given.find(({ method }) => method.length !== n);
  if (other !== undefined) {
    throw new ValidationError(
      `Every method must have one result for each of the ${n} pairs, but ${show(other.name)} has ${other.method.length}. Results are paired by their place.`,
    );
  }
  return seeds ?? Array.from({ length: n }, (_, i) => i);
}

/** All methods on one seed before the next seed, so that whatever else the machine does falls on all alike. */
async function run(
  methods: Readonly<Record<string, Method>>,
  seeds: readonly (number | string)[],
  {
    direction,
    onProgress,
    signal = new AbortController().signal,
  }: Pick<CompareOptions, "direction" | "onProgress" | "signal">,
): Promise<ReadonlyMap<string, readonly Run[]>> {
  const entries = Object.entries(methods);
  const total = seeds.length * entries.filter(([, method]) => isFunction(method)).length;
  const runs = new Map(entries.map(([name]): [string, Run[]] => [name, []]));
  let done = 0;
  for (const [i, seed] of seeds.entries()) {
    for (const [name, method] of entries) {
      signal.throwIfAborted();
      const outcome = isFunction(method) ? await method(seed, { signal }) : method[i]!;
      const result = await valued(outcome, direction, `Method ${show(name)} at ${show(seed)}`);
      runs.get(name)!.push(result);
      if (!isFunction(method)) continue;
      done++;
      onProgress?.({ method: name, seed, value: result.value, cost: result.cost, done, total });
    }
  }
  return runs;
}

/** @param subject for an error */
async function valued(outcome: Outcome, wanted: Direction | undefined, subject: string): Promise<Run> {
  const { value, cost, direction } = isStudy(outcome) ? await studied(outcome, wanted) : told(outcome);
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ValidationError(
      `${subject} must give a finite number, { value, cost } or a study with a completed trial, but gave ${isStudy(outcome) ? "a study without one" : show(outcome)}.`,
    );
  }
  if (cost !== null && !(typeof cost === "number" && cost >= 0 && Number.isFinite(cost))) {
    throw new ValidationError(`${subject} must cost a finite number >= 0, but got cost=${show(cost)}.`);
  }
  return { outcome, value, cost, direction };
}

function told(outcome: Exclude<Outcome, ComparableStudy>): Omit<Run, "outcome"> {
  if (typeof outcome !== "object" || outcome === null) return { value: outcome, cost: null, direction: null };
  return { value: outcome.value, cost: outcome.cost ?? null, direction: null };
}

/** The best value of a study, at the cost of its trials. */
async function studied(study: ComparableStudy, wanted: Direction | undefined): Promise<Omit<Run, "outcome">> {
  const direction = wanted ?? study.direction;
  const trials = await study.trials();
  const values = trials.map(countedValue).filter((value) => value !== null);
  const value = values.reduce((a, b) => (isBetter(b, a, direction) ? b : a), values[0] ?? Number.NaN);
  return { value, cost: trials.filter(hasEnded).length, direction };
}

function directionOf(runs: Iterable<readonly Run[]>, wanted: Direction | undefined): Direction {
  const found = new Set([...runs].flat().flatMap(({ direction }) => (direction === null ? [] : [direction])));
  if (wanted === undefined && found.size > 1) {
    throw new ValidationError(
      "The studies of a comparison must have one direction, but some are minimised and some maximised. Say `direction` where that is meant.",
    );
  }
  return wanted ?? [...found][0] ?? "maximize";
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

function isFunction(method: Method): method is Exclude<Method, readonly Outcome[]> {
  return typeof method === "function";
}

function isStudy(outcome: Outcome): outcome is ComparableStudy {
  return typeof outcome === "object" && outcome !== null && "trials" in outcome && typeof outcome.trials === "function";
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Four digits, without trailing zeros. */
function brief(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** "a", "a and b", "a, b and c". */
function listed(words: readonly string[], last: string): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
