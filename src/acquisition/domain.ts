/**
 * Where an acquisition function is maximised: the unit cube with what a space makes of it. A coordinate may be a grid or a
 * set of unordered levels, and may be active only where others have certain values; the maximiser knows no more of a space.
 */

export interface SearchCoordinate {
  /** Number of distinct values; `Infinity` for a continuous coordinate. */
  readonly levels: number;
  /** Whether the levels have no order. */
  readonly nominal: boolean;
  /** The value nearest to u that the coordinate can have. */
  snap(u: number): number;
  /** The value of level `index`, 0 … levels − 1; only where `levels` is finite. */
  position(index: number): number;
  /** The coordinates whose activity depends on this one; empty for most. */
  readonly children: readonly number[];
}

export interface Domain {
  /** [d] */
  readonly coordinates: readonly SearchCoordinate[];
  /** Length of a row of the surrogate's input. */
  readonly width: number;
  /** Writes to `active`, [d], which coordinates of x, [d], count: 1 or 0. */
  activity(x: Float64Array, active: Uint8Array): void;
  /** Whether a point, [d], may be suggested; left out where all may. */
  readonly isFeasible?: (x: Float64Array) => boolean;
  /** Writes the row that the surrogate sees of x; its entry j is xⱼ wherever coordinate j is active and numeric. */
  embed(x: Float64Array, active: Uint8Array, out: Float64Array, offset: number): void;
}
