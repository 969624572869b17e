/**
 * Cholesky factors of symmetric positive definite matrices and what is solved with them, over the kernels of `kernels`.
 * Matrices are row-major, a factor [n, n] is lower triangular with zeros above its diagonal; outputs can be passed in, so that
 * a loop allocates nothing.
 *
 * Source: Golub & Van Loan 2013, "Matrix computations", §4.2 (gaxpy form), §3.1 (triangular systems).
 */
import { NumericalError } from "../errors.ts";
import { kernels } from "./kernels/index.ts";
import { solveLower as solveLowerInto, solveLowerTransposed as solveTransposedInto } from "./kernels/triangular.ts";

/** What is added to the diagonal, in parts of its mean, until the factorisation succeeds. */
const JITTER_LADDER: readonly number[] = [0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4];

/** L with L Lᵀ = A + jitter·I. */
export interface CholeskyFactor {
  /** [n, n], lower triangular. */
  readonly L: Float64Array;
  /** What had to be added to the diagonal; 0 for a matrix that is positive definite to working precision. */
  readonly jitter: number;
}

/**
 * The Cholesky factor of a, with as little of the ladder 0, 1e-8, 1e-7 … 1e-4 (times the mean of the diagonal) added to the
 * diagonal as makes it positive definite.
 *
 * @param a  [n, n], symmetric; only the lower triangle is read
 * @param L  [n, n], where the factor goes; not `a` itself, which a second try needs
 * @throws NumericalError when the ladder ends: the matrix is far from positive definite, or has an element that is no number
 */
export function cholesky(a: Float64Array, n: number, L: Float64Array = new Float64Array(n * n)): CholeskyFactor {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += a[i * n + i]!;
  const jitter = climbJitterLadder(n, trace, (added) => tryCholesky(a, n, L, added));
  return { L, jitter };
}

/**
 * The least jitter of the ladder with which `attempt` succeeds.
 *
 * @param trace of the matrix
 * @throws NumericalError when the ladder ends
 */
export function climbJitterLadder(n: number, trace: number, attempt: (jitter: number) => boolean): number {
  for (const step of JITTER_LADDER) {
    const jitter = step === 0 ? 0 : (step * trace) / n;
    if (attempt(jitter)) return jitter;
  }
  throw new NumericalError(
    `A [${n}, ${n}] matrix must be positive definite for its Cholesky factor, but is not even with 1e-4 of its mean diagonal ` +
      `${trace / n} added to the diagonal.`,
  );
}

/**
 * Writes the Cholesky factor of a + jitter·I to L; false where a pivot is not above n·2⁻⁵² of its diagonal element (rounding
 * alone leaves that much), and then L holds nothing of use. L may be `a` itself.
 */
export function tryCholesky(a: Float64Array, n: number, L: Float64Array, jitter = 0): boolean {
  return kernels().factor(a, n, L, jitter);
}

/** x with L x = b, [n]; x may be b itself. One right-hand side is bound by memory, whatever the engine. */
export function solveLower(
  L: Float64Array,
  n: number,
  b: Float64Array,
  x: Float64Array = new Float64Array(n),
): Float64Array {
  return solveLowerInto(L, n, b, x);
}

/** x with Lᵀ x = b, [n]; x may be b itself. */
export function solveLowerTransposed(
  L: Float64Array,
  n: number,
  b: Float64Array,
  x: Float64Array = new Float64Array(n),
): Float64Array {
  return solveTransposedInto(L, n, b, x);
}

/** X with L X = B for m right-hand sides, B and X [n, m]; X may be B itself. */
export function solveLowerMany(
  L: Float64Array,
  n: number,
  B: Float64Array,
  m: number,
  X: Float64Array = new Float64Array(n * m),
): Float64Array {
  kernels().solveLowerMany(L, n, B, m, X);
  return X;
}

/** x with L Lᵀ x = b, [n]; x may be b itself. */
export function solveCholesky(
  L: Float64Array,
  n: number,
  b: Float64Array,
  x: Float64Array = new Float64Array(n),
): Float64Array {
  return solveLowerTransposed(L, n, solveLower(L, n, b, x), x);
}

/**
 * (L Lᵀ)⁻¹, [n, n], symmetric, both triangles filled; for where the inverse itself is wanted (the gradient of a marginal
 * likelihood, leave-one-out residuals), not for solving.
 */
export function choleskyInverse(
  L: Float64Array,
  n: number,
  inverse: Float64Array = new Float64Array(n * n),
): Float64Array {
  kernels().inverse(L, n, inverse);
  return inverse;
}

/**
 * The factor of a matrix with one row and column more, in O(n²) instead of O(n³), with the bits of a full factorisation:
 *
 *   [A  k; kᵀ κ] = [L 0; lᵀ λ] [L 0; lᵀ λ]ᵀ,   L l = k,   λ² = κ − lᵀl
 *
 * @param k      the new off-diagonal elements, [n]
 * @param kappa  the new diagonal element, with the jitter of the rest if it has one
 * @param out    [n + 1, n + 1]
 * @throws NumericalError when the larger matrix is not positive definite; then factor it anew with `cholesky`
 */
export function appendRow(
  L: Float64Array,
  n: number,
  k: Float64Array,
  kappa: number,
  out: Float64Array = new Float64Array((n + 1) * (n + 1)),
): Float64Array {
  const size = n + 1;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) out[i * size + j] = L[i * n + j]!;
    out.fill(0, i * size + i + 1, (i + 1) * size);
  }
  const row = out.subarray(n * size, n * size + n);
  solveLower(L, n, k, row);
  let pivot = kappa;
  for (let j = 0; j < n; j++) pivot -= row[j]! * row[j]!;
  if (!(pivot > size * Number.EPSILON * kappa && pivot < Infinity)) {
    throw new NumericalError(
      `A matrix must stay positive definite when a row is appended to its factor, but the new pivot is ${pivot} of ${kappa}. ` +
        "Factor the whole matrix with `cholesky`, which adds jitter.",
    );
  }
  out[n * size + n] = Math.sqrt(pivot);
  return out;
}

/**
 * The factor of a matrix with m rows and columns more, in O(m n²), with the bits of a full factorisation; undefined where that would find the
 * matrix not positive definite, or nearly so.
 *
 * @param added    the new rows, [m, n + m], of which the lower triangle is read
 * @param diagonal the largest element on the diagonal of the first n rows
 */
export function appendRows(
  L: Float64Array,
  n: number,
  added: Float64Array,
  m: number,
  diagonal: number,
): Float64Array | undefined {
  const size = n + m;
  const out = new Float64Array(size * size);
  const negligible = 2 * size * Number.EPSILON;
  for (let i = 0; i < n; i++) {
    out.set(L.subarray(i * n, i * n + i + 1), i * size);
    // A pivot that was enough for n rows may not be for more.
    const root = L[i * n + i]!;
    if (!(root * root > negligible * diagonal)) return undefined;
  }
  for (let i = n; i < size; i++) {
    const from = (i - n) * size;
    const row = i * size;
    let pivot = added[from + i]!;
    for (let j = 0; j < i; j++) {
      let sum = added[from + j]!;
      for (let k = 0; k < j; k++) sum -= out[row + k]! * out[j * size + k]!;
      const element = sum / out[j * size + j]!;
      out[row + j] = element;
      pivot -= element * element;
    }
    if (!(pivot > negligible * added[from + i]! && pivot < Infinity)) return undefined;
    out[row + i] = Math.sqrt(pivot);
  }
  return out;
}
