import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { AssayError, DuplicateError, NotFoundError, StorageError, ValidationError } from "../../src/errors.ts";
import { random } from "../../src/sampler/random.ts";
import { spaceFromJson } from "../../src/space/json.ts";
import { memory } from "../../src/storage/memory.ts";
import { importOptunaStudy } from "../../src/storage/sql/optuna/import.ts";
import { createStudy } from "../../src/study/create.ts";
import { contentOf } from "./histories.ts";

const fixtures = join(import.meta.dirname, "../fixtures/storage");
const expected = JSON.parse(readFileSync(join(fixtures, "optuna.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "assay-optuna-"));
afterAll(() => rmSync(folder, { recursive: true }));

const STATES: Record<string, string> = {
  COMPLETE: "completed",
  PRUNED: "pruned",
  FAIL: "failed",
  RUNNING: "waiting",
  WAITING: "waiting",
};
/** A number as Python prints it. */
const ofPython = (text: string) => Number(text.replace("inf", "Infinity"));

describe.each(["optuna.db", "optuna.log"])("a study of Optuna 5 in %s", (file) => {
  const path = join(fixtures, file);

  test("is imported with its parameters, states, values, reports, attributes and times", async () => {
    const storage = memory();
    await importOptunaStudy(storage, path, { study: "churn", seed: 3 });
    const { study, trials } = await contentOf(storage, "churn");
    expect(study).toMatchObject({
      direction: "maximize",
      seed: 3,
      attributes: { optuna: { team: { name: "blue", worst: -Infinity } } },
    });
    expect(
      spaceFromJson((study as { space: [] }).space).dimensions.map(({ name, parameter }) => [
        name,
        parameter.describe(),
      ]),
    ).toEqual([
      ["lr", "float in [0.00001, 1], log"],
      ["dropout", "float in [0, 0.7], step 0.1"],
      ["momentum", "float in [-1, 1.7]"],
      ["layers", "int in [1, 9], step 2"],
      ["units", "int in [16, 512], log"],
      ["kind", 'categorical of "a", 1, null, true, 2.5'],
      ["only a", "float in [0, 1]"],
    ]);
    const theirs = expected[file];
    expect(trials.map(({ state }) => state)).toEqual(theirs.map((it: { state: string }) => STATES[it.state]));
    for (const [number, their] of theirs.entries()) {
      const trial = trials[number]!;
      // Of the trial that was enqueued Optuna shows the parameters only once it runs.
      const params = number === 8 ? { lr: 0.5, kind: null } : their.params;
      expect(Object.keys(trial.params)).toEqual(Object.keys(params));
      for (const [name, value] of Object.entries(params)) {
        if (name === "dropout") expect(trial.params[name]).toBeCloseTo(value as number, 12);
        else expect(trial.params[name]).toBe(value);
      }
      if (their.state === "COMPLETE") expect(trial.value).toBe(ofPython(their.value));
      if (STATES[their.state] === "waiting") continue;
      expect(trial.reports).toEqual(
        their.reports.map(([step, value]: [number, string]) => ({ step, value: ofPython(value) })),
      );
      if (file === "optuna.log") expect(trial.startedAt).toBeCloseTo(their.start, 2);
    }
    expect(trials[5]).toMatchObject({ state: "pruned", value: Infinity });
    expect(trials[6]).toMatchObject({ value: null, error: { message: "The trial failed in Optuna." } });
    const tags = ["x", 2, { nan: null, inf: Infinity, text: "NaN, Infinity" }];
    expect(trials[2]!.attributes).toEqual({ tags });
    expect(trials.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 1]);
  });

  test("goes on here, by an objective that asks for its parameters", async () => {
    const storage = memory();
    await importOptunaStudy(storage, path, { study: "churn", name: "on" });
    const study = await createStudy({ storage, name: "on", direction: "maximize", sampler: random() });
    const ran: number[] = [];
    await study.optimize(
      (trial) => {
        ran.push(trial.number);
        return trial.float("lr", 1e-5, 1, { log: true });
      },
      { trials: 11 },
    );
    expect(ran).toEqual([7, 8, 10]);
    expect((await study.trials())[8]).toMatchObject({ state: "completed", value: 0.5 });
    expect((await study.best())?.value).toBe(5);
  });

  test("is named where there are several, and refused where it has two objectives or its name is taken", async () => {
    const storage = memory();
    await expect(importOptunaStudy(storage, path)).rejects.toThrow(/The file has: "churn", "two objectives", "empty"/);
    await expect(importOptunaStudy(storage, path, { study: "gone" })).rejects.toThrow(NotFoundError);
    await expect(importOptunaStudy(storage, path, { study: "two objectives" })).rejects.toThrow(
      /must have one objective/,
    );
    await importOptunaStudy(storage, path, { study: "empty" });
    expect((await contentOf(storage, "empty")).trials).toEqual([]);
    await expect(importOptunaStudy(storage, path, { study: "empty" })).rejects.toThrow(DuplicateError);
  });

  test("is only read", async () => {
    const before = readFileSync(path);
    await importOptunaStudy(memory(), path, { study: "churn" });
    expect(readFileSync(path)).toEqual(before);
  });
});

describe("a file that is not as Optuna writes it", () => {
  const journal = readFileSync(join(fixtures, "optuna.log"), "utf8");
  const written = (text: string): string => {
    const path = join(folder, "journal.log");
    writeFileSync(path, text);
    return path;
  };

  test("is a journal whose last line was cut off: the line is passed over", async () => {
    const storage = memory();
    await importOptunaStudy(storage, written(`${journal}{"op_code":4,"worker`), { study: "churn" });
    expect((await contentOf(storage, "churn")).trials.length).toBe(10);
  });

  test.each([
    ["a journal with such a line in its middle", journal.replace('"trial_id"', '"tri'), /line \d+ .* is none/],
    ["a journal with an unknown operation", `{"op_code":99}\n${journal}`, /line 1 .*op_code is 99/],
    ["a line that is no operation", "null\n", /line 1 .* is none/],
    ["a journal of hostile keys", `{"op_code":"__proto__"}\n`, /line 1 .* is none/],
    ["a table", "step,loss\n1,2\n", /line 1 .* is none/],
    ["nothing", "", /There is no study/],
  ])("is %s", async (_, text, why) => {
    const storage = memory();
    const error = await importOptunaStudy(storage, written(text)).catch((error) => error);
    expect(error).toBeInstanceOf(AssayError);
    expect(error.message).toMatch(why);
    expect(await storage.listStudies()).toEqual([]);
  });

  test.each([
    [
      "an older schema",
      "update version_info set schema_version = 11",
      StorageError,
      /schema version 12, but .* has 11.*optuna storage upgrade/,
    ],
    ["no table of Optuna's", "drop table version_info", StorageError, /has none/],
    [
      "a state that there is not",
      "update trials set state = 'ZOMBIE' where number = 0",
      ValidationError,
      /but has "ZOMBIE"/,
    ],
    [
      "a distribution that there is not",
      `update trial_params set distribution_json = replace(distribution_json, 'Int', 'Odd')`,
      ValidationError,
      /"layers" must have a distribution of Optuna's, but has "OddDistribution"/,
    ],
    [
      "a distribution that changes its kind",
      `update trial_params set distribution_json = replace(distribution_json, 'Int', 'Float') where trial_id = 2`,
      ValidationError,
      /must keep its kind/,
    ],
    [
      "a distribution that is no JSON",
      "update trial_params set distribution_json = '{' where trial_id = 2",
      StorageError,
      /must be as Optuna writes it, but .* is not \(.*JSON/,
    ],
    [
      "a distribution without its choices",
      `update trial_params set distribution_json = '{"name":"CategoricalDistribution","attributes":null}'`,
      StorageError,
      /must be as Optuna writes it/,
    ],
    ["a time that is none", "update trials set datetime_start = 'noon'", ValidationError, /ISO 8601, but got "noon"/],
    [
      "a value that is text",
      "update trial_params set param_value = 'high' where param_name = 'momentum'",
      ValidationError,
      /"momentum" of trial 0 must be a value of/,
    ],
    [
      "a value outside its range",
      "update trial_params set param_value = 2 where param_name = 'only a'",
      ValidationError,
      /"only a" of trial \d must be a value of float in \[0, 1\], but is 2/,
    ],
  ] as const)("is a database with %s", async (_, edit, kind, why) => {
    const path = join(folder, "edited.db");
    copyFileSync(join(fixtures, "optuna.db"), path);
    const db = new DatabaseSync(path);
    db.exec(edit);
    db.close();
    const storage = memory();
    const error = await importOptunaStudy(storage, path, { study: "churn" }).catch((error) => error);
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toMatch(why);
    expect(await storage.listStudies()).toEqual([]);
  });

  test("is not there", async () => {
    await expect(importOptunaStudy(memory(), join(folder, "missing.db"))).rejects.toThrow(/must exist to be imported/);
  });
});
