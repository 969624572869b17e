/**
 * The Cholesky factor of a packed triangle, in place, and what is solved with it. The triangle has ⌈n/4⌉ block rows of tiles
 * [column][row]; rows beyond n are those of the identity.
 */
import { blockStart, FOUR, subtractProducts, TILE } from "./tile";

/** Block rows factored together, so that a block row above them is read once for all. */
const GROUP: usize = 4;

/** 1, or 0 where a pivot is not above `negligible` of its diagonal element; then the triangle holds nothing of use. */
export function factor(p: usize, blocks: usize, negligible: f64): u32 {
  for (let first: usize = 0; first < blocks; first += GROUP) {
    const end = min(blocks, first + GROUP);
    for (let j: usize = 0; j < first; j++) {
      const above = p + blockStart(j);
      for (let i = first; i < end; i++) {
        const row = p + blockStart(i);
        subtractProducts(row + j * TILE, row, above, 4 * j, above + j * TILE);
      }
    }
    for (let i = first; i < end; i++) {
      const row = p + blockStart(i);
      for (let j = first; j < i; j++) {
        const above = p + blockStart(j);
        subtractProducts(row + j * TILE, row, above, 4 * j, above + j * TILE);
      }
      if (!factorDiagonal(row, i, negligible)) return 0;
    }
  }
  return 1;
}

function factorDiagonal(row: usize, i: usize, negligible: f64): bool {
  const tile = row + i * TILE;
  const d0 = load<f64>(tile);
  const d1 = load<f64>(tile, 40);
  const d2 = load<f64>(tile, 80);
  const d3 = load<f64>(tile, 120);
  subtractProducts(tile, row, row, 4 * i);
  for (let r: usize = 0; r < 4; r++) {
    for (let c: usize = 0; c < r; c++) {
      let element = load<f64>(tile + c * FOUR + r * 8);
      for (let k: usize = 0; k < c; k++)
        element -= load<f64>(tile + k * FOUR + r * 8) * load<f64>(tile + k * FOUR + c * 8);
      store<f64>(tile + c * FOUR + r * 8, element / load<f64>(tile + c * FOUR + c * 8));
      // The products have also reached above the diagonal.
      store<f64>(tile + r * FOUR + c * 8, 0);
    }
    let pivot = load<f64>(tile + r * FOUR + r * 8);
    for (let k: usize = 0; k < r; k++) {
      const l = load<f64>(tile + k * FOUR + r * 8);
      pivot -= l * l;
    }
    const diagonal = r === 0 ? d0 : r === 1 ? d1 : r === 2 ? d2 : d3;
    if (!(pivot > negligible * diagonal && pivot < Infinity)) return false;
    store<f64>(tile + r * FOUR + r * 8, sqrt(pivot));
  }
  return true;
}

/** Solves L V = B in place for panels of four right-hand sides, [blocks·4][4] each, zero before block row `start`. */
export function solvePanels(p: usize, blocks: usize, v: usize, panels: usize, start: usize): void {
  const panelBytes = blocks * TILE;
  for (let first: usize = 0; first < panels; first += PANELS) {
    const end = v + min(panels, first + PANELS) * panelBytes;
    for (let i = start; i < blocks; i++) {
      const row = p + blockStart(i);
      for (let panel = v + first * panelBytes; panel < end; panel += panelBytes) {
        const tile = panel + i * TILE;
        subtractProducts(tile, panel + start * TILE, row + start * TILE, 4 * (i - start), row + i * TILE);
      }
    }
  }
}

/** Panels solved together, so that a block row of L is read once for all of them. */
const PANELS: usize = 8;

