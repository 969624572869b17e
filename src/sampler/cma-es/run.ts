/**
 * One run of CMA-ES after another: when a run has nothing more to find, and with which population and step size the next begins.
 *
 * Sources: Hansen 2016, arXiv:1604.00772, appendix B.3 (when to stop); Auger & Hansen 2005, "A restart CMA evolution strategy with
 * increasing population size" (IPOP); Hansen 2009, "Benchmarking a BI-population CMA-ES on the BBOB-2009 function testbed" (BIPOP).
 */
import type { Rng } from "../../math/rng.ts";
import { pow } from "../../math/special.ts";
import { type Distribution, isotropic, type Root, variances } from "./distribution.ts";
import { firstRates, type Rates } from "./learning-rate.ts";

export type Restarts = "none" | "ipop" | "bipop";

export interface Run {
  /** Restarts before it. */
  readonly restart: number;
  /** λ, and the step size it began with. */
  readonly lambda: number;
  readonly sigma0: number;
  readonly distribution: Distribution;
  /** Factors of the steps of discrete coordinates, [n]; see `margin.ts`. */
  readonly scales: Float64Array;
  /** Trials of its earlier generations that had not finished when this one began. */
  readonly late: readonly number[];
  /** Learning rates, where they adapt. */
  readonly rates: Rates | null;
  /** Whether it has a large population, and how large that of the latest such run was. */
  readonly isLarge: boolean;
  readonly lambdaLarge: number;
  /** Evaluations of this run, of the latest large one, and of all runs with a small and with a large population. */
  readonly evaluations: number;
  readonly evaluationsLarge: number;
  readonly used: { readonly small: number; readonly large: number };
  /** The lowest and highest loss, each halved, of the generations from `since` on, which are all but equal; null before the first. */
  readonly losses: { readonly low: number; readonly high: number; readonly since: number } | null;
  /** Range of the losses of its first generation, halved: what later ranges are small beside. */
  readonly spread: number;
}

/** TolX and TolXUp, in units of the first step size; the condition number of C; and TolFun, in units of the first range of losses. */
const STEP_LEAST = 1e-12;
const STEP_MOST = 1e4;
const CONDITION_MOST = 1e14;
const RANGE_LEAST = 1e-12;

/** The run that a search begins with. */
export function firstRun(distribution: Distribution, lambda: number, isAdapting: boolean): Run {
  return {
    restart: 0,
    lambda,
    sigma0: distribution.sigma,
    distribution,
    scales: new Float64Array(distribution.mean.length).fill(1),
    late: [],
    rates: isAdapting ? firstRates(distribution) : null,
    isLarge: false,
    lambdaLarge: lambda,
    evaluations: 0,
    evaluationsLarge: 0,
    used: { small: 0, large: 0 },
    losses: null,
    spread: 0,
  };
}

/**
 * The run after a generation that moved its distribution.
 *
 * @param losses  of the generation, those that have one; at least one
 */
export function advance(
  run: Run,
  { distribution, scales, rates }: Pick<Run, "distribution" | "scales" | "rates">,
  losses: readonly number[],
  count: number,
): Run {
  // Halves, as the range of two doubles may be more than a double.
  const low = Math.min(...losses) / 2;
  const high = Math.max(...losses) / 2;
  const spread = run.losses === null ? high - low : run.spread;
  const known = run.losses ?? { low, high, since: distribution.generation };
  const both = { low: Math.min(low, known.low), high: Math.max(high, known.high), since: known.since };
  const isFlat = both.high - both.low <= RANGE_LEAST * spread;
  return {
    ...run,
    distribution,
    scales,
    rates,
    evaluations: run.evaluations + count,
    losses: isFlat ? both : { low, high, since: distribution.generation },
    spread,
  };
}

/** 10 + ⌈30 n/λ⌉ generations. */
function windowLength({ distribution: { mean }, lambda }: Run): number {
  return 10 + Math.ceil((30 * mean.length) / lambda);
}

