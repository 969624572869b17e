/**
 * Eigenvalues and eigenvectors of symmetric matrices by cyclic Jacobi rotations: slower than reduction to tridiagonal form beyond
 * a hundred rows, but accurate to the last digits of every vector, and the same bits everywhere, as only + − × ÷ and √ are used.
 *
 * Source: Golub & Van Loan 2013, "Matrix computations", §8.5.2 (symmetric Schur), §8.5.4 (cyclic by row).
 */

/** A = Vᵀ diag(values) V, with the eigenvectors as the rows of V. */
export interface Eigen {
  /** [n], in no order. */
  readonly values: Float64Array;
  /** [n, n]; row k is the eigenvector of values[k], of length 1. */
  readonly vectors: Float64Array;
}

/** Each sweep squares what is left off the diagonal once that is small; ten are enough for any matrix of finite numbers. */
const SWEEPS_MOST = 40;

/**
 * The eigen-decomposition of a symmetric matrix of finite numbers.
 *
 * @param a  [n, n], symmetric; left as it is
 */
export function eigen(a: Float64Array, n: number): Eigen {
  const rest = a.slice();
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < SWEEPS_MOST; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) if (rotate(rest, vectors, n, p, q)) rotated = true;
    }
    if (!rotated) break;
  }
  return { values: Float64Array.from({ length: n }, (_, i) => rest[i * n + i]!), vectors };
}

/** Makes the element [p, q] zero by a rotation of rows and columns p and q; false where it is zero to working precision. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): boolean {
  const app = a[p * n + p]!;
  const aqq = a[q * n + q]!;
  const apq = a[p * n + q]!;
  const size = Math.abs(apq);
  if (size === 0 || (Math.abs(app) + size === Math.abs(app) && Math.abs(aqq) + size === Math.abs(aqq))) return false;
  // The smaller root t of t² + 2τt − 1 = 0, so that the angle is at most 45°.
  const tau = (aqq - app) / (2 * apq);
  const root = 1 / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const t = tau < 0 ? -root : root;
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    if (k === p || k === q) continue;
    const akp = a[p * n + k]!;
    const akq = a[q * n + k]!;
    a[p * n + k] = a[k * n + p] = c * akp - s * akq;
    a[q * n + k] = a[k * n + q] = s * akp + c * akq;
  }
  a[p * n + p] = app - t * apq;
  a[q * n + q] = aqq + t * apq;
  a[p * n + q] = a[q * n + p] = 0;
  for (let k = 0; k < n; k++) {
    const vp = vectors[p * n + k]!;
    const vq = vectors[q * n + k]!;
    vectors[p * n + k] = c * vp - s * vq;
    vectors[q * n + k] = s * vp + c * vq;
  }
  return true;
}
