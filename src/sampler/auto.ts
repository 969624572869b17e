/**
 * The sampler for whoever does not choose one: a policy over the others, by the space and by how many trials there are.
 *
 * - Up to 600 trials `gp`, whatever the space: it sees most in few trials.
 * - Beyond, where every parameter is an ordered number or has two levels, `cmaEs`, begun at the best trials: it needs many of them, has no
 *   limit of precision and costs next to nothing. Every fourth trial stays `gp`'s, which looks at regions that the other has left.
 * - Beyond, where there are categories or branches, `gp` and `tpe` in turn.
 *
 * Who takes a turn is decided by the number of the trial, so an ask never waits for another part's state: each reads its own notes
 * and passes over the others'. What it was measured against stands in `docs/decisions/070-auto.md`.
 */
import type { Json } from "../trial/trial.ts";
import { cmaEs } from "./cma-es/cma-es.ts";
import { domainOf } from "./cma-es/domain.ts";
import { gp } from "./gp/gp.ts";
import type { Experience } from "./gp/transfer.ts";
import type { Priors } from "./priors.ts";
import type { SampleRequest, Sampler, Suggestion } from "./sampler.ts";
import { tpe } from "./tpe/tpe.ts";

export interface AutoOptions {
  /** Beliefs about where good values lie, by full parameter name, for those parts that take them. Default none. */
  readonly priors?: Priors;
  /** What finished studies have found, as `gp` takes it: `[await transferFrom(study)]`. Default none. */
  readonly transfer?: readonly Experience[];
}

/** Trials that are `gp`'s alone: its model takes in no more observations than this. */
const ALONE = 600;

/**
 * The default of `createStudy`; see `AutoOptions`.
 *
 * @throws ValidationError for priors and experiences that are none
 * @example createStudy({ space, sampler: auto({ priors: { lr: { centre: 1e-3, width: 0.1 } } }) })
 */
export function auto(options: AutoOptions = {}): Sampler {
  const { priors, transfer } = options;
  const beliefs = priors === undefined ? {} : { priors };
  const model = gp({ ...beliefs, ...(transfer === undefined ? {} : { transfer }) });
  const densities = tpe(beliefs);
  const evolution = cmaEs({ warmStart: "study" });

  // Neither four nor two is a multiple of three, as `gp` takes its three warps in turn by the trial's number.
  function partFor({ space, trials }: SampleRequest): Sampler {
    if (trials.length < ALONE) return model;
    const { names, hasOthers } = domainOf(space);
    if (names.length > 0 && !hasOthers) return trials.length % 4 === 0 ? model : evolution;
    return trials.length % 2 === 0 ? model : densities;
  }

  return {
    name: "auto",
    toJSON: () => ({
      gpAlone: ALONE,
      parts: { gp: model.toJSON(), cmaEs: evolution.toJSON(), tpe: densities.toJSON() },
    }),
    sample(request) {
      const part = partFor(request);
      const suggestion = part.sample(request);
      return suggestion === null ? null : signed(part.name, suggestion);
    },
    expect: (request) => model.expect!(request),
  };
}

/** The suggestion with what chose it named in the explanation, `gp:model`; the note's other entries are the part's own. */
function signed(part: string, { params, note }: Suggestion): Suggestion {
  const kept = (note ?? {}) as { readonly [key: string]: Json };
  const { explanation } = kept;
  return { params, note: { ...kept, explanation: explanation === undefined ? part : `${part}:${explanation}` } };
}
