/**
 * Cholesky factors and triangular systems in plain TypeScript: what `assembly/factor.ts` does, readable and its oracle.
 *
 * Source: Golub & Van Loan 2013, "Matrix computations", §4.2 (gaxpy form), §3.1 (triangular systems).
 */

/** Rows of a block: four rows by two columns of sums fit into sixteen registers beside their operands. */
const BLOCK = 4;
/** Right-hand sides solved together, so that a block of rows of L is read once for all of them. */
const PANEL = 8;

/**
 * Writes the Cholesky factor of a + jitter·I to L; false where a pivot is not above n·2⁻⁵² of its diagonal element (rounding
 * alone leaves that much), and then L holds nothing of use. L may be `a` itself.
 */
export function factor(a: Float64Array, n: number, L: Float64Array, jitter: number): boolean {
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
export function solveLower(L: Float64Array, n: number, b: Float64Array, x: Float64Array): Float64Array {
  if (x !== b) copy(b, x, n);
  solvePanel(L, n, x, 0, 1, 0);
  return x;
}

/** x with Lᵀ x = b, [n]; x may be b itself. */
export function solveLowerTransposed(L: Float64Array, n: number, b: Float64Array, x: Float64Array): Float64Array {
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
export function solveLowerMany(L: Float64Array, n: number, B: Float64Array, m: number, X: Float64Array): void {
  const panel = new Float64Array(PANEL * n);
  for (let c = 0; c < m; c += PANEL) {
    const columns = Math.min(PANEL, m - c);
    for (let i = 0; i < n; i++) for (let s = 0; s < columns; s++) panel[s * n + i] = B[i * m + c + s]!;
    solvePanel(L, n, panel, 0, columns, 0);
    for (let i = 0; i < n; i++) for (let s = 0; s < columns; s++) X[i * m + c + s] = panel[s * n + i]!;
  }
}

/** (L Lᵀ)⁻¹, [n, n], both triangles. */
export function inverse(L: Float64Array, n: number, out: Float64Array): void {
  // Row j of V is column j of L⁻¹, zero before its element j, so that both steps are dot products of rows.
  const V = new Float64Array(n * n);
  for (let j = 0; j < n; j++) V[j * n + j] = 1;
  for (let j = 0; j < n; j += PANEL) solvePanel(L, n, V, j * n, Math.min(PANEL, n - j), j);
  // (L Lᵀ)⁻¹ = V Vᵀ, where row i of V is zero before element i.
  for (let i = 0; i < n; i += BLOCK) {
    const rows = Math.min(BLOCK, n - i);
    const columns = i + rows;
    for (let r = i; r < i + rows; r++) out.fill(0, r * n, r * n + columns);
    subtractProducts(out, i * n, n, 1, V, i * n + i, n, rows, V, i, n, columns, n - i);
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const element = -out[i * n + j]!;
      out[i * n + j] = element;
      out[j * n + i] = element;
    }
  }
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
