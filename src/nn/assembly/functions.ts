/**
 * exp, log, tanh and their kin, four lanes at a time: operation for operation what `../engine/functions.ts` does with one
 * number. `pmax(x, a)` is `x < a ? a : x` and `pmin(x, a)` is `a < x ? a : x`, which let NaN through.
 */
const LOG2E: f32 = <f32>Math.LOG2E;
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;
const ROUNDER: f32 = 12582912;
const EXP_LOWEST: f32 = -87.3365447;
const EXP_HIGHEST: f32 = 88.3762589;

const E5: f32 = 1.98756915e-4;
const E4: f32 = 1.3981999507e-3;
const E3: f32 = 8.3334519073e-3;
const E2: f32 = 4.1665795894e-2;
const E1: f32 = 1.6666665459e-1;
const E0: f32 = 5.0000001201e-1;

export function exp(x: v128): v128 {
  const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(EXP_LOWEST)), f32x4.splat(EXP_HIGHEST));
  const rounder = f32x4.splat(ROUNDER);
  const n = f32x4.sub(f32x4.add(f32x4.mul(t, f32x4.splat(LOG2E)), rounder), rounder);
  const r = f32x4.sub(f32x4.sub(t, f32x4.mul(n, f32x4.splat(LN2_HIGH))), f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let y = f32x4.add(f32x4.mul(f32x4.splat(E5), r), f32x4.splat(E4));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(E3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(E2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(E1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(E0));
  y = f32x4.add(f32x4.add(f32x4.mul(y, f32x4.mul(r, r)), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(y, power);
}

/** One lane of `exp`. */
export function expOf(x: f32): f32 {
  return f32x4.extract_lane(exp(f32x4.splat(x)), 0);
}

const SMALLEST_NORMAL: f32 = 1.17549435e-38;
const ROOT_HALF: f32 = <f32>Math.SQRT1_2;
const L0: f32 = 7.0376836292e-2;
const L1: f32 = -1.151461031e-1;
const L2: f32 = 1.167699874e-1;
const L3: f32 = -1.2420140846e-1;
const L4: f32 = 1.4249322787e-1;
const L5: f32 = -1.6668057665e-1;
const L6: f32 = 2.0000714765e-1;
const L7: f32 = -2.4999993993e-1;
const L8: f32 = 3.3333331174e-1;

/** Needed once a row, for the loss that is reported, so by one number. */
export function log(x: f32): f32 {
  if (!(x <= f32.MAX_VALUE)) return x;
  const bits = reinterpret<u32>(x < SMALLEST_NORMAL ? SMALLEST_NORMAL : x);
  let e = <f32>(<i32>(bits >>> 23) - 126);
  let m = reinterpret<f32>((bits & 0x7fffff) | 0x3f000000);
  if (m < ROOT_HALF) {
    e -= 1;
    m = m + m - 1;
  } else {
    m = m - 1;
  }
  const z = m * m;
  let y = L0 * m + L1;
  y = y * m + L2;
  y = y * m + L3;
  y = y * m + L4;
  y = y * m + L5;
  y = y * m + L6;
  y = y * m + L7;
  y = y * m + L8;
  y = y * m * z;
  y = y + e * LN2_LOW;
  y = y - z * 0.5;
  return m + y + e * LN2_HIGH;
}

const TANH_SMALL: f32 = 0.625;
const T4: f32 = -5.70498872745e-3;
const T3: f32 = 2.06390887954e-2;
const T2: f32 = -5.37397155531e-2;
const T1: f32 = 1.33314422036e-1;
const T0: f32 = -3.33332819422e-1;

export function tanh(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let near = f32x4.add(f32x4.mul(f32x4.splat(T4), z), f32x4.splat(T3));
  near = f32x4.add(f32x4.mul(near, z), f32x4.splat(T2));
  near = f32x4.add(f32x4.mul(near, z), f32x4.splat(T1));
  near = f32x4.add(f32x4.mul(near, z), f32x4.splat(T0));
  near = f32x4.add(f32x4.mul(f32x4.mul(near, z), x), x);
  const one = f32x4.splat(1);
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp(f32x4.add(magnitude, magnitude)), one)));
  const signed = v128.bitselect(f32x4.neg(far), far, f32x4.lt(x, f32x4.splat(0)));
  return v128.bitselect(near, signed, f32x4.lt(magnitude, f32x4.splat(TANH_SMALL)));
}

export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

const ERF_P: f32 = 0.3275911;
const A1: f32 = 0.254829592;
const A2: f32 = -0.284496736;
const A3: f32 = 1.421413741;
const A4: f32 = -1.453152027;
const A5: f32 = 1.061405429;
const DENSITY_AT_0: f32 = 0.39894228;

export function normalCdf(x: v128): v128 {
  const one = f32x4.splat(1);
  const u = f32x4.mul(x, f32x4.splat(ROOT_HALF));
  const t = f32x4.div(one, f32x4.add(f32x4.mul(f32x4.splat(ERF_P), f32x4.abs(u)), one));
  let y = f32x4.add(f32x4.mul(f32x4.splat(A5), t), f32x4.splat(A4));
  y = f32x4.add(f32x4.mul(y, t), f32x4.splat(A3));
  y = f32x4.add(f32x4.mul(y, t), f32x4.splat(A2));
  y = f32x4.add(f32x4.mul(y, t), f32x4.splat(A1));
  const erf = f32x4.sub(one, f32x4.mul(f32x4.mul(y, t), exp(f32x4.neg(f32x4.mul(u, u)))));
  const signed = v128.bitselect(f32x4.neg(erf), erf, f32x4.lt(u, f32x4.splat(0)));
  return f32x4.mul(f32x4.add(signed, one), f32x4.splat(0.5));
}

export function geluSlope(x: v128): v128 {
  const u = f32x4.mul(x, f32x4.splat(ROOT_HALF));
  const density = exp(f32x4.neg(f32x4.mul(u, u)));
  return f32x4.add(f32x4.mul(f32x4.mul(x, f32x4.splat(DENSITY_AT_0)), density), normalCdf(x));
}