/** Solves L x = b in place for one right-hand side, [blocks·4]. */
export function solveOne(p: usize, blocks: usize, x: usize): void {
  for (let i: usize = 0; i < blocks; i++) {
    let l = p + blockStart(i);
    const to = x + i * FOUR;
    let s0 = v128.load(to);
    let s1 = v128.load(to, 16);
    for (let k = x; k < to; k += 8, l += FOUR) {
      const xk = v128.load_splat<f64>(k);
      s0 = f64x2.sub(s0, f64x2.mul(v128.load(l), xk));
      s1 = f64x2.sub(s1, f64x2.mul(v128.load(l, 16), xk));
    }
    const x0 = f64x2.extract_lane(s0, 0) / load<f64>(l);
    const x1 = (f64x2.extract_lane(s0, 1) - load<f64>(l, 8) * x0) / load<f64>(l, 40);
    const x2 = (f64x2.extract_lane(s1, 0) - load<f64>(l, 16) * x0 - load<f64>(l, 48) * x1) / load<f64>(l, 80);
    store<f64>(to, x0);
    store<f64>(to, x1, 8);
    store<f64>(to, x2, 16);
    const x3 = f64x2.extract_lane(s1, 1) - load<f64>(l, 24) * x0 - load<f64>(l, 56) * x1 - load<f64>(l, 88) * x2;
    store<f64>(to, x3 / load<f64>(l, 120), 24);
  }
}

/** Solves Lᵀ x = b in place for one right-hand side: column by column of Lᵀ, from the last. */
export function solveOneTransposed(p: usize, blocks: usize, x: usize): void {
  for (let i = blocks; i-- > 0; ) {
    let l = p + blockStart(i);
    const from = x + i * FOUR;
    const d = l + i * TILE;
    const x3 = load<f64>(from, 24) / load<f64>(d, 120);
    const x2 = (load<f64>(from, 16) - load<f64>(d, 88) * x3) / load<f64>(d, 80);
    const x1 = (load<f64>(from, 8) - load<f64>(d, 56) * x3 - load<f64>(d, 48) * x2) / load<f64>(d, 40);
    const x0 = (load<f64>(from) - load<f64>(d, 24) * x3 - load<f64>(d, 16) * x2 - load<f64>(d, 8) * x1) / load<f64>(d);
    store<f64>(from, x0);
    store<f64>(from, x1, 8);
    store<f64>(from, x2, 16);
    store<f64>(from, x3, 24);
    const s0 = f64x2.splat(x0);
    const s1 = f64x2.splat(x1);
    const s2 = f64x2.splat(x2);
    const s3 = f64x2.splat(x3);
    for (let k = x; k < from; k += 16, l += 2 * FOUR) {
      const a01 = v128.load(l);
      const a23 = v128.load(l, 16);
      const b01 = v128.load(l, 32);
      const b23 = v128.load(l, 48);
      let sum = v128.load(k);
      sum = f64x2.sub(sum, f64x2.mul(v128.shuffle<f64>(a23, b23, 1, 3), s3));
      sum = f64x2.sub(sum, f64x2.mul(v128.shuffle<f64>(a23, b23, 0, 2), s2));
      sum = f64x2.sub(sum, f64x2.mul(v128.shuffle<f64>(a01, b01, 1, 3), s1));
      sum = f64x2.sub(sum, f64x2.mul(v128.shuffle<f64>(a01, b01, 0, 2), s0));
      v128.store(k, sum);
    }
  }
}

/**
 * (L Lᵀ)⁻¹ = V Vᵀ to the packed triangle q, row j of V being column j of L⁻¹, which is zero before its element j.
 *
 * @param v room for ⌈n/4⌉ panels
 */
export function inverse(p: usize, blocks: usize, v: usize, q: usize): void {
  const panelBytes = blocks * TILE;
  memory.fill(v, 0, blocks * panelBytes);
  for (let j: usize = 0; j < blocks; j++) {
    const panel = v + j * panelBytes;
    for (let r: usize = 0; r < 4; r++) store<f64>(panel + j * TILE + r * (FOUR + 8), 1);
    solvePanels(p, blocks, panel, 1, j);
  }
  symmetricProduct(v, blocks, q);
}

/** Q = V Vᵀ for V [n][k] in panels of four rows, where the rows of block i are zero before element 4i. */
function symmetricProduct(v: usize, blocks: usize, q: usize): void {
  const panelBytes = blocks * TILE;
  memory.fill(q, 0, blockStart(blocks));
  for (let i: usize = 0; i < blocks; i++) {
    const a = v + i * panelBytes + i * TILE;
    for (let j: usize = 0; j <= i; j++)
      subtractProducts(q + blockStart(i) + j * TILE, a, v + j * panelBytes + i * TILE, 4 * (blocks - i));
  }
  for (let at = q, end = q + blockStart(blocks); at < end; at += 16) v128.store(at, f64x2.neg(v128.load(at)));
}
