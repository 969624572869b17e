/**
 * Squared scaled distances between points, four points against a list of others; the Matérn-5/2 of them, k = s² (1 + a + 5/3 r²) e^−a, and
 * its slope f (−5/6)(1 + a) e^−a, with a = √(5 r²); and what a gradient contracts with them. Operation for operation what
 * `../typescript.ts` does with one number.
 */
import { blockStart, FOUR } from "./tile";

/**
 * Constants are read from memory: a load that spreads a number costs one instruction, a vector that is spelled out in the code
 * several, every time.
 */
const CONSTANTS = memory.data<f64>([
  Math.LOG2E,
  6755399441055744,
  0.6931471803691238,
  1.9082149292705877e-10,
  4.143741142274464e-8,
  -1.6534059505063117e-6,
  6.613756471282328e-5,
  -0.002777777777756372,
  0.1666666666666666,
  2,
  1,
  5,
  1.6666666666666667,
  -0.8333333333333334,
  100000,
]);

function constant(index: usize): v128 {
  return v128.load_splat<f64>(CONSTANTS + 8 * index);
}

/**
 * In place of `length` squared distances, an even number, their covariances; and their slopes to `slope`, unless it is 0.
 *
 * e^−a by the reduction and polynomial of `exp` in src/math/special.ts, with the signs turned: a = n log 2 + r, e^−a = 2^−n e^−r. Beyond
 * r² = 10⁵ nothing changes any more, so that 2^−n is a normal number always.
 */
export function matern(out: usize, length: usize, s: f64, slope: usize, f: f64): void {
  const log2e = constant(0);
  const shift = constant(1);
  const high = constant(2);
  const low = constant(3);
  const p4 = constant(4);
  const p3 = constant(5);
  const p2 = constant(6);
  const p1 = constant(7);
  const p0 = constant(8);
  const two = constant(9);
  const one = constant(10);
  const five = constant(11);
  const fiveThirds = constant(12);
  const fiveSixths = constant(13);
  const farthest = constant(14);
  const sv = f64x2.splat(s);
  const fv = f64x2.splat(f);
  for (const end = out + 8 * length; out < end; out += 16) {
    const r2 = f64x2.pmin(v128.load(out), farthest);
    const a = f64x2.sqrt(f64x2.mul(five, r2));
    // The nearest integer to a log₂e, in the last bits of the sum.
    const shifted = f64x2.add(f64x2.mul(a, log2e), shift);
    const n = f64x2.sub(shifted, shift);
    const head = f64x2.sub(a, f64x2.mul(n, high));
    const tail = f64x2.mul(n, low);
    const r = f64x2.sub(head, tail);
    const t = f64x2.mul(r, r);
    let p = f64x2.mul(t, p4);
    p = f64x2.mul(t, f64x2.add(p3, p));
    p = f64x2.mul(t, f64x2.add(p2, p));
    p = f64x2.mul(t, f64x2.add(p1, p));
    p = f64x2.mul(t, f64x2.add(p0, p));
    const c = f64x2.add(r, p);
    const quotient = f64x2.div(f64x2.mul(r, c), f64x2.add(two, c));
    const y = f64x2.sub(one, f64x2.sub(head, f64x2.add(tail, quotient)));
    // 2^−n by its exponent, taken from that of 1.
    const e = f64x2.mul(y, i64x2.sub(one, i64x2.shl(shifted, 52)));
    const linear = f64x2.add(one, a);
    v128.store(out, f64x2.mul(sv, f64x2.mul(f64x2.add(linear, f64x2.mul(fiveThirds, r2)), e)));
    if (slope !== 0) {
      v128.store(slope, f64x2.mul(fv, f64x2.mul(f64x2.mul(fiveSixths, linear), e)));
      slope += 16;
    }
  }
}

/** sum + w D for points that differ by t in a number, D = t². */
function numeric(sum: v128, t: v128, w: v128): v128 {
  return f64x2.add(sum, f64x2.mul(f64x2.mul(t, t), w));
}

/** The same for unordered levels, D = 1 where they differ. */
function unordered(sum: v128, t: v128, w: v128): v128 {
  return f64x2.add(sum, v128.and(f64x2.ne(t, f64x2.splat(0)), w));
}

/**
 * Σⱼ wⱼ Dⱼ of four points, packed [d][4] at `four`, and `count` others, rows of `stride` bytes at `points`.
 *
 * @param out  [count][4], the rows `step` bytes apart
 */
