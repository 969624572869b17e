/**
 * Where the values of a parameter lie along an axis of unit length, as samplers see them: in the searched scale, a discrete
 * value at the centre of its cell. Data for charts give positions on such an axis; the axis says what to write beside them.
 */
import type { Dimension } from "../space/space.ts";

export type Axis = LevelsAxis | NumericAxis;

/** Few enough values to name each. */
export interface LevelsAxis {
  readonly name: string;
  readonly scale: "levels";
  readonly levels: readonly { readonly label: string; readonly position: number }[];
}

/** A range of numbers; `low` lies at position `from`, `high` at `to`. */
export interface NumericAxis {
  readonly name: string;
  readonly scale: "linear" | "log";
  readonly low: number;
  readonly high: number;
  readonly from: number;
  readonly to: number;
}

/** More levels than this are drawn as a range, if they are numbers. */
const LEVELS_MOST = 12;

export function parameterAxis({ name, parameter }: Dimension): Axis {
  const [low, high] = [parameter.decode(0), parameter.decode(1)];
  const isRange = typeof low === "number" && typeof high === "number" && !parameter.nominal && low < high;
  if (isRange && parameter.levels > LEVELS_MOST) {
    const scale = parameter.toJSON().log === true ? "log" : "linear";
    return { name, scale, low, high, from: parameter.encode(low), to: parameter.encode(high) };
  }
  const levels = Array.from({ length: parameter.levels }, (_, i) => parameter.level(i));
  return {
    name,
    scale: "levels",
    levels: levels.map((level) => ({ label: String(level), position: parameter.encode(level) })),
  };
}
