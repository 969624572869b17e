import { describe, expect, test } from "vitest";
import {
  inferDirection,
  MultiObjective,
  Objective,
  objectiveFromJson,
  toObjective,
} from "../../src/tuner/objective.ts";
import { bestEpoch, scoreTraining } from "../../src/tuner/training-result.ts";
import fixture from "../fixtures/tuner/keras-tuner.json" with { type: "json" };

test("directions are inferred from the metric's name, f1 upwards", () => {
  const direction = (name: string) => toObjective(name).direction;
  for (const name of [
    "loss",
    "val_loss",
    "logLoss",
    "val_brier",
    "mse",
    "val_meanAbsoluteError",
    "val_binary_crossentropy",
  ]) {
    expect([name, direction(name)]).toEqual([name, "min"]);
  }
  for (const name of [
    "accuracy",
    "val_acc",
    "val_recall",
    "val_auc",
    "val_auprc",
    "val_f1",
    "val_f1_score",
    "f2",
    "val_fBeta",
    "val_recall@precision>=0.7",
    "val_weighted_accuracy",
    "val_recallAtPrecision",
  ]) {
    expect([name, direction(name)]).toEqual([name, "max"]);
  }
});

test("a name of unknown direction asks for an Objective, which takes any name", () => {
  expect(() => toObjective("val_profit")).toThrow('Say it: new Objective("val_profit", "max") or "min"');
  expect(toObjective(new Objective("val_profit", "max"))).toEqual({ name: "val_profit", direction: "max" });
  expect(() => toObjective(7 as never)).toThrow("or a list of these, but got 7");
  expect(() => new Objective("", "max")).toThrow("needs the name");
  expect(() => new Objective("loss", "down" as never)).toThrow('must be "min" or "max", but got "down"');
});

describe(`the directions that KerasTuner ${fixture.versions.kerasTuner} infers`, () => {
  const theirs = Object.entries(fixture.directions as Record<string, string | null>);
  /** More of these is better; theirs minimises them, or cannot say. */
  const MAXIMISED =
    /^(f1_?score|f_?beta_?score|r2_?score|cosine_?similarity|(binary|mean|one_?hot|one_?hot_?mean)?_?io_?u|(pearson|concordance)_?correlation|(precision|recall|sensitivity|specificity)_?at_?\w+)$/i;
  /** Anything can be averaged or summed: these say nothing of a direction. */
  const UNKNOWN = /^(mean|sum|metric|meanmetricwrapper)$/i;

  test.each(theirs)("%s", (name, direction) => {
    const ours = inferDirection(`val_${name}`);
    if (UNKNOWN.test(name)) expect(ours).toBeUndefined();
    else if (MAXIMISED.test(name)) expect(ours).toBe("max");
    else expect(ours).toBe(direction ?? "min");
  });

  test("are the same for a model's second metric of a name and for weighted metrics", () => {
    expect(inferDirection("val_recall_1")).toBe("max");
    expect(inferDirection("val_weighted_mean_squared_error")).toBe("min");
    expect(inferDirection("val_profit_1")).toBeUndefined();
  });
});

describe("several objectives", () => {
  const both = toObjective(["val_loss", new Objective("val_profit", "max")]);

  test("are one to minimise: the sum of those to minimise less the sum of those to maximise", () => {
    expect(both).toBeInstanceOf(MultiObjective);
    expect([both.name, both.direction]).toEqual(["multi_objective", "min"]);
    expect(both.valueIn({ val_loss: 3, val_profit: 5, loss: 9 })).toBe(-2);
    expect(both.valueIn({ val_loss: 3 })).toBeUndefined();
    const back = objectiveFromJson(JSON.parse(JSON.stringify(both)));
    expect(back.valueIn({ val_loss: 3, val_profit: 5 })).toBe(-2);
  });

  test("choose one best epoch together", () => {
    const history = { val_loss: [3, 1, 2], val_profit: [1, 1, 4] };
    expect(scoreTraining({ history }, both)).toEqual({
      value: -2,
      epoch: 2,
      epochs: 3,
      metrics: { val_loss: 2, val_profit: 4, multi_objective: -2 },
    });
    expect(scoreTraining({ val_loss: 1, val_profit: 3 }, both).value).toBe(-2);
    expect(() => scoreTraining({ val_loss: 1 }, both)).toThrow('"val_profit" is not among them: val_loss');
  });

  test("are at least two, of different names", () => {
    expect(() => toObjective(["val_loss"])).toThrow("at least two, of different names");
    expect(() => toObjective(["val_loss", "val_loss"])).toThrow("at least two, of different names");
  });
});

test("without an objective one number is minimised", () => {
  const objective = toObjective(undefined);
  expect(objective.direction).toBe("min");
  expect(scoreTraining(0.5, objective).value).toBe(0.5);
  expect(() => scoreTraining({ history: { loss: [1], val_loss: [2] } }, objective)).toThrow(
    /^Without `objective`, .* must return one number to minimise, but returned loss, val_loss\. .*"val_loss"/,
  );
});

test("the best epoch is the first with the best value, and NaN is never best", () => {
  const most = new Objective("a", "max");
  expect(bestEpoch([Number.NaN, 1, 3, 2, 3], most)).toBe(2);
  expect(bestEpoch([3, 1, 1], new Objective("a", "min"))).toBe(1);
  expect(bestEpoch([Number.NaN], most)).toBeNull();
});

describe("a training is scored by what it returned", () => {
  const objective = new Objective("val_recall", "max");

  test("a history at its best epoch, with everything else logged there", () => {
    const history = { val_recall: [0.2, 0.9, 0.9], loss: [3, 2, 1] };
    expect(scoreTraining({ history }, objective)).toEqual({
      value: 0.9,
      epoch: 1,
      epochs: 3,
      metrics: { val_recall: 0.9, loss: 2 },
    });
  });

  test("final logs and bare numbers as they are", () => {
    expect(scoreTraining({ val_recall: 0.4, loss: 2 }, objective)).toMatchObject({ value: 0.4, epoch: null });
    expect(scoreTraining(0.3, objective)).toMatchObject({ value: 0.3, metrics: { val_recall: 0.3 } });
  });

  test("lists as the mean of every number over those that have it, and of the best epochs rounded down", () => {
    const first = { history: { val_recall: [0.2, 0.8], loss: [3, 2] } };
    const second = { history: { val_recall: [0.6, 0.1], extra: [7, 7] } };
    expect(scoreTraining([first, second], objective)).toEqual({
      value: 0.7,
      epoch: 0,
      epochs: 2,
      metrics: { val_recall: 0.7, loss: 2, extra: 7 },
    });
    expect(scoreTraining([1, 2, 6], objective)).toMatchObject({ value: 3, epoch: null });
    expect(() => scoreTraining([], objective)).toThrow("or a list of these, but returned []");
  });

  test("anything else is an error that lists the names there are", () => {
    expect(() => scoreTraining({ history: { loss: [1], recall: [1] } }, objective)).toThrow(
      '"val_recall" is not among them: loss, recall. A name with val_ needs `validationData`.',
    );
    expect(() => scoreTraining({ history: { val_loss: [1] } }, objective)).toThrow(
      "compile the model with that metric",
    );
    expect(() => scoreTraining(undefined as never, objective)).toThrow("Return what `model.fit` returns");
    expect(() => scoreTraining({ val_recall: "high" } as never, objective)).toThrow('must be a number, but got "high"');
  });
});
