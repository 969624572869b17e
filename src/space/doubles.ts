/**
 * The doubles of a range as the levels of a parameter. A range that holds only a few is not continuous: 1 to 1.0000000000000004 has
 * three values, and a search that takes it for an interval goes on drawing them again.
 */

/** A range of more doubles counts as continuous: it takes that many trials to exhaust it. */
const DOUBLES_MOST = 65_536n;

export class Doubles {
  readonly levels: number;
  readonly #low: bigint;

  /** The doubles in [low, high]; undefined where they are more than 65,536. */
  static of(low: number, high: number): Doubles | undefined {
    return rank(high) - rank(low) < DOUBLES_MOST ? new Doubles(low, high) : undefined;
  }

  private constructor(low: number, high: number) {
    this.#low = rank(low);
    this.levels = Number(rank(high) - this.#low) + 1;
  }

  value(k: number): number {
    return ofRank(this.#low + BigInt(k));
  }

  /** The index of `value`, or of the end beyond which it lies. */
  nearest(value: number): number {
    return Math.min(this.levels - 1, Math.max(0, Number(rank(value) - this.#low)));
  }

  /** The index of `value` if it is in the range. */
  index(value: number): number | undefined {
    const k = this.nearest(value);
    return this.value(k) === value ? k : undefined;
  }
}

const view = new DataView(new ArrayBuffer(8));
const SIGN = 1n << 63n;

/** The place of a finite double among all of them in order, 0 having 0: its bits, of which the highest is the sign. */
function rank(x: number): bigint {
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  return x < 0 ? -bits : bits;
}

function ofRank(place: bigint): number {
  view.setBigUint64(0, place < 0n ? -place | SIGN : place);
  return view.getFloat64(0);
}
