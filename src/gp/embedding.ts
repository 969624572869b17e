/**
 * How a configuration of a conditional space becomes a row of numbers that one kernel can compare. An inactive coordinate
 * takes one neutral value, and every branch (a set of coordinates that are active together) adds a coordinate of its own
 * that says whether it is active. What two configurations share across branches is then learned through the length-scales,
 * not assumed; the distances stay Euclidean, so the kernel stays positive definite.
 */

/** One coordinate of a space, as the embedding needs it. */
export interface EmbeddedCoordinate {
  /** Whether its values are unordered levels. */
  readonly nominal: boolean;
  /** The same for coordinates that are active together; undefined for one that always is. */
  readonly branch?: string;
}

/** Rows of the surrogate's input: first one value a coordinate, then one a branch. */
export interface Embedding {
  /** Coordinates of the space. */
  readonly d: number;
  /** Values in a row, d plus the number of branches. */
  readonly width: number;
  /** [width], 1 where a value stands for an unordered level. */
  readonly nominal: Uint8Array;
  /**
   * Writes one row.
   *
   * @param x      [d], in [0, 1]; read only where active
   * @param active [d], 1 where the coordinate is active
   * @param out    the row goes to out[offset] … out[offset + width − 1]
   */
  embed(x: ArrayLike<number>, active: ArrayLike<number>, out: Float64Array, offset: number): void;
  /** Writes to `active`, [d], which coordinates a row says are active: 1 or 0. */
  activity(row: ArrayLike<number>, active: Uint8Array): void;
}

/** The value of an inactive numeric coordinate: the middle, equally far from both ends. */
const NEUTRAL = 0.5;
/** The level of an inactive nominal coordinate, different from every real one. */
const NO_LEVEL = -1;

export function createEmbedding(coordinates: readonly EmbeddedCoordinate[]): Embedding {
  const d = coordinates.length;
  const member = new Map<string, number>();
  coordinates.forEach(({ branch }, j) => {
    if (branch !== undefined && !member.has(branch)) member.set(branch, j);
  });
  const members = Int32Array.from(member.values());
  /** Where a row says whether coordinate j is active; −1 for one that always is. */
  const flag = coordinates.map(({ branch }) => (branch === undefined ? -1 : d + [...member.keys()].indexOf(branch)));
  const nominal = new Uint8Array(d + members.length);
  coordinates.forEach((coordinate, j) => {
    nominal[j] = Number(coordinate.nominal);
  });
  return {
    d,
    width: d + members.length,
    nominal,
    embed(x, active, out, offset) {
      for (let j = 0; j < d; j++) out[offset + j] = active[j] ? x[j]! : nominal[j] ? NO_LEVEL : NEUTRAL;
      for (let b = 0; b < members.length; b++) out[offset + d + b] = active[members[b]!]!;
    },
    activity(row, active) {
      for (let j = 0; j < d; j++) active[j] = flag[j] === -1 ? 1 : row[flag[j]!]!;
    },
  };
}
