/**
 * The one matrix product of a dense layer, in its three uses: forward, back to the weights, back to the inputs.
 *
 *   C[r, :] = start + Σ_t A[r, t] B[t, :],  t ascending
 *
 * Four rows by eight columns of C stay in registers while t runs. A is read a number at a time, wherever its strides say,
 * so that Xᵀ needs no copy; B and C by vectors along their rows. Strides and widths in bytes, rows and columns of C
 * rounded up to fours. `start` is a row that every sum begins with, or 0 for none.
 */
export function product(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  rows: u32,
  width: usize,
  terms: u32,
  start: usize,
): void {
  for (let r: u32 = 0; r < rows; r += 4) {
    let column: usize = 0;
    for (; column + 32 <= width; column += 32) {
      tile(a, aRow, aStep, b + column, bRow, c + column, cRow, terms, start === 0 ? 0 : start + column);
    }
    if (column < width) {
      narrowTile(a, aRow, aStep, b + column, bRow, c + column, cRow, terms, start === 0 ? 0 : start + column);
    }
    a += 4 * aRow;
    c += 4 * cRow;
  }
}

function tile(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  terms: u32,
  start: usize,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  if (start !== 0) {
    c00 = v128.load(start);
    c01 = v128.load(start, 16);
  }
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let t: u32 = 0; t < terms; t++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load_splat<f32>(a);
    c00 = f32x4.add(c00, f32x4.mul(x0, b0));
    c01 = f32x4.add(c01, f32x4.mul(x0, b1));
    const x1 = v128.load_splat<f32>(a1);
    c10 = f32x4.add(c10, f32x4.mul(x1, b0));
    c11 = f32x4.add(c11, f32x4.mul(x1, b1));
    const x2 = v128.load_splat<f32>(a2);
    c20 = f32x4.add(c20, f32x4.mul(x2, b0));
    c21 = f32x4.add(c21, f32x4.mul(x2, b1));
    const x3 = v128.load_splat<f32>(a3);
    c30 = f32x4.add(c30, f32x4.mul(x3, b0));
    c31 = f32x4.add(c31, f32x4.mul(x3, b1));
    a += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    b += bRow;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += cRow;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += cRow;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += cRow;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** The same, four columns wide. */
function narrowTile(
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  terms: u32,
  start: usize,
): void {
  let c0 = start === 0 ? f32x4.splat(0) : v128.load(start);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let a1 = a + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  for (let t: u32 = 0; t < terms; t++) {
    const b0 = v128.load(b);
    c0 = f32x4.add(c0, f32x4.mul(v128.load_splat<f32>(a), b0));
    c1 = f32x4.add(c1, f32x4.mul(v128.load_splat<f32>(a1), b0));
    c2 = f32x4.add(c2, f32x4.mul(v128.load_splat<f32>(a2), b0));
    c3 = f32x4.add(c3, f32x4.mul(v128.load_splat<f32>(a3), b0));
    a += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    b += bRow;
  }
  v128.store(c, c0);
  v128.store(c + cRow, c1);
  v128.store(c + 2 * cRow, c2);
  v128.store(c + 3 * cRow, c3);
}

/** C[j, i] = A[i, j], both with rows and columns rounded up to fours; strides in bytes. */
export function transpose(a: usize, aRow: usize, c: usize, cRow: usize, rows: u32, columns: u32): void {
  for (let i: u32 = 0; i < rows; i += 4) {
    for (let j: u32 = 0; j < columns; j += 4) {
      const from = a + i * aRow + j * 4;
      const r0 = v128.load(from);
      const r1 = v128.load(from + aRow);
      const r2 = v128.load(from + 2 * aRow);
      const r3 = v128.load(from + 3 * aRow);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      const to = c + j * cRow + i * 4;
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(to + cRow, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
      v128.store(to + 2 * cRow, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
      v128.store(to + 3 * cRow, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
    }
  }
}
