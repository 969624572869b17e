/**
 * The plain-TypeScript engine: the definition of what the WebAssembly engine computes, one rounded f32 operation after the
 * other. Sums run in the order of their index: over inputs on the way forward, over outputs and rows on the way back. The
 * twin puts neighbouring outputs in the four lanes of a vector, which leaves each output's own sum in that same order.
 *
 * Stores into `f32` round; `f` rounds what does not get stored at once.
 */
import type { ActivationName } from "../activations.ts";
import type { Dataset, Engine, Epoch } from "./engine.ts";
import { exp, geluSlope, log, normalCdf, sigmoid, tanh } from "./functions.ts";
import type { ActivationOp, DenseOp, DropoutOp, NormalizeOp, Plan } from "./plan.ts";

const f = Math.fround;

export function createTypescriptEngine(): Engine {
  let f32 = new Float32Array(0);
  let u32 = new Uint32Array(0);
  let plan: Plan | undefined;
  return {
    name: "typescript",
    get f32() {
      return f32;
    },
    get u32() {
      return u32;
    },
    reserve: (words) => {
      if (words <= f32.length) return;
      const grown = new Float32Array(words);
      grown.set(f32);
      f32 = grown;
      u32 = new Uint32Array(grown.buffer);
    },
    use: (next) => {
      plan = next;
    },
    train: (dataset, epoch) => train(f32, u32, plan!, dataset, epoch),
    infer: (dataset) => infer(f32, plan!, dataset),
  };
}

function train(f32: Float32Array, u32: Uint32Array, plan: Plan, data: Dataset, epoch: Epoch): number {
  const { inputs } = plan;
  let total = 0;
  for (let { first } = epoch, step = 0; first < epoch.last; first += epoch.batchSize, step++) {
    const count = Math.min(epoch.batchSize, epoch.last - first);
    for (let r = 0; r < count; r++) {
      const from = data.inputs + u32[epoch.order + first + r]! * inputs.stride;
      f32.copyWithin(inputs.buffer + r * inputs.stride, from, from + inputs.units);
    }
    const rows: Rows = { first, count, order: u32.subarray(epoch.order, epoch.order + data.rows) };
    forward(f32, plan, rows, u32.subarray(epoch.keys, epoch.keys + plan.ops.length));
    const loss = lossOf(f32, plan, data, rows, true);
    total += loss + count * backward(f32, plan, rows);
    update(f32, plan, f32[epoch.rates + step]!);
  }
  return total;
}

function infer(f32: Float32Array, plan: Plan, data: Dataset): number {
  const { inputs, batchSize } = plan;
  let total = 0;
  for (let first = 0; first < data.rows; first += batchSize) {
    const count = Math.min(batchSize, data.rows - first);
    const from = data.inputs + first * inputs.stride;
    f32.copyWithin(inputs.buffer, from, from + count * inputs.stride);
    const rows: Rows = { first, count, order: undefined };
    forward(f32, plan, rows, undefined);
    total += lossOf(f32, plan, data, rows, false);
  }
  return total;
}

/** The rows of one batch: `count` of them, from place `first` of `order`, or of the data as they lie. */
interface Rows {
  readonly first: number;
  readonly count: number;
  readonly order: Uint32Array | undefined;
}

/** The way forward; with `keys` as in training (dropout, statistics of the batch), without as in use. */
function forward(f32: Float32Array, plan: Plan, rows: Rows, keys: Uint32Array | undefined): void {
  for (const [index, op] of plan.ops.entries()) {
    switch (op.kind) {
      case "dense":
        denseForward(f32, op, rows.count);
        break;
      case "activation":
        activationForward(f32, op, rows.count);
        break;
      case "dropout":
        if (keys === undefined) f32.copyWithin(op.output, op.input, op.input + rows.count * op.stride);
        else dropoutForward(f32, op, rows, keys[index]!);
        break;
      case "normalize":
        normalizeForward(f32, op, rows.count, keys !== undefined);
        break;
    }
  }
}

