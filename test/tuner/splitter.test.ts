import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kFold, stratifiedKFold } from "../../src/tuner/index.ts";
import { areClasses, toSplitter } from "../../src/tuner/splitter/cross-validation.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };

const plain = (folds: readonly { train: Uint32Array; test: Uint32Array }[]) =>
  folds.map(({ train, test }) => ({ train: [...train], test: [...test] }));

describe("folds are scikit-learn's, index by index", () => {
  for (const { name, y, splits, ...expected } of fixture.splits) {
    test(`${splits} folds of labels ${name}`, () => {
      expect(plain(kFold(splits).split(y))).toEqual(expected.kFold);
      expect(plain(stratifiedKFold(splits).split(y))).toEqual(expected.stratifiedKFold);
    });
  }
});

const labels = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 12, maxLength: 60 });
const options = fc.oneof(fc.record({ shuffle: fc.constant(true), seed: fc.integer() }), fc.constant({}));

test("every row is tested once and trained on in all other folds, shuffled or not", () => {
  fc.assert(
    fc.property(labels, fc.integer({ min: 2, max: 5 }), options, (y, splits, option) => {
      const folds = kFold(splits, option).split(y);
      const all = Array.from(y.keys());
      expect(folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(all);
      for (const { train, test } of folds) {
        expect([...train, ...test].sort((a, b) => a - b)).toEqual(all);
        expect(Math.abs(test.length - y.length / splits)).toBeLessThan(1);
      }
    }),
  );
});

test("stratified folds have equal shares of every class, to within one row", () => {
  fc.assert(
    fc.property(labels, fc.integer({ min: 2, max: 4 }), options, (y, splits, option) => {
      const counts = [0, 1, 2].map((label) => y.filter((other) => other === label).length);
      fc.pre(counts.every((count) => count === 0 || count >= splits));
      const folds = stratifiedKFold(splits, option).split(y);
      expect(folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(Array.from(y.keys()));
      for (const { test } of folds) {
        for (const [label, count] of counts.entries()) {
          const share = [...test].filter((row) => y[row] === label).length;
          expect(Math.abs(share - count / splits)).toBeLessThan(1);
        }
      }
    }),
  );
});

test("shuffled folds follow their seed", () => {
  const y = Array.from({ length: 40 }, (_, i) => i % 2);
  const split = (seed: number) => plain(stratifiedKFold(4, { shuffle: true, seed }).split(y));
  expect(split(1)).toEqual(split(1));
  expect(split(1)).not.toEqual(split(2));
});

test("whole numbers from 0, not too many, are taken for classes", () => {
  expect(areClasses([0, 1, 1, 2])).toBe(true);
  expect(areClasses([0, 0.5])).toBe(false);
  expect(areClasses([-1, 1])).toBe(false);
  expect(areClasses(Array.from({ length: 21 }, (_, i) => i))).toBe(false);
});

describe("bad folds are refused", () => {
  test("fewer than two", () => {
    for (const splits of [1, 0, -3, 2.5, Number.NaN]) {
      expect(() => kFold(splits)).toThrow(/whole number of folds, at least 2, but got/);
      expect(() => toSplitter(splits, true)).toThrow(/at least 2/);
    }
  });

  test("more than rows", () => {
    expect(() => kFold(5).split([0, 1, 1])).toThrow("at least as many rows as folds, but got 3 rows for 5 folds");
  });

  test("more than a class has rows", () => {
    expect(() => stratifiedKFold(3).split([0, 0, 0, 1, 1])).toThrow(
      "class 1 has 2 and there are 3 folds. Use fewer folds",
    );
  });

  test("lists with rows that do not exist, or none", () => {
    expect(() => toSplitter([], true)).toThrow("needs at least one { train, test }");
    expect(() => toSplitter([{ train: [0], test: [9] }], true).split([0, 1])).toThrow("from 0 to 1, but fold 0 has 9");
    expect(() => toSplitter([{ train: [], test: [0] }], true).split([0, 1])).toThrow("fold 0 has none");
    expect(() => toSplitter("five" as never, true)).toThrow('but got "five"');
  });

  test("a list of folds is taken as given", () => {
    const folds = [{ train: [0, 2], test: [1] }];
    expect(plain(toSplitter(folds, true).split([0, 1, 0]))).toEqual(folds);
  });
});
