/**
 * The WebAssembly engine: a whole epoch in one call, and prediction. It follows the plan that `../engine/wasm.ts` has
 * written to memory, and gives the same bits as `../engine/typescript.ts`, which defines what is computed.
 *
 * Pointers and strides in bytes.
 */
import {
  activationBackward,
  activationForward,
  denseBackward,
  denseForward,
  dropoutBackward,
  dropoutForward,
  normalizeBackward,
  normalizeForward,
} from "./layers";
import { lossOf } from "./losses";
import {
  ACTIVATION,
  BATCH_SIZE,
  DENSE,
  DROPOUT,
  FIRST_TRAINED,
  FUSED,
  GRADIENT,
  HEADER_BYTES,
  INPUT,
  INPUT_BUFFER,
  INPUT_STRIDE,
  KIND,
  OP_BYTES,
  OPS,
  OTHER_GRADIENT,
  OUTPUT,
  PARAMETER_BYTES,
  STRIDE,
} from "./plan";
import { update } from "./update";

/** One pass with a step a batch; Σ over batches of (rows × loss). */
export function train(
  plan: usize,
  begin: u32,
  end: u32,
  inputs: usize,
  targets: usize,
  weights: usize,
  predictions: usize,
  batchSize: u32,
  order: usize,
  rates: usize,
  keys: usize,
): f64 {
  const stride = load<u32>(plan + INPUT_STRIDE);
  const batch: usize = load<u32>(plan + INPUT_BUFFER);
  let total: f64 = 0;
  for (let first = begin; first < end; first += batchSize) {
    const count = min(batchSize, end - first);
    for (let r: u32 = 0; r < count; r++) {
      copyRow(batch + r * stride, inputs + load<u32>(order + 4 * (first + r)) * stride, stride);
    }
    forward(plan, first, count, keys);
    const loss = lossOf(plan, targets, weights, predictions, order, first, count);
    total += loss + <f64>count * backward(plan, count);
    update(plan, load<f32>(rates));
    rates += 4;
  }
  return total;
}

/** Predictions for every row; Σ of (row weight × row loss) where there are targets. */
export function infer(plan: usize, rows: u32, inputs: usize, targets: usize, weights: usize, predictions: usize): f64 {
  const stride = load<u32>(plan + INPUT_STRIDE);
  const batchSize = load<u32>(plan + BATCH_SIZE);
  let total: f64 = 0;
  for (let first: u32 = 0; first < rows; first += batchSize) {
    const count = min(batchSize, rows - first);
    memory.copy(load<u32>(plan + INPUT_BUFFER), inputs + first * stride, count * stride);
    forward(plan, first, count, 0);
    total += lossOf(plan, targets, weights, predictions, 0, first, count);
  }
  return total;
}

function copyRow(to: usize, from: usize, bytes: usize): void {
  for (let k: usize = 0; k < bytes; k += 16) v128.store(to + k, v128.load(from + k));
}

/** With `keys` as in training, without as in use. */
function forward(plan: usize, first: u32, count: u32, keys: usize): void {
  const ops = load<u32>(plan + OPS);
  for (let index: u32 = 0; index < ops; index++) {
    const op = plan + HEADER_BYTES + OP_BYTES * index;
    const kind = load<u32>(op + KIND);
    if (kind === DENSE) denseForward(op, count);
    else if (kind === ACTIVATION) activationForward(op, count);
    else if (kind === DROPOUT) {
      if (keys !== 0) dropoutForward(op, first, count, load<u32>(keys + 4 * index));
      else memory.copy(load<u32>(op + OUTPUT), load<u32>(op + INPUT), count * load<u32>(op + STRIDE));
    } else normalizeForward(op, count, keys !== 0);
  }
}

/** Gives the sum of the L2 penalties. */
function backward(plan: usize, count: u32): f64 {
  const last = <i32>load<u32>(plan + OPS) - 1;
  const firstTrained = load<i32>(plan + FIRST_TRAINED);
  const size: usize = load<u32>(plan + PARAMETER_BYTES);
  let gradient: usize = load<u32>(plan + GRADIENT);
  let other: usize = load<u32>(plan + OTHER_GRADIENT);
  let penalty: f64 = 0;
  for (let index = last; index >= firstTrained; index--) {
    const op = plan + HEADER_BYTES + OP_BYTES * index;
    const kind = load<u32>(op + KIND);
    if (kind === DENSE) {
      penalty += denseBackward(op, count, size, gradient, index > firstTrained ? other : 0);
      const swapped = gradient;
      gradient = other;
      other = swapped;
    } else if (kind === ACTIVATION) {
      if (index < last || load<u32>(plan + FUSED) === 0) activationBackward(op, count, gradient);
    } else if (kind === DROPOUT) dropoutBackward(op, count, gradient);
    else normalizeBackward(op, count, size, gradient);
  }
  return penalty;
}
