/**
 * What the surrogate expects when one parameter, or two, move and the others stay at a point, most often the best one.
 */
import { NotFoundError, show } from "../errors.ts";
import type { FlatParams, ParamValue } from "../space/parameter.ts";
import type { Dimension, Space } from "../space/space.ts";
import { type Axis, parameterAxis } from "./axis.ts";
import { type ConfiguredEvaluation, observed } from "./evaluation.ts";
import type { Prediction, Surrogate } from "./surrogate.ts";

export interface Slice {
  readonly axis: Axis;
  /** [m], ascending positions on the axis: a fine grid, or the levels. */
  readonly positions: readonly number[];
  /** [m], what lies there. */
  readonly params: readonly ParamValue[];
  /** [m], posterior mean of the value. */
  readonly mean: readonly number[];
  /** [m], posterior standard deviation. */
  readonly sd: readonly number[];
  /** Where the point lies through which the slice goes. */
  readonly at: number;
  /** All observations, projected onto the axis: their other parameters differ from the slice's. */
  readonly observations: readonly { readonly number: number; readonly position: number; readonly value: number }[];
}

export interface Contour {
  readonly axes: readonly [Axis, Axis];
  /** [columns], positions on the first axis. */
  readonly x: readonly number[];
  /** [rows], positions on the second. */
  readonly y: readonly number[];
  /** What lies at these positions, [columns] and [rows]. */
  readonly params: readonly [readonly ParamValue[], readonly ParamValue[]];
  /** [rows, columns], row-major. */
  readonly mean: readonly number[];
  /** [rows, columns]. */
  readonly sd: readonly number[];
  readonly at: readonly [number, number];
  readonly observations: readonly {
    readonly number: number;
    readonly x: number;
    readonly y: number;
    readonly value: number;
  }[];
}

export interface SliceOptions {
  /** The configuration through which to cut, nested, such as the best trial's `params`. */
  readonly at: unknown;
  /** Positions along a numeric axis. Default 81 for a slice, 41 a side for a contour. */
  readonly resolution?: number;
}

/**
 * The posterior along one parameter, all others as in `options.at`.
 *
 * @throws NotFoundError when the parameter has no coordinate in the space or is not active at the point
 * @example slice(surrogate, space, trials, "lr", { at: best.params })
 */
export function slice(
  surrogate: Surrogate,
  space: Space,
  trials: readonly ConfiguredEvaluation[],
  parameter: string,
  options: SliceOptions,
): Slice {
  const at = space.flatten(options.at);
  const j = coordinateOf(space, parameter, at);
  const dimension = space.coordinates[j]!;
  const positions = gridOf(dimension, options.resolution ?? 81);
  const { mean, sd } = predictAt(surrogate, space, at, positions, (x, u) => {
    x[j] = u;
  });
  return {
    axis: parameterAxis(dimension),
    positions,
    params: positions.map((u) => dimension.parameter.decode(u)),
    mean: Array.from(mean),
    sd: Array.from(sd),
    at: space.encode(at).x[j]!,
    observations: observed(space, trials).flatMap(({ number, value, x, active }) =>
      active[j] ? [{ number, position: x[j]!, value }] : [],
    ),
  };
}

/**
 * The posterior over two parameters, all others as in `options.at`.
 *
 * @throws NotFoundError as for `slice`
 */
export function contour(
  surrogate: Surrogate,
  space: Space,
  trials: readonly ConfiguredEvaluation[],
  parameters: readonly [string, string],
  options: SliceOptions,
): Contour {
  const point = space.flatten(options.at);
  const [i, j] = [coordinateOf(space, parameters[0], point), coordinateOf(space, parameters[1], point)];
  const resolution = options.resolution ?? 41;
  const [across, down] = [space.coordinates[i]!, space.coordinates[j]!];
  const columns = gridOf(across, resolution);
  const rows = gridOf(down, resolution);
  const cells = rows.flatMap((v) => columns.map((u) => ({ u, v })));
  const { mean, sd } = predictAt(surrogate, space, point, cells, (x, { u, v }) => {
    x[i] = u;
    x[j] = v;
  });
  const at = space.encode(point).x;
  return {
    axes: [parameterAxis(across), parameterAxis(down)],
    x: columns,
    y: rows,
    params: [columns.map((u) => across.parameter.decode(u)), rows.map((v) => down.parameter.decode(v))],
    mean: Array.from(mean),
    sd: Array.from(sd),
    at: [at[i]!, at[j]!],
    observations: observed(space, trials).flatMap(({ number, value, x, active }) =>
      active[i] && active[j] ? [{ number, x: x[i]!, y: x[j]!, value }] : [],
    ),
  };
}

/**
 * The posterior at points that differ from `at` by what `move` sets; a moved parent takes its children along. The moved
 * coordinates themselves are not taken to the nearest level, so that a parameter of many levels gives a curve, not stairs.
 */
function predictAt<T>(
  surrogate: Surrogate,
  space: Space,
  at: FlatParams,
  cells: readonly T[],
  move: (x: Float64Array, cell: T) => void,
): Prediction {
  const d = space.coordinates.length;
  const x = new Float64Array(cells.length * d);
  const active = new Uint8Array(cells.length * d);
  const start = space.encode(at).x;
  cells.forEach((cell, row) => {
    const moved = start.slice();
    move(moved, cell);
    const encoded = space.encode(space.decode(moved));
    move(encoded.x, cell);
    x.set(encoded.x, row * d);
    active.set(encoded.active, row * d);
  });
  return surrogate.predict(x, active);
}

function coordinateOf(space: Space, name: string, at: FlatParams): number {
  const j = space.coordinates.findIndex((dimension) => dimension.name === name);
  if (j < 0) {
    throw new NotFoundError(
      `A slice needs a parameter of the space with more than one value (${space.coordinates.map((c) => c.name).join(", ")}), but got ${show(name)}.`,
    );
  }
  if (!Object.hasOwn(at, name))
    throw new NotFoundError(`A slice needs a parameter that is active at its point, but ${show(name)} is not.`);
  return j;
}

/** The levels of a parameter with few, else points spread over its whole axis. */
function gridOf(dimension: Dimension, resolution: number): number[] {
  const axis = parameterAxis(dimension);
  if (axis.scale === "levels") return axis.levels.map(({ position }) => position);
  return Array.from({ length: resolution }, (_, i) => axis.from + ((axis.to - axis.from) * i) / (resolution - 1));
}
