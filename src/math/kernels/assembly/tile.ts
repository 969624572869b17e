/**
 * The register tile that every factor, solve and inverse is made of: four rows by four columns of C, eight vectors, kept while
 * the terms run. Operands are packed in fours, element k of four rows side by side, so that all reads are contiguous:
 *
 *   C[c][r] −= Σₖ B[k][c] A[k][r],   0 <= c, r < 4,   k ascending
 *
 * Each of the sixteen sums takes one term after another, as a plain loop does, and so has its bits.
 */

/** Bytes of four packed elements, and of a tile. */
export const FOUR: usize = 32;
export const TILE: usize = 128;

/** Where block row i begins in a packed triangle, in bytes: behind block rows of 1, 2, … i tiles. */
export function blockStart(i: usize): usize {
  return (i * (i + 1) * TILE) >> 1;
}

/**
 * C −= Σ B Aᵀ, in place; `terms` is a multiple of four. Then, unless d is 0, solves D X = C in place, D the lower triangle of the
 * diagonal tile [column][row] at d: while the sums are still in registers, as these solves would otherwise wait for memory.
 */
export function subtractProducts(c: usize, a: usize, b: usize, terms: usize, d: usize = 0): void {
  let c00 = v128.load(c);
  let c01 = v128.load(c, 16);
  let c10 = v128.load(c, 32);
  let c11 = v128.load(c, 48);
  let c20 = v128.load(c, 64);
  let c21 = v128.load(c, 80);
  let c30 = v128.load(c, 96);
  let c31 = v128.load(c, 112);
  for (const end = a + terms * FOUR; a < end; a += 2 * FOUR, b += 2 * FOUR) {
    let a0 = v128.load(a);
    let a1 = v128.load(a, 16);
    let s = v128.load_splat<f64>(b);
    c00 = f64x2.sub(c00, f64x2.mul(a0, s));
    c01 = f64x2.sub(c01, f64x2.mul(a1, s));
    s = v128.load_splat<f64>(b, 8);
    c10 = f64x2.sub(c10, f64x2.mul(a0, s));
    c11 = f64x2.sub(c11, f64x2.mul(a1, s));
    s = v128.load_splat<f64>(b, 16);
    c20 = f64x2.sub(c20, f64x2.mul(a0, s));
    c21 = f64x2.sub(c21, f64x2.mul(a1, s));
    s = v128.load_splat<f64>(b, 24);
    c30 = f64x2.sub(c30, f64x2.mul(a0, s));
    c31 = f64x2.sub(c31, f64x2.mul(a1, s));
    a0 = v128.load(a, 32);
    a1 = v128.load(a, 48);
    s = v128.load_splat<f64>(b, 32);
    c00 = f64x2.sub(c00, f64x2.mul(a0, s));
    c01 = f64x2.sub(c01, f64x2.mul(a1, s));
    s = v128.load_splat<f64>(b, 40);
    c10 = f64x2.sub(c10, f64x2.mul(a0, s));
    c11 = f64x2.sub(c11, f64x2.mul(a1, s));
    s = v128.load_splat<f64>(b, 48);
    c20 = f64x2.sub(c20, f64x2.mul(a0, s));
    c21 = f64x2.sub(c21, f64x2.mul(a1, s));
    s = v128.load_splat<f64>(b, 56);
    c30 = f64x2.sub(c30, f64x2.mul(a0, s));
    c31 = f64x2.sub(c31, f64x2.mul(a1, s));
  }
  if (d !== 0) {
    let pivot = v128.load_splat<f64>(d);
    c00 = f64x2.div(c00, pivot);
    c01 = f64x2.div(c01, pivot);
    let l = v128.load_splat<f64>(d, 8);
    pivot = v128.load_splat<f64>(d, 40);
    c10 = f64x2.div(f64x2.sub(c10, f64x2.mul(l, c00)), pivot);
    c11 = f64x2.div(f64x2.sub(c11, f64x2.mul(l, c01)), pivot);
    l = v128.load_splat<f64>(d, 16);
    c20 = f64x2.sub(c20, f64x2.mul(l, c00));
    c21 = f64x2.sub(c21, f64x2.mul(l, c01));
    l = v128.load_splat<f64>(d, 48);
    pivot = v128.load_splat<f64>(d, 80);
    c20 = f64x2.div(f64x2.sub(c20, f64x2.mul(l, c10)), pivot);
    c21 = f64x2.div(f64x2.sub(c21, f64x2.mul(l, c11)), pivot);
    l = v128.load_splat<f64>(d, 24);
    c30 = f64x2.sub(c30, f64x2.mul(l, c00));
    c31 = f64x2.sub(c31, f64x2.mul(l, c01));
    l = v128.load_splat<f64>(d, 56);
    c30 = f64x2.sub(c30, f64x2.mul(l, c10));
    c31 = f64x2.sub(c31, f64x2.mul(l, c11));
    l = v128.load_splat<f64>(d, 88);
    pivot = v128.load_splat<f64>(d, 120);
    c30 = f64x2.div(f64x2.sub(c30, f64x2.mul(l, c20)), pivot);
    c31 = f64x2.div(f64x2.sub(c31, f64x2.mul(l, c21)), pivot);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c10, 32);
  v128.store(c, c11, 48);
  v128.store(c, c20, 64);
  v128.store(c, c21, 80);
  v128.store(c, c30, 96);
  v128.store(c, c31, 112);
}
