/** The same folds over and over, each time shuffled anew: a score with less chance in it, for more trainings. */
import { show, ValidationError } from "../../errors.ts";
import { createRng } from "../../math/rng.ts";
import { kFold } from "./k-fold.ts";
import type { SplitterOptions } from "./shuffle.ts";
import type { Splitter } from "./splitter.ts";
import { stratifiedKFold } from "./stratified-k-fold.ts";

export interface RepeatedOptions {
  /** Default 0. */
  readonly seed?: number | string;
}

/**
 * `repeats` times `kFold(splits)`, each shuffled in another way.
 *
 * @throws ValidationError when `repeats` is no integer >= 1, and as `kFold`
 */
export function repeatedKFold(splits = 5, repeats = 10, options: RepeatedOptions = {}): Splitter {
  return repeated("repeatedKFold", kFold, splits, repeats, options);
}

/**
 * `repeats` times `stratifiedKFold(splits)`, each shuffled in another way.
 *
 * @throws ValidationError when `repeats` is no integer >= 1, and as `stratifiedKFold`
 */
export function repeatedStratifiedKFold(splits = 5, repeats = 10, options: RepeatedOptions = {}): Splitter {
  return repeated("repeatedStratifiedKFold", stratifiedKFold, splits, repeats, options);
}

function repeated(
  kind: string,
  make: (splits: number, options: SplitterOptions) => Splitter,
  splits: number,
  repeats: number,
  { seed = 0 }: RepeatedOptions,
): Splitter {
  if (!Number.isSafeInteger(repeats) || repeats < 1) {
    throw new ValidationError(`\`repeats\` must be an integer >= 1, but got ${show(repeats)}.`);
  }
  const rng = createRng(seed).fork("repeats");
  const splitters = Array.from({ length: repeats }, (_, repeat) =>
    make(splits, { shuffle: true, seed: rng.fork(repeat).uint32() }),
  );
  return {
    name: `${kind}(${splits}, ${repeats}, seed ${show(seed)})`,
    split: (y, groups) => splitters.flatMap((splitter) => splitter.split(y, groups)),
  };
}
