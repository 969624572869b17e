/** Going through the configurations of a grid in order: what grid searches of either manner share. */
import type { Rng } from "../math/rng.ts";
import type { FlatParams, ParamValue } from "../space/parameter.ts";
import { combinations, type Dimension, type Space } from "../space/space.ts";

type ValuesOf = (dimension: Dimension) => readonly ParamValue[];

/** The walk through each space over the values of each dimension, made at the first ask. */
export function walks(valuesOf: ValuesOf): (space: Space) => Walk {
  const made = new WeakMap<Space, Walk>();
  return (space) => {
    const walk = made.get(space) ?? new Walk(space, valuesOf);
    made.set(space, walk);
    return walk;
  };
}

/** The configurations in order, made as far as they are needed and kept: a cache that cannot change an answer. */
export class Walk {
  readonly #space: Space;
  readonly #values: ReadonlyMap<Dimension, readonly ParamValue[]>;
  readonly #rest: Iterator<FlatParams>;
  readonly #made: { readonly key: string; readonly params: FlatParams }[] = [];

  constructor(space: Space, valuesOf: ValuesOf) {
    this.#space = space;
    this.#values = new Map(space.dimensions.map((dimension) => [dimension, valuesOf(dimension)]));
    this.#rest = combinations(space, (dimension) => this.#values.get(dimension)!);
  }

  /** Any configuration, each value of a dimension as likely as its others. */
  any(rng: Rng): FlatParams {
    return this.#space.build((dimension) => {
      const values = this.#values.get(dimension)!;
      return values[rng.int(values.length)]!;
    });
  }

  /** The first configuration whose key is not in `seen`, or null when there is none. */
  firstWithout(seen: ReadonlySet<string>): FlatParams | null {
    for (let i = 0; i < this.#made.length || this.#makeNext(); i++) {
      if (!seen.has(this.#made[i]!.key)) return this.#made[i]!.params;
    }
    return null;
  }

  #makeNext(): boolean {
    const { done, value } = this.#rest.next();
    if (done === true) return false;
    this.#made.push({ key: this.#space.key(value), params: value });
    return true;
  }
}
