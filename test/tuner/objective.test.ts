import { describe, expect, test } from "vitest";
import { Objective } from "../../src/tuner/index.ts";
import { bestEpoch, scoreTraining, toObjective } from "../../src/tuner/objective.ts";

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
  expect(() => toObjective(7 as never)).toThrow("or an Objective, but got 7");
  expect(() => new Objective("", "max")).toThrow("needs the name");
  expect(() => new Objective("loss", "down" as never)).toThrow('must be "min" or "max", but got "down"');
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
