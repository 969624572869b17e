/**
 * A parameter answers for itself: what it may be, where a value lies in the unit interval, and how it is written down.
 * Nothing outside this room asks of which kind a parameter is; a new kind is one new file and one line in `json.ts`.
 */

/** What a parameter's value can be; all of it survives JSON. */
export type ParamValue = string | number | boolean | null;

/** The values of one configuration by full parameter name; only active parameters are present. */
export type FlatParams = Readonly<Record<string, ParamValue>>;

/** What every kind writes: its name under `type`, and its settings. */
export interface ParameterJson {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** One thing that may be chosen, with values of type `T`. */
export interface Parameter<out T extends ParamValue = ParamValue> {
  /** Coordinates that a value takes in the unit cube: 1, or 0 where there is only one value. */
  readonly width: 0 | 1;
  /** Number of distinct values; `Infinity` for a continuous parameter. */
  readonly levels: number;
  /** Whether the levels have no order, so that two of them are either equal or different. */
  readonly nominal: boolean;
  /** The value to begin with, if the user gave one. */
  readonly default?: T;
  /** Whether `value` is one that this parameter can take. */
  contains(value: unknown): boolean;
  /** Where a contained value lies, in [0, 1]; a discrete value is at the centre of the cell that decodes to it. */
  encode(value: ParamValue): number;
  /** The value whose cell holds `u`; `u` outside [0, 1] is taken to the nearer end. `decode(encode(v))` is v. */
  decode(u: number): T;
  /** The value of level `index`, 0 … levels − 1, in order; only where `levels` is finite. */
  level(index: number): T;
  /** What may be chosen, for errors and summaries: "float in [0.0001, 1], log". */
  describe(): string;
  toJSON(): ParameterJson;
}

/** Options that every kind has. */
export interface ParameterOptions<T> {
  /** A good value to begin with: tried first by samplers that start from known values, and taken by trials older than the parameter. */
  readonly default?: T;
}

/** The index of the cell of `u` among `levels` equal cells. */
export function cell(u: number, levels: number): number {
  return Math.min(levels - 1, Math.max(0, Math.floor(u * levels)));
}
