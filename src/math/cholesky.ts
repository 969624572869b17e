/**
 * Cholesky factors of symmetric positive definite matrices and what is solved with them. Matrices are row-major, a factor
 * [n, n] is lower triangular with zeros above its diagonal; outputs can be passed in, so that a loop allocates nothing.
 *
 * Every element is reduced one term after another in a fixed order, whatever the blocking: the sums run over k in several
 * rows and columns at once, never over several k at once. So the blocked loops here, a naive loop, a row appended and a
 * vectorised kernel all give the same bits.
 *
 * Source: Golub & Van Loan 2013, "Matrix computations", §4.2 (gaxpy form), §3.1 (triangular systems).
 */
import { NumericalError } from "../errors.ts";

/** Rows of a block: four rows by two columns of sums fit into sixteen registers beside their operands. */
const BLOCK = 4;
/** Right-hand sides solved together, so that a block of rows of L is read once for all of them. */
const PANEL = 8;

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
  for (const step of JITTER_LADDER) {
    const jitter = step === 0 ? 0 : (step * trace) / n;
    if (tryCholesky(a, n, L, jitter)) return { L, jitter };
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
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) L[row + j] = a[row + j]!;
    L[row + i] = a[row + i]! + jitter;
    L.fill(0, row + i + 1, row + n);
  }
  const negligible = n * Number.EPSILON;
  for (let i = 0; i < n; i += BLOCK) {
    const rows = Math.min(BLOCK, n - i);
    for (let j = 0; j < i; j += 2) {
      subtractProducts(L, i * n + j, n, 1, L, i * n, n, rows, L, j * n, n, 2, j);
      const pivot = L[j * n + j]!;
      const below = L[(j + 1) * n + j]!;
      const nextPivot = L[(j + 1) * n + j + 1]!;
      for (let r = i * n + j, end = r + rows * n; r < end; r += n) {
        const first = L[r]! / pivot;
        L[r] = first;
        L[r + 1] = (L[r + 1]! - first * below) / nextPivot;
      }
    }
    if (!factorDiagonalBlock(L, n, i, rows, negligible)) return false;
  }
  return true;
}

/** x with L x = b, [n]; x may be b itself. */
export function solveLower(
  L: Float64Array,
  n: number,
  b: Float64Array,
  x: Float64Array = new Float64Array(n),
): Float64Array {
  if (x !== b) copy(b, x, n);
  solvePanel(L, n, x, 0, 1, 0);
  return x;
}

/** x with Lᵀ x = b, [n]; x may be b itself. */
export function solveLowerTransposed(
  L: Float64Array,
  n: number,
  b: Float64Array,
  x: Float64Array = new Float64Array(n),
): Float64Array {
  if (x !== b) copy(b, x, n);
  // Column by column of Lᵀ, which are the rows of L: two at a time, so that x is read and written half as often.
  let k = n - 1;
  for (; k > 0; k -= 2) {
    const row = k * n;
    const rowBefore = row - n;
    const last = x[k]! / L[row + k]!;
    const before = (x[k - 1]! - L[row + k - 1]! * last) / L[rowBefore + k - 1]!;
    x[k] = last;
    x[k - 1] = before;
    for (let i = 0; i < k - 1; i++) x[i] = x[i]! - L[row + i]! * last - L[rowBefore + i]! * before;
  }
  if (k === 0) x[0] = x[0]! / L[0]!;
  return x;
}

/** X with L X = B for m right-hand sides, B and X [n, m]; X may be B itself. */
export function solveLowerMany(
  L: Float64Array,
  n: number,
  B: Float64Array,
  m: number,
  X: Float64Array = new Float64Array(n * m),
): Float64Array {
  const panel = new Float64Array(PANEL * n);
  for (let c = 0; c < m; c += PANEL) {
    const columns = Math.min(PANEL, m - c);
    for (let i = 0; i < n; i++) for (let s = 0; s < columns; s++) panel[s * n + i] = B[i * m + c + s]!;
    solvePanel(L, n, panel, 0, columns, 0);
    for (let i = 0; i < n; i++) for (let s = 0; s < columns; s++) X[i * m + c + s] = panel[s * n + i]!;
  }
  return X;
}

