/** The operations of a plan, forward and back, over vectors; the formulas are in `../engine/typescript.ts`. */
import { exp, expOf, geluSlope, normalCdf, sigmoid, tanh } from "./functions";
import {
  ACTIVATION_NAME,
  DENSE_BIAS,
  DENSE_INPUT_STRIDE,
  DENSE_INPUT_UNITS,
  DENSE_KERNEL,
  DENSE_L2,
  DENSE_TRANSPOSED,
  DROPOUT_MASK,
  DROPOUT_SCALE,
  DROPOUT_THRESHOLD,
  ELU,
  GELU,
  INPUT,
  NORMALIZE_BETA,
  NORMALIZE_EPSILON,
  NORMALIZE_GAMMA,
  NORMALIZE_INVERSE,
  NORMALIZE_KEPT,
  NORMALIZE_MEAN,
  NORMALIZE_NORMALIZED,
  NORMALIZE_TAKEN,
  NORMALIZE_VARIANCE,
  OUTPUT,
  RELU,
  SIGMOID,
  SOFTMAX,
  STRIDE,
  TANH,
  UNITS,
} from "./plan";
import { product, transpose } from "./product";

function roundedUp(count: u32): u32 {
  return (count + 3) & ~3;
}

export function denseForward(op: usize, count: u32): void {
  const stride = load<u32>(op + STRIDE);
  product(
    load<u32>(op + INPUT),
    load<u32>(op + DENSE_INPUT_STRIDE),
    4,
    load<u32>(op + DENSE_KERNEL),
    stride,
    load<u32>(op + OUTPUT),
    stride,
    roundedUp(count),
    stride,
    load<u32>(op + DENSE_INPUT_UNITS),
    load<u32>(op + DENSE_BIAS),
  );
}

export function denseBackward(op: usize, count: u32, size: usize, gradient: usize, inputGradient: usize): f64 {
  const units = load<u32>(op + UNITS);
  const stride = load<u32>(op + STRIDE);
  const inputUnits = load<u32>(op + DENSE_INPUT_UNITS);
  const inputStride = load<u32>(op + DENSE_INPUT_STRIDE);
  const kernel: usize = load<u32>(op + DENSE_KERNEL);
  const input: usize = load<u32>(op + INPUT);
  sumRows(gradient, stride, count, load<u32>(op + DENSE_BIAS) + size);
  product(input, 4, inputStride, gradient, stride, kernel + size, stride, roundedUp(inputUnits), stride, count, 0);
  // The rows beyond the last input have got products with whatever lies beside the inputs.
  memory.fill(kernel + size + inputUnits * stride, 0, (roundedUp(inputUnits) - inputUnits) * stride);
  if (inputGradient !== 0) {
    const transposed: usize = load<u32>(op + DENSE_TRANSPOSED);
    transpose(kernel, stride, transposed, inputStride, inputUnits, units);
    product(
      gradient,
      stride,
      4,
      transposed,
      inputStride,
      inputGradient,
      inputStride,
      roundedUp(count),
      inputStride,
      units,
      0,
    );
  }
  return penalize(kernel, inputUnits * stride, size, load<f64>(op + DENSE_L2));
}

/** `sums` = Σ over rows, ascending. */
function sumRows(rows: usize, stride: usize, count: u32, sums: usize): void {
  for (let column: usize = 0; column < stride; column += 16) {
    let sum = f32x4.splat(0);
    for (let r: u32 = 0; r < count; r++) sum = f32x4.add(sum, v128.load(rows + r * stride + column));
    v128.store(sums + column, sum);
  }
}

function penalize(kernel: usize, bytes: usize, size: usize, l2: f64): f64 {
  if (l2 === 0) return 0;
  const twice = <f32>(2 * l2);
  let squares: f64 = 0;
  for (let w = kernel; w < kernel + bytes; w += 4) {
    const value = load<f32>(w);
    squares += <f64>value * <f64>value;
    store<f32>(w + size, load<f32>(w + size) + twice * value);
  }
  return l2 * squares;
}

