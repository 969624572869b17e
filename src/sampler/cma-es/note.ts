/**
 * What CMA-ES keeps with trials. Each says to which distribution it belongs and what was drawn from it; the first trial of a
 * generation carries the distribution, too, so that any process can go on from the history alone.
 */
import type { Json } from "../../trial/trial.ts";
import type { Rate } from "./learning-rate.ts";
import { isSound, type Run } from "./run.ts";

/** A trial's part in the search. */
export interface Member {
  /** The trial that carries the distribution that this one was drawn from. */
  readonly from: number;
  /** What was drawn, [n], before it was made into values: margins and grids lose it. */
  readonly x: Float64Array;
  /** Not drawn from the distribution, which had no new configuration left. */
  readonly isForeign: boolean;
}

/** The note of a trial; with the run, where it is the first of a generation. */
export function writeNote(member: Member, run: Run, names: readonly string[], isFirst: boolean): Json {
  return {
    cmaEs: {
      from: member.from,
      restart: run.restart,
      generation: run.distribution.generation,
      x: [...member.x],
      ...(member.isForeign ? { foreign: true } : {}),
      ...(isFirst ? { run: runToJson(run, names) } : {}),
    },
  };
}

/** A trial's part in the search, if its note says that it has one. */
export function readMember(note: Json, n: number): Member | undefined {
  const own = ownPart(note);
  if (own === undefined || !Number.isSafeInteger(own.from) || !isNumbers(own.x, n)) return undefined;
  return { from: own.from as number, x: Float64Array.from(own.x), isForeign: own.foreign === true };
}

/**
 * The run that a trial carries, if it does and the run searched these coordinates.
 *
 * @param from  the trial's number
 */
export function readRun(note: Json, names: readonly string[], from: number): Run | undefined {
  const json = ownPart(note)?.run;
  if (!isRecord(json)) return undefined;
  const n = names.length;
  const { names: own, counts, numbers, losses, mean, C, pSigma, pC, scales, isLarge, rates } = json;
  if (!Array.isArray(own) || own.length !== n || own.some((name, j) => name !== names[j])) return undefined;
  if (!isNumbers(counts, 8) || !isNumbers(numbers, 3) || !(losses === null || isNumbers(losses, 3))) return undefined;
  if (![mean, pSigma, pC, scales].every((vector) => isNumbers(vector, n))) return undefined;
  if (!isNumbers(C, n) && !isNumbers(C, (n * (n + 1)) / 2)) return undefined;
  const [restart, lambda, generation, lambdaLarge, evaluations, evaluationsLarge, small, large] = counts as Eight;
  const [sigma0, sigma, spread] = numbers as Three;
  const whole = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (!whole || lambda < 2 || !(sigma0 > 0)) return undefined;
  const late = json.late ?? [];
  if (!Array.isArray(late) || !late.every((number) => Number.isSafeInteger(number) && number >= 0 && number < from)) {
    return undefined;
  }
  const rateMean = readRate(rates, "mean", n, n);
  const rateSigma = readRate(rates, "sigma", n, C.length);
  if ((rateMean === undefined) !== (rateSigma === undefined)) return undefined;
  const [low, high, since] = (losses ?? [0, 0, 0]) as Three;
  const run: Run = {
    restart,
    lambda,
    sigma0,
    distribution: {
      generation,
      sigma,
      mean: Float64Array.from(mean as readonly number[]),
      C: fromTriangle(C as readonly number[], n),
      pSigma: Float64Array.from(pSigma as readonly number[]),
      pC: Float64Array.from(pC as readonly number[]),
    },
    scales: Float64Array.from(scales as readonly number[]),
    late,
    rates: rateMean === undefined || rateSigma === undefined ? null : { mean: rateMean, sigma: rateSigma },
    isLarge: isLarge === true,
    lambdaLarge,
    evaluations,
    evaluationsLarge,
    used: { small, large },
    losses: losses === null ? null : { low, high, since },
    spread,
  };
  return isSound(run.distribution, run.scales) ? run : undefined;
}

type Three = readonly [number, number, number];
type Eight = readonly [number, number, number, number, number, number, number, number];

function runToJson(run: Run, names: readonly string[]): Json {
  const { distribution, losses, used } = run;
  const { mean, C, pSigma, pC, sigma, generation } = distribution;
  const n = mean.length;
  return {
    names,
    counts: [
      run.restart,
      run.lambda,
      generation,
      run.lambdaLarge,
      run.evaluations,
      run.evaluationsLarge,
      used.small,
      used.large,
    ],
    numbers: [run.sigma0, sigma, run.spread],
    losses: losses === null ? null : [losses.low, losses.high, losses.since],
    isLarge: run.isLarge,
    mean: [...mean],
    C: toTriangle(C, n),
    pSigma: [...pSigma],
    pC: [...pC],
    scales: [...run.scales],
    ...(run.late.length === 0 ? {} : { late: run.late }),
    ...(run.rates === null
      ? {}
      : { rates: { mean: rateToJson(run.rates.mean, n), sigma: rateToJson(run.rates.sigma, n) } }),
  };
}

/** A learning rate; undefined where there is none. */
function readRate(rates: Json | undefined, name: "mean" | "sigma", n: number, length: number): Rate | undefined {
  const json = isRecord(rates) ? rates[name] : undefined;
  if (!isRecord(json) || !isNumbers(json.numbers, 2) || !isNumbers(json.average, length)) return undefined;
  const [eta, square] = json.numbers as readonly [number, number];
  if (!(eta > 0 && eta <= 1 && square >= 0)) return undefined;
  return { eta, square, average: fromTriangle(json.average, n) };
}

function rateToJson({ eta, square, average }: Rate, n: number): Json {
  return { numbers: [eta, square], average: toTriangle(average, n) };
}

/** The lower triangle of a matrix, row by row; a diagonal as it is. */
function toTriangle(C: Float64Array, n: number): number[] {
  if (C.length === n) return [...C];
  return Array.from({ length: n }, (_, i) => [...C.subarray(i * n, i * n + i + 1)]).flat();
}

function fromTriangle(triangle: readonly number[], n: number): Float64Array {
  if (triangle.length === n) return Float64Array.from(triangle);
  const C = new Float64Array(n * n);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j <= i; j++, at++) C[i * n + j] = C[j * n + i] = triangle[at]!;
  }
  return C;
}

function ownPart(note: Json): { readonly [key: string]: Json } | undefined {
  return isRecord(note) && isRecord(note.cmaEs) ? note.cmaEs : undefined;
}

function isRecord(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumbers(value: Json | undefined, length: number): value is readonly number[] {
  return Array.isArray(value) && value.length === length && value.every((v) => Number.isFinite(v));
}
