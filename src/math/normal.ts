/**
 * The standard normal distribution, φ and Φ, accurate in both tails, and the excess E[max(z − Z, 0)] = φ(z) + z Φ(z) on which
 * expected improvement rests, with its logarithm where it underflows.
 */
import { erfc, erfcx, expSquare, log, log1p } from "./special.ts";

const SQRT_HALF = Math.SQRT1_2;
const INV_SQRT_2PI = 0.3989422804014327;
const LOG_SQRT_2PI = 0.9189385332046727;
const SQRT_HALF_PI = 1.2533141373155003;

/** φ(z) = exp(−z²/2)/√(2π). */
export function normalPdf(z: number): number {
  return INV_SQRT_2PI * expSquare(z, -0.5);
}

/** log φ(z) = −z²/2 − log √(2π). */
export function normalLogPdf(z: number): number {
  return -0.5 * z * z - LOG_SQRT_2PI;
}

/** Φ(z), the probability below z. */
export function normalCdf(z: number): number {
  // In the lower tail the rounding of z/√2 would be magnified by z²; with the scaled complement it is not.
  if (z < -0.7) return 0.5 * expSquare(z, -0.5) * erfcx(-z * SQRT_HALF);
  return 0.5 * erfc(-z * SQRT_HALF);
}

/** log Φ(z), finite as long as z² is. */
export function normalLogCdf(z: number): number {
  if (z > 0) return log1p(-normalCdf(-z));
  if (z > -1) return log(normalCdf(z));
  return log(0.5 * erfcx(-z * SQRT_HALF)) - 0.5 * z * z;
}

/**
 * The z with Φ(z) = p; −∞ at 0, ∞ at 1, NaN outside [0, 1]. Relative error below 1e-15 for every double p between.
 *
 * Source: Wichura 1988, algorithm AS 241 (PPND16).
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) return q * centralQuantile(0.180625 - q * q);
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  const r = Math.sqrt(-log(q < 0 ? p : 1 - p));
  const magnitude = r <= 5 ? middleQuantile(r - 1.6) : tailQuantile(r - 5);
  return q < 0 ? -magnitude : magnitude;
}

/** h(z) = φ(z) + z Φ(z) = E[max(z − Z, 0)] for a standard normal Z; expected improvement is σ h((f* − μ)/σ). */
export function expectedExcess(z: number): number {
  return z > -1 ? normalPdf(z) + z * normalCdf(z) : normalPdf(z) * excessOverDensity(z);
}

/**
 * log h(z), h(z) = φ(z) + z Φ(z); finite and increasing for every z >= −1e154, where h itself underflows below −38.
 *
 *   z > −1:   log(φ(z) + z Φ(z))
 *   z <= −1:  −z²/2 − log √(2π) + log(1 + z m(z)),   m(z) = Φ(z)/φ(z) = √(π/2) erfcx(−z/√2)
 *
 * Source: Ament et al. 2023, arXiv:2310.20708, eq. 9; below −20 with more terms of 1 + z m(z) in 1/z², for full precision.
 */
export function logExpectedExcess(z: number): number {
  return z > -1 ? log(expectedExcess(z)) : log(excessOverDensity(z)) + normalLogPdf(z);
}

/** d/dz log h(z) = Φ(z)/h(z), since h′ = Φ; about 1/z far above 0 and −z far below. */
export function logExpectedExcessSlope(z: number): number {
  return z > -1 ? normalCdf(z) / expectedExcess(z) : millsRatio(z) / excessOverDensity(z);
}

/** Φ(z)/φ(z) for z <= 0. */
function millsRatio(z: number): number {
  return SQRT_HALF_PI * erfcx(-z * SQRT_HALF);
}

/** h(z)/φ(z) = 1 + z m(z), for z <= −1. */
function excessOverDensity(z: number): number {
  if (z > -20) return 1 + z * millsRatio(z);
  // The sum cancels to 1/z²; its asymptotic series Σ (−1)ᵏ (2k + 1)!!/z²ᵏ⁺² does not.
  const w = 1 / (z * z);
  return (
    w *
    (1 -
      w *
        (3 -
          w *
            (15 - w * (105 - w * (945 - w * (10395 - w * (135135 - w * (2027025 - w * (34459425 - w * 654729075)))))))))
  );
}

/** AS 241 for |p − ½| <= 0.425: z/q, from r = 0.425² − q². */
function centralQuantile(r: number): number {
  return (
    (((((((2509.0809287301227 * r + 33430.57558358813) * r + 67265.7709270087) * r + 45921.95393154987) * r +
      13731.69376550946) *
      r +
      1971.5909503065513) *
      r +
      133.14166789178438) *
      r +
      3.3871328727963665) /
    (((((((5226.495278852854 * r + 28729.085735721943) * r + 39307.89580009271) * r + 21213.794301586597) * r +
      5394.196021424751) *
      r +
      687.1870074920579) *
      r +
      42.31333070160091) *
      r +
      1)
  );
}

/** AS 241 for √(−log p) <= 5, from r = √(−log p) − 1.6. */
function middleQuantile(r: number): number {
  return (
    (((((((0.0007745450142783414 * r + 0.022723844989269184) * r + 0.2417807251774506) * r + 1.2704582524523684) * r +
      3.6478483247632045) *
      r +
      5.769497221460691) *
      r +
      4.630337846156546) *
      r +
      1.4234371107496835) /
    (((((((1.0507500716444169e-9 * r + 0.0005475938084995345) * r + 0.015198666563616457) * r + 0.14810397642748008) *
      r +
      0.6897673349851) *
      r +
      1.6763848301838038) *
      r +
      2.053191626637759) *
      r +
      1)
  );
}

/** AS 241 for √(−log p) > 5, from r = √(−log p) − 5. */
function tailQuantile(r: number): number {
  return (
    (((((((2.0103343992922881e-7 * r + 2.7115555687434876e-5) * r + 0.0012426609473880784) * r + 0.026532189526576124) *
      r +
      0.29656057182850487) *
      r +
      1.7848265399172913) *
      r +
      5.463784911164114) *
      r +
      6.657904643501103) /
    (((((((2.0442631033899397e-15 * r + 1.421511758316446e-7) * r + 1.8463183175100548e-5) * r +
      0.0007868691311456133) *
      r +
      0.014875361290850615) *
      r +
      0.1369298809227358) *
      r +
      0.599832206555888) *
      r +
      1)
  );
}
