/** Splits that are drawn anew each time: a part to test, a part to train on, as often as wanted. */
import { show, ValidationError } from "../../errors.ts";
import { createRng, type Rng } from "../../math/rng.ts";
import { readGroups } from "./groups.ts";
import { type Fold, type Splitter, toFold } from "./splitter.ts";
import { countClasses } from "./stratified-k-fold.ts";

export interface PartOptions {
  /** Rows to test: a share between 0 and 1, or a number of rows. Default: what `trainSize` leaves. */
  readonly testSize?: number;
  /** Rows to train on, likewise. Default: what `testSize` leaves. */
  readonly trainSize?: number;
  /** Default 0. */
  readonly seed?: number | string;
}

/**
 * `splits` draws of rows to test (a tenth, if nothing else is said) and to train on. A row can be tested several times, or never.
 *
 * @throws ValidationError for sizes that do not fit the rows
 */
export function shuffleSplit(splits = 10, options: PartOptions = {}): Splitter {
  return drawn("shuffleSplit", splits, options, 0.1, (y, sizes, rng) => {
    const order = rng.permutation(y.length);
    return toFold(order.subarray(sizes.test, sizes.test + sizes.train), order.subarray(0, sizes.test));
  });
}

/**
 * The same with the classes' shares kept on both sides, as nearly as whole rows allow.
 *
 * @throws ValidationError for sizes that do not fit the rows, a class with one row, or parts with fewer rows than classes
 */
export function stratifiedShuffleSplit(splits = 10, options: PartOptions = {}): Splitter {
  return drawn("stratifiedShuffleSplit", splits, options, 0.1, (y, sizes, rng) => {
    const classes = [...countClasses(y)].sort(([a], [b]) => a - b);
    const single = classes.find(([, count]) => count < 2);
    if (single !== undefined) {
      throw new ValidationError(
        `A class needs at least 2 rows to be on both sides of a split, but class ${single[0]} has ${single[1]}.`,
      );
    }
    for (const [part, size] of [
      ["test", sizes.test],
      ["train", sizes.train],
    ] as const) {
      if (size >= classes.length) continue;
      throw new ValidationError(
        `A stratified part needs at least one row for each of the ${classes.length} classes, but \`${part}Size\` gives ${size}.`,
      );
    }
    const counts = classes.map(([, count]) => count);
    const training = apportion(counts, sizes.train, rng.fork("train"));
    const rest = counts.map((count, code) => count - training[code]!);
    const testing = apportion(rest, sizes.test, rng.fork("test"));
    const train: number[] = [];
    const test: number[] = [];
    for (const [code, [label]] of classes.entries()) {
      const own = Array.from({ length: y.length }, (_, row) => row).filter((row) => y[row] === label);
      const order = rng.fork("rows").fork(label).permutation(own.length);
      const drawnRows = Array.from(order, (place) => own[place]!);
      train.push(...drawnRows.slice(0, training[code]));
      test.push(...drawnRows.slice(training[code], training[code]! + testing[code]!));
    }
    return toFold(shuffled(train, rng.fork("order of training")), shuffled(test, rng.fork("order of test")));
  });
}

/**
 * `splits` draws of whole groups to test (a fifth of them, if nothing else is said) and to train on; the sizes count groups.
 *
 * @throws ValidationError for sizes that do not fit the groups, or none given
 */
export function groupShuffleSplit(splits = 5, options: PartOptions = {}): Splitter {
  checkDraws(splits, options);
  return {
    name: nameOf("groupShuffleSplit", splits, options, 0.2),
    split: (y, given) => {
      const groups = readGroups(given, y.length, "groupShuffleSplit", 2);
      const sizes = partSizes(groups.names.length, options, 0.2, "groups");
      const rows = [...groups.of.keys()];
      return draws(splits, options, (rng) => {
        const order = rng.permutation(groups.names.length);
        const tested = new Set(order.subarray(0, sizes.test));
        const trained = new Set(order.subarray(sizes.test, sizes.test + sizes.train));
        return toFold(
          rows.filter((row) => trained.has(groups.of[row]!)),
          rows.filter((row) => tested.has(groups.of[row]!)),
        );
      });
    },
  };
}