export function squaredDistances(
  four: usize,
  points: usize,
  stride: usize,
  count: usize,
  d: usize,
  nominal: usize,
  weights: usize,
  out: usize,
  step: usize,
): void {
  const zero = f64x2.splat(0);
  let k: usize = 0;
  for (; k + 3 < count; k += 4) {
    let r00 = zero;
    let r01 = zero;
    let r10 = zero;
    let r11 = zero;
    let r20 = zero;
    let r21 = zero;
    let r30 = zero;
    let r31 = zero;
    let row = four;
    let point = points;
    for (let j: usize = 0; j < d; j++) {
      const a0 = v128.load(row);
      const a1 = v128.load(row, 16);
      const w = v128.load_splat<f64>(weights + j * 8);
      // One after another, for there are no more registers.
      let b: v128;
      if (load<u8>(nominal + j)) {
        b = v128.load_splat<f64>(point);
        r00 = unordered(r00, f64x2.sub(a0, b), w);
        r01 = unordered(r01, f64x2.sub(a1, b), w);
        b = v128.load_splat<f64>(point + stride);
        r10 = unordered(r10, f64x2.sub(a0, b), w);
        r11 = unordered(r11, f64x2.sub(a1, b), w);
        b = v128.load_splat<f64>(point + 2 * stride);
        r20 = unordered(r20, f64x2.sub(a0, b), w);
        r21 = unordered(r21, f64x2.sub(a1, b), w);
        b = v128.load_splat<f64>(point + 3 * stride);
        r30 = unordered(r30, f64x2.sub(a0, b), w);
        r31 = unordered(r31, f64x2.sub(a1, b), w);
      } else {
        b = v128.load_splat<f64>(point);
        r00 = numeric(r00, f64x2.sub(a0, b), w);
        r01 = numeric(r01, f64x2.sub(a1, b), w);
        b = v128.load_splat<f64>(point + stride);
        r10 = numeric(r10, f64x2.sub(a0, b), w);
        r11 = numeric(r11, f64x2.sub(a1, b), w);
        b = v128.load_splat<f64>(point + 2 * stride);
        r20 = numeric(r20, f64x2.sub(a0, b), w);
        r21 = numeric(r21, f64x2.sub(a1, b), w);
        b = v128.load_splat<f64>(point + 3 * stride);
        r30 = numeric(r30, f64x2.sub(a0, b), w);
        r31 = numeric(r31, f64x2.sub(a1, b), w);
      }
      row += FOUR;
      point += 8;
    }
    v128.store(out, r00);
    v128.store(out, r01, 16);
    v128.store(out + step, r10);
    v128.store(out + step, r11, 16);
    v128.store(out + 2 * step, r20);
    v128.store(out + 2 * step, r21, 16);
    v128.store(out + 3 * step, r30);
    v128.store(out + 3 * step, r31, 16);
    out += 4 * step;
    points += 4 * stride;
  }
  for (; k < count; k++) {
    let r0 = zero;
    let r1 = zero;
    for (let j: usize = 0; j < d; j++) {
      const b = v128.load_splat<f64>(points + j * 8);
      const w = v128.load_splat<f64>(weights + j * 8);
      const t0 = f64x2.sub(v128.load(four + j * FOUR), b);
      const t1 = f64x2.sub(v128.load(four + j * FOUR, 16), b);
      if (load<u8>(nominal + j)) {
        r0 = unordered(r0, t0, w);
        r1 = unordered(r1, t1, w);
      } else {
        r0 = numeric(r0, t0, w);
        r1 = numeric(r1, t1, w);
      }
    }
    v128.store(out, r0);
    v128.store(out, r1, 16);
    out += step;
    points += stride;
  }
}

/**
 * The kernel matrix of n points as a packed triangle, and its slopes, which are 0 on the diagonal and beyond n.
 *
 * @param four     the points packed in fours, [blocks][d][4]
 * @param diagonal [n], what stands on the diagonal
 */