/** The way back from the gradient that `lossOf` left; gives the sum of the L2 penalties. */
function backward(f32: Float32Array, plan: Plan, rows: Rows): number {
  const { ops, firstTrained, parameters } = plan;
  let [gradient, other] = plan.gradients;
  let penalty = 0;
  for (let index = ops.length - 1; index >= firstTrained; index--) {
    const op = ops[index]!;
    switch (op.kind) {
      case "dense":
        penalty += denseBackward(f32, op, rows.count, parameters.size, gradient, index > firstTrained ? other : 0);
        [gradient, other] = [other, gradient];
        break;
      case "activation":
        if (!(plan.fused && index === ops.length - 1)) activationBackward(f32, op, rows.count, gradient);
        break;
      case "dropout":
        dropoutBackward(f32, op, rows.count, gradient);
        break;
      case "normalize":
        normalizeBackward(f32, op, rows.count, parameters.size, gradient);
        break;
    }
  }
  return penalty;
}

function denseForward(f32: Float32Array, op: DenseOp, count: number): void {
  const { units, stride, inputUnits, inputStride, kernel, bias } = op;
  for (let r = 0; r < count; r++) {
    const x = op.input + r * inputStride;
    const y = op.output + r * stride;
    f32.copyWithin(y, bias, bias + units);
    for (let i = 0; i < inputUnits; i++) {
      const xi = f32[x + i]!;
      const w = kernel + i * stride;
      for (let j = 0; j < units; j++) f32[y + j] = f32[y + j]! + f(xi * f32[w + j]!);
    }
  }
}

/**
 *   ∂b = Σ_r ∂y,  ∂W = Σ_r xᵀ ∂y (+ 2 l2 W),  ∂x = ∂y Wᵀ
 *
 * @param size            words between a weight and its gradient
 * @param inputGradient   where ∂x goes, [b, inputUnits]; 0 when nothing before this needs it
 * @returns the penalty l2 Σ W²
 */
function denseBackward(
  f32: Float32Array,
  op: DenseOp,
  count: number,
  size: number,
  gradient: number,
  inputGradient: number,
): number {
  const { units, stride, inputUnits, inputStride, kernel, bias, l2 } = op;
  f32.fill(0, bias + size, bias + size + units);
  f32.fill(0, kernel + size, kernel + size + inputUnits * stride);
  for (let r = 0; r < count; r++) {
    const x = op.input + r * inputStride;
    const dy = gradient + r * stride;
    for (let j = 0; j < units; j++) f32[bias + size + j] = f32[bias + size + j]! + f32[dy + j]!;
    for (let i = 0; i < inputUnits; i++) {
      const xi = f32[x + i]!;
      const dw = kernel + size + i * stride;
      for (let j = 0; j < units; j++) f32[dw + j] = f32[dw + j]! + f(xi * f32[dy + j]!);
    }
    if (inputGradient === 0) continue;
    for (let i = 0; i < inputUnits; i++) {
      const w = kernel + i * stride;
      let sum = 0;
      for (let j = 0; j < units; j++) sum = f(sum + f(f32[dy + j]! * f32[w + j]!));
      f32[inputGradient + r * inputStride + i] = sum;
    }
  }
  if (l2 === 0) return 0;
  const twice = f(2 * l2);
  let squares = 0;
  for (let w = kernel; w < kernel + inputUnits * stride; w++) {
    squares += f32[w]! * f32[w]!;
    f32[w + size] = f32[w + size]! + f(twice * f32[w]!);
  }
  return l2 * squares;
}

function activationForward(f32: Float32Array, op: ActivationOp, count: number): void {
  if (op.activation === "softmax") {
    softmaxForward(f32, op, count);
    return;
  }
  const value = VALUES[op.activation];
  for (let r = 0; r < count; r++) {
    for (let k = r * op.stride; k < r * op.stride + op.units; k++) f32[op.output + k] = value(f32[op.input + k]!);
  }
}

function activationBackward(f32: Float32Array, op: ActivationOp, count: number, gradient: number): void {
  if (op.activation === "softmax") {
    softmaxBackward(f32, op, count, gradient);
    return;
  }
  const slope = SLOPES[op.activation];
  for (let r = 0; r < count; r++) {
    for (let k = r * op.stride; k < r * op.stride + op.units; k++) {
      f32[gradient + k] = slope(f32[gradient + k]!, f32[op.input + k]!, f32[op.output + k]!);
    }
  }
}

