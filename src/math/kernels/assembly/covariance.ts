/**
 * The Matérn-5/2 of scaled distances between points, four points against a list of others: k = s² (1 + a + 5/3 r²) e^−a and its
 * slope f (−5/6)(1 + a) e^−a, with a = √(5 r²); and what a gradient contracts with them. Operation for operation what
 * `../typescript.ts` does with one number.
 */
import { blockStart, FOUR } from "./tile";

/**
 * Constants are read from memory: a load that spreads a number costs one instruction, a vector that is spelled out in the code
 * several, every time.
 */
const CONSTANTS = memory.data<f64>([
  Math.LOG2E,
  0.5,
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
  -745.2,
  -1021,
  100,
  7.888609052210118e-31,
]);

function constant(index: usize): v128 {
  return v128.load_splat<f64>(CONSTANTS + 8 * index);
}

/** e^−a for a >= 0, by the reduction and polynomial of `exp` in src/math/special.ts. */
function expNegative(a: v128): v128 {
  const x = f64x2.neg(a);
  // k = trunc(x log₂e − ½), as an integer, saturating.
  const k = i32x4.trunc_sat_f64x2_s_zero(f64x2.sub(f64x2.mul(x, constant(0)), constant(1)));
  const kf = f64x2.convert_low_i32x4_s(k);
  const high = f64x2.sub(x, f64x2.mul(kf, constant(2)));
  const low = f64x2.mul(kf, constant(3));
  const r = f64x2.sub(high, low);
  const t = f64x2.mul(r, r);
  let p = f64x2.mul(t, constant(4));
  p = f64x2.mul(t, f64x2.add(constant(5), p));
  p = f64x2.mul(t, f64x2.add(constant(6), p));
  p = f64x2.mul(t, f64x2.add(constant(7), p));
  p = f64x2.mul(t, f64x2.add(constant(8), p));
  const c = f64x2.sub(r, p);
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(constant(9), c));
  const y = f64x2.sub(constant(10), f64x2.sub(f64x2.sub(low, quotient), high));
  const bits = i64x2.extend_low_i32x4_s(k);
  const one = constant(10);
  const isSmall = f64x2.lt(kf, constant(15));
  // 2^k by its exponent, added to that of 1.
  if (!v128.any_true(isSmall)) return f64x2.mul(y, i64x2.add(i64x2.shl(bits, 52), one));
  // In two steps where it is below the smallest normal number. NaN passes, and what underflows is 0.
  const exponent = i32x4.trunc_sat_f64x2_s_zero(f64x2.add(kf, v128.and(isSmall, constant(16))));
  const power = i64x2.add(i64x2.shl(i64x2.extend_low_i32x4_s(exponent), 52), one);
  const e = f64x2.mul(f64x2.mul(y, power), v128.bitselect(constant(17), one, isSmall));
  return v128.bitselect(e, v128.and(f64x2.ne(x, x), x), f64x2.gt(x, constant(14)));
}

function writeCovariance(r2: v128, s: v128, f: v128, out: usize, slope: usize): void {
  const a = f64x2.sqrt(f64x2.mul(constant(11), r2));
  const e = expNegative(a);
  const linear = f64x2.add(constant(10), a);
  v128.store(out, f64x2.mul(s, f64x2.mul(f64x2.add(linear, f64x2.mul(constant(12), r2)), e)));
  if (slope !== 0) v128.store(slope, f64x2.mul(f, f64x2.mul(f64x2.mul(constant(13), linear), e)));
}

/**
 * Covariances of four points, packed [d][4] at `four`, with `count` others, rows of `stride` bytes at `points`.
 *
 * @param s     s²
 * @param f     factor of the slope
 * @param out   [count][4]
 * @param slope [count][4], or 0
 */
