/**
 * CMA-ES: a normal distribution over the space that moves towards better trials generation by generation, and learns along which
 * directions and how far to search. It needs more trials than a surrogate, some hundred for each parameter, next to no time for
 * each, and no assumption but the order of losses.
 *
 * Sources: Hansen 2016, "The CMA evolution strategy: a tutorial", arXiv:1604.00772; margin and restarts in `margin.ts` and `run.ts`.
 * How its state lives in the history stands in `docs/decisions/055-cma-es.md`.
 */
import { show, ValidationError } from "../../errors.ts";
import type { Rng } from "../../math/rng.ts";
import type { FlatParams } from "../../space/parameter.ts";
import { randomParams } from "../feasible.ts";
import type { SampleRequest, Sampler, Suggestion } from "../sampler.ts";
import { seenKeys, unseen } from "../unseen.ts";
import { draw, type Root, rootOf } from "./distribution.ts";
import { bestParams, configurationAt, type Domain, domainOf, FULL_MOST, placeOf } from "./domain.ts";
import { type Plan, standing } from "./generation.ts";
import { isDiscrete } from "./margin.ts";
import { writeNote } from "./note.ts";
import type { Restarts, Run } from "./run.ts";
import { defaultPopulation } from "./strategy.ts";
import { checkWarmStart, knownTrials, OWN_SMEAR, ownTrials, SMEAR, type WarmStart } from "./warm-start.ts";

export interface CmaEsOptions {
  /** Standard deviation of the first generation, as a share of every parameter's range in the scale that is searched. Default 0.2. */
  readonly sigma0?: number;
  /** λ, finished trials to a generation. Default 4 + ⌊3 log n⌋ for n parameters. */
  readonly populationSize?: number;
  /**
   * What happens when a run has nothing more to find: a new one from a random point with twice the population (`"ipop"`), or in turn with
   * that and with small populations (`"bipop"`); or it goes on until all its draws are the same, and only then begins anew
   * (`"none"`). Default `"ipop"`.
   */
  readonly restarts?: Restarts;
  /** Whether integers and other steps are kept from settling on one value too early. Default true. */
  readonly margin?: boolean;
  /** Whether only the scale of each parameter is learned, not how they hang together. Default beyond 100 parameters. */
  readonly separable?: boolean;
  /**
   * Whether steps are made shorter where they disagree from one generation to the next, as they do where losses are noisy or have many
   * minima. It takes several times as many trials, and then needs no larger population. Default false.
   */
  readonly learningRateAdaptation?: boolean;
  /**
   * Finished trials of a task like this one, over the same parameters: the search begins where the best of them are. `"study"`: the trials that
   * the study itself has when the search begins, as when another sampler began it.
   */
  readonly warmStart?: WarmStart | "study";
}

/** Draws outside the bounds before one is cut to them. */
const RESAMPLED_MOST = 100;
/** Draws that were tried before, after which one is drawn from the whole space: the distribution has nothing new. */
const REPEATED_MOST = 50;

const RESTARTS: readonly Restarts[] = ["none", "ipop", "bipop"];

/**
 * Covariance matrix adaptation over the ordered parameters that are always active; see `Sampler`.
 *
 * @throws ValidationError for a step size outside (0, 1], a population below 2 and other values that the options cannot have
 * @example createStudy({ space, sampler: cmaEs({ restarts: "bipop" }), seed: 7 })
 */
export function cmaEs(options: CmaEsOptions = {}): Sampler {
  const { sigma0 = 0.2, populationSize, restarts = "ipop", margin = true, separable, warmStart } = options;
  const { learningRateAdaptation = false } = options;
  validate({ ...options, sigma0, restarts, margin, learningRateAdaptation });
  const isOwn = warmStart === "study";
  const knownOf = knownTrials(isOwn || warmStart === undefined ? { trials: [] } : warmStart);
  return {
    name: "cmaEs",
    toJSON: () => ({
      sigma0,
      populationSize: populationSize ?? "4 + floor(3 log n)",
      restarts,
      margin,
      separable: separable ?? `n > ${FULL_MOST}`,
      learningRateAdaptation,
      ...(warmStart === undefined
        ? {}
        : {
            warmStart: isOwn
              ? warmStart
              : { trials: warmStart.trials.length, direction: warmStart.direction ?? "minimize" },
          }),
    }),
    sample(request) {
      const domain = domainOf(request.space);
      const n = domain.names.length;
      if (n === 0) return withoutCoordinates(request, domain, sigma0);
      const lambda = populationSize ?? defaultPopulation(n);
      return suggest(request, domain, {
        sigma0,
        lambda,
        restarts,
        margin,
        separable: separable ?? n > FULL_MOST,
        learningRateAdaptation,
        known: () => (isOwn ? ownTrials(request.space, domain, request.trials) : knownOf(request.space, domain)),
        smear: isOwn ? OWN_SMEAR : SMEAR,
      });
    },
  };
}

