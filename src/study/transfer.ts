/** What a study has found, in the form that `gp({ transfer })` takes: its completed trials as losses. */
import type { Experience } from "../sampler/gp/transfer.ts";
import { lossOf } from "./history.ts";
import type { Study } from "./study.ts";

/**
 * The experience of a study, for another that comes after it.
 *
 * @example createStudy({ space, sampler: gp({ transfer: [await transferFrom(lastMonth)] }) })
 */
export async function transferFrom<P>(study: Study<P>): Promise<Experience> {
  const trials = await study.trials();
  return {
    name: study.name,
    trials: trials.flatMap(({ state, value, params }) =>
      state === "completed" && value !== null && Number.isFinite(value)
        ? [{ params: study.space.flatten(params), loss: lossOf(value, study.direction) }]
        : [],
    ),
  };
}