/** X with Lᵀ X = B for m right-hand sides, B and X [n, m]; X may be B itself. */
export function solveLowerTransposedMany(
  L: Float64Array,
  n: number,
  B: Float64Array,
  m: number,
  X: Float64Array = new Float64Array(n * m),
): Float64Array {
  // Read backwards in both directions, Lᵀ is lower triangular: M[i, k] = L[n−1−k, n−1−i].
  const M = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let k = 0; k <= i; k++) M[i * n + k] = L[(n - 1 - k) * n + n - 1 - i]!;
  const panel = new Float64Array(PANEL * n);
  for (let c = 0; c < m; c += PANEL) {
    const columns = Math.min(PANEL, m - c);
    for (let i = 0; i < n; i++) for (let s = 0; s < columns; s++) panel[s * n + n - 1 - i] = B[i * m + c + s]!;
    solvePanel(M, n, panel, 0, columns, 0);
    for (let i = 0; i < n; i++) for (let s = 0; s < columns; s++) X[i * m + c + s] = panel[s * n + n - 1 - i]!;
  }
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
 *
 * @param work  [n, n], overwritten
 */
export function choleskyInverse(
  L: Float64Array,
  n: number,
  inverse: Float64Array = new Float64Array(n * n),
  work: Float64Array = new Float64Array(n * n),
): Float64Array {
  // Row j of V is column j of L⁻¹, zero before its element j, so that both steps are dot products of rows.
  const V = work;
  V.fill(0, 0, n * n);
  for (let j = 0; j < n; j++) V[j * n + j] = 1;
  for (let j = 0; j < n; j += PANEL) solvePanel(L, n, V, j * n, Math.min(PANEL, n - j), j);
  // (L Lᵀ)⁻¹ = V Vᵀ, where row i of V is zero before element i.
  for (let i = 0; i < n; i += BLOCK) {
    const rows = Math.min(BLOCK, n - i);
    const columns = i + rows;
    for (let r = i; r < i + rows; r++) inverse.fill(0, r * n, r * n + columns);
    subtractProducts(inverse, i * n, n, 1, V, i * n + i, n, rows, V, i, n, columns, n - i);
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const element = -inverse[i * n + j]!;
      inverse[i * n + j] = element;
      inverse[j * n + i] = element;
    }
  }
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

/** Finishes rows i … i+rows−1 of L, which are complete before column i; false where a pivot is negligible. */
function factorDiagonalBlock(L: Float64Array, n: number, i: number, rows: number, negligible: number): boolean {
  const diagonal = [0, 0, 0, 0];
  for (let r = 0; r < rows; r++) diagonal[r] = L[(i + r) * n + i + r]!;
  subtractProducts(L, i * n + i, n, 1, L, i * n, n, rows, L, i * n, n, rows, i);
  for (let r = i; r < i + rows; r++) {
    const row = r * n;
    for (let j = i; j < r; j++) {
      let element = L[row + j]!;
      for (let k = i; k < j; k++) element -= L[row + k]! * L[j * n + k]!;
      L[row + j] = element / L[j * n + j]!;
    }
    let pivot = L[row + r]!;
    for (let k = i; k < r; k++) pivot -= L[row + k]! * L[row + k]!;
    if (!(pivot > negligible * diagonal[r - i]! && pivot < Infinity)) return false;
    L[row + r] = Math.sqrt(pivot);
    // The products have also reached above the diagonal of the block.
    L.fill(0, row + r + 1, row + i + rows);
  }
  return true;
}

/** Solves L x = b in place for `count` vectors, the rows [count, n] of X from `x` on, all zero before element `start`. */
function solvePanel(L: Float64Array, n: number, X: Float64Array, x: number, count: number, start: number): void {
  for (let i = start; i < n; i += BLOCK) {
    const rows = Math.min(BLOCK, n - i);
    subtractProducts(X, x + i, 1, n, L, i * n + start, n, rows, X, x + start, n, count, i - start);
    for (let s = 0; s < count; s++) {
      const column = x + s * n;
      for (let r = i; r < i + rows; r++) {
        let element = X[column + r]!;
        for (let k = i; k < r; k++) element -= L[r * n + k]! * X[column + k]!;
        X[column + r] = element / L[r * n + r]!;
      }
    }
  }
}

