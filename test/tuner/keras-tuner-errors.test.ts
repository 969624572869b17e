/** A table: each mistake that KerasTuner answers, what it says (in the fixture), and what we say. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { AssayError } from "../../src/errors.ts";
import { dense, input, sequential } from "../../src/nn/index.ts";
import { HyperModel } from "../../src/tuner/hyper-model.ts";
import { HyperParameters } from "../../src/tuner/hyper-parameters.ts";
import type { SearchArguments } from "../../src/tuner/tuner.ts";
import { Hyperband, RandomSearch } from "../../src/tuner/tuners.ts";
import fixture from "../fixtures/tuner/keras-tuner-errors.json" with { type: "json" };

const root = mkdtempSync(join(tmpdir(), "keras-tuner-errors-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const hp = () => new HyperParameters();
const network = (it: HyperParameters) => {
  const model = sequential([input(2), dense(it.Int("units", { min: 1, max: 9 })), dense(1)], { seed: it.seed });
  model.compile({ loss: "meanSquaredError" });
  return model;
};
/** Options of another program's writing, so that types do not hold them back. */
const tuner = (options: object) =>
  new RandomSearch({ hypermodel: network, objective: "val_loss", maxTrials: 4, ...options } as never);
const search = (options: object, args: SearchArguments = {}) => tuner(options).search([[1, 1]], [1], args);
class Returning extends HyperModel<object> {
  readonly returned: unknown;
  constructor(returned: unknown) {
    super();
    this.returned = returned;
  }
  build(it: HyperParameters) {
    return { units: it.Int("units", { min: 1, max: 9 }) };
  }
  override fit() {
    if (this.returned instanceof Error) throw this.returned;
    return this.returned as number;
  }
}
const returning = (returned: unknown, options: object = {}) =>
  search({ hypermodel: new Returning(returned), ...options });