type Elementwise = Exclude<ActivationName, "softmax">;

const VALUES: Record<Elementwise, (x: number) => number> = {
  linear: (x) => x,
  // NaN stays NaN: a diverged network must not look sound.
  relu: (x) => (x < 0 ? 0 : x),
  tanh,
  sigmoid,
  elu: (x) => (x < 0 ? f(exp(x) - 1) : x),
  gelu: (x) => f(x * normalCdf(x)),
};

/** ∂x from ∂y, x and y. */
const SLOPES: Record<Elementwise, (d: number, x: number, y: number) => number> = {
  linear: (d) => d,
  relu: (d, _x, y) => (y > 0 ? d : 0),
  tanh: (d, _x, y) => f(d * f(1 - f(y * y))),
  sigmoid: (d, _x, y) => f(d * f(y * f(1 - y))),
  elu: (d, x, y) => (x < 0 ? f(d * f(y + 1)) : d),
  gelu: (d, x) => f(d * geluSlope(x)),
};

/** p_j = e^(z_j − max z) / Σ. */
function softmaxForward(f32: Float32Array, op: ActivationOp, count: number): void {
  for (let r = 0; r < count; r++) {
    const z = op.input + r * op.stride;
    const p = op.output + r * op.stride;
    const highest = largest(f32, z, op.units);
    let sum = 0;
    for (let j = 0; j < op.units; j++) {
      f32[p + j] = exp(f(f32[z + j]! - highest));
      sum = f(sum + f32[p + j]!);
    }
    for (let j = 0; j < op.units; j++) f32[p + j] = f32[p + j]! / sum;
  }
}

/** ∂z_j = p_j (∂p_j − Σ ∂p p). */
function softmaxBackward(f32: Float32Array, op: ActivationOp, count: number, gradient: number): void {
  for (let r = 0; r < count; r++) {
    const p = op.output + r * op.stride;
    const d = gradient + r * op.stride;
    let sum = 0;
    for (let j = 0; j < op.units; j++) sum = f(sum + f(f32[d + j]! * f32[p + j]!));
    for (let j = 0; j < op.units; j++) f32[d + j] = f32[p + j]! * f(f32[d + j]! - sum);
  }
}

/**
 * The mask of row place p and column j is drawn from the epoch's key by hashing p · stride + j, so that it depends on
 * neither batch size nor engine.
 */
function dropoutForward(f32: Float32Array, op: DropoutOp, rows: Rows, key: number): void {
  const threshold = Math.round(op.rate * 16777216);
  const scale = f(1 / (1 - op.rate));
  for (let r = 0; r < rows.count; r++) {
    const counter = Math.imul(rows.first + r, op.stride);
    for (let j = 0; j < op.units; j++) {
      const k = r * op.stride + j;
      f32[op.mask + k] = mix(mix(counter + j) ^ key) >>> 8 < threshold ? 0 : scale;
      f32[op.output + k] = f32[op.input + k]! * f32[op.mask + k]!;
    }
  }
}

