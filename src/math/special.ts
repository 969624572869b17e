/**
 * Elementary and error functions with the same bits on every engine and processor: only + − × ÷, comparisons and access
 * to the bits of a double, never `Math.exp`, `Math.log` or `Math.pow`, whose last bits differ between engines and versions.
 * Results are within 2 units in the last place of the true value (`erfc`, `erfcx`: 4); special arguments as in ECMAScript.
 *
 * Method: argument reduction as in fdlibm (Sun 1993) with polynomials of our own; the fits, and their errors, are printed by
 * `test/fixtures/math/make-coefficients.py`. `erfcx` by the substitution of Shepherd & Laframboise 1981.
 */

const INV_LN2 = Math.LOG2E;
/** log 2 in two parts; the first has 21 zero bits at its end, so that k·LN2_HIGH is exact for every exponent k. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const INV_SQRT_PI = 0.5641895835477563;

/** 2^−1074 … 2^1023: a look-up costs less than assembling the bits of a double. */
const POWERS_OF_TWO: Float64Array = powersOfTwo();

const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);
/** Where the sign and exponent of DOUBLE[0] lie among WORDS: 1 on every little-endian machine. */
const HIGH = locateHighWord();

/** eˣ. */
export function exp(x: number): number {
  if (!(x > -745.2 && x < 709.8)) return x > 0 ? Infinity : x < 0 ? 0 : x;
  const k = nearest(x * INV_LN2);
  return expReduced(k, x - k * LN2_HIGH, k * LN2_LOW);
}

/** exp(scale·x²) for a scale of ±½ or ±1, without the loss that rounding x² costs where |x| is large. */
export function expSquare(x: number, scale: -1 | -0.5 | 0.5 | 1): number {
  // Both products are exact or small: `head` has 24 bits, so its square fits into a double.
  const head = Math.fround(x);
  return expSum(scale * (head * head), scale * ((x - head) * (x + head)));
}

