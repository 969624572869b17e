import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Fold,
  groupKFold,
  groupShuffleSplit,
  leaveOneGroupOut,
  leaveOneOut,
  leavePGroupsOut,
  leavePOut,
  predefinedSplit,
  repeatedKFold,
  repeatedStratifiedKFold,
  type Splitter,
  shuffleSplit,
  stratifiedGroupKFold,
  stratifiedKFold,
  stratifiedShuffleSplit,
  timeSeriesSplit,
  trainTestSplit,
} from "../../src/tuner/index.ts";
import fixture from "../fixtures/tuner/splitters.json" with { type: "json" };

const plain = (folds: readonly Fold[]) => folds.map(({ train, test }) => ({ train: [...train], test: [...test] }));
const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);
const count = (labels: readonly number[], rows: Uint32Array) =>
  [0, 1, 2].map((label) => [...rows].filter((row) => labels[row] === label).length);

interface SizeOptions {
  readonly test_size?: number;
  readonly train_size?: number;
}
const camel = ({ test_size, train_size }: SizeOptions) => ({
  ...(test_size === undefined ? {} : { testSize: test_size }),
  ...(train_size === undefined ? {} : { trainSize: train_size }),
});

describe("folds are scikit-learn's, index by index", () => {
  for (const { name, y, groups, names, splits, ...expected } of fixture.groups) {
    test(`${splits} folds of ${name} groups`, () => {
      expect(plain(groupKFold(splits).split(y, groups))).toEqual(expected.groupKFold);
      expect(plain(groupKFold(splits).split(y, names))).toEqual(expected.groupKFoldOfNames);
      expect(plain(stratifiedGroupKFold(splits).split(y, groups))).toEqual(expected.stratifiedGroupKFold);
    });
  }

  for (const { rows, splits, options, folds } of fixture.series) {
    test(`${splits} tests in ${rows} rows of a time series with ${JSON.stringify(options)}`, () => {
      const { test_size, max_train_size, gap } = options as Record<string, number | undefined>;
      const given = {
        ...(test_size === undefined ? {} : { testSize: test_size }),
        ...(max_train_size === undefined ? {} : { maxTrainSize: max_train_size }),
        ...(gap === undefined ? {} : { gap }),
      };
      expect(plain(timeSeriesSplit(splits, given).split(new Float64Array(rows)))).toEqual(folds);
    });
  }

  test("that leave out one, two, a group, two groups", () => {
    const { y, groups } = fixture.groups[0]!;
    expect(plain(leaveOneOut().split(y.slice(0, 7)))).toEqual(fixture.leaveOneOut);
    expect(plain(leavePOut(2).split(y.slice(0, 6)))).toEqual(fixture.leavePOut);
    expect(plain(leaveOneGroupOut().split(y, groups))).toEqual(fixture.leaveOneGroupOut);
    expect(plain(leavePGroupsOut(2).split(y, groups))).toEqual(fixture.leavePGroupsOut);
  });

  test("of classes with fewer rows than folds, where they are allowed", () => {
    const { rare } = fixture;
    expect(plain(stratifiedKFold(4, { rareClasses: "allow" }).split(rare))).toEqual(fixture.stratifiedKFoldOfRare);
    expect(() => stratifiedKFold(4).split(rare)).toThrow(
      'class 1 has 2 and there are 4 folds. Use fewer folds, or more rows of that class, or set `rareClasses: "allow"`.',
    );
    expect(() => stratifiedKFold(3, { rareClasses: "allow" }).split([0, 0, 1, 1])).toThrow("class 0 has 2");
    expect(() => stratifiedKFold(3, { rareClasses: true as never })).toThrow('"refuse" or "allow", but got true');
  });

  test("that are predefined", () => {
    const folds = predefinedSplit(fixture.testFold).split(fixture.testFold);
    expect(plain(folds)).toEqual(fixture.predefinedSplit);
  });
});