/**
 * Whether a run has nothing more to find: losses all but equal over many generations, steps that vanish or run away, a covariance
 * matrix at the limit of doubles; or, for a small population of BIPOP, half the evaluations of the latest large one.
 */
export function isOver(run: Run, root: Root, restarts: Restarts): boolean {
  const { distribution, losses, sigma0 } = run;
  const { sigma, pC } = distribution;
  if (losses !== null && distribution.generation - losses.since >= windowLength(run)) return true;
  const deviations = deviationsOf(distribution);
  if (deviations.every((s, i) => s < STEP_LEAST * sigma0 && sigma * Math.abs(pC[i]!) < STEP_LEAST * sigma0))
    return true;
  if (hasCollapsed(run)) return true;
  const largest = root.scales.reduce((a, b) => Math.max(a, b));
  const smallest = root.scales.reduce((a, b) => Math.min(a, b));
  if (sigma * largest > STEP_MOST * sigma0 || largest * largest > CONDITION_MOST * smallest * smallest) return true;
  return restarts === "bipop" && !run.isLarge && run.restart > 0 && run.evaluations >= run.evaluationsLarge / 2;
}

/** Whether draws do not differ any more in some coordinate, to the precision of the unit interval. */
export function hasCollapsed({ distribution, scales }: Run): boolean {
  return deviationsOf(distribution).some((s, i) => 0.5 + 0.2 * scales[i]! * s === 0.5);
}

/** σ √C_ii, [n]. */
function deviationsOf(distribution: Distribution): Float64Array {
  return variances(distribution).map((v) => distribution.sigma * Math.sqrt(Math.max(v, 0)));
}

/** Means, steps and scales of a search in the unit cube stay far below these; with them, no draw can overflow. */
const MEAN_MOST = 1e6;
const SIGMA_MOST = 1e6;
const SCALE_MOST = 1e30;

/** Whether draws from a distribution are numbers. */
export function isSound({ mean, sigma, C, pSigma, pC }: Distribution, scales: Float64Array): boolean {
  return (
    sigma > 0 &&
    sigma <= SIGMA_MOST &&
    mean.every((m) => Math.abs(m) <= MEAN_MOST) &&
    scales.every((scale) => scale > 0 && scale <= SCALE_MOST) &&
    [C, pSigma, pC].every((numbers) => numbers.every((v) => Number.isFinite(v)))
  );
}

/**
 * The run after one that is over, from a random point. IPOP doubles the population. BIPOP does so too, or takes a small population
 * and a small step size, whichever has had fewer evaluations:
 *
 *   λ = ⌊λ₀ (½ λ_large/λ₀)^(U²)⌋,   σ = σ₀ 10^(−2 U'),   U, U' uniform in [0, 1]
 *
 * @param lambda0, sigma0  of the first run
 */
export function nextRun(run: Run, restarts: Restarts, lambda0: number, sigma0: number, rng: Rng): Run {
  const { small, large } = run.used;
  const used = run.isLarge ? { small, large: large + run.evaluations } : { small: small + run.evaluations, large };
  const isLarge = restarts !== "bipop" || used.large <= used.small;
  const lambdaLarge = isLarge ? 2 * run.lambdaLarge : run.lambdaLarge;
  const mean = Float64Array.from(run.distribution.mean, () => rng.next());
  const isSeparable = run.distribution.C.length === mean.length;
  const u = rng.next();
  const lambda = isLarge ? lambdaLarge : Math.floor(lambda0 * pow(Math.max(1, lambdaLarge / lambda0 / 2), u * u));
  const sigma = isLarge ? sigma0 : sigma0 * pow(10, -2 * rng.next());
  return {
    ...firstRun(isotropic(mean, sigma, isSeparable), lambda, run.rates !== null),
    restart: run.restart + 1,
    isLarge,
    lambdaLarge,
    evaluationsLarge: run.isLarge ? run.evaluations : run.evaluationsLarge,
    used,
  };
}
