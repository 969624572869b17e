import { afterAll, describe, expect, test } from "vitest";
import { BayesianOptimization, GridSearchCV, RandomSearch } from "../../src/tuner/index.ts";
import { createWorkerPool, fromModule } from "../../src/worker/index.ts";
import fixture from "../fixtures/tuner/cross-validation.json" with { type: "json" };
import { type MeanRuleParams, meanRule } from "./mean-rule.ts";

const { x, y } = fixture;
const grid = { gain: [0.5, 1], column: [0, 1] };
const pool = createWorkerPool({ workers: 2 });
afterAll(() => pool.close());

const module = new URL("./mean-rule.ts", import.meta.url);
type Source = (params: MeanRuleParams) => ReturnType<typeof meanRule>;

describe("cross-validation in worker threads", () => {
  test("gives the table that this thread gives", async () => {
    const options = { scoring: "roc_auc", cv: 3, returnTrainScore: true } as const;
    const search = new GridSearchCV(fromModule<Source>(module, "meanRule"), grid, { ...options, workers: pool });
    await search.fit(x, y);
    const here = await new GridSearchCV(meanRule, grid, options).fit(x, y);
    expect(search.cvResults.mean_test_score).toEqual(here.cvResults.mean_test_score);
    expect(search.cvResults.mean_train_score).toEqual(here.cvResults.mean_train_score);
    expect(search.cvResults.params).toEqual(here.cvResults.params);
    expect(await search.predict(x)).toEqual(await here.predict(x));
  });

  test("tells every epoch with its trial and fold", async () => {
    const search = new GridSearchCV(
      fromModule<Source>(module, "withEpochs"),
      { gain: [0.5, 1] },
      { scoring: "f1", cv: 2, workers: pool, refit: false },
    );
    const epochs: string[] = [];
    search.on("epoch", ({ trial, fold, epoch, epochs: of, logs }) =>
      epochs.push(`${trial}/${fold}/${epoch} of ${of} ${logs.loss}`),
    );
    await search.fit(x, y);
    expect(epochs.sort()).toEqual(
      [0, 1].flatMap((trial) =>
        [0, 1].flatMap((fold) =>
          [0, 1, 2].map((epoch) => `${trial}/${fold}/${epoch} of 3 ${[0.5, 1][trial]! / (epoch + 1)}`),
        ),
      ),
    );
  });

  test("loses only the trainings of a thread that ends", async () => {
    const search = new GridSearchCV(
      fromModule<Source>(module, "crashing"),
      { gain: [0.5, 1] },
      { scoring: "f1", cv: 2, workers: pool, refit: false },
    );
    await search.fit(x, y);
    expect(search.cvResults.mean_test_score[0]).toBeNaN();
    expect(search.cvResults.mean_test_score[1]).toBeGreaterThan(0.3);
    expect(search.cvResults.rank_test_score).toEqual([2, 1]);
  });

  test("is refused for what no thread can load or copy", async () => {
    const options = { scoring: "f1", cv: 2, workers: pool } as const;
    expect(
      () => new GridSearchCV(fromModule<Source>(module, "meanRule"), grid, { ...options, scoring: () => 1 }),
    ).toThrow("`scoring` is");
    const missing = new GridSearchCV(fromModule<Source>(module, "meanRul"), grid, options);
    await expect(missing.fit(x, y)).rejects.toThrow('must export "meanRul"');
    const none = new GridSearchCV(fromModule<Source>(module, "notAnEstimator"), grid, options);
    await expect(none.fit(x, y)).rejects.toThrow("An estimator must be a function");
    const uncopied = new GridSearchCV(fromModule<Source>(module, "meanRule"), grid, {
      ...options,
      errorScore: "raise",
    });
    await expect(uncopied.fit(x, y, { callbacks: [() => {}] })).rejects.toThrow("plain data that can be copied");
  });
});

describe("tuners in worker threads", () => {
  const hypermodel = fromModule<typeof import("./networks.ts").hypermodel>(
    new URL("./networks.ts", import.meta.url),
    "hypermodel",
  );
  const callbacks = fromModule<typeof import("./networks.ts").callbacks>(
    new URL("./networks.ts", import.meta.url),
    "callbacks",
  );
  const validationData = [x, y];

  test("train the networks that this thread trains, and bring back weights and epochs", async () => {
    const { hypermodel: own, callbacks: ownCallbacks } = await import("./networks.ts");
    const options = { objective: "val_auc", maxTrials: 4, executionsPerTrial: 2, seed: 5 } as const;
    const away = new RandomSearch({ hypermodel, ...options, workers: pool });
    const epochs = new Set<string>();
    away.on("epoch", ({ trial, execution, epoch }) => epochs.add(`${trial}/${execution}/${epoch}`));
    await away.search(x, y, { validationData, callbacks });
    const here = new RandomSearch({ hypermodel: own, ...options });
    await here.search(x, y, { validationData, callbacks: ownCallbacks() });
    const values = async (tuner: typeof away) =>
      (await tuner.study.trials()).map(({ value, params }) => [value, params]);
    expect(await values(away)).toEqual(await values(here as never));
    expect(epochs.has("3/1/2")).toBe(true);
    const [model] = await away.getBestModels(1);
    const [same] = await here.getBestModels(1);
    expect(model!.getWeights()).toEqual(same!.getWeights());
  });

  test("end with the error when the objective is not logged, and refuse closures", async () => {
    const tuner = new BayesianOptimization({ hypermodel, objective: "val_f1", maxTrials: 3, workers: pool });
    await expect(tuner.search(x, y, { validationData })).rejects.toThrow(/"val_f1" is not among them: loss, .*val_auc/);
    expect((await tuner.study.trials()).map(({ state }) => state)).not.toContain("failed");
    const { hypermodel: own } = await import("./networks.ts");
    expect(() => new RandomSearch({ hypermodel: own, objective: "val_auc", workers: 2 })).toThrow(
      "the hypermodel is an object of this thread. Export it",
    );
    const closing = new RandomSearch({ hypermodel, objective: "val_auc", workers: pool });
    await expect(closing.search(x, y, { validationData, callbacks: [{}] })).rejects.toThrow(
      "`callbacks` is an object of this thread",
    );
  });
});
