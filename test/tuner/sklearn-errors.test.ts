/** To every error of scikit-learn's that its fixture collects, ours: what rule is broken, by what, and what to do. */
import { describe, expect, test } from "vitest";
import { AssayError } from "../../src/index.ts";
import { shareMatrix } from "../../src/tuner/dataset.ts";
import {
  columnTransformer,
  crossValidate,
  crossValScore,
  type Estimator,
  GridSearchCV,
  getScorer,
  groupKFold,
  groupShuffleSplit,
  HalvingGridSearchCV,
  HalvingRandomSearchCV,
  kFold,
  leaveOneGroupOut,
  leaveOneOut,
  leavePGroupsOut,
  leavePOut,
  logisticRegression,
  makeScorer,
  oneHotEncoder,
  ParameterGrid,
  parameterSampler,
  pipeline,
  RandomizedSearchCV,
  repeatedKFold,
  type Splitter,
  shuffleSplit,
  simpleImputer,
  standardScaler,
  stratifiedGroupKFold,
  stratifiedKFold,
  stratifiedShuffleSplit,
  timeSeriesSplit,
  trainTestSplit,
  tunedThresholdClassifierCV,
} from "../../src/tuner/index.ts";
import fixture from "../fixtures/tuner/sklearn-errors.json" with { type: "json" };
import { meanRule } from "./mean-rule.ts";

const x = Array.from({ length: 12 }, (_, row) => [(2 * row) % 7, (2 * row + 1) % 7]);
const matrix = shareMatrix(x);
const y = x.map((_, row) => row % 2);
const three = x.map((_, row) => row % 3);
const grid = { gain: [1, 2] };

const split = (splitter: Splitter, labels: readonly number[] = y, groups?: readonly number[]) =>
  splitter.split(labels, groups);
const search = (options: object, given: object = grid, labels: unknown = y) =>
  new GridSearchCV(meanRule, given as typeof grid, { cv: 2, scoring: "f1", ...options }).fit(x, labels as number[]);
const halving = (options: object, estimator: unknown = meanRule) =>
  new HalvingGridSearchCV(estimator as typeof meanRule, grid, { cv: 2, scoring: "f1", ...options }).fit(x, y);
const threshold = (options: object, labels: readonly number[] = y) =>
  tunedThresholdClassifierCV(logisticRegression(), { cv: 2, ...options }).fit(matrix, labels);
const predicting = (predictions: readonly number[]): Estimator => ({ fit: () => {}, predict: () => predictions });
const sequence = (given: unknown) => [...new ParameterGrid(given as typeof grid)];