function suggest(request: SampleRequest, domain: Domain, plan: Plan): Suggestion | null {
  const { space, trials, rng } = request;
  const { run, from } = standing(trials, domain, plan, space.isCountable, rng);
  const root = rootOf(run.distribution);
  const best = domain.hasOthers ? (bestParams(trials) ?? plan.known()[0]?.params) : undefined;
  const seen = seenKeys(space, trials);
  let last: { readonly x: Float64Array; readonly params: FlatParams } | undefined;
  let repeated = 0;
  const params = unseen(space, seen, rng, () => {
    if (last !== undefined && seen.has(space.key(last.params))) repeated++;
    if (repeated >= REPEATED_MOST) return randomParams(space, rng);
    const x = drawInside(run, root, domain, rng);
    const u = placeOf(domain, x, run.distribution.mean, run.scales);
    last = { x, params: configurationAt(space, domain, u, best, run.distribution.sigma, rng) };
    return last.params;
  });
  if (params === null) return null;
  const isForeign = params !== last?.params;
  const x = isForeign
    ? Float64Array.from(domain.names, (name, j) => domain.parameters[j]!.encode(params[name]!))
    : last!.x;
  return { params, note: writeNote({ from, x, isForeign }, run, domain.names, from === trials.length) };
}

/** A draw whose continuous coordinates are in the unit interval: drawn again where one is not, and at last cut. */
function drawInside({ distribution }: Run, root: Root, { parameters }: Domain, rng: Rng): Float64Array {
  let x = draw(distribution, root, rng);
  const isInside = (v: number, j: number): boolean => isDiscrete(parameters[j]!) || (v >= 0 && v <= 1);
  for (let i = 1; i < RESAMPLED_MOST && !x.every(isInside); i++) x = draw(distribution, root, rng);
  return x.map((v, j) => (isInside(v, j) ? v : Math.min(1, Math.max(0, v))));
}

/** A space of categories and conditions only. */
function withoutCoordinates({ space, trials, rng }: SampleRequest, domain: Domain, sigma: number): Suggestion | null {
  const best = bestParams(trials);
  const none = new Float64Array(0);
  const params = unseen(space, seenKeys(space, trials), rng, () =>
    configurationAt(space, domain, none, best, sigma, rng),
  );
  return params === null ? null : { params };
}

function validate(options: CmaEsOptions): void {
  const { sigma0, populationSize, restarts, margin, separable, learningRateAdaptation, warmStart } = options;
  if (!(typeof sigma0 === "number" && sigma0 > 0 && sigma0 <= 1)) {
    throw new ValidationError(
      `\`sigma0\` of cmaEs must be in (0, 1], a share of each parameter's range, but got ${show(sigma0)}.`,
    );
  }
  if (populationSize !== undefined && !(Number.isSafeInteger(populationSize) && populationSize >= 2)) {
    throw new ValidationError(`\`populationSize\` of cmaEs must be an integer >= 2, but got ${show(populationSize)}.`);
  }
  if (!RESTARTS.includes(restarts as Restarts)) {
    throw new ValidationError(`\`restarts\` of cmaEs must be "none", "ipop" or "bipop", but got ${show(restarts)}.`);
  }
  for (const [name, value] of Object.entries({ margin, separable, learningRateAdaptation })) {
    if (value !== undefined && typeof value !== "boolean") {
      throw new ValidationError(`\`${name}\` of cmaEs must be true or false, but got ${show(value)}.`);
    }
  }
  if (warmStart !== undefined) checkWarmStart(warmStart);
}
