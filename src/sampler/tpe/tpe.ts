/**
 * The tree-structured Parzen estimator: two densities, one of the good trials and one of the rest; candidates drawn from the good
 * one, and of them the one where the ratio good/bad is highest, which is where expected improvement is. It costs little, fits
 * spaces of any shape, and sees less in few trials than a Gaussian process does.
 *
 * Source: Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", NeurIPS 24, §4; constants of Optuna 5 (see the
 * files beside this one). Measured beside it: `docs/decisions/050-tpe.md`.
 */
import { show, ValidationError } from "../../errors.ts";
import type { History } from "../../trial/history.ts";
import { begin } from "../design.ts";
import { beliefs, type Priors, priorsToJson } from "../priors.ts";
import { type SampleRequest, type Sampler, type Suggestion, suggestedBy } from "../sampler.ts";
import { seenKeys, unseen } from "../unseen.ts";
import { neighbourGaps, normalReference } from "./bandwidth.ts";
import { createParzen } from "./parzen.ts";
import { split } from "./split.ts";

export interface TpeOptions {
  /** Trials before the densities are used, laid out as Sobol points after the centre. Default 10. */
  readonly startup?: number;
  /** Configurations drawn for each ask, of which the best is taken. Default 24. */
  readonly candidates?: number;
  /** How many of n trials are good. Default `n => min(⌈0.1 n⌉, 25)`. */
  readonly gamma?: (n: number) => number;
  /** How many trials the prior counts as in either density. Default 1. */
  readonly priorWeight?: number;
  /** Beliefs about where good values lie, by full parameter name: the prior of both densities. Default uniform. */
  readonly priors?: Priors;
}

/**
 * The TPE sampler; see `TpeOptions`.
 *
 * @throws ValidationError for options out of range
 * @example createStudy({ space, sampler: tpe(), seed: 7 })
 */
export function tpe(options: TpeOptions = {}): Sampler {
  const settings = check(options);
  const beliefOf = beliefs(settings.priors);
  return {
    name: "tpe",
    toJSON: () => ({
      startup: settings.startup,
      candidates: settings.candidates,
      gamma: options.gamma === undefined ? "min(ceil(0.1 n), 25)" : options.gamma.toString(),
      priorWeight: settings.priorWeight,
      ...(options.priors === undefined ? {} : { priors: priorsToJson(options.priors) }),
    }),
    sample: (request) => sample(request, settings, beliefOf),
  };
}

/**
 * Of the bad trials' kernels, from ask to ask in turn: two that keep away from where the bad trials are many, one that only keeps
 * away from each of them, and so looks closer at what is good.
 */
const BANDWIDTHS = [neighbourGaps, normalReference, normalReference] as const;

type Settings = Required<TpeOptions>;

function sample(
  request: SampleRequest,
  { startup, candidates, gamma, priorWeight }: Settings,
  beliefOf: ReturnType<typeof beliefs>,
): Suggestion | null {
  const { space, trials, rng } = request;
  const seen = seenKeys(space, trials);
  const belief = beliefOf(space);
  if (!haveEnded(trials, startup) || space.coordinates.length === 0) {
    return begin(request, seen, belief, { design: "sobol", centre: true });
  }
  const { good, bad } = split(trials, (n) => Math.min(n, goodOf(gamma, n)));
  const best = createParzen(space, good, belief, priorWeight, neighbourGaps);
  const rest = createParzen(space, bad, belief, priorWeight, BANDWIDTHS[trials.length % BANDWIDTHS.length]!);
  const scored = Array.from({ length: candidates }, () => {
    const params = best.draw(rng);
    const point = space.encode(params);
    return { params, score: best.logDensity(point) - rest.logDensity(point) };
  });
  scored.sort((a, b) => b.score - a.score);
  const chosen = scored.find(({ params }) => !seen.has(space.key(params)) && space.isFeasible(params))?.params;
  const params = chosen ?? unseen(space, seen, rng, () => best.draw(rng));
  return params === null ? null : suggestedBy("model", params);
}

/** Whether so many trials have a result. */
function haveEnded(trials: History, count: number): boolean {
  let ended = 0;
  return trials.some(({ loss }) => loss !== null && ++ended === count);
}

function goodOf(gamma: (n: number) => number, n: number): number {
  const count = gamma(n);
  if (!(count >= 1)) {
    throw new ValidationError(`\`gamma\` must say that 1 trial or more is good, but said ${show(count)} of ${n}.`);
  }
  return Math.floor(count);
}

function check(options: TpeOptions): Settings {
  const {
    startup = 10,
    candidates = 24,
    gamma = (n: number) => Math.min(Math.ceil(0.1 * n), 25),
    priorWeight = 1,
    priors = {},
  } = options;
  const integers = { startup, candidates };
  for (const [name, value] of Object.entries(integers)) {
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new ValidationError(`\`${name}\` must be an integer of at least 1, but got ${show(value)}.`);
  }
  if (!(typeof priorWeight === "number" && priorWeight > 0 && priorWeight < Infinity))
    throw new ValidationError(`\`priorWeight\` must be a positive number, but got ${show(priorWeight)}.`);
  if (typeof gamma !== "function")
    throw new ValidationError(`\`gamma\` must be a function of the number of trials, but got ${show(gamma)}.`);
  return { startup, candidates, gamma, priorWeight, priors };
}