export function covariance(
  four: usize,
  points: usize,
  stride: usize,
  n: usize,
  d: usize,
  nominal: usize,
  weights: usize,
  s: f64,
  diagonal: usize,
  p: usize,
  slope: usize,
): void {
  const blocks = (n + 3) >> 2;
  for (let i: usize = 0; i < blocks; i++) {
    const row = p + blockStart(i);
    const slopeRow = slope === 0 ? 0 : slope + blockStart(i);
    squaredDistances(four + i * d * FOUR, points, stride, 4 * i + 4, d, nominal, weights, row, FOUR);
    matern(row, 16 * (i + 1), s, slopeRow, s);
    for (let r: usize = 0; r < 4; r++) {
      const at: usize = 4 * i + r;
      if (at >= n) {
        for (let k: usize = 0; k < 4 * i + 4; k++) {
          store<f64>(row + k * FOUR + r * 8, 0);
          if (slope !== 0) store<f64>(slopeRow + k * FOUR + r * 8, 0);
        }
      }
      store<f64>(row + at * FOUR + r * 8, at < n ? load<f64>(diagonal + at * 8) : 1);
      if (slope !== 0) for (let k: usize = at; k < 4 * i + 4; k++) store<f64>(slopeRow + k * FOUR + r * 8, 0);
    }
  }
}

/**
 * sums[j] = Σ over pairs (i, k), k < i, of (Q[i, k] − αᵢ αₖ) S[i, k] Dⱼ(i, k), all j in one pass: four sums each, over the rows
 * i ≡ 0, 1, 2, 3 (mod 4), added up in the end.
 *
 * @param lanes room for [d][4]
 */
export function contract(
  four: usize,
  points: usize,
  stride: usize,
  n: usize,
  d: usize,
  nominal: usize,
  alpha: usize,
  q: usize,
  slope: usize,
  lanes: usize,
  sums: usize,
): void {
  memory.fill(lanes, 0, d * FOUR);
  const blocks = (n + 3) >> 2;
  for (let i: usize = 0; i < blocks; i++) {
    const rows = four + i * d * FOUR;
    const alpha0 = v128.load(alpha + i * FOUR);
    const alpha1 = v128.load(alpha + i * FOUR, 16);
    let tile = blockStart(i);
    for (let k: usize = 0; k < 4 * i + 4; k += 2, tile += 2 * FOUR) {
      let a = v128.load_splat<f64>(alpha + k * 8);
      const p00 = f64x2.mul(f64x2.sub(v128.load(q + tile), f64x2.mul(alpha0, a)), v128.load(slope + tile));
      const p01 = f64x2.mul(f64x2.sub(v128.load(q + tile, 16), f64x2.mul(alpha1, a)), v128.load(slope + tile, 16));
      a = v128.load_splat<f64>(alpha + k * 8, 8);
      const p10 = f64x2.mul(f64x2.sub(v128.load(q + tile, 32), f64x2.mul(alpha0, a)), v128.load(slope + tile, 32));
      const p11 = f64x2.mul(f64x2.sub(v128.load(q + tile, 48), f64x2.mul(alpha1, a)), v128.load(slope + tile, 48));
      const point = points + k * stride;
      for (let j: usize = 0; j < d; j++) {
        const a0 = v128.load(rows + j * FOUR);
        const a1 = v128.load(rows + j * FOUR, 16);
        const b0 = v128.load_splat<f64>(point + j * 8);
        const b1 = v128.load_splat<f64>(point + j * 8 + stride);
        let sum0 = v128.load(lanes + j * FOUR);
        let sum1 = v128.load(lanes + j * FOUR, 16);
        if (load<u8>(nominal + j)) {
          sum0 = unordered(sum0, f64x2.sub(a0, b0), p00);
          sum1 = unordered(sum1, f64x2.sub(a1, b0), p01);
          sum0 = unordered(sum0, f64x2.sub(a0, b1), p10);
          sum1 = unordered(sum1, f64x2.sub(a1, b1), p11);
        } else {
          sum0 = numeric(sum0, f64x2.sub(a0, b0), p00);
          sum1 = numeric(sum1, f64x2.sub(a1, b0), p01);
          sum0 = numeric(sum0, f64x2.sub(a0, b1), p10);
          sum1 = numeric(sum1, f64x2.sub(a1, b1), p11);
        }
        v128.store(lanes + j * FOUR, sum0);
        v128.store(lanes + j * FOUR, sum1, 16);
      }
    }
  }
  for (let j: usize = 0; j < d; j++) {
    const lane = lanes + j * FOUR;
    store<f64>(sums + j * 8, load<f64>(lane) + load<f64>(lane, 8) + (load<f64>(lane, 16) + load<f64>(lane, 24)));
  }
}
