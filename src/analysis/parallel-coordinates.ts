/**
 * All configurations of a study at once: one axis a parameter, one line a trial.
 */
import type { ParamValue } from "../space/parameter.ts";
import type { Space } from "../space/space.ts";
import { type Axis, parameterAxis } from "./axis.ts";
import type { Direction } from "./direction.ts";
import { type ConfiguredEvaluation, observed } from "./evaluation.ts";

export interface ParallelCoordinates {
  readonly direction: Direction;
  readonly axes: readonly Axis[];
  readonly lines: readonly ParallelLine[];
  /** Trials left out because they failed, were pruned or have not ended. */
  readonly omitted: number;
}

export interface ParallelLine {
  readonly number: number;
  readonly value: number;
  /** One a parameter, in [0, 1]; null where it is inactive. */
  readonly positions: readonly (number | null)[];
  /** What the positions stand for. */
  readonly params: readonly (ParamValue | null)[];
}

/**
 * One line for each completed trial, the best last, so that it is drawn on top. Parameters with a single value are left out.
 */
export function parallelCoordinates(
  space: Space,
  trials: readonly ConfiguredEvaluation[],
  options: { readonly direction: Direction },
): ParallelCoordinates {
  const lines = observed(space, trials).map(
    ({ number, value, params, x, active }): ParallelLine => ({
      number,
      value,
      positions: Array.from(x, (u, j) => (active[j] ? u : null)),
      params: space.coordinates.map(({ name }) => params[name] ?? null),
    }),
  );
  const sign = options.direction === "minimize" ? -1 : 1;
  lines.sort((a, b) => sign * (a.value - b.value) || b.number - a.number);
  return {
    direction: options.direction,
    axes: space.coordinates.map(parameterAxis),
    lines,
    omitted: trials.length - lines.length,
  };
}
