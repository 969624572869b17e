/**
 * Counter-based random numbers: Philox-4x32-10. A generator is a 64-bit key and a position, nothing else, so a stream can
 * be forked by name (`rng.fork(trial.number)`), moved to another machine and continued from a few bytes of state; the
 * draws of one fork never depend on how many were taken from another.
 *
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", algorithm Philox-4x32 with 10 rounds.
 */
import { show, ValidationError } from "../errors.ts";
import { normalQuantile } from "./normal.ts";

/** Everything that is needed to continue a stream: the key in two 32-bit words and the number of words drawn. */
export interface RngState {
  readonly key: readonly [number, number];
  readonly drawn: number;
}

/** A stream of random numbers with a key. */
export interface Rng {
  /** Uniform integer in [0, 2³²). */
  uint32(): number;
  /** Uniform in [0, 1) with 53 random bits. */
  next(): number;
  /** Uniform integer in [0, n), without modulo bias; 1 <= n <= 2⁵³. */
  int(n: number): number;
  /** Standard normal, by inversion, so that one draw costs one `next()`. */
  normal(): number;
  /** A random order of 0 … n−1 (Fisher–Yates). */
  permutation(n: number): Uint32Array;
  /** The stream of its own that belongs to `label` under this key; independent of what was drawn here. */
  fork(label: number | string): Rng;
  state(): RngState;
}

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const HALF_CELL = 5.551115123125783e-17;

/** A stream for a seed: any finite number or any string; 1 and "1" are different seeds. */
export function createRng(seed: number | string): Rng {
  if (typeof seed === "number" ? !Number.isFinite(seed) : typeof seed !== "string") {
    throw new ValidationError(`A seed must be a finite number or a string, but got ${show(seed)}.`);
  }
  return new Philox(absorb([0x41737361, 0x79000001], seed), 0);
}

/** Continues a stream from `rng.state()`. */
export function restoreRng(state: RngState): Rng {
  const [key0, key1] = state.key;
  if (![key0, key1, state.drawn].every((word) => Number.isInteger(word) && word >= 0)) {
    throw new ValidationError(
      `A random state must have non-negative integers as key and position, but got ${show(state)}.`,
    );
  }
  return new Philox([key0, key1], state.drawn);
}

class Philox implements Rng {
  readonly #key: readonly [number, number];
  readonly #block = new Uint32Array(4);
  #drawn: number;

  constructor(key: readonly [number, number], drawn: number) {
    this.#key = key;
    this.#drawn = drawn;
    if (drawn % 4 !== 0) this.#fill();
  }

  uint32(): number {
    if (this.#drawn % 4 === 0) this.#fill();
    return this.#block[this.#drawn++ % 4]!;
  }

  next(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 9007199254740992) {
      throw new ValidationError(`\`1 <= n <= 2^53\` must hold for a random integer below n, but got n=${show(n)}.`);
    }
    // Reject the part of the range that would make small results more likely.
    const wide = n > 4294967296;
    const range = wide ? 9007199254740992 : 4294967296;
    const limit = range - (range % n);
    for (;;) {
      const word = wide ? this.next() * range : this.uint32();
      if (word < limit) return word % n;
    }
  }

  normal(): number {
    // Half a cell of 2⁻⁵³ keeps the argument inside (0, 1). It is added in the lower half only, where the sum is exact: close
    // to 1 it would round to 1, and the draw to infinity.
    const u = this.next();
    return u < 0.5 ? normalQuantile(u + HALF_CELL) : -normalQuantile(1 - u - HALF_CELL);
  }

  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }

  fork(label: number | string): Rng {
    return new Philox(absorb(this.#key, label), 0);
  }

  state(): RngState {
    return { key: [this.#key[0], this.#key[1]], drawn: this.#drawn };
  }

  #fill(): void {
    const index = Math.floor(this.#drawn / 4);
    philox(this.#block, index >>> 0, Math.floor(index / 4294967296), 0, 0, this.#key[0], this.#key[1]);
  }
}

/** One Philox block: 128 bits of output for a 128-bit counter under a 64-bit key, written to `out`, [4]. */
export function philox(out: Uint32Array, c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  let key0 = k0 >>> 0;
  let key1 = k1 >>> 0;
  for (let round = 0; round < 10; round++) {
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0;
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/**
 * A new key from a key and a label: the label's words are encrypted one block at a time, each under the key that the block
 * before gave. The last counter word separates labels from draws (which leave it 0), and numbers from strings.
 */
function absorb(key: readonly [number, number], label: number | string): [number, number] {
  const words = labelWords(label);
  const block = new Uint32Array(4);
  let [key0, key1] = key;
  for (let i = 0; i < words.length; i += 2) {
    philox(block, words[i]!, words[i + 1] ?? 0, i, typeof label === "number" ? 1 : 2 + words.length, key0, key1);
    key0 = block[0]!;
    key1 = block[1]!;
  }
  return [key0, key1];
}

function labelWords(label: number | string): number[] {
  if (typeof label === "number") {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, label === 0 ? 0 : label);
    return [view.getUint32(0), view.getUint32(4)];
  }
  const words = [label.length];
  for (let i = 0; i < label.length; i += 2) {
    words.push((label.charCodeAt(i) | ((i + 1 < label.length ? label.charCodeAt(i + 1) : 0) << 16)) >>> 0);
  }
  return words;
}
