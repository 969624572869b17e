/**
 * Sobol's low-discrepancy sequence, plain or with Owen-type scrambling by key: any point by its index, so that trial k needs
 * no points before it. Scrambling keeps the balance of the plain sequence — each aligned block of 2ᵐ points is a (t, m, s)-net in
 * base 2 — and makes every point uniform on the unit cube.
 *
 * Sources: Sobol 1967; Antonov & Saleev 1979 (Gray code order); Joe & Kuo 2008 (direction numbers); Burley 2020, "Practical
 * hash-based Owen scrambling", JCGT 9(4), with the permutation of Laine & Karras 2011 in Vegdahl's constants.
 */
import { show, ValidationError } from "../errors.ts";
import type { Rng } from "./rng.ts";
import { SOBOL_DIRECTIONS } from "./sobol-directions.ts";

/** Dimensions for which there are direction numbers. */
const TABLE_DIMENSIONS = 128;
const BITS = 32;

export interface SobolSequence {
  readonly dimensions: number;
  /** The point of this index, 0 … 2³² − 1, in [0, 1)^dimensions, written to `out`, [dimensions]; never on a face when scrambled. */
  point(index: number, out?: Float64Array): Float64Array;
}

/**
 * The sequence in so many dimensions; with an `rng` scrambled by its key (nothing is drawn from it, so equal keys give equal points),
 * without in the order and with the values of the literature, from the origin.
 *
 * Scrambled sequences have any number of dimensions: each further 128 take the points of the first in an order of their own, which
 * is as balanced among themselves and independent of the others ("padding", Burley 2020).
 *
 * @throws ValidationError for a number of dimensions that is no positive integer, or above 128 without an rng; `point` for an index
 *   outside its range
 */
export function sobol(dimensions: number, rng?: Rng): SobolSequence {
  if (!Number.isInteger(dimensions) || dimensions < 1) {
    throw new ValidationError(`A Sobol sequence must have 1 dimension or more, but got ${show(dimensions)}.`);
  }
  if (rng === undefined && dimensions > TABLE_DIMENSIONS) {
    throw new ValidationError(
      `A Sobol sequence has at most ${TABLE_DIMENSIONS} dimensions, but got ${dimensions}. Scrambled by an rng it can have more.`,
    );
  }
  const directions = directionNumbers(Math.min(dimensions, TABLE_DIMENSIONS));
  const keys = rng === undefined ? null : drawKeys(dimensions, rng.fork("sobol"));
  const orders = rng === undefined ? null : drawKeys(Math.ceil(dimensions / TABLE_DIMENSIONS), rng.fork("sobol order"));
  return {
    dimensions,
    point(index: number, out: Float64Array = new Float64Array(dimensions)): Float64Array {
      if (!Number.isInteger(index) || index < 0 || index > 0xffffffff) {
        throw new ValidationError(
          `The index of a Sobol point must be an integer from 0 to 2^32 − 1, but got ${show(index)}.`,
        );
      }
      let code = grayCode(index);
      for (let j = 0; j < dimensions; j++) {
        const column = j % TABLE_DIMENSIONS;
        if (column === 0 && j > 0) code = grayCode(nestedScramble(index, orders![j / TABLE_DIMENSIONS]!));
        const plain = combine(directions, column * BITS, code);
        out[j] = keys === null ? plain / 4294967296 : (nestedScramble(plain, keys[j]!) + 0.5) / 4294967296;
      }
      return out;
    },
  };
}

/** The exclusive or of the direction numbers, from `offset` on, whose bits are set in the code. */
function combine(directions: Uint32Array, offset: number, code: number): number {
  let x = 0;
  for (let rest = code, k = offset; rest !== 0; rest >>>= 1, k++) {
    if ((rest & 1) !== 0) x ^= directions[k]!;
  }
  return x >>> 0;
}

/** Neighbouring indices differ in one bit of their codes; an aligned block of 2ᵐ indices has the codes of a block. */
function grayCode(index: number): number {
  return (index ^ (index >>> 1)) >>> 0;
}

/**
 * A random permutation of 32-bit fractions in which each bit is flipped or not by a hash of the key and the bits above it (Owen's
 * nested uniform scrambling): in mirrored order, sums and products by odd numbers carry only from the bits above to those below.
 */
function nestedScramble(x: number, key: number): number {
  let v = mirror(x);
  v ^= Math.imul(v, 0x3d20adea);
  v = (v + key) | 0;
  v = Math.imul(v, (key >>> 16) | 1);
  v ^= Math.imul(v, 0x05526c56);
  v ^= Math.imul(v, 0x53a22864);
  return mirror(v);
}

/** The 32 bits in reverse order. */
function mirror(x: number): number {
  let v = x;
  v = ((v >>> 1) & 0x55555555) | ((v & 0x55555555) << 1);
  v = ((v >>> 2) & 0x33333333) | ((v & 0x33333333) << 2);
  v = ((v >>> 4) & 0x0f0f0f0f) | ((v & 0x0f0f0f0f) << 4);
  v = ((v >>> 8) & 0x00ff00ff) | ((v & 0x00ff00ff) << 8);
  return ((v >>> 16) | (v << 16)) >>> 0;
}

function drawKeys(count: number, rng: Rng): Uint32Array {
  return Uint32Array.from({ length: count }, () => rng.uint32());
}

/**
 * vⱼ = mⱼ 2³²⁻ʲ for each dimension, [dimensions, 32], by the recurrence of its polynomial xˢ + a₁ xˢ⁻¹ + … + 1:
 *
 *   vⱼ = a₁ vⱼ₋₁ ⊕ … ⊕ aₛ₋₁ vⱼ₋ₛ₊₁ ⊕ vⱼ₋ₛ ⊕ (vⱼ₋ₛ / 2ˢ)          Joe & Kuo 2008
 */
function directionNumbers(dimensions: number): Uint32Array {
  const v = new Uint32Array(dimensions * BITS);
  for (let j = 0; j < BITS; j++) v[j] = 1 << (BITS - 1 - j);
  const rows = SOBOL_DIRECTIONS.trim().split(/;\s*/, dimensions - 1);
  for (const [row, text] of rows.entries()) {
    const [polynomial, ...initial] = text.split(" ").map(Number);
    const degree = initial.length;
    const first = (row + 1) * BITS;
    for (let j = 0; j < BITS; j++) {
      if (j < degree) {
        v[first + j] = initial[j]! << (BITS - 1 - j);
        continue;
      }
      const oldest = v[first + j - degree]!;
      let next = oldest ^ (oldest >>> degree);
      for (let i = 1; i < degree; i++) if ((polynomial! >>> (degree - i)) & 1) next ^= v[first + j - i]!;
      v[first + j] = next;
    }
  }
  return v;
}
