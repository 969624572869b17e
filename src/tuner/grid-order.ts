/**
 * Every configuration of a grid in order, the last parameter changing fastest: the sampler behind grid search. What has
 * been tried already, in whatever way, is passed over, so an interrupted search goes on where it stopped.
 */
import type { Sampler } from "../sampler/sampler.ts";
import type { FlatParams, ParamValue } from "../space/parameter.ts";
import type { Dimension, Space } from "../space/space.ts";

export interface GridOrderOptions {
  /** Points of a continuous parameter: centres of so many equal cells of its scale. Default 10, as in KerasTuner. */
  readonly points?: number;
  /** Whether a parameter's default comes before its other values. Default false. */
  readonly defaultsFirst?: boolean;
}

export function gridOrder(options: GridOrderOptions = {}): Sampler {
  const { points = 10, defaultsFirst = false } = options;
  const sequences = new WeakMap<Space, Sequence>();
  return {
    name: "gridOrder",
    toJSON: () => ({ points, defaultsFirst }),
    sample({ space, trials }) {
      let sequence = sequences.get(space);
      if (sequence === undefined) {
        sequence = new Sequence(space, (dimension) => valuesOf(dimension, points, defaultsFirst));
        sequences.set(space, sequence);
      }
      const params = sequence.firstWithout(new Set(trials.map((trial) => space.key(trial.params))));
      return params === null ? null : { params };
    },
  };
}

/** The configurations in order, made as far as they are needed and kept: a cache that cannot change an answer. */
class Sequence {
  readonly #space: Space;
  readonly #rest: Iterator<FlatParams>;
  readonly #made: { readonly key: string; readonly params: FlatParams }[] = [];

  constructor(space: Space, values: (dimension: Dimension) => readonly ParamValue[]) {
    this.#space = space;
    this.#rest = enumerate(space, values);
  }

  firstWithout(seen: ReadonlySet<string>): FlatParams | null {
    for (const { key, params } of this.#made) if (!seen.has(key)) return params;
    for (;;) {
      const { done, value } = this.#rest.next();
      if (done === true) return null;
      const made = { key: this.#space.key(value), params: value };
      this.#made.push(made);
      if (!seen.has(made.key)) return value;
    }
  }
}

function* enumerate(
  space: Space,
  values: (dimension: Dimension) => readonly ParamValue[],
  index = 0,
  params: FlatParams = {},
): Generator<FlatParams> {
  const dimension = space.dimensions[index];
  if (dimension === undefined) {
    yield params;
  } else if (!space.isActive(dimension, params)) {
    yield* enumerate(space, values, index + 1, params);
  } else {
    for (const value of values(dimension)) {
      yield* enumerate(space, values, index + 1, { ...params, [dimension.name]: value });
    }
  }
}

function valuesOf({ parameter }: Dimension, points: number, defaultsFirst: boolean): ParamValue[] {
  // Integers on a geometric scale are as good as continuous, and say so.
  const isThinned = defaultsFirst && "gridPoints" in parameter;
  const values =
    Number.isFinite(parameter.levels) && !isThinned
      ? Array.from({ length: parameter.levels }, (_, k) => parameter.level(k))
      : [...new Set(Array.from({ length: points }, (_, k) => parameter.decode((k + 0.5) / points)))];
  const first = parameter.default ?? parameter.decode(0);
  if (!defaultsFirst) return values;
  return [first, ...values.filter((value) => value !== first)];
}
