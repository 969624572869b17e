/** The trials of a study turned into the history a sampler sees: losses to minimise, and pending where a result may not be used. */
import type { FlatParams, ParamValue } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { Direction } from "../storage/storage.ts";
import type { History, Observation } from "../trial/history.ts";
import type { FrozenTrial } from "../trial/trial.ts";

/** The loss of a value: what is minimised whatever the direction. */
export function lossOf(value: number, direction: Direction): number {
  return direction === "minimize" ? value : -value;
}

/**
 * The history before a trial.
 *
 * @param trials  all earlier trials by number
 * @param usable  results of trials with a number below this count; later ones are pending even if they have ended
 */
export function historyOf(trials: readonly FrozenTrial[], usable: number, space: Space, direction: Direction): History {
  return trials.map((trial) => observe(trial, trial.number < usable, space, direction));
}

function observe(trial: FrozenTrial, usable: boolean, space: Space, direction: Direction): Observation {
  const { number, note } = trial;
  const params = withDefaults(trial.params, space);
  const { state, value } = trial;
  if (!usable || state === "waiting" || state === "running") {
    return { number, state: "pending", params, loss: null, reports: [], note };
  }
  const reports = trial.reports.map((report) => ({ step: report.step, value: lossOf(report.value, direction) }));
  const finite = value !== null && Number.isFinite(value);
  if (state === "failed" || (state === "completed" && !finite)) {
    return { number, state: "failed", params, loss: null, reports, note };
  }
  return {
    number,
    state,
    params,
    loss: finite ? lossOf(value, direction) : null,
    ...(trial.standardError === undefined ? {} : { variance: trial.standardError * trial.standardError }),
    reports,
    note,
  };
}

/** A trial older than a parameter counts as having had that parameter's default. */
function withDefaults(params: FlatParams, space: Space): FlatParams {
  let completed: Record<string, ParamValue> | undefined;
  for (const dimension of space.dimensions) {
    const { name, parameter } = dimension;
    if (
      parameter.default === undefined ||
      Object.hasOwn(params, name) ||
      !space.isActive(dimension, completed ?? params)
    )
      continue;
    completed ??= { ...params };
    completed[name] = parameter.default;
  }
  return completed ?? params;
}