/**
 * C −= A Bᵀ for up to four rows of A and any number of rows of B, `length` elements each:
 *
 *   C[c + r·rowStep + s·columnStep] −= Σₖ A[a + r·lda + k] B[b + s·ldb + k],   0 <= r < rows, 0 <= s < columns
 */
function subtractProducts(
  C: Float64Array,
  c: number,
  rowStep: number,
  columnStep: number,
  A: Float64Array,
  a: number,
  lda: number,
  rows: number,
  B: Float64Array,
  b: number,
  ldb: number,
  columns: number,
  length: number,
): void {
  let s = 0;
  if (rows === BLOCK) {
    for (; s + 1 < columns; s += 2) {
      subtractTile4x2(C, c + s * columnStep, rowStep, columnStep, A, a, lda, B, b + s * ldb, ldb, length);
    }
    if (s < columns) subtractTile4x1(C, c + s * columnStep, rowStep, A, a, lda, B, b + s * ldb, length);
    return;
  }
  for (; s < columns; s++) {
    for (let r = 0; r < rows; r++) {
      const at = c + r * rowStep + s * columnStep;
      const rowA = a + r * lda;
      const rowB = b + s * ldb;
      let sum = C[at]!;
      for (let k = 0; k < length; k++) sum -= A[rowA + k]! * B[rowB + k]!;
      C[at] = sum;
    }
  }
}

function subtractTile4x2(
  C: Float64Array,
  c0: number,
  rowStep: number,
  columnStep: number,
  A: Float64Array,
  a0: number,
  lda: number,
  B: Float64Array,
  b0: number,
  ldb: number,
  length: number,
): void {
  const c1 = c0 + rowStep;
  const c2 = c1 + rowStep;
  const c3 = c2 + rowStep;
  const a1 = a0 + lda;
  const a2 = a1 + lda;
  const a3 = a2 + lda;
  const b1 = b0 + ldb;
  let s00 = C[c0]!;
  let s01 = C[c0 + columnStep]!;
  let s10 = C[c1]!;
  let s11 = C[c1 + columnStep]!;
  let s20 = C[c2]!;
  let s21 = C[c2 + columnStep]!;
  let s30 = C[c3]!;
  let s31 = C[c3 + columnStep]!;
  for (let k = 0; k < length; k++) {
    const x = B[b0 + k]!;
    const y = B[b1 + k]!;
    const p = A[a0 + k]!;
    const q = A[a1 + k]!;
    const u = A[a2 + k]!;
    const v = A[a3 + k]!;
    s00 -= p * x;
    s01 -= p * y;
    s10 -= q * x;
    s11 -= q * y;
    s20 -= u * x;
    s21 -= u * y;
    s30 -= v * x;
    s31 -= v * y;
  }
  C[c0] = s00;
  C[c0 + columnStep] = s01;
  C[c1] = s10;
  C[c1 + columnStep] = s11;
  C[c2] = s20;
  C[c2 + columnStep] = s21;
  C[c3] = s30;
  C[c3 + columnStep] = s31;
}

function subtractTile4x1(
  C: Float64Array,
  c0: number,
  rowStep: number,
  A: Float64Array,
  a0: number,
  lda: number,
  B: Float64Array,
  b0: number,
  length: number,
): void {
  const a1 = a0 + lda;
  const a2 = a1 + lda;
  const a3 = a2 + lda;
  let s0 = C[c0]!;
  let s1 = C[c0 + rowStep]!;
  let s2 = C[c0 + 2 * rowStep]!;
  let s3 = C[c0 + 3 * rowStep]!;
  for (let k = 0; k < length; k++) {
    const x = B[b0 + k]!;
    s0 -= A[a0 + k]! * x;
    s1 -= A[a1 + k]! * x;
    s2 -= A[a2 + k]! * x;
    s3 -= A[a3 + k]! * x;
  }
  C[c0] = s0;
  C[c0 + rowStep] = s1;
  C[c0 + 2 * rowStep] = s2;
  C[c0 + 3 * rowStep] = s3;
}

function copy(from: Float64Array, to: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) to[i] = from[i]!;
}
