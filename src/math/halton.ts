/**
 * Halton's low-discrepancy sequence with randomly permuted digits: any point by its index, in any number of dimensions. Coordinate j
 * reads the digits of the index in the j-th prime base b behind the point; each digit is permuted at random by its place,
 *
 *   xⱼ(i) = Σₖ πⱼₖ(digit k of i in base b) b⁻ᵏ⁻¹,
 *
 * so that every point is uniform on the unit cube, and bᵐ points that follow an index divisible by bᵐ still have one in each of bᵐ
 * equal intervals. Without the permutations, coordinates of large bases walk up in step.
 *
 * Sources: Halton 1960; Owen 2017, "A randomized Halton algorithm in R", arXiv:1706.02808, §3.
 */
import { show, ValidationError } from "../errors.ts";
import type { Rng } from "./rng.ts";

export interface HaltonSequence {
  readonly dimensions: number;
  /** The point of this index, 0 … 2³² − 1, in (0, 1)^dimensions. */
  point(index: number): Float64Array;
}

/** Digits reach down to this fraction; below it every point lies in the middle of its cell. */
const FINEST = 1 / 4294967296;

/**
 * The sequence that the key of `rng` scrambles (nothing is drawn from it, so equal keys give equal points).
 *
 * @throws ValidationError for a number of dimensions that is no positive integer; `point` for an index outside its range
 */
export function halton(dimensions: number, rng: Rng): HaltonSequence {
  if (!Number.isInteger(dimensions) || dimensions < 1) {
    throw new ValidationError(`A Halton sequence must have 1 dimension or more, but got ${show(dimensions)}.`);
  }
  const own = rng.fork("halton");
  const axes = primes(dimensions).map((base, j) => new Axis(base, own.fork(j)));
  return {
    dimensions,
    point(index) {
      if (!Number.isInteger(index) || index < 0 || index > 0xffffffff) {
        throw new ValidationError(
          `The index of a Halton point must be an integer from 0 to 2^32 − 1, but got ${show(index)}.`,
        );
      }
      return Float64Array.from(axes, (axis) => axis.at(index));
    },
  };
}

/** One coordinate. Permutations are drawn as they are needed: a large base has few digits, but many values of each. */
class Axis {
  readonly #base: number;
  readonly #rng: Rng;
  /** What digit 0 becomes at each place, and the permutation that is shifted by it, which leaves 0 where it is. */
  readonly #shifts: number[] = [];
  readonly #orders: (Uint32Array | undefined)[] = [];

  constructor(base: number, rng: Rng) {
    this.#base = base;
    this.#rng = rng;
    for (let cell = 1, k = 0; cell > FINEST; cell /= base, k++) this.#shifts.push(rng.fork(k).int(base));
  }

  at(index: number): number {
    const base = this.#base;
    let rest = index;
    let cell = 1;
    let x = 0;
    for (let k = 0; k < this.#shifts.length; k++) {
      const digit = rest % base;
      rest = (rest - digit) / base;
      cell /= base;
      x += ((this.#moved(k, digit) + this.#shifts[k]!) % base) * cell;
    }
    return x + cell / 2;
  }

  #moved(k: number, digit: number): number {
    if (digit === 0) return 0;
    this.#orders[k] ??= this.#rng.fork(`order ${k}`).permutation(this.#base - 1);
    return this.#orders[k]![digit - 1]! + 1;
  }
}

/** The first `count` prime numbers. */
function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) {
    let isPrime = true;
    for (let i = 0; isPrime && found[i]! * found[i]! <= n; i++) isPrime = n % found[i]! !== 0;
    if (isPrime) found.push(n);
  }
  return found;
}
