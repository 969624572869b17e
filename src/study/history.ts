/** The trials of a study turned into what samplers and pruners see: losses to minimise, and pending where a result may not be used. */
import type { FlatParams, ParamValue } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import type { Direction } from "../storage/storage.ts";
import type { History, Observation } from "../trial/history.ts";
import type { FrozenTrial, Report } from "../trial/trial.ts";

/** The loss of a value: what is minimised whatever the direction. */
export function lossOf(value: number, direction: Direction): number {
  return direction === "minimize" ? value : -value;
}

/** Turns trials into histories; what has been turned once is kept, so that a long study does not pay for its length. */
export class HistoryView {
  readonly #direction: Direction;
  /** By number: the trials that were turned, and into what. Two lists cost a long study less than a map would. */
  #turned: FrozenTrial[] = [];
  #known: Observation[] = [];
  #space: Space | undefined;

  constructor(direction: Direction) {
    this.#direction = direction;
  }

  /**
   * The history before trial `number`, or of all trials.
   *
   * @param trials  by number
   * @param usable  results of trials with a number below this count; later ones are pending even if they have ended
   */
  of(trials: readonly FrozenTrial[], space: Space, number: number = trials.length, usable: number = number): History {
    const before = Math.min(number, trials.length);
    const used = Math.min(usable, before);
    this.#keepTo(space);
    const turned = this.#turned;
    for (let i = 0; i < used; i++) {
      // Trials are not looked at, of which a long study has too many for the processor's cache.
      if (turned[i] !== trials[i]) this.#turn(trials[i]!, space);
    }
    const history = this.#known.slice(0, used);
    for (let i = used; i < before; i++) history.push(observe(trials[i]!, false, space, this.#direction));
    return history;
  }

  /** One trial as a pruner sees it: as in the history, but with its reports so far where it still runs. */
  reported(trial: FrozenTrial, space: Space): Observation {
    this.#keepTo(space);
    const observation = this.#turn(trial, space);
    return observation.state === "pending"
      ? { ...observation, reports: lossesOf(trial.reports, this.#direction) }
      : observation;
  }

  /** What was turned for another space is of no use for this one. */
  #keepTo(space: Space): void {
    if (space !== this.#space) this.#turned = [];
    this.#space = space;
  }

  #turn(trial: FrozenTrial, space: Space): Observation {
    const { number } = trial;
    if (this.#turned[number] !== trial) {
      this.#known[number] = observe(trial, true, space, this.#direction);
      this.#turned[number] = trial;
    }
    return this.#known[number]!;
  }
}

function observe(trial: FrozenTrial, usable: boolean, space: Space, direction: Direction): Observation {
  const { number, note } = trial;
  const params = withDefaults(trial.params, space);
  const { state, value } = trial;
  if (!usable || state === "waiting" || state === "running") {
    return { number, state: "pending", params, loss: null, reports: [], note };
  }
  const reports = lossesOf(trial.reports, direction);
  const finite = value !== null && Number.isFinite(value);
  // What made its workers vanish again and again is no better than what made them fail.
  if (state === "failed" || state === "lost" || (state === "completed" && !finite)) {
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

function lossesOf(reports: readonly Report[], direction: Direction): readonly Report[] {
  // Most trials report nothing, and need no list each.
  if (reports.length === 0) return reports;
  return reports.map(({ step, value }) => ({ step, value: lossOf(value, direction) }));
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