export function activationForward(op: usize, count: u32): void {
  const name = load<u32>(op + ACTIVATION_NAME);
  if (name === SOFTMAX) {
    softmaxForward(op, count);
    return;
  }
  let x: usize = load<u32>(op + INPUT);
  let y: usize = load<u32>(op + OUTPUT);
  const end = y + count * load<u32>(op + STRIDE);
  const zero = f32x4.splat(0);
  for (; y < end; x += 16, y += 16) {
    let value = v128.load(x);
    if (name === RELU) value = f32x4.pmax(value, zero);
    else if (name === TANH) value = tanh(value);
    else if (name === SIGMOID) value = sigmoid(value);
    else if (name === GELU) value = f32x4.mul(value, normalCdf(value));
    else if (name === ELU) {
      value = v128.bitselect(f32x4.sub(exp(value), f32x4.splat(1)), value, f32x4.lt(value, zero));
    }
    v128.store(y, value);
  }
}

export function activationBackward(op: usize, count: u32, gradient: usize): void {
  const name = load<u32>(op + ACTIVATION_NAME);
  if (name === SOFTMAX) {
    softmaxBackward(op, count, gradient);
    return;
  }
  let x: usize = load<u32>(op + INPUT);
  let y: usize = load<u32>(op + OUTPUT);
  const end = y + count * load<u32>(op + STRIDE);
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  for (; y < end; x += 16, y += 16, gradient += 16) {
    let slope = v128.load(gradient);
    const output = v128.load(y);
    if (name === RELU) slope = v128.and(slope, f32x4.gt(output, zero));
    else if (name === TANH) slope = f32x4.mul(slope, f32x4.sub(one, f32x4.mul(output, output)));
    else if (name === SIGMOID) slope = f32x4.mul(slope, f32x4.mul(output, f32x4.sub(one, output)));
    else if (name === GELU) slope = f32x4.mul(slope, geluSlope(v128.load(x)));
    else if (name === ELU) {
      slope = v128.bitselect(f32x4.mul(slope, f32x4.add(output, one)), slope, f32x4.lt(v128.load(x), zero));
    }
    v128.store(gradient, slope);
  }
}

export function largest(from: usize, units: u32): f32 {
  let highest = load<f32>(from);
  for (let j: u32 = 1; j < units; j++) {
    const value = load<f32>(from + 4 * j);
    if (value > highest) highest = value;
  }
  return highest;
}

function softmaxForward(op: usize, count: u32): void {
  const units = load<u32>(op + UNITS);
  const stride = load<u32>(op + STRIDE);
  let z: usize = load<u32>(op + INPUT);
  let p: usize = load<u32>(op + OUTPUT);
  for (let r: u32 = 0; r < count; r++) {
    const highest = largest(z, units);
    let sum: f32 = 0;
    for (let j: u32 = 0; j < units; j++) {
      const power = expOf(load<f32>(z + 4 * j) - highest);
      store<f32>(p + 4 * j, power);
      sum += power;
    }
    for (let j: u32 = 0; j < units; j++) store<f32>(p + 4 * j, load<f32>(p + 4 * j) / sum);
    z += stride;
    p += stride;
  }
}

function softmaxBackward(op: usize, count: u32, gradient: usize): void {
  const units = load<u32>(op + UNITS);
  const stride = load<u32>(op + STRIDE);
  let p: usize = load<u32>(op + OUTPUT);
  for (let r: u32 = 0; r < count; r++) {
    let sum: f32 = 0;
    for (let j: u32 = 0; j < units; j++) sum += load<f32>(gradient + 4 * j) * load<f32>(p + 4 * j);
    for (let j: u32 = 0; j < units; j++) {
      store<f32>(gradient + 4 * j, load<f32>(p + 4 * j) * (load<f32>(gradient + 4 * j) - sum));
    }
    gradient += stride;
    p += stride;
  }
}

/** @param first  place of the batch's first row in the epoch, which the mask is drawn from */
export function dropoutForward(op: usize, first: u32, count: u32, key: u32): void {
  let x: usize = load<u32>(op + INPUT);
  let y: usize = load<u32>(op + OUTPUT);
  let mask: usize = load<u32>(op + DROPOUT_MASK);
  const stride = load<u32>(op + STRIDE);
  const threshold = i32x4.splat(load<u32>(op + DROPOUT_THRESHOLD));
  const scale = v128.load_splat<f32>(op + DROPOUT_SCALE);
  const keys = i32x4.splat(key);
  const four = i32x4.splat(4);
  const end = y + count * stride;
  let counter = i32x4.add(i32x4.splat(first * (stride / 4)), i32x4(0, 1, 2, 3));
  for (; y < end; x += 16, y += 16, mask += 16) {
    const word = i32x4.shr_u(mix(v128.xor(mix(counter), keys)), 8);
    const kept = v128.and(scale, i32x4.ge_s(word, threshold));
    v128.store(mask, kept);
    v128.store(y, f32x4.mul(v128.load(x), kept));
    counter = i32x4.add(counter, four);
  }
}