/** eˣ − 1, accurate near 0. */
export function expm1(x: number): number {
  if (!(x > -38 && x < 709.8)) return x > 0 ? Infinity : x < 0 ? -1 : x;
  if (x < 5e-17 && x > -5e-17) return x;
  const k = nearest(x * INV_LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const c = expRemainder(r);
  const e = r + ((r * c) / (2 - c) + (high - r - low));
  if (k === 0) return e;
  return k > 53 ? timesPowerOfTwo(1 + e, k) : timesPowerOfTwo(e, k) + (timesPowerOfTwo(1, k) - 1);
}

/** Natural logarithm: −∞ at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  const k = exponentOf(x);
  return logOnePlus(significand(x, k) - 1, k, 0);
}

/** log(1 + x), accurate near 0. */
export function log1p(x: number): number {
  if (!(x > -1 && x < Infinity)) return x === -1 ? -Infinity : x > 0 ? x : NaN;
  if (x < 5e-17 && x > -5e-17) return x;
  if (x > -0.2928 && x < 0.4142) return logOnePlus(x, 0, 0);
  const u = 1 + x;
  // What the sum lost, relative to the sum: log(u + δ) = log u + δ/u.
  const lost = (x > 1 ? 1 - (u - x) : x - (u - 1)) / u;
  const k = exponentOf(u);
  return logOnePlus(significand(u, k) - 1, k, lost);
}

/**
 * x^y = exp(y log x), the logarithm and the product in double-double arithmetic (Dekker 1971), so that large exponents keep
 * their last digits.
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  const magnitude = x < 0 ? -x : x;
  if (!(magnitude > 0 && magnitude < Infinity && magnitude !== 1 && y - y === 0)) return powOfSpecial(x, magnitude, y);
  if (x < 0 && y % 1 !== 0) return NaN;
  const sign = x < 0 && y % 2 !== 0 ? -1 : 1;
  const logHigh = logDouble(magnitude);
  const logLow = DOUBLE[0]!;
  const high = y * logHigh;
  if (high > 710) return sign * Infinity;
  if (high < -746) return sign * 0;
  return sign * expSum(high, productError(y, logHigh, high) + y * logLow);
}

/** The error function, 2/√π ∫₀ˣ e^(−t²) dt. */
export function erf(x: number): number {
  if (x < 1 && x > -1) return erfNearZero(x);
  return x > 0 ? 1 - erfc(x) : x < 0 ? erfc(-x) - 1 : x;
}

/** 1 − erf(x), with full relative accuracy where it is small. */
export function erfc(x: number): number {
  if (x < 0.5) return x > -1 ? 1 - erfNearZero(x) : 2 - erfc(-x);
  if (!(x < 27.3)) return x > 0 ? 0 : x;
  return expSquare(x, -1) * erfcxPositive(x);
}

/** The scaled complement exp(x²) erfc(x), which neither underflows nor loses digits as x grows. */
export function erfcx(x: number): number {
  if (x >= 0) return erfcxPositive(x);
  if (!(x > -26.7)) return x < 0 ? Infinity : x;
  if (x > -1) return expSquare(x, 1) * (1 - erfNearZero(x));
  return 2 * expSquare(x, 1) - erfcxPositive(-x);
}

/** exp(high + low) where |low| is far below |high|. */
function expSum(high: number, low: number): number {
  if (!(high > -745.2 && high < 709.8)) return exp(high);
  const k = nearest(high * INV_LN2);
  return expReduced(k, high - k * LN2_HIGH, k * LN2_LOW - low);
}

/** The nearest integer to x, |x| < 2^31: beside 1.5·2^52 there are no digits behind the point. */
function nearest(x: number): number {
  return (x + 6755399441055744 - 6755399441055744) | 0;
}

/** 2^k exp(high − low). */
function expReduced(k: number, high: number, low: number): number {
  const r = high - low;
  const c = expRemainder(r);
  return timesPowerOfTwo(1 - (low - (r * c) / (2 - c) - high), k);
}

/** c with eʳ = 1 + r + r c/(2 − c), |r| <= ½ log 2; from r coth(r/2) = 2 + r² P(r²), c = r − r² P. */
function expRemainder(r: number): number {
  const t = r * r;
  return (
    r -
    t *
      (0.1666666666666666 +
        t *
          (-0.002777777777756372 +
            t * (6.613756471282328e-5 + t * (-1.6534059505063117e-6 + t * 4.143741142274464e-8))))
  );
}

/** y 2^k for −1100 <= k <= 1024 and y near 1; results below the smallest normal number are rounded once. */
function timesPowerOfTwo(y: number, k: number): number {
  if (k > 1023) return y * 2 * POWERS_OF_TWO[k + 1073]!;
  if (k < -1021) return y * POWERS_OF_TWO[k + 1174]! * POWERS_OF_TWO[974]!;
  return y * POWERS_OF_TWO[k + 1074]!;
}

/** The k with √½ <= x 2^−k < √2 (to 20 bits), for finite x > 0. */
function exponentOf(x: number): number {
  if (x < 2.2250738585072014e-308) return exponentOf(x * 18014398509481984) - 54;
  DOUBLE[0] = x;
  const word = WORDS[HIGH]!;
  return (word >>> 20) - ((word & 0xfffff) < 0x6a09e ? 1023 : 1022);
}

/** x 2^−k, exactly; k as `exponentOf` gives it. A product, since a write into the bits would stall the read that follows. */
function significand(x: number, k: number): number {
  return k < -1022 ? x * 18014398509481984 * POWERS_OF_TWO[1020 - k]! : x * POWERS_OF_TWO[1074 - k]!;
}

/** k log 2 + log(1 + f) + correction, for √½ <= 1 + f <= √2; with s = f/(2 + f), log(1 + f) = 2s + s³ Q(s²). */
function logOnePlus(f: number, k: number, correction: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const q =
    0.666666666666667 +
    z *
      (0.3999999999989889 +
        z *
          (0.28571428626253836 +
            z *
              (0.22222211089379496 + z * (0.1818289243253687 + z * (0.15331611722055008 + z * 0.14617807153417325)))));
  const halfSquare = 0.5 * f * f;
  return k * LN2_HIGH - (halfSquare - (s * (halfSquare + z * q) + (k * LN2_LOW + correction)) - f);
}

/**
 * log x for finite x > 0 to about 2^−68 relative: returns the leading part and leaves the rest in DOUBLE[0].
 * The series is that of `logOnePlus`, with s and its cube as sums of two doubles: 2s + ⅔ s³ + s⁵ Q(s²).
 */
function logDouble(x: number): number {
  const k = exponentOf(x);
  const f = significand(x, k) - 1;
  const divisor = 2 + f;
  const s = f / divisor;
  const product = s * divisor;
  const sLow = (f - product - productError(s, divisor, product) - s * (f - (divisor - 2))) / divisor;
  const z = s * s;
  const zLow = productError(s, s, z) + 2 * s * sLow;
  const cube = s * z;
  const cubeLow = productError(s, z, cube) + s * zLow + sLow * z;
  const third = cube * 0.6666666666666666;
  const thirdLow =
    productError(cube, 0.6666666666666666, third) + cube * 3.700743415417188e-17 + cubeLow * 0.6666666666666666;
  const tail =
    cube *
    z *
    (0.4000000000000003 +
      z *
        (0.2857142857133801 +
          z *
            (0.22222222271326808 +
              z *
                (0.18181808210921882 +
                  z * (0.15385577463308145 + z * (0.13285868837545742 + z * 0.1291471218393509))))));
  const series = 2 * s + third;
  const seriesLow = 2 * s - series + third + 2 * sLow + thirdLow + tail;
  const exponent = k * LN2_HIGH;
  const sum = exponent + series;
  const sumLow = (exponent === 0 ? 0 : exponent - sum + series) + seriesLow + k * LN2_LOW;
  const high = sum + sumLow;
  DOUBLE[0] = sum - high + sumLow;
  return high;
}

/** a·b − fl(a·b), exactly unless a split overflows (then the product has overflowed or is near it). */
function productError(a: number, b: number, product: number): number {
  const aScaled = a * 134217729;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = b * 134217729;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** x^y where x is 0, ±1, infinite or NaN, or y is infinite or NaN; y is not 0. */
function powOfSpecial(x: number, magnitude: number, y: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (y === Infinity || y === -Infinity) return magnitude === 1 ? NaN : magnitude > 1 === y > 0 ? Infinity : 0;
  const negative = x < 0 || 1 / x < 0;
  if (negative && magnitude === 1 && y % 1 !== 0) return NaN;
  const sign = negative && (y % 2 === 1 || y % 2 === -1) ? -1 : 1;
  return magnitude === 1 ? sign : sign * (magnitude > 1 === y > 0 ? Infinity : 0);
}

/** erf on [−1, 1]: x P(x²). */
function erfNearZero(x: number): number {
  const t = x * x;
  return (
    x *
    (1.1283791670955126 +
      t *
        (-0.3761263890318375 +
          t *
            (0.11283791670954879 +
              t *
                (-0.026866170645076792 +
                  t *
                    (0.0052239776248180145 +
                      t *
                        (-0.000854832698083379 +
                          t *
                            (0.0001205533111164271 +
                              t *
                                (-1.4925595266831182e-5 +
                                  t *
                                    (1.6461000484121368e-6 +
                                      t *
                                        (-1.6350312701054695e-7 +
                                          t *
                                            (1.4659775274047436e-8 +
                                              t * (-1.1372848856791674e-9 + t * 5.957176147748911e-11))))))))))))
  );
}

/** The polynomial of (1 + 2x) erfcx(x) in t = (x − 3)/(x + 3), lowest power first. */
const ERFCX = Float64Array.of(
  1.2530080582697296,
  -0.13562110612458117,
  -0.04756229435345087,
  0.1296451587027606,
  -0.11927366341530699,
  0.06830802734397848,
  -0.023770514918645888,
  0.002529391816066239,
  0.0018886903591561553,
  -0.0007798322721083991,
  -0.00010515979981501177,
  0.00012509935235563107,
  4.949484992570595e-6,
  -2.0100567931289227e-5,
  -7.315105164159062e-7,
  3.472414602875686e-6,
  3.5683839153992204e-7,
  -6.166496077604353e-7,
  -1.4160064940265987e-7,
  1.0187000600072885e-7,
  4.180784698845582e-8,
  -1.3326364813003834e-8,
  -8.500397929772615e-9,
  9.885798831139365e-10,
  8.864219016427092e-10,
);

/** erfcx for x >= 0. */
function erfcxPositive(x: number): number {
  // Beyond this the next term of the asymptotic series, 1/(2x²), is below half a unit in the last place.
  if (x > 1e8) return INV_SQRT_PI / x;
  const t = (x - 3) / (x + 3);
  let p = ERFCX[24]!;
  for (let i = 23; i >= 0; i--) p = p * t + ERFCX[i]!;
  return p / (1 + 2 * x);
}

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(2098);
  powers[1074] = 1;
  for (let i = 1075; i < 2098; i++) powers[i] = powers[i - 1]! * 2;
  for (let i = 1073; i >= 0; i--) powers[i] = powers[i + 1]! / 2;
  return powers;
}

function locateHighWord(): 0 | 1 {
  DOUBLE[0] = 1;
  return WORDS[1] === 0 ? 0 : 1;
}
