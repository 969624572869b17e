/**
 * What drives a search in a benchmark, ours or a peer: asked for a configuration, told its loss, and asked in the end which it would
 * recommend. A driver is kept for many runs; a session is one of them.
 */
import type { FlatParams, Space } from "assay";

export interface Driver {
  readonly name: string;
  start(run: RunSettings): Promise<Session>;
  close(): Promise<void>;
}

export interface RunSettings {
  readonly space: Space;
  readonly seed: number;
  /** How many there will be, for samplers that plan by it. */
  readonly trials: number;
}

export interface Session {
  /** Of what drives: a package's version, or ours with its commit. */
  readonly version: string;
  /** The next configuration and the CPU time it took; null when the space has been tried whole. */
  ask(): Promise<{ readonly params: FlatParams; readonly ms: number } | null>;
  /** @param loss null where the trial failed. @returns CPU milliseconds */
  tell(params: FlatParams, loss: number | null): Promise<number>;
  /** The configuration that the search would settle on now. */
  recommend(): Promise<FlatParams>;
  stop(): Promise<void>;
}
