/**
 * In the manner of scikit-learn, on the German credit table, whose authors say what mistakes cost: 5 for a bad debtor who
 * is lent to, 1 for a good one who is refused. Preprocessing, penalty and threshold are all chosen within each outer fold's
 * training rows (nested cross-validation), so that the costs printed are those of rows that chose nothing.
 */
import { readFileSync } from "node:fs";
import {
  chain,
  columnTransformer,
  costScorer,
  crossValidate,
  cvResultsTable,
  type Estimator,
  type EstimatorSource,
  logisticRegression,
  loguniform,
  oneHotEncoder,
  pipeline,
  RandomizedSearchCV,
  simpleImputer,
  standardScaler,
  stratifiedKFold,
  tunedThresholdClassifierCV,
} from "assay/tuner";

const [names, ...lines] = readFileSync(new URL("../fraud-detection/german-credit.csv", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(","));
const y = lines.map((line) => Number(line.at(-1)));

// Categories become numbers by their names alone, which learns nothing from the rows.
const columns = names!.slice(0, -1).map((_, column) => lines.map((line) => line[column]!));
const isNumeric = columns.map((values) => values.every((value) => value === "" || Number.isFinite(Number(value))));
const levels = columns.map((values) => [...new Set(values)].sort());
const x = lines.map((line) =>
  columns.map((_, column) => {
    const value = line[column]!;
    if (value === "") return Number.NaN;
    return isNumeric[column] ? Number(value) : levels[column]!.indexOf(value);
  }),
);
const numbered = (wanted: boolean) => [...isNumeric.keys()].filter((column) => isNumeric[column] === wanted);

const prepare = columnTransformer({
  numbers: {
    columns: numbered(true),
    transformer: chain({ impute: simpleImputer({ strategy: "median" }), scale: standardScaler() }),
  },
  categories: { columns: numbered(false), transformer: oneHotEncoder({ handleUnknown: "ignore" }) },
});
const credit = pipeline({ prepare }, logisticRegression());
const cost = costScorer(
  [
    [0, 1],
    [5, 0],
  ],
  "cost 5 : 1",
);

const cv = stratifiedKFold(5, { shuffle: true, seed: 1 });
const scoring = { cost, recall: "recall", precision: "precision", auc: "roc_auc" };
const search = () =>
  new RandomizedSearchCV(
    tunedThresholdClassifierCV(credit, { scoring: cost, cv: 3 }),
    { "estimator.model.C": loguniform(1e-3, 10), "estimator.prepare.numbers.impute.strategy": ["mean", "median"] },
    { scoring: cost, cv: 3, trials: 4, seed: 1 },
  );

console.log("Costs of a loan asked for, in units of a good debtor refused (5 folds, mean of each):");
const rivals: readonly (readonly [string, EstimatorSource<object, Estimator>])[] = [
  ["threshold 0.5", credit],
  ["threshold tuned", tunedThresholdClassifierCV(credit, { scoring: cost, cv: 3 })],
  ["penalty and threshold tuned", search],
];
for (const [name, estimator] of rivals) {
  const result = await crossValidate(estimator, x, y, { cv, scoring, seed: 1 });
  const mean = (values: readonly number[] = []) => values.reduce((sum, value) => sum + value, 0) / values.length;
  console.log(
    `  ${name.padEnd(28)} cost ${(-mean(result.test_cost)).toFixed(3)}  recall ${mean(result.test_recall).toFixed(2)}  precision ${mean(result.test_precision).toFixed(2)}  AUC ${mean(result.test_auc).toFixed(3)}`,
  );
}

const chosen = await search().fit(x, y);
console.log(
  `\nOn all rows: threshold ${chosen.bestEstimator.bestThreshold.toFixed(3)} (1/6 if the probabilities were true)`,
);
console.log(cvResultsTable(chosen.cvResults));
