/** The one option that the folds of equal size share: whether rows are put in random order first. */
import { show, ValidationError } from "../../errors.ts";
import { createRng } from "../../math/rng.ts";

export interface SplitterOptions {
  /** Whether rows are put in random order first. Default false. */
  readonly shuffle?: boolean;
  /** For `shuffle`. Default 0. */
  readonly seed?: number | string;
}

/** @throws ValidationError for a `seed` that nothing would use, since folds that look random and are not mislead */
export function checkShuffle({ shuffle = false, seed }: SplitterOptions): void {
  if (typeof shuffle !== "boolean") {
    throw new ValidationError(`\`shuffle\` must be true or false, but got ${show(shuffle)}.`);
  }
  if (shuffle || seed === undefined) return;
  throw new ValidationError(
    `A \`seed\` has an effect only on shuffled folds, but got seed ${show(seed)} without \`shuffle\`. Set \`shuffle: true\`, or leave the seed out.`,
  );
}

/** 0 … count − 1, in random order where that is asked for. @param key tells several orders of one splitter apart */
export function ordering(count: number, options: SplitterOptions, key: string | number): Uint32Array {
  if (options.shuffle === true)
    return createRng(options.seed ?? 0)
      .fork("folds")
      .fork(key)
      .permutation(count);
  return Uint32Array.from({ length: count }, (_, i) => i);
}

export function nameOf(kind: string, splits: number, { shuffle = false, seed = 0 }: SplitterOptions): string {
  return shuffle ? `${kind}(${splits}, shuffled by seed ${show(seed)})` : `${kind}(${splits})`;
}
