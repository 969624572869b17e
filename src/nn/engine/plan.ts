/**
 * Where everything of a network lies in an engine's memory, and what is computed from what. Both engines follow the same
 * plan over the same layout, which is half of what makes their results equal bit for bit.
 *
 * Offsets and sizes count 4-byte words. A matrix is row-major with its width rounded up to a multiple of four (its
 * *stride*), so that every row starts on a vector and ends with one; the words between width and stride are 0 in weights
 * and gradients, and nothing reads them in anything else.
 *
 *   | encoded plan | parameters | gradients | slot 1 | slot 2 | moving statistics | batch buffers | data sets … |
 *
 * The four parallel regions have one layout: the gradient of the weight at `w` is at `w + parameters.size`, the
 * optimiser's slots at `w + 2 size` and `w + 3 size`.
 */
import type { ActivationName } from "../activations.ts";
import type { LossName } from "../losses.ts";
import type { Update } from "../optimizers.ts";

/** A weight in memory: [rows, columns], rows `stride` words apart. */
export interface Tensor {
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

/** What all operations have: [b, units] at `input` (dense: its own width) and [b, units] at `output`. */
interface Buffers {
  readonly units: number;
  readonly stride: number;
  readonly input: number;
  readonly output: number;
}

/** y = x W + b; W [inputUnits, units]. `transposed` is room for Wᵀ, which the way back reads row by row. */
export interface DenseOp extends Buffers {
  readonly kind: "dense";
  readonly inputUnits: number;
  readonly inputStride: number;
  readonly kernel: number;
  readonly bias: number;
  readonly transposed: number;
  readonly l2: number;
}

export interface ActivationOp extends Buffers {
  readonly kind: "activation";
  readonly activation: ActivationName;
}

/** y = x · mask; the mask, 0 or 1 / (1 − rate), is kept in `mask` for the way back. */
export interface DropoutOp extends Buffers {
  readonly kind: "dropout";
  readonly rate: number;
  readonly mask: number;
}

/** y = γ (x − mean) / √(variance + ε) + β over the batch; `normalized` and `inverse` are kept for the way back. */
export interface NormalizeOp extends Buffers {
  readonly kind: "normalize";
  readonly gamma: number;
  readonly beta: number;
  readonly mean: number;
  readonly variance: number;
  readonly normalized: number;
  readonly inverse: number;
  readonly momentum: number;
  readonly epsilon: number;
}

export type Op = DenseOp | ActivationOp | DropoutOp | NormalizeOp;

export interface Plan {
  readonly ops: readonly Op[];
  /** Index of the first operation with trained weights, where the way back ends; `ops.length` when none has. */
  readonly firstTrained: number;
  readonly parameters: { readonly offset: number; readonly size: number };
  /** Every weight in the order of `getWeights()`. */
  readonly tensors: readonly Tensor[];
  /** Rows that the buffers hold. */
  readonly batchSize: number;
  readonly inputs: { readonly units: number; readonly stride: number; readonly buffer: number };
  readonly outputs: { readonly units: number; readonly stride: number; readonly buffer: number };
  /** Two buffers [b, widest], between which gradients go back and forth. */
  readonly gradients: readonly [number, number];
  readonly loss: LossName;
  /** Whether the loss takes the last activation's place on the way back; see `losses.ts`. */
  readonly fused: boolean;
  readonly update: Update;
  /** Where the encoded plan may lie, and the end of all that is planned: data sets start here. */
  readonly encoded: number;
  readonly end: number;
}

/** Words of the encoded plan, see `wasm.ts`. */
export const HEADER_WORDS = 32;
export const OP_WORDS = 16;
/** The first words stay free, so that no offset is 0 and 0 can mean "none". */
export const FIRST_WORD = 16;

export function padded(size: number): number {
  return (size + 3) & ~3;
}

/** Hands out memory region by region while the layers say what they need. */
export interface Planner {
  /** Rows that a batch buffer holds. */
  readonly batchSize: number;
  /** The buffer that the last operation wrote, or the batch of inputs. */
  readonly last: { readonly units: number; readonly stride: number; readonly output: number };
  /** Room for [rows, columns] among the batch buffers. */
  buffer(rows: number, columns: number): number;
  add(op: Op): void;
}
