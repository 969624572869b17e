/**
 * What computes: memory, and a network's way forward and back over it. Two engines keep this contract with the same bits:
 * `wasm` (f32 SIMD) and `typescript` (plain, slower, readable).
 */
import type { Plan } from "./plan.ts";

export const ENGINES = ["wasm", "typescript"] as const;

export type EngineName = (typeof ENGINES)[number];

/** Rows in an engine's memory; offsets in words. */
export interface Dataset {
  readonly rows: number;
  /** [rows, stride of the plan's inputs]. */
  readonly inputs: number;
  /** [rows, output units], packed; 0 when there are none to compare with. */
  readonly targets: number;
  /** One weight a row, [rows]; 0 where targets are. */
  readonly weights: number;
  /** [rows, output units], packed: where the outputs go, each to the place of its row. */
  readonly predictions: number;
}

/** What one epoch of training, or some steps of it, needs besides the data; offsets in words. */
export interface Epoch {
  /** Places of `order`, `first` at the begin of a step: these steps are taken and no others. */
  readonly first: number;
  readonly last: number;
  /** Rows a step; at most the plan's `batchSize`. */
  readonly batchSize: number;
  /** u32, [rows]: the order in which rows are taken. */
  readonly order: number;
  /** f32: the optimiser's rate in each step, from that of `first` on. */
  readonly rates: number;
  /** u32, one for each operation of the plan: what its dropout mask is drawn from. */
  readonly keys: number;
}

export interface Engine {
  readonly name: EngineName;
  /** The whole memory as numbers of one kind; stale after `reserve`. */
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
  /** Makes the memory at least `words` long; what it holds stays. */
  reserve(words: number): void;
  /** The plan that the next calls follow. */
  use(plan: Plan): void;
  /** An optimiser step for each batch; Σ over batches of (rows × loss), penalties included. */
  train(dataset: Dataset, epoch: Epoch): number;
  /** Predictions for every row; Σ of (row weight × row loss) where there are targets, else 0. No penalties. */
  infer(dataset: Dataset): number;
}
