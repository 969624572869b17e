/**
 * Methods compared honestly: every method on the same seeds, at the same cost, judged by paired tests that are corrected for
 * their number, and the winner looked at once on data that nobody chose by.
 *
 * A method is a list of results, or a function that makes the result of a seed; a result is a number, a value with what it
 * cost, or a finished study, which stands for its best value at the cost of its trials.
 */
import { show, ValidationError } from "../errors.ts";
import {
  brief,
  type CompareResultsOptions,
  checkLengths,
  checkNames,
  compareResults,
  measure,
  type Result,
  type ResultsComparison,
} from "./compare-results.ts";
import { type Direction, isBetter } from "./direction.ts";
import { countedValue, type Evaluation, hasEnded } from "./evaluation.ts";

/** What the comparison asks of a study; a `Study` is one. */
export interface ComparableStudy {
  readonly direction: Direction;
  trials(): Promise<readonly Evaluation[]>;
}

/** What a run of a method comes to. */
export type Outcome = Result | ComparableStudy;

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
export interface CompareOptions<O = Outcome> extends CompareResultsOptions {
  /** How many seeds to run, 0, 1, 2, …. Default: as many as there are results, or 20. */
  readonly repeats?: number;
  /** The seeds themselves, in place of `repeats`. */
  readonly seeds?: readonly (number | string)[];
  /** Scores the winner on data that no method has seen. Called once, with the best run of the winner. */
  readonly heldOut?: (winner: {
    readonly name: string;
    readonly outcome: O;
    readonly pair: number;
  }) => number | Promise<number>;
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

export interface MethodComparison extends ResultsComparison {
  /** What `heldOut` gave for the winner; null without it. */
  readonly heldOut: number | null;
}

/**
 * Runs what is to be run, seed by seed and one method after another, and compares all methods in pairs: see `compareResults`.
 *
 * Where it is not said, the direction is the studies' own, and pairs are called seeds where any were run or given.
 *
 * @throws ValidationError as `compareResults`, and for studies of different directions
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
  checkNames(Object.keys(methods), options.against);
  const runs = await runAll(methods, seedsOf(methods, options), options);
  const direction = directionOf([...runs.values()].flat(), options.direction);
  const ofSeeds = options.seeds !== undefined || Object.values(methods).some(isFunction);
  const found = compareResults(
    Object.fromEntries([...runs].map(([name, all]) => [name, all.map(({ result }) => result)])),
    { unit: ofSeeds ? "seeds" : "pairs", ...options, direction },
  );
  if (options.heldOut === undefined) return { ...found, heldOut: null };

  const { name, values } = found.methods[0]!;
  const pair = values.reduce((best, value, i) => (isBetter(value, values[best]!, direction) ? i : best), 0);
  const outcome = runs.get(name)![pair]!.outcome as OutcomeOf<M[keyof M]>;
  const heldOut = await options.heldOut({ name, outcome, pair });
  if (!Number.isFinite(heldOut)) {
    throw new ValidationError(`\`heldOut\` must return a finite number, but returned ${show(heldOut)}.`);
  }
  const said = `On held-out data the best run of ${name} has ${options.metric ?? "value"} ${brief(heldOut)}; it was chosen for ${brief(values[pair]!)}.`;
  return { ...found, heldOut, verdict: `${found.verdict} ${said}` };
}

/** An outcome and what it comes to. */
interface Run {
  readonly outcome: Outcome;
  readonly result: Exclude<Result, number>;
  /** Of a study; null for numbers. */
  readonly direction: Direction | null;
}

function seedsOf(
  methods: Readonly<Record<string, Method>>,
  { repeats, seeds }: Pick<CompareOptions, "repeats" | "seeds">,
): readonly (number | string)[] {
  const given = Object.entries(methods).flatMap(([name, method]) => (isFunction(method) ? [] : [{ name, method }]));
  for (const { name, method } of given) {
    if (Array.isArray(method)) continue;
    throw new ValidationError(
      `Method ${show(name)} must be a list of results or a function of a seed, but got ${show(method)}.`,
    );
  }
  if (repeats !== undefined && !(Number.isSafeInteger(repeats) && repeats >= 1)) {
    throw new ValidationError(`\`repeats\` must be an integer >= 1, but got ${show(repeats)}.`);
  }
  const n = seeds?.length ?? repeats ?? given[0]?.method.length ?? 20;
  if (repeats !== undefined && repeats !== n) {
    throw new ValidationError(`\`repeats\` must be the number of seeds, but got repeats=${repeats} and ${n} seeds.`);
  }
  checkLengths(
    given.map(({ name, method }) => [name, method.length]),
    n,
  );
  return seeds ?? Array.from({ length: n }, (_, i) => i);
}

/** All methods on one seed before the next seed, so that whatever else the machine does falls on all alike. */
async function runAll(
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
      const run = await measured(outcome, direction, `The result of ${show(name)} for ${show(seed)}`);
      runs.get(name)!.push(run);
      if (!isFunction(method)) continue;
      done++;
      onProgress?.({ method: name, seed, value: run.result.value, cost: run.result.cost ?? null, done, total });
    }
  }
  return runs;
}

/** @param subject for an error */
async function measured(outcome: Outcome, wanted: Direction | undefined, subject: string): Promise<Run> {
  if (isStudy(outcome)) {
    const direction = wanted ?? outcome.direction;
    return { outcome, result: await resultOf(outcome, direction, subject), direction };
  }
  const { value, cost } = measure(outcome, subject);
  return { outcome, result: cost === null ? { value } : { value, cost }, direction: null };
}

/** The best value of a study, at the cost of its trials. */
async function resultOf(study: ComparableStudy, direction: Direction, subject: string): Promise<Run["result"]> {
  const trials = await study.trials();
  const values = trials.map(countedValue).filter((value) => value !== null);
  if (values.length === 0) {
    throw new ValidationError(
      `${subject} must be a study with a completed trial, but none of its ${trials.length} trials is.`,
    );
  }
  const value = values.reduce((a, b) => (isBetter(b, a, direction) ? b : a));
  return { value, cost: trials.filter(hasEnded).length };
}

function directionOf(runs: readonly Run[], wanted: Direction | undefined): Direction {
  const found = new Set(runs.flatMap(({ direction }) => (direction === null ? [] : [direction])));
  if (wanted === undefined && found.size > 1) {
    throw new ValidationError(
      "The studies of a comparison must have one direction, but some are minimised and some maximised. Say `direction` where that is meant.",
    );
  }
  return wanted ?? [...found][0] ?? "maximize";
}

function isFunction(method: Method): method is Exclude<Method, readonly Outcome[]> {
  return typeof method === "function";
}

function isStudy(outcome: Outcome): outcome is ComparableStudy {
  return typeof outcome === "object" && outcome !== null && "trials" in outcome && typeof outcome.trials === "function";
}