describe("parts have scikit-learn's sizes", () => {
  for (const { rows, options, labels, ...expected } of fixture.sizes) {
    test(`of ${rows} rows with ${JSON.stringify(options)}`, () => {
      const given = camel(options as SizeOptions);
      const all = Array.from({ length: rows }, (_, row) => row);
      const sizes = (splitter: Splitter) => {
        const [fold] = splitter.split(all, all);
        return [fold!.train.length, fold!.test.length];
      };
      expect(sizes(shuffleSplit(1, given))).toEqual(expected.shuffleSplit);
      expect(sizes(groupShuffleSplit(1, given))).toEqual(expected.groupShuffleSplit);
      const split = trainTestSplit(
        all.map((row) => [row]),
        all,
        { ...given, shuffle: false },
      );
      expect([[...split.yTrain], [...split.yTest]]).toEqual(expected.trainTestSplit);
      expect([...split.xTest.data]).toEqual(expected.trainTestSplit[1]);
      if (expected.stratified === null) {
        expect(() => stratifiedShuffleSplit(1, given).split(labels)).toThrow("at least one row for each of the 3");
        return;
      }
      const [fold] = stratifiedShuffleSplit(1, given).split(labels);
      // Where two classes have the same remainder, scikit-learn draws which one gets the row, and so do we.
      for (const [ours, theirs] of [
        [count(labels, fold!.train), expected.stratified[0]!],
        [count(labels, fold!.test), expected.stratified[1]!],
      ] as const) {
        expect(ours.reduce((a, b) => a + b)).toBe(theirs.reduce((a, b) => a + b));
        for (const [code, value] of ours.entries()) expect(Math.abs(value - theirs[code]!)).toBeLessThanOrEqual(1);
      }
    });
  }
});

const groupsOf = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 20, maxLength: 60 });

test("no splitter of groups has a group on both sides", () => {
  fc.assert(
    fc.property(groupsOf, fc.boolean(), fc.integer(), (groups, shuffle, seed) => {
      fc.pre(new Set(groups).size >= 4);
      const y = groups.map((group, row) => (group + row) % 2);
      const option = shuffle ? { shuffle, seed } : {};
      const splitters = [
        groupKFold(3, option),
        stratifiedGroupKFold(3, option),
        groupShuffleSplit(3, { seed }),
        leaveOneGroupOut(),
      ];
      for (const splitter of splitters) {
        for (const fold of splitter.split(y, groups)) {
          const tested = new Set([...fold.test].map((row) => groups[row]));
          expect([...fold.train].some((row) => tested.has(groups[row]))).toBe(false);
          expect(fold.test.length).toBeGreaterThan(0);
        }
      }
      for (const splitter of splitters.slice(0, 2)) {
        const tested = splitter.split(y, groups).flatMap(({ test: rows }) => [...rows]);
        expect(sorted(tested)).toEqual([...groups.keys()]);
      }
    }),
  );
});

test("repetitions are folds in which every row is tested once, and differ from each other", () => {
  const y = Array.from({ length: 30 }, (_, row) => Number(row % 3 === 0));
  for (const make of [repeatedKFold, repeatedStratifiedKFold]) {
    const folds = plain(make(5, 3, { seed: 2 }).split(y));
    expect(folds).toHaveLength(15);
    for (const repeat of [0, 1, 2]) {
      const tested = folds.slice(5 * repeat, 5 * repeat + 5).flatMap(({ test: rows }) => rows);
      expect(sorted(tested)).toEqual([...y.keys()]);
    }
    expect(folds[0]).not.toEqual(folds[5]);
    expect(plain(make(5, 3, { seed: 2 }).split(y))).toEqual(folds);
  }
});

test("drawn parts share no row, differ from draw to draw and repeat themselves under a seed", () => {
  const y = Array.from({ length: 40 }, (_, row) => Number(row % 4 === 0));
  for (const make of [shuffleSplit, stratifiedShuffleSplit]) {
    const folds = plain(make(4, { testSize: 0.3, seed: 1 }).split(y));
    for (const { train, test: tested } of folds) expect(sorted([...train, ...tested])).toEqual([...y.keys()]);
    expect(folds[0]).not.toEqual(folds[1]);
    expect(plain(make(4, { testSize: 0.3, seed: 1 }).split(y))).toEqual(folds);
    expect(plain(make(4, { testSize: 0.3, seed: 2 }).split(y))).not.toEqual(folds);
  }
});

test("a stratified split of a table keeps the shares and the rows together", () => {
  const y = Array.from({ length: 60 }, (_, row) => Number(row < 15));
  const x = y.map((label, row) => [row, label]);
  const { xTrain, xTest, yTrain, yTest, rows } = trainTestSplit(x, y, { testSize: 0.2, stratify: true, seed: 3 });
  expect([xTrain.rows, xTest.rows]).toEqual([48, 12]);
  expect(yTest.filter((label) => label === 1)).toHaveLength(3);
  expect([...yTrain.keys()].every((i) => xTrain.data[2 * i + 1] === yTrain[i])).toBe(true);
  expect([...yTest.keys()].map((i) => xTest.data[2 * i])).toEqual([...rows.test]);
});