const OURS: Readonly<Record<keyof typeof fixture.said, readonly [() => unknown, string | null]>> = {
  "an integer that is none": [
    () => hp().Int("n", { min: 1.5, max: 3 }),
    'Int "n": `low` of an int must be an integer between -(2^53 - 1) and 2^53 - 1, but got 1.5.',
  ],
  "a step that is no integer": [
    () => hp().Int("n", { min: 1, max: 3, step: 0.5 }),
    'Int "n": `step` of an int must be an integer between -(2^53 - 1) and 2^53 - 1, but got 0.5.',
  ],
  "a range upside down": [
    () => hp().Float("rate", { min: 1, max: 0 }),
    'Float "rate": `low <= high` must hold for a parameter of type float, but got low=1, high=0.',
  ],
  "an unknown sampling": [
    () => hp().Float("rate", { min: 0.1, max: 1, sampling: "cubic" as never }),
    '`sampling` of Float "rate" must be "linear", "log" or "reverseLog", but got "cubic".',
  ],
  "a logarithm of zero": [
    () => hp().Float("rate", { min: 0, max: 1, sampling: "log" }),
    'Float "rate": `low > 0` must hold for a parameter in log scale, but got low=0, high=1.',
  ],
  "a ratio that does not grow": [
    () => hp().Float("rate", { min: 1, max: 9, step: 1, sampling: "log" }),
    'Float "rate": `step` is a ratio in log sampling and must be above 1, but got 1.',
  ],
  "a choice of nothing": [
    () => hp().Choice("kind", []),
    'Choice "kind": A parameter of type categorical needs a list of at least one choice, but got [].',
  ],
  "a choice of several types": [
    () => hp().Choice<string | number>("kind", ["a", 1]),
    'The values of a Choice must be of one type, but "kind" has string and number: ["a",1].',
  ],
  "a choice of objects": [
    () => hp().Choice("kind", [[1], [2]] as never),
    'Choice "kind": A choice must be a string, a finite number, a boolean or null, but choice 0 of a parameter of type categorical is [1]. Choose a name and look the value up in the objective.',
  ],
  "a default that is no choice": [
    () => hp().Choice("kind", ["a", "b"], { default: "c" as never }),
    'Choice "kind": `default` must be one of the choices (categorical of "a", "b"), but got "c".',
  ],
  "an order of strings": [
    () => hp().Choice("kind", ["a", "b"], { ordered: true }),
    'Only a Choice of numbers can be ordered, but "kind" has ["a","b"]. Leave `ordered` out.',
  ],
  "a default that is no boolean": [
    () => hp().Boolean("flag", { default: "yes" as never }),
    'Boolean "flag": `default` must be one of the choices (boolean), but got "yes".',
  ],
  "a fixed object": [
    () => hp().Fixed("rows", [1, 2] as never),
    'Fixed "rows": A choice must be a string, a finite number, a boolean or null, but choice 0 of a parameter of type fixed is [1,2]. Choose a name and look the value up in the objective.',
  ],
  "a scope without its parent": [
    () => hp().conditionalScope("kind", "a", () => {}),
    'There is no parameter "kind" yet; registered are: none. Register it before it is read or used as a parent.',
  ],
  "a child of its own name": [
    () => {
      const it = hp();
      it.Choice("kind", ["a", "b"]);
      it.conditionalScope("kind", "a", () => it.Choice("kind", ["c", "d"]));
    },
    'A name stands for one definition, but "kind" is registered as categorical of "a", "b" and now asked for as categorical of "c", "d". Use another name, or the same options.',
  ],
  "reading what is not active": [
    () => {
      const it = new HyperParameters({ values: { kind: "b" } });
      it.Choice("kind", ["a", "b"]);
      it.conditionalScope("kind", "b", () => it.Int("n", { min: 1, max: 2 }));
      new HyperParameters({ dimensions: it.dimensions }).get("n");
    },
    '`hp.get` needs a parameter that is active, but "n" is not (it is active when kind in ["b"]). Ask `hp.isActive("n")` first.',
  ],
  "reading what is not there": [
    () => hp().get("n"),
    'There is no parameter "n" yet; registered are: none. Register it before it is read or used as a parent.',
  ],
  "a hypermodel that is none": [
    () => tuner({ hypermodel: 7 }),
    "`hypermodel` must be a HyperModel or a function (hp) => model, but got 7.",
  ],
  "no hypermodel": [
    () => tuner({ hypermodel: undefined }),
    "A tuner needs a `hypermodel`, but got none. Give a function (hp) => model or a HyperModel, or extend the tuner and override `runTrial`.",
  ],
  "an objective that is none": [
    () => tuner({ objective: 7 }),
    'An objective must be the name of a logged number, an Objective or a list of these, but got 7. For example: new Objective("val_recall", "max").',
  ],
  "an unknown direction": [
    () => tuner({ objective: "val_profit" }),
    'The direction of objective "val_profit" cannot be inferred from its name. Say it: new Objective("val_profit", "max") or "min".',
  ],
  "an unknown option": [
    () => tuner({ maxTrial: 3 }),
    'A tuner has no option "maxTrial". It has: hypermodel, objective, maxTrials, executionsPerTrial, hyperparameters, tuneNewEntries, allowNewEntries, maxRetriesPerTrial, maxConsecutiveFailedTrials, maxModelSize, optimizer, loss, metrics, directory, projectName, overwrite, seed, workers.',
  ],
  "a factor of one": [
    () => new Hyperband({ hypermodel: network, objective: "val_loss", factor: 1 }),
    "`factor` must be an integer >= 2, but got 1.",
  ],
  "fixed new entries of nothing": [
    () => tuner({ tuneNewEntries: false }),
    "`tuneNewEntries: false` needs the parameters to search in `hyperparameters`, but got none. Register them there: const hp = new HyperParameters(); hp.Int(…).",
  ],
  "no new entries of nothing": [
    () => tuner({ allowNewEntries: false }),
    "`allowNewEntries: false` needs the parameters to search in `hyperparameters`, but got none. Register them there: const hp = new HyperParameters(); hp.Int(…).",
  ],
  "a new entry": [
    () => {
      const hyperparameters = hp();
      hyperparameters.Int("k", { min: 1, max: 2 });
      return search({ allowNewEntries: false, hyperparameters });
    },
    'With `allowNewEntries: false` a hypermodel may ask only for the parameters in `hyperparameters`, but asked for "units" (int in [1, 9]). Register it there too, or leave `allowNewEntries` out.',
  ],
  "a build that returns nothing": [
    () => search({ hypermodel: (it: HyperParameters) => void it.Int("k", { min: 1, max: 9 }) }),
    "The model of a hypermodel needs a method `fit(x, y, options)`, but `build` returned undefined. Return such a model, or override `HyperModel.fit`.",
  ],
  "a fit that returns nothing": [
    () => returning(undefined),
    '`fit` of a hypermodel must return the training\'s history, an object with "val_loss", a number, or a list of these, but returned undefined. Did you forget to return it? Return what `model.fit` returns.',
  ],
  "a fit that returns text": [
    () => returning("good"),
    '`fit` of a hypermodel must return the training\'s history, an object with "val_loss", a number, or a list of these, but returned "good". Return what `model.fit` returns.',
  ],
  "a fit without the objective": [
    () => returning({ loss: 1 }),
    'The objective must be a number that the training logs, but "val_loss" is not among them: loss. A name with val_ needs `validationData`.',
  ],
  "a history without the objective": [
    () => search({}),
    'The objective must be a number that the training logs, but "val_loss" is not among them: loss. A name with val_ needs `validationData`.',
  ],
  "logs without an objective": [
    () => returning({ loss: 1 }, { objective: undefined }),
    'Without `objective`, `fit` of a hypermodel must return one number to minimise, but returned loss. Name one of them: `objective: "loss"`.',
  ],
  // Theirs looks for a number named "multi_objective"; here the sum is made of the two that are there.
  "logs for a sum of objectives": [
    () => returning({ val_loss: 1, val_accuracy: 0.5 }, { objective: ["val_loss", "val_accuracy"] }),
    null,
  ],
  "a callback that cannot be copied": [
    () => search({}, { callbacks: [7 as never] }),
    "`callbacks[0]` must be a callback or a function that makes one, but got 7.",
  ],
  "trials that fail in a row": [
    () => returning(new Error("the driver is gone")),
    "The search stops after 3 failed trials in a row:\n  trial 0: the driver is gone\n  trial 1: the driver is gone\n  trial 2: the driver is gone\nMend the hypermodel or its ranges, or raise `maxConsecutiveFailedTrials`; the next `search` goes on from here.",
  ],
  "a corrupt project": [
    () => {
      mkdirSync(join(root, "corrupt"), { recursive: true });
      writeFileSync(join(root, "corrupt", "tuner.json"), "{}");
      return search({ directory: root, projectName: "corrupt" });
    },
    `${JSON.stringify(join(root, "corrupt", "tuner.json"))} must be what a tuner of this version wrote, but it is something else. Choose another \`projectName\`, or start afresh with \`overwrite: true\`.`,
  ],
};

async function said(mistake: () => unknown): Promise<string | null> {
  try {
    await mistake();
  } catch (error) {
    expect(error).toBeInstanceOf(AssayError);
    return (error as Error).message;
  }
  return null;
}

test.each(Object.entries(fixture.said))("%s", async (name, theirs) => {
  const [mistake, text] = OURS[name as keyof typeof OURS];
  expect(theirs).toMatch(/^\w+Error: ./);
  expect(await said(mistake)).toBe(text);
});
