import type { Sampler } from "../../src/sampler/sampler.ts";
import type { Observation } from "../../src/trial/history.ts";

/** A sampler as it is in a study that has had 600 trials of other parameters: beyond the numbers at which it changes. */
export function aged(sampler: Sampler): Sampler {
  const before = Array.from({ length: 600 }, (_, number): Observation => {
    return { number, state: "pruned", params: { gone: number }, loss: null, reports: [], note: null };
  });
  return {
    ...sampler,
    sample: (request) =>
      sampler.sample({
        ...request,
        trials: [...before, ...request.trials.map((trial) => ({ ...trial, number: 600 + trial.number }))],
      }),
  };
}