/** A bijection of 32-bit words in which every bit depends on every other. Source: Wellons 2018, "lowbias32". */
function mix(word: number): number {
  let x = word;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

function dropoutBackward(f32: Float32Array, op: DropoutOp, count: number, gradient: number): void {
  for (let r = 0; r < count; r++) {
    for (let k = r * op.stride; k < r * op.stride + op.units; k++)
      f32[gradient + k] = f32[gradient + k]! * f32[op.mask + k]!;
  }
}

function normalizeForward(f32: Float32Array, op: NormalizeOp, count: number, training: boolean): void {
  const { stride } = op;
  const epsilon = f(op.epsilon);
  const kept = f(op.momentum);
  const taken = f(1 - op.momentum);
  for (let j = 0; j < op.units; j++) {
    let mean = f32[op.mean + j]!;
    let variance = f32[op.variance + j]!;
    if (training) {
      mean = 0;
      for (let r = 0; r < count; r++) mean = f(mean + f32[op.input + r * stride + j]!);
      mean = f(mean / count);
      variance = 0;
      for (let r = 0; r < count; r++) {
        const difference = f(f32[op.input + r * stride + j]! - mean);
        variance = f(variance + f(difference * difference));
      }
      variance = f(variance / count);
      f32[op.mean + j] = f(f32[op.mean + j]! * kept) + f(mean * taken);
      f32[op.variance + j] = f(f32[op.variance + j]! * kept) + f(variance * taken);
    }
    const inverse = f(1 / f(Math.sqrt(f(variance + epsilon))));
    f32[op.inverse + j] = inverse;
    for (let r = 0; r < count; r++) {
      const k = r * stride + j;
      const normalized = f(f(f32[op.input + k]! - mean) * inverse);
      f32[op.normalized + k] = normalized;
      f32[op.output + k] = f(normalized * f32[op.gamma + j]!) + f32[op.beta + j]!;
    }
  }
}

/** ∂γ = Σ_r ∂y n,  ∂β = Σ_r ∂y,  ∂x = γ inverse (∂y − ∂β / b − n ∂γ / b), n the normalised input. */
function normalizeBackward(f32: Float32Array, op: NormalizeOp, count: number, size: number, gradient: number): void {
  for (let j = 0; j < op.units; j++) {
    let gamma = 0;
    let beta = 0;
    for (let r = 0; r < count; r++) {
      const k = r * op.stride + j;
      gamma = f(gamma + f(f32[gradient + k]! * f32[op.normalized + k]!));
      beta = f(beta + f32[gradient + k]!);
    }
    f32[op.gamma + size + j] = gamma;
    f32[op.beta + size + j] = beta;
    const scale = f(f32[op.gamma + j]! * f32[op.inverse + j]!);
    const gammaMean = f(gamma / count);
    const betaMean = f(beta / count);
    for (let r = 0; r < count; r++) {
      const k = r * op.stride + j;
      f32[gradient + k] = f(f(f32[gradient + k]! - betaMean) - f(f32[op.normalized + k]! * gammaMean)) * scale;
    }
  }
}

const CLIP_LOW = f(1e-7);
const CLIP_HIGH = f(1 - 1e-7);

/**
 * Hands out the predictions of a batch, sums weight × loss over its rows in f64, and, in training, leaves the gradient of
 * the batch's loss in the first gradient buffer: with respect to the last activation's input when fused, else its output.
 */
function lossOf(f32: Float32Array, plan: Plan, data: Dataset, rows: Rows, training: boolean): number {
  const { outputs, loss, fused } = plan;
  const { units, stride } = outputs;
  const lastInput = fused ? plan.ops.at(-1)!.input : outputs.buffer;
  let total = 0;
  for (let r = 0; r < rows.count; r++) {
    const row = rows.order === undefined ? rows.first + r : rows.order[rows.first + r]!;
    const p = outputs.buffer + r * stride;
    f32.copyWithin(data.predictions + row * units, p, p + units);
    if (data.targets === 0) continue;
    const y = data.targets + row * units;
    const d = plan.gradients[0] + r * stride;
    const weight = f32[data.weights + row]!;
    const scale = f(weight / (loss === "categoricalCrossentropy" ? rows.count : rows.count * units));
    let value: number;
    if (loss === "categoricalCrossentropy") {
      value = fused
        ? softmaxLoss(f32, lastInput + r * stride, p, y, d, units, scale)
        : categoricalLoss(f32, p, y, d, units, scale);
    } else {
      value = 0;
      for (let j = 0; j < units; j++) {
        const output = f32[p + j]!;
        const target = f32[y + j]!;
        if (fused) {
          value = f(value + logisticLoss(f32[lastInput + r * stride + j]!, target));
          if (training) f32[d + j] = f(output - target) * scale;
        } else if (loss === "binaryCrossentropy") {
          const clipped = clip(output);
          value = f(value - f(f(target * log(clipped)) + f(f(1 - target) * log(f(1 - clipped)))));
          const slope = f(f(clipped - target) / f(clipped * f(1 - clipped)));
          if (training) f32[d + j] = isInside(output) ? slope * scale : 0;
        } else {
          const error = f(output - target);
          const isFar = loss === "huber" && !(Math.abs(error) <= 1);
          const square = f(error * error);
          value = f(value + (isFar ? f(Math.abs(error) - 0.5) : loss === "huber" ? f(square * 0.5) : square));
          const slope = isFar ? (error < 0 ? -1 : 1) : loss === "huber" ? error : f(error + error);
          if (training) f32[d + j] = slope * scale;
        }
      }
      value = f(value / units);
    }
    total += f(weight * value);
  }
  return total;
}

/** Binary cross-entropy from z: max(z, 0) − z y + log(1 + e^−|z|). */
function logisticLoss(z: number, y: number): number {
  return f(f((z < 0 ? 0 : z) - f(z * y)) + log(f(1 + exp(-Math.abs(z)))));
}

/** Categorical cross-entropy from z, Σ y (log Σ e^z − z), and its gradient p Σ y − y. */
function softmaxLoss(
  f32: Float32Array,
  z: number,
  p: number,
  y: number,
  d: number,
  units: number,
  scale: number,
): number {
  const highest = largest(f32, z, units);
  let sum = 0;
  for (let j = 0; j < units; j++) sum = f(sum + exp(f(f32[z + j]! - highest)));
  const top = f(highest + log(sum));
  let value = 0;
  for (let j = 0; j < units; j++) {
    value = f(value + f(f32[y + j]! * f(top - f32[z + j]!)));
    f32[d + j] = f(f32[p + j]! - f32[y + j]!) * scale;
  }
  return value;
}

/** Categorical cross-entropy of the outputs divided by their sum s: −Σ y log q, q = p / s; ∂p = (Σ y − y / q) / s. */
function categoricalLoss(f32: Float32Array, p: number, y: number, d: number, units: number, scale: number): number {
  let sum = 0;
  for (let j = 0; j < units; j++) sum = f(sum + f32[p + j]!);
  let value = 0;
  let inside = 0;
  for (let j = 0; j < units; j++) {
    const share = f(f32[p + j]! / sum);
    value = f(value - f(f32[y + j]! * log(clip(share))));
    if (isInside(share)) inside = f(inside + f32[y + j]!);
  }
  for (let j = 0; j < units; j++) {
    const share = f(f32[p + j]! / sum);
    const own = isInside(share) ? f(f32[y + j]! / share) : 0;
    f32[d + j] = f(f(inside - own) / sum) * scale;
  }
  return value;
}

function clip(p: number): number {
  const low = p < CLIP_LOW ? CLIP_LOW : p;
  return CLIP_HIGH < low ? CLIP_HIGH : low;
}

function isInside(p: number): boolean {
  return p >= CLIP_LOW && p <= CLIP_HIGH;
}

function largest(f32: Float32Array, from: number, length: number): number {
  let highest = f32[from]!;
  for (let k = from + 1; k < from + length; k++) highest = f32[k]! > highest ? f32[k]! : highest;
  return highest;
}

/** One optimiser step on every trained weight; the formulas are in `optimizers.ts`. */
function update(f32: Float32Array, plan: Plan, rate: number): void {
  const { offset, size } = plan.parameters;
  const [a, b, c, d] = plan.update.constants.map(f) as [number, number, number, number];
  for (let w = offset; w < offset + size; w++) {
    const g = f32[w + size]!;
    const m = w + 2 * size;
    const v = w + 3 * size;
    switch (plan.update.rule) {
      case "momentum":
        f32[m] = f(f32[m]! * a) - f(g * rate);
        f32[w] = f32[w]! + f32[m]!;
        break;
      case "nesterov":
        f32[m] = f(f32[m]! * a) - f(g * rate);
        f32[w] = f32[w]! + f(f(f32[m]! * a) - f(g * rate));
        break;
      case "adam": {
        const decayed = f(f32[w]! - f(f32[w]! * d));
        f32[m] = f32[m]! + f(f(g - f32[m]!) * a);
        f32[v] = f32[v]! + f(f(f(g * g) - f32[v]!) * b);
        f32[w] = decayed - f(f(f32[m]! * rate) / f(f(Math.sqrt(f32[v]!)) + c));
        break;
      }
      case "rmsprop": {
        f32[v] = f(f32[v]! * a) + f(f(g * g) * b);
        const step = f(f(g * rate) / f(Math.sqrt(f(f32[v]! + c))));
        f32[m] = f(f32[m]! * d) + step;
        f32[w] = f32[w]! - f32[m]!;
        break;
      }
    }
  }
}
