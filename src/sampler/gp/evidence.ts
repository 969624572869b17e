/**
 * What a history says to the surrogate: rows and losses of the trials that ended well, rows of those that failed, rows of
 * those still to come. A failed trial has no loss, and so no part in the scale of the losses.
 */
import type { History, Observation } from "../../trial/history.ts";
import type { SpaceDomain } from "./domain.ts";

/** Trials as rows of the surrogate's input. */
export interface Rows {
  /** [d] each, for the maximiser. */
  readonly points: readonly Float64Array[];
  /** [count, width], for the surrogate. */
  readonly rows: Float64Array;
}

export interface Evidence {
  /** The observed trials, [n]. */
  readonly trials: readonly Observation[];
  readonly observed: Rows;
  /** Of the observed, [n]. */
  readonly losses: Float64Array;
  /** Known variances of the losses, [n], 0 where unknown; undefined where none is known. */
  readonly variances: Float64Array | undefined;
  readonly failed: Rows;
  readonly pending: Rows;
}

export function gather(domain: SpaceDomain, trials: History): Evidence {
  const completed = trials.filter((trial) => trial.state === "completed" && trial.loss !== null);
  const pruned = completed.length > 0 ? trials.filter(({ state, loss }) => state === "pruned" && loss !== null) : [];
  const losses = completed.map((trial) => trial.loss!);
  // A trial is pruned for being worse than its peers; its last report, taken early, may look better than it is.
  const median = losses.slice().sort((a, b) => a - b)[losses.length >> 1]!;
  const all = [...completed, ...pruned];
  const variances = all.map((trial) => trial.variance ?? 0);
  const rows = (some: readonly Observation[]): Rows => encode(domain, some);
  return {
    trials: all,
    observed: rows(all),
    losses: Float64Array.from([...losses, ...pruned.map((trial) => Math.max(trial.loss!, median))]),
    variances: variances.some((variance) => variance > 0) ? Float64Array.from(variances) : undefined,
    failed: rows(trials.filter(({ state }) => state === "failed")),
    pending: rows(trials.filter(({ state }) => state === "pending")),
  };
}

function encode(domain: SpaceDomain, trials: readonly Observation[]): Rows {
  const rows = new Float64Array(trials.length * domain.width);
  const points = trials.map(({ params }, i) => {
    const { x, active } = domain.encode(params);
    domain.embed(x, active, rows, i * domain.width);
    return x;
  });
  return { points, rows };
}

/** Where the measurements of each configuration stand among the observed, by `keyOf`. */
export function placesOf({ losses, observed }: Evidence, width: number): ReadonlyMap<string, readonly number[]> {
  return Map.groupBy(losses.keys(), (i) => keyOf(observed.rows, width, i));
}

/** The i-th of the rows as a key: the same for trials of one configuration. */
export function keyOf(rows: Float64Array, width: number, i: number): string {
  return rows.subarray(i * width, (i + 1) * width).join(" ");
}
