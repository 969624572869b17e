/**
 * exp, log, tanh and their kin in single precision, rounded after every operation in a fixed order. The WebAssembly twin
 * (`../assembly/functions.ts`) does the same four lanes at a time, so both give the same bits; neither uses the platform's
 * `Math.exp`, whose last bits differ between engines. Errors are below 2 ulp in the normal range, for `erf` 1.5e-7.
 *
 * Source: polynomials of Moshier's Cephes library (expf, logf, tanhf); Abramowitz & Stegun 1964, 7.1.26 (erf).
 */
const f = Math.fround;

const LOG2E = f(Math.LOG2E);
const LN2_HIGH = f(0.693359375);
const LN2_LOW = f(-2.1219444e-4);
/** Adding and taking away 1.5 · 2²³ rounds to the nearest whole number, ties to even. */
const ROUNDER = f(12582912);
const EXP_LOWEST = f(-87.3365447);
const EXP_HIGHEST = f(88.3762589);

const E5 = f(1.98756915e-4);
const E4 = f(1.3981999507e-3);
const E3 = f(8.3334519073e-3);
const E2 = f(4.1665795894e-2);
const E1 = f(1.6666665459e-1);
const E0 = f(5.0000001201e-1);

/** 2ⁿ for n = −127 … 127 at index n + 127 (the first is subnormal and never read). */
const POWERS_OF_TWO = Float32Array.from({ length: 255 }, (_, index) => {
  let power = 1;
  for (let n = 127; n < index; n++) power *= 2;
  for (let n = 127; n > index; n--) power /= 2;
  return power;
});

/** eˣ, the argument kept inside [−87.3, 88.4]; NaN for NaN. */
export function exp(x: number): number {
  // Comparisons that are false for NaN let it through, as `pmin` and `pmax` do.
  const low = x < EXP_LOWEST ? EXP_LOWEST : x;
  const t = EXP_HIGHEST < low ? EXP_HIGHEST : low;
  const n = f(f(f(t * LOG2E) + ROUNDER) - ROUNDER);
  const r = f(f(t - f(n * LN2_HIGH)) - f(n * LN2_LOW));
  let y = f(f(E5 * r) + E4);
  y = f(f(y * r) + E3);
  y = f(f(y * r) + E2);
  y = f(f(y * r) + E1);
  y = f(f(y * r) + E0);
  y = f(f(f(y * f(r * r)) + r) + 1);
  return f(y * POWERS_OF_TWO[n + 127]!);
}

const SMALLEST_NORMAL = f(1.17549435e-38);
const ROOT_HALF = f(Math.SQRT1_2);
const L = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f);

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** Natural logarithm of x > 0; smaller arguments, 0 included, count as the smallest normal number. */
export function log(x: number): number {
  // The bits of NaN and ∞ would pass for a number's.
  if (!(x < Number.POSITIVE_INFINITY)) return x;
  float[0] = x < SMALLEST_NORMAL ? SMALLEST_NORMAL : x;
  let e = (bits[0]! >>> 23) - 126;
  bits[0] = (bits[0]! & 0x7fffff) | 0x3f000000;
  let m = float[0]!;
  if (m < ROOT_HALF) {
    e -= 1;
    m = f(f(m + m) - 1);
  } else {
    m = f(m - 1);
  }
  const z = f(m * m);
  let y = L[0]!;
  for (let i = 1; i < 9; i++) y = f(f(y * m) + L[i]!);
  y = f(f(y * m) * z);
  y = f(y + f(e * LN2_LOW));
  y = f(y - f(z * 0.5));
  return f(f(m + y) + f(e * LN2_HIGH));
}

const TANH_SMALL = f(0.625);
const T4 = f(-5.70498872745e-3);
const T3 = f(2.06390887954e-2);
const T2 = f(-5.37397155531e-2);
const T1 = f(1.33314422036e-1);
const T0 = f(-3.33332819422e-1);

/** tanh x: an odd polynomial for |x| < 0.625, where 1 − 2 / (e²ˣ + 1) would cancel. */
export function tanh(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude < TANH_SMALL) {
    const z = f(x * x);
    let y = f(f(T4 * z) + T3);
    y = f(f(y * z) + T2);
    y = f(f(y * z) + T1);
    y = f(f(y * z) + T0);
    return f(f(f(y * z) * x) + x);
  }
  const y = f(1 - f(2 / f(exp(f(magnitude + magnitude)) + 1)));
  return x < 0 ? -y : y;
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: number): number {
  return f(1 / f(1 + exp(-x)));
}

const ERF_P = f(0.3275911);
const A1 = f(0.254829592);
const A2 = f(-0.284496736);
const A3 = f(1.421413741);
const A4 = f(-1.453152027);
const A5 = f(1.061405429);
const DENSITY_AT_0 = f(0.39894228);

/** Φ(x) = (1 + erf(x / √2)) / 2. */
export function normalCdf(x: number): number {
  const u = f(x * ROOT_HALF);
  const t = f(1 / f(f(ERF_P * Math.abs(u)) + 1));
  let y = f(f(A5 * t) + A4);
  y = f(f(y * t) + A3);
  y = f(f(y * t) + A2);
  y = f(f(y * t) + A1);
  const erf = f(1 - f(f(y * t) * exp(-f(u * u))));
  return f(f((u < 0 ? -erf : erf) + 1) * 0.5);
}

/** Derivative of x Φ(x): Φ(x) + x φ(x). */
export function geluSlope(x: number): number {
  const u = f(x * ROOT_HALF);
  return f(f(f(x * DENSITY_AT_0) * exp(-f(u * u))) + normalCdf(x));
}