/**
 * How many of `count` rows are tested and trained on: shares of the test part are rounded up, of the training part down.
 *
 * @param fallback  the share to test when no size is given
 * @throws ValidationError for sizes that are neither a share nor a count, or too large together
 */
export function partSizes(
  count: number,
  { testSize, trainSize }: PartOptions,
  fallback: number,
  unit = "rows",
): { readonly train: number; readonly test: number } {
  const given = { testSize, trainSize };
  for (const [name, size] of Object.entries(given)) {
    if (size === undefined) continue;
    const isShare = typeof size === "number" && size > 0 && size < 1;
    if (isShare || (Number.isSafeInteger(size) && size >= 1 && size < count)) continue;
    throw new ValidationError(
      `\`${name}\` must be a share between 0 and 1 or a number of ${unit} from 1 to ${count - 1}, but got ${show(size)}.`,
    );
  }
  const wanted = testSize === undefined && trainSize === undefined ? fallback : testSize;
  let test = wanted === undefined ? undefined : wanted < 1 ? Math.ceil(wanted * count) : wanted;
  let train = trainSize === undefined ? undefined : trainSize < 1 ? Math.floor(trainSize * count) : trainSize;
  test ??= count - train!;
  train ??= count - test;
  if (train < 1 || test < 1 || train + test > count) {
    throw new ValidationError(
      `Both parts must have at least one of the ${count} ${unit}, and together no more than all, but testSize ${show(testSize ?? wanted)} and trainSize ${show(trainSize)} give ${test} to test and ${train} to train on.`,
    );
  }
  return { train, test };
}

function drawn(
  kind: string,
  splits: number,
  options: PartOptions,
  fallback: number,
  one: (y: ArrayLike<number>, sizes: { readonly train: number; readonly test: number }, rng: Rng) => Fold,
): Splitter {
  checkDraws(splits, options);
  return {
    name: nameOf(kind, splits, options, fallback),
    split: (y) => {
      const sizes = partSizes(y.length, options, fallback);
      return draws(splits, options, (rng) => one(y, sizes, rng));
    },
  };
}

function draws(splits: number, { seed = 0 }: PartOptions, one: (rng: Rng) => Fold): Fold[] {
  const rng = createRng(seed).fork("splits");
  return Array.from({ length: splits }, (_, split) => one(rng.fork(split)));
}

function checkDraws(splits: number, { seed = 0 }: PartOptions): void {
  createRng(seed);
  if (Number.isSafeInteger(splits) && splits >= 1) return;
  throw new ValidationError(`The number of splits must be an integer >= 1, but got ${show(splits)}.`);
}

function nameOf(kind: string, splits: number, options: PartOptions, fallback: number): string {
  const { testSize = options.trainSize === undefined ? fallback : undefined, trainSize, seed = 0 } = options;
  const sizes = [
    ...(testSize === undefined ? [] : [`test ${testSize}`]),
    ...(trainSize === undefined ? [] : [`train ${trainSize}`]),
  ];
  return `${kind}(${[splits, ...sizes, `seed ${show(seed)}`].join(", ")})`;
}

/** `wanted` rows divided over classes in proportion to `counts`: rounded down, the rest to the largest remainders, ties by lot. */
export function apportion(counts: readonly number[], wanted: number, rng: Rng): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const exact = counts.map((count) => (count / total) * wanted);
  const given = exact.map(Math.floor);
  const lot = rng.permutation(counts.length);
  const byRemainder = [...counts.keys()].sort(
    (a, b) => exact[b]! - given[b]! - (exact[a]! - given[a]!) || lot[a]! - lot[b]!,
  );
  const missing = wanted - given.reduce((sum, value) => sum + value, 0);
  for (const code of byRemainder.slice(0, missing)) given[code]!++;
  return given;
}

function shuffled(rows: readonly number[], rng: Rng): number[] {
  return Array.from(rng.permutation(rows.length), (place) => rows[place]!);
}