export function covarianceOfFour(
  four: usize,
  points: usize,
  stride: usize,
  count: usize,
  d: usize,
  nominal: usize,
  weights: usize,
  s: f64,
  f: f64,
  out: usize,
  slope: usize,
): void {
  const sv = f64x2.splat(s);
  const fv = f64x2.splat(f);
  const zero = f64x2.splat(0);
  let k: usize = 0;
  for (; k + 1 < count; k += 2) {
    let r00 = zero;
    let r01 = zero;
    let r10 = zero;
    let r11 = zero;
    let point = points + k * stride;
    for (let j: usize = 0; j < d; j++) {
      const a0 = v128.load(four + j * FOUR);
      const a1 = v128.load(four + j * FOUR, 16);
      const w = v128.load_splat<f64>(weights + j * 8);
      const b0 = v128.load_splat<f64>(point);
      const b1 = v128.load_splat<f64>(point + stride);
      point += 8;
      const t00 = f64x2.sub(a0, b0);
      const t01 = f64x2.sub(a1, b0);
      const t10 = f64x2.sub(a0, b1);
      const t11 = f64x2.sub(a1, b1);
      if (load<u8>(nominal + j)) {
        r00 = f64x2.add(r00, v128.and(f64x2.ne(t00, zero), w));
        r01 = f64x2.add(r01, v128.and(f64x2.ne(t01, zero), w));
        r10 = f64x2.add(r10, v128.and(f64x2.ne(t10, zero), w));
        r11 = f64x2.add(r11, v128.and(f64x2.ne(t11, zero), w));
      } else {
        r00 = f64x2.add(r00, f64x2.mul(f64x2.mul(t00, t00), w));
        r01 = f64x2.add(r01, f64x2.mul(f64x2.mul(t01, t01), w));
        r10 = f64x2.add(r10, f64x2.mul(f64x2.mul(t10, t10), w));
        r11 = f64x2.add(r11, f64x2.mul(f64x2.mul(t11, t11), w));
      }
    }
    const to = out + k * FOUR;
    const slopeTo = slope === 0 ? 0 : slope + k * FOUR;
    writeCovariance(r00, sv, fv, to, slopeTo);
    writeCovariance(r01, sv, fv, to + 16, slopeTo === 0 ? 0 : slopeTo + 16);
    writeCovariance(r10, sv, fv, to + 32, slopeTo === 0 ? 0 : slopeTo + 32);
    writeCovariance(r11, sv, fv, to + 48, slopeTo === 0 ? 0 : slopeTo + 48);
  }
  if (k < count) {
    let r0 = zero;
    let r1 = zero;
    const point = points + k * stride;
    for (let j: usize = 0; j < d; j++) {
      const b = v128.load_splat<f64>(point + j * 8);
      const w = v128.load_splat<f64>(weights + j * 8);
      const t0 = f64x2.sub(v128.load(four + j * FOUR), b);
      const t1 = f64x2.sub(v128.load(four + j * FOUR, 16), b);
      if (load<u8>(nominal + j)) {
        r0 = f64x2.add(r0, v128.and(f64x2.ne(t0, zero), w));
        r1 = f64x2.add(r1, v128.and(f64x2.ne(t1, zero), w));
      } else {
        r0 = f64x2.add(r0, f64x2.mul(f64x2.mul(t0, t0), w));
        r1 = f64x2.add(r1, f64x2.mul(f64x2.mul(t1, t1), w));
      }
    }
    writeCovariance(r0, sv, fv, out + k * FOUR, slope === 0 ? 0 : slope + k * FOUR);
    writeCovariance(r1, sv, fv, out + k * FOUR + 16, slope === 0 ? 0 : slope + k * FOUR + 16);
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
    covarianceOfFour(four + i * d * FOUR, points, stride, 4 * i + 4, d, nominal, weights, s, s, row, slopeRow);
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
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
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
        const t00 = f64x2.sub(a0, b0);
        const t01 = f64x2.sub(a1, b0);
        const t10 = f64x2.sub(a0, b1);
        const t11 = f64x2.sub(a1, b1);
        let sum0 = v128.load(lanes + j * FOUR);
        let sum1 = v128.load(lanes + j * FOUR, 16);
        if (load<u8>(nominal + j)) {
          sum0 = f64x2.add(sum0, f64x2.mul(p00, v128.and(f64x2.ne(t00, zero), one)));
          sum1 = f64x2.add(sum1, f64x2.mul(p01, v128.and(f64x2.ne(t01, zero), one)));
          sum0 = f64x2.add(sum0, f64x2.mul(p10, v128.and(f64x2.ne(t10, zero), one)));
          sum1 = f64x2.add(sum1, f64x2.mul(p11, v128.and(f64x2.ne(t11, zero), one)));
        } else {
          sum0 = f64x2.add(sum0, f64x2.mul(p00, f64x2.mul(t00, t00)));
          sum1 = f64x2.add(sum1, f64x2.mul(p01, f64x2.mul(t01, t01)));
          sum0 = f64x2.add(sum0, f64x2.mul(p10, f64x2.mul(t10, t10)));
          sum1 = f64x2.add(sum1, f64x2.mul(p11, f64x2.mul(t11, t11)));
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