const OURS: Record<string, readonly [attempt: () => unknown, text: string]> = {
  "one fold": [() => kFold(1), "a whole number of folds, at least 2, but got 1."],
  "half a fold": [() => kFold(2.5), "a whole number of folds, at least 2, but got 2.5."],
  "a seed without shuffling": [
    () => kFold(3, { seed: 1 }),
    "got seed 1 without `shuffle`. Set `shuffle: true`, or leave the seed out.",
  ],
  "a shuffle that is neither true nor false": [
    () => kFold(3, { shuffle: "yes" as never }),
    '`shuffle` must be true or false, but got "yes".',
  ],
  "more folds than rows": [() => split(kFold(13)), "got 12 rows for 13 folds."],
  "more folds than rows of any class": [
    () => split(stratifiedKFold(7)),
    "class 0 has 6 and there are 7 folds. Use fewer folds, or more rows of that class.",
  ],
  "no groups": [
    () => split(groupKFold(2)),
    "groupKFold(2) needs to know to which group each row belongs, but got no `groups`. Give them beside the labels: fit(x, y, { groups }).",
  ],
  "more folds than groups": [
    () => split(groupKFold(4), y, three),
    "groupKFold(4) needs at least 4 groups, but got 3: [0,1,2]. Use fewer folds, or split finer groups.",
  ],
  "more stratified folds than groups": [
    () => split(stratifiedGroupKFold(4), y, three),
    "stratifiedGroupKFold(4) needs at least 4 groups, but got 3",
  ],
  "groups of another length": [() => split(groupKFold(2), y, [0, 1]), "one group for each of the 12 rows, but has 2."],
  "one group to leave out": [
    () => split(leaveOneGroupOut(), y, Array(12).fill(5)),
    "leaveOneGroupOut needs at least 2 groups, but got 1: [5].",
  ],
  "all groups to leave out": [
    () => split(leavePGroupsOut(3), y, three),
    "leavePGroupsOut needs at least 4 groups, but got 3: [0,1,2].",
  ],
  "one row to leave out": [() => split(leaveOneOut(), [0]), "Leaving out 1 needs more rows than that, but got 1."],
  "all rows to leave out": [() => split(leavePOut(12)), "Leaving out 12 needs more rows than that, but got 12."],
  "a time series too short": [
    () => split(timeSeriesSplit(12)),
    "12 rows are too few for 12 tests of 0 rows. Use fewer folds or smaller tests.",
  ],
  "a gap too long": [
    () => split(timeSeriesSplit(3, { gap: 4 })),
    "12 rows are too few for 3 tests of 3 rows after a gap of 4.",
  ],
  "no repetition": [() => repeatedKFold(5, 0), "`repeats` must be an integer >= 1, but got 0."],
  "half a repetition": [() => repeatedKFold(5, 1.5), "`repeats` must be an integer >= 1, but got 1.5."],
  "a test part of all rows": [
    () => split(shuffleSplit(10, { testSize: 12 })),
    "`testSize` must be a share between 0 and 1 or a number of rows from 1 to 11, but got 12.",
  ],
  "a share above one": [
    () => split(shuffleSplit(10, { testSize: 1.5 })),
    "a share between 0 and 1 or a number of rows from 1 to 11, but got 1.5.",
  ],
  "shares above one together": [
    () => split(shuffleSplit(10, { testSize: 0.6, trainSize: 0.6 })),
    "testSize 0.6 and trainSize 0.6 give 8 to test and 7 to train on.",
  ],
  "counts above all together": [
    () => split(shuffleSplit(10, { testSize: 8, trainSize: 8 })),
    "together no more than all, but testSize 8 and trainSize 8",
  ],
  "a training part without rows": [
    () => split(shuffleSplit(10, { testSize: 0.99 })),
    "at least one of the 12 rows, and together no more than all, but testSize 0.99",
  ],
  "a class with one row": [
    () => split(stratifiedShuffleSplit(), [...Array(11).fill(0), 1]),
    "A class needs at least 2 rows to be on both sides of a split, but class 1 has 1.",
  ],
  "a test part with fewer rows than classes": [
    () => split(stratifiedShuffleSplit(10, { testSize: 2 }), three),
    "at least one row for each of the 3 classes, but `testSize` gives 2.",
  ],
  "a training part with fewer rows than classes": [
    () => split(stratifiedShuffleSplit(10, { trainSize: 2 }), three),
    "at least one row for each of the 3 classes, but `trainSize` gives 2.",
  ],
  "no groups to draw": [() => split(groupShuffleSplit()), "groupShuffleSplit needs to know to which group"],
  "a stratified split without shuffling": [
    () => trainTestSplit(x, y, { shuffle: false, stratify: true }),
    "got `stratify` with `shuffle: false`. Leave one of them out.",
  ],
  "a cv that is none": [
    () => search({ cv: "five" }),
    'a number of folds, a splitter such as stratifiedKFold(5), or a list of { train, test }, but got "five".',
  ],
  "a grid that is a list of values": [
    () => sequence([1, 2]),
    "A grid needs at least one parameter with its values, but got 1.",
  ],
  "a grid that is a number": [() => sequence(3), "A grid needs at least one parameter with its values, but got 3."],
  "a parameter with a single value": [
    () => sequence({ gain: 1 }),
    'needs a list of at least one value, but "gain" has 1.',
  ],
  "a parameter with a text": [() => sequence({ gain: "big" }), '"gain" has "big".'],
  "a parameter without values": [() => sequence({ gain: [] }), '"gain" has [].'],
  "a distribution that is none": [
    () => [...parameterSampler({ gain: 1 } as never, 2)],
    'or a distribution such as uniform(0, 1), but "gain" has 1.',
  ],
  "no candidates": [
    () => new RandomizedSearchCV(meanRule, grid, { trials: 0 }),
    "`trials` must be an integer >= 1, but got 0.",
  ],
  "an unknown score": [() => getScorer("accuracyy"), "one of accuracy, balanced_accuracy, "],
  "precision of three classes": [
    () => getScorer("precision")(predicting(three), matrix, three),
    'for "precision" a label is 2. For several classes add how to average: "_macro", "_micro" or "_weighted"',
  ],
  "one ROC curve of three classes": [
    () => getScorer("roc_auc")(logisticRegression().fit(matrix, three), matrix, three),
    '"roc_auc" is a score of two classes, but the estimator knows 3. Score by "roc_auc_ovr", "roc_auc_ovo"',
  ],
  "probabilities that are not there": [
    () => getScorer("neg_log_loss")(predicting(y), matrix, y),
    'Scoring by "neg_log_loss" needs probabilities, but the estimator has no `predictProba`. Add one',
  ],
  "a scorer that is no function": [
    () => makeScorer("f1" as never),
    'a function (y, predicted) => number, but got "f1". For a known name use getScorer.',
  ],
  "a response that is none": [
    () => makeScorer(() => 1, { response: "probability" as never }),
    '`response` must be "predict" or "predictProba", but got "probability".',
  ],
  "a score that is a text": [
    () => search({ scoring: () => "high", errorScore: "raise" }),
    'A score must be a number, or a record of numbers for several scores, but "scoring" returned "high".',
  ],
  "no scores": [() => search({ scoring: [], refit: false }), "different names, at least one, but got []."],
  "a score that stands twice": [() => search({ scoring: ["f1", "f1"], refit: "f1" }), 'but got "f1" twice.'],
  "no score at all": [
    () => crossValidate(() => predicting(y), x, y),
    'needs `scoring` to be given, such as "accuracy"',
  ],
  "several scores for one": [
    () => crossValScore(meanRule, x, y, { scoring: ["f1", "recall"] }),
    'one score a fold, but `scoring` has "f1", "recall". Use crossValidate.',
  ],
  "several scores and none that decides": [
    () => search({ scoring: ["f1", "recall"] }),
    'which of them chooses the best candidate ("f1", "recall"), be a function of the table, or false, but got true.',
  ],
  "a deciding score that is not computed": [
    () => search({ scoring: ["f1", "recall"], refit: "precision" }),
    '("f1", "recall"), be a function of the table, or false, but got "precision".',
  ],
  "a best candidate outside the table": [() => search({ refit: () => 2 }), "0 to 1, but returned 2."],
  "a best candidate that is no number": [() => search({ refit: () => "first" }), '0 to 1, but returned "first".'],
  "an error's score that is none": [
    () => search({ errorScore: "ignore" }),
    '`errorScore` must be a number, NaN or "raise", but got "ignore".',
  ],
  "trainings that all fail": [
    () => search({}, { gain: [-1] }),
    "but all 2 failed. The first one said: gain must not be negative",
  ],
  "an estimator that is none": [
    () => new GridSearchCV(7 as never, grid),
    "a function (params) => estimator, an object with fit, predict, clone and setParams, or fromModule(…), but got 7.",
  ],
  "labels of another length": [() => search({}, grid, y.slice(0, 5)), "X has 12 and y has 5."],
  "labels that are missing": [
    () =>
      search(
        {},
        grid,
        y.map((label) => (label === 1 ? Number.NaN : 0)),
      ),
    "y must hold finite numbers, but y[1] is NaN. Encode classes as 0, 1, … first.",
  ],
  "a prediction before fitting": [
    () => new GridSearchCV(logisticRegression(), { C: [1] }).predict(x),
    "A search has `bestEstimator` after a `fit`",
  ],
  "a parameter that the estimator does not have": [
    () => new GridSearchCV(logisticRegression(), { c: [1] }, { cv: 2 }).fit(x, y),
    'logisticRegression has no parameter "c". It has: C, penalty, fitIntercept',
  ],
  "a resource that is searched": [
    () => halving({ resource: "gain", maxResources: 9 }),
    '"gain" is both `resource` and a parameter. Leave it out of one.',
  ],
  "a resource that the estimator does not have": [
    () =>
      new HalvingGridSearchCV(logisticRegression(), { C: [1, 2] }, { cv: 2, resource: "epochs", maxResources: 9 }).fit(
        x,
        y,
      ),
    'logisticRegression has no parameter "epochs". It has: C',
  ],
  "a resource without an end": [
    () => halving({ resource: "offset" }),
    '`maxResources` is "auto", which is known only for rows. Give a number.',
  ],
  "more to begin with than there is": [
    () => halving({ minResources: 13 }),
    'needs 13 of "n_samples" a candidate and there are 12. Set `minResources` lower',
  ],
  "everything to be exhausted": [
    () => new HalvingRandomSearchCV(meanRule, grid, { minResources: "exhaust" }),
    'One of `candidates` and `minResources` must be given for the other to follow from it, but both are "exhaust".',
  ],
  "halving by several scores": [
    () => halving({ scoring: ["f1", "recall"] }),
    'a single score, but `scoring` has "f1", "recall". Choose one of them.',
  ],
  "halving by nothing": [() => halving({ factor: 0 }), "`factor` must be a number > 1, but got 0."],
  "a negative strength of the penalty": [
    () => logisticRegression({ C: -1 }),
    "`C` of logisticRegression must be a finite number > 0, but got -1.",
  ],
  "missing values": [
    () =>
      logisticRegression().fit(shareMatrix(x.map((row) => row.map((value) => (value === 3 ? Number.NaN : value)))), y),
    "row 1, column 1 is NaN. Put simpleImputer() before it in a pipeline.",
  ],
  "one class only": [
    () => logisticRegression().fit(matrix, Array(12).fill(0)),
    "rows of at least two classes, but all are of class 0. Use stratified folds.",
  ],
  "probabilities before fitting": [
    () => logisticRegression().predictProba(matrix),
    "A logistic regression has weights after `fit`, and not before.",
  ],
  "a table with other columns": [
    () =>
      standardScaler()
        .fit(matrix, y)
        .transform(shareMatrix([[1]])),
    "standardScaler has learned from 2 columns, but got a table with 1.",
  ],
  "a category never seen": [
    () =>
      oneHotEncoder()
        .fit(shareMatrix(x.slice(0, 2)), y)
        .transform(matrix),
    'column 0 has 4, which is not among [0,2]. Set `handleUnknown: "ignore"` to encode it as zeros.',
  ],
  "a strategy that is none": [
    () => simpleImputer({ strategy: "mode" as never }),
    '`strategy` of simpleImputer must be "mean", "median", "most_frequent", "constant", but got "mode".',
  ],
  "a step that is no transformer": [
    () => pipeline({ seven: 7 as never }, logisticRegression()),
    'must be a transformer such as standardScaler(), but "seven" is 7.',
  ],
  "a column that is not there": [
    () => columnTransformer({ a: { columns: [2], transformer: standardScaler() } }).fit(matrix, y),
    "columnTransformer names column 2, but X has columns 0 to 1.",
  ],
  "a step that is not there": [
    () => pipeline({ scale: standardScaler() }, logisticRegression()).setParams({ "scaler.withMean": false }),
    'but got "scaler". Its steps are: scale.',
  ],
  "a threshold of three classes": [() => threshold({}, three), "two classes, 0 and 1, but a label is 2."],
  "a threshold of what is always the same": [
    () =>
      tunedThresholdClassifierCV(pipeline({ scale: standardScaler() }, logisticRegression()), { cv: 2 }).fit(
        shareMatrix(x.map(() => [1])),
        y,
      ),
    "but the estimator predicts 0.5 for all 6 rows of a fold.",
  ],
  "a threshold by probabilities": [() => threshold({ scoring: "accuracyy" }), 'but got "accuracyy".'],
  "several folds and no final fit": [
    () => threshold({ refit: false }),
    "the only fold's estimator is kept, but `cv` has 2 folds. Hold out one share, such as cv: 0.2.",
  ],
  "a final fit of what is fitted": [
    () => threshold({ cv: "prefit", refit: true }),
    'is not fitted again, but got cv "prefit" with `refit: true`. Leave one of them out.',
  ],
  "one threshold": [() => threshold({ thresholds: 0 }), "an integer >= 2 or a list of numbers, but got 0."],
};

const theirs: Readonly<Record<string, string | null>> = fixture.theirs;

test("every case in which scikit-learn complains is here", () => {
  expect(Object.keys(OURS)).toEqual(Object.keys(theirs));
  expect(Object.entries(theirs).filter(([, text]) => text === null)).toEqual([]);
});

describe("to what scikit-learn says there is a text that names the rule and what was got", () => {
  for (const [name, [attempt, text]] of Object.entries(OURS)) {
    test(`${name}: ${theirs[name]}`, async () => {
      const error = await Promise.resolve()
        .then(attempt)
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      expect(error).toBeInstanceOf(AssayError);
      expect((error as Error).message).toContain(text);
    });
  }
});