function mix(word: v128): v128 {
  let x = word;
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x7feb352d));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

export function dropoutBackward(op: usize, count: u32, gradient: usize): void {
  let mask: usize = load<u32>(op + DROPOUT_MASK);
  const end = gradient + count * load<u32>(op + STRIDE);
  for (; gradient < end; gradient += 16, mask += 16) {
    v128.store(gradient, f32x4.mul(v128.load(gradient), v128.load(mask)));
  }
}

export function normalizeForward(op: usize, count: u32, training: bool): void {
  const stride: usize = load<u32>(op + STRIDE);
  const input: usize = load<u32>(op + INPUT);
  const output: usize = load<u32>(op + OUTPUT);
  const normalized: usize = load<u32>(op + NORMALIZE_NORMALIZED);
  const one = f32x4.splat(1);
  const n = f32x4.splat(<f32>count);
  const end = count * stride;
  for (let column: usize = 0; column < stride; column += 16) {
    const movingMean = load<u32>(op + NORMALIZE_MEAN) + column;
    const movingVariance = load<u32>(op + NORMALIZE_VARIANCE) + column;
    let mean = v128.load(movingMean);
    let variance = v128.load(movingVariance);
    if (training) {
      const kept = v128.load_splat<f32>(op + NORMALIZE_KEPT);
      const taken = v128.load_splat<f32>(op + NORMALIZE_TAKEN);
      mean = f32x4.splat(0);
      for (let k = column; k < end; k += stride) mean = f32x4.add(mean, v128.load(input + k));
      mean = f32x4.div(mean, n);
      variance = f32x4.splat(0);
      for (let k = column; k < end; k += stride) {
        const difference = f32x4.sub(v128.load(input + k), mean);
        variance = f32x4.add(variance, f32x4.mul(difference, difference));
      }
      variance = f32x4.div(variance, n);
      v128.store(movingMean, f32x4.add(f32x4.mul(v128.load(movingMean), kept), f32x4.mul(mean, taken)));
      v128.store(movingVariance, f32x4.add(f32x4.mul(v128.load(movingVariance), kept), f32x4.mul(variance, taken)));
    }
    const epsilon = v128.load_splat<f32>(op + NORMALIZE_EPSILON);
    const inverse = f32x4.div(one, f32x4.sqrt(f32x4.add(variance, epsilon)));
    v128.store(load<u32>(op + NORMALIZE_INVERSE) + column, inverse);
    const gamma = v128.load(load<u32>(op + NORMALIZE_GAMMA) + column);
    const beta = v128.load(load<u32>(op + NORMALIZE_BETA) + column);
    for (let k = column; k < end; k += stride) {
      const value = f32x4.mul(f32x4.sub(v128.load(input + k), mean), inverse);
      v128.store(normalized + k, value);
      v128.store(output + k, f32x4.add(f32x4.mul(value, gamma), beta));
    }
  }
}

export function normalizeBackward(op: usize, count: u32, size: usize, gradient: usize): void {
  const stride: usize = load<u32>(op + STRIDE);
  const normalized: usize = load<u32>(op + NORMALIZE_NORMALIZED);
  const n = f32x4.splat(<f32>count);
  const end = count * stride;
  for (let column: usize = 0; column < stride; column += 16) {
    let gammaSum = f32x4.splat(0);
    let betaSum = f32x4.splat(0);
    for (let k = column; k < end; k += stride) {
      const d = v128.load(gradient + k);
      gammaSum = f32x4.add(gammaSum, f32x4.mul(d, v128.load(normalized + k)));
      betaSum = f32x4.add(betaSum, d);
    }
    const gamma = load<u32>(op + NORMALIZE_GAMMA) + column;
    v128.store(gamma + size, gammaSum);
    v128.store(load<u32>(op + NORMALIZE_BETA) + column + size, betaSum);
    const scale = f32x4.mul(v128.load(gamma), v128.load(load<u32>(op + NORMALIZE_INVERSE) + column));
    const gammaMean = f32x4.div(gammaSum, n);
    const betaMean = f32x4.div(betaSum, n);
    for (let k = column; k < end; k += stride) {
      const centred = f32x4.sub(
        f32x4.sub(v128.load(gradient + k), betaMean),
        f32x4.mul(v128.load(normalized + k), gammaMean),
      );
      v128.store(gradient + k, f32x4.mul(centred, scale));
    }
  }
}
