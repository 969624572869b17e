/**
 * In the manner of scikit-learn: a grid and a Bayesian search under the same folds, trained in worker threads, which load the
 * estimator from its module.
 */
import { createRng, float, int } from "assay";
import { BayesSearchCV, GridSearchCV } from "assay/tuner";
import { fromModule } from "assay/worker";
import type { createEstimator } from "./model.ts";

const rng = createRng("moons");
const y = Array.from({ length: 500 }, () => Number(rng.next() < 0.3));
const x = y.map((label) => {
  const angle = Math.PI * rng.next();
  return [Math.cos(angle) + label + 0.25 * rng.normal(), (label ? -1 : 1) * Math.sin(angle) + 0.25 * rng.normal()];
});

const estimator = fromModule<typeof createEstimator>(new URL("./model.ts", import.meta.url), "createEstimator");
const options = { scoring: "roc_auc", cv: 3, workers: "all", seed: 7 } as const;
const grid = new GridSearchCV(estimator, { units: [4, 16, 64], learningRate: [1e-1, 1e-2, 1e-3] }, options);
const bayes = new BayesSearchCV(
  estimator,
  { units: int(4, 64, { log: true }), learningRate: float(1e-3, 1e-1, { log: true }) },
  { ...options, trials: grid.size },
);
for (const search of [grid, bayes]) {
  await search.fit(x, y);
  console.log(
    `${search.constructor.name}: mean AUC ${search.bestScore.toFixed(4)} over 3 folds with`,
    search.bestParams,
  );
}
console.log(
  "standard deviation of the grid's best over the folds:",
  grid.cvResults.std_test_score[grid.bestIndex]?.toFixed(4),
);
