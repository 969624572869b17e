/** The losses and their gradients, a row at a time; the formulas are in `../engine/typescript.ts`. */
import { expOf, log } from "./functions";
import { largest } from "./layers";
import {
  BINARY_CROSSENTROPY,
  CATEGORICAL_CROSSENTROPY,
  FUSED,
  GRADIENT,
  HEADER_BYTES,
  HUBER,
  INPUT,
  LOSS,
  OP_BYTES,
  OPS,
  OUTPUT_BUFFER,
  OUTPUT_STRIDE,
  OUTPUT_UNITS,
} from "./plan";

const CLIP_LOW: f32 = 1e-7;
const CLIP_HIGH: f32 = 0.9999999;

/** Hands out a batch's predictions, sums weight × loss, and leaves the gradient of the batch's loss. */
export function lossOf(
  plan: usize,
  targets: usize,
  weights: usize,
  predictions: usize,
  order: usize,
  first: u32,
  count: u32,
): f64 {
  const units = load<u32>(plan + OUTPUT_UNITS);
  const stride = load<u32>(plan + OUTPUT_STRIDE);
  const loss = load<u32>(plan + LOSS);
  const fused = load<u32>(plan + FUSED) !== 0;
  const lastOp = plan + HEADER_BYTES + OP_BYTES * (load<u32>(plan + OPS) - 1);
  let p: usize = load<u32>(plan + OUTPUT_BUFFER);
  let z: usize = fused ? load<u32>(lastOp + INPUT) : p;
  let d: usize = load<u32>(plan + GRADIENT);
  const divisor = <f32>(loss === CATEGORICAL_CROSSENTROPY ? count : count * units);
  let total: f64 = 0;
  for (let r: u32 = 0; r < count; r++) {
    const row = order === 0 ? first + r : load<u32>(order + 4 * (first + r));
    memory.copy(predictions + 4 * row * units, p, 4 * units);
    if (targets !== 0) {
      const y = targets + 4 * row * units;
      const weight = load<f32>(weights + 4 * row);
      const scale = weight / divisor;
      memory.fill(d, 0, stride);
      let value: f32 = 0;
      if (loss === CATEGORICAL_CROSSENTROPY) {
        value = fused ? softmaxLoss(z, p, y, d, units, scale) : categoricalLoss(p, y, d, units, scale);
      } else {
        for (let j: u32 = 0; j < 4 * units; j += 4) {
          const output = load<f32>(p + j);
          const target = load<f32>(y + j);
          if (fused) {
            value += logisticLoss(load<f32>(z + j), target);
            store<f32>(d + j, (output - target) * scale);
          } else if (loss === BINARY_CROSSENTROPY) {
            const clipped = clip(output);
            value -= target * log(clipped) + (1 - target) * log(1 - clipped);
            const slope = (clipped - target) / (clipped * (1 - clipped));
            store<f32>(d + j, isInside(output) ? slope * scale : 0);
          } else {
            const error = output - target;
            const square = error * error;
            let slope = error + error;
            if (loss !== HUBER) {
              value += square;
            } else if (abs(error) <= 1) {
              value += square * 0.5;
              slope = error;
            } else {
              value += abs(error) - 0.5;
              slope = error < 0 ? -1 : 1;
            }
            store<f32>(d + j, slope * scale);
          }
        }
        value = value / <f32>units;
      }
      total += <f64>(weight * value);
    }
    p += stride;
    z += stride;
    d += stride;
  }
  return total;
}

function logisticLoss(z: f32, y: f32): f32 {
  return (z < 0 ? 0 : z) - z * y + log(1 + expOf(-abs(z)));
}

function softmaxLoss(z: usize, p: usize, y: usize, d: usize, units: u32, scale: f32): f32 {
  const highest = largest(z, units);
  let sum: f32 = 0;
  for (let j: u32 = 0; j < units; j++) sum += expOf(load<f32>(z + 4 * j) - highest);
  const top = highest + log(sum);
  let value: f32 = 0;
  for (let j: u32 = 0; j < 4 * units; j += 4) {
    value += load<f32>(y + j) * (top - load<f32>(z + j));
    store<f32>(d + j, (load<f32>(p + j) - load<f32>(y + j)) * scale);
  }
  return value;
}

function categoricalLoss(p: usize, y: usize, d: usize, units: u32, scale: f32): f32 {
  let sum: f32 = 0;
  for (let j: u32 = 0; j < 4 * units; j += 4) sum += load<f32>(p + j);
  let value: f32 = 0;
  let inside: f32 = 0;
  for (let j: u32 = 0; j < 4 * units; j += 4) {
    const share = load<f32>(p + j) / sum;
    value -= load<f32>(y + j) * log(clip(share));
    if (isInside(share)) inside += load<f32>(y + j);
  }
  for (let j: u32 = 0; j < 4 * units; j += 4) {
    const share = load<f32>(p + j) / sum;
    const own: f32 = isInside(share) ? load<f32>(y + j) / share : 0;
    store<f32>(d + j, ((inside - own) / sum) * scale);
  }
  return value;
}

function clip(p: f32): f32 {
  const low = p < CLIP_LOW ? CLIP_LOW : p;
  return CLIP_HIGH < low ? CLIP_HIGH : low;
}

function isInside(p: f32): bool {
  return p >= CLIP_LOW && p <= CLIP_HIGH;
}
