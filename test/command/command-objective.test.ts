import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandOptions, commandObjective } from "../../src/command/index.ts";
import { NotFoundError, ValidationError } from "../../src/errors.ts";
import { halving } from "../../src/pruner/halving.ts";
import { random } from "../../src/sampler/random.ts";
import { boolean } from "../../src/space/choice.ts";
import { createSpace, oneOf } from "../../src/space/declare.ts";
import { float, int } from "../../src/space/numeric.ts";
import { createStudy, type StudyOptions } from "../../src/study/create.ts";
import type { FrozenTrial } from "../../src/trial/trial.ts";
import { isAlive } from "./is-alive.ts";

const space = createSpace({ x: float(0, 1), n: int(1, 9) });
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-command-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Options = Partial<CommandOptions> & { readonly program: string };

/** Options for a program of Node's, which gets x and n as arguments. */
function command({ program, ...options }: Options): CommandOptions {
  const print = "const print = (it) => console.log(typeof it === 'string' ? it : JSON.stringify(it));";
  const code = `const [x, n] = process.argv.slice(1).map(Number); const fs = require("fs"); ${print} ${program}`;
  return { space, command: process.execPath, args: ["-e", code, "{x}", "{n}"], metric: "score", ...options };
}

/** Runs the trials; a program is one line, so its braces are literal where they could be placeholders. */
async function runAll(
  options: Options,
  trials = 1,
  study: Partial<StudyOptions<never>> = {},
): Promise<FrozenTrial<unknown>[]> {
  const made = await createStudy({
    space,
    seed: 1,
    sampler: random(),
    maxConsecutiveFailures: 99,
    ...(study as object),
  } as never);
  await made.optimize(commandObjective(command(options)), { trials, concurrency: 2 });
  return made.trials() as Promise<FrozenTrial<unknown>[]>;
}

async function failure(options: Options): Promise<string> {
  const [trial] = await runAll(options);
  expect(trial!.state).toBe("failed");
  return trial!.error!.message;
}

describe("a program's result", () => {
  test("is its JSON line with the metric's name, other numbers being metrics", async () => {
    const [trial] = await runAll({
      program: `print("starting"); print({ "score": x + n, "loss": 0.5, "name": "a" }); print("bye")`,
    });
    const { x, n } = trial!.params as { x: number; n: number };
    expect(trial).toMatchObject({ state: "completed", value: x + n, metrics: { loss: 0.5 } });
  });

  test("may be a number on the last line, a repeated line, or a line in Python's JSON", async () => {
    expect((await runAll({ program: `print("3"); print("0.25\\n\\n")` }))[0]).toMatchObject({ value: 0.25 });
    expect((await runAll({ program: `print({ "score": 2 }); print({ "score": 2 })` }))[0]).toMatchObject({ value: 2 });
    const python = `print('{"score": 4, "auc": NaN, "name": "NaN Infinity \\\\"NaN"}')`;
    expect((await runAll({ program: python }))[0]).toMatchObject({ state: "completed", value: 4, metrics: {} });
    expect(await failure({ program: `print('{"score": -Infinity}')` })).toContain("must be finite");
  });

  test("may be read from a file that the run writes", async () => {
    const resultFile = join(folder, "out-{trial}.json");
    const pretty = `print({ "score": 1 }); fs.writeFileSync(process.argv[3], JSON.stringify({ "score": 7, "loss": 2 }, null, 2))`;
    const options = command({ program: pretty, resultFile });
    const [trial] = await runAll({
      ...options,
      program: pretty,
      args: [...options.args!, join(folder, "out-{trial}.json")],
    });
    expect(trial).toMatchObject({ state: "completed", value: 7, metrics: { loss: 2 } });
    expect(await failure({ program: "", resultFile })).toContain("that file is what it was before");
    expect(await failure({ program: "", resultFile: join(folder, "none") })).toContain("there is no such file");
  });

  test("may be the last match of a pattern", async () => {
    const program = `print("epoch 1 recall: 0.5 loss: 1"); print("epoch 2 recall: 0.75 loss: 2"); print({ "score": 1 })`;
    expect((await runAll({ program, resultPattern: /recall: ([\d.]+)/g }))[0]!.value).toBe(0.75);
    expect(await failure({ program, resultPattern: /auc: (\S+)/g })).toContain(
      'A line of the program\'s output must match /auc: (\\S+)/g with a number, but no line does; it ended with "{\\"score\\":1}"',
    );
    expect(await failure({ program, resultPattern: /epoch \d (\w+)/g })).toContain('but it matched "recall"');
  });

  test.each<[string, string, string[]]>([
    ["none", `print("done")`, ['as a JSON line such as {"score": 0.5}', 'but it ended with "done"']],
    ["nothing at all", "", ["but it gave nothing."]],
    [
      "two that differ",
      `print({ "score": 1 }); print({ "score": 2 })`,
      ['it gave two: "{\\"score\\":1}" and "{\\"score\\":2}"'],
    ],
    ["no number", `print({ "score": "high" })`, ['must be a number, but it gave "high" for "score"']],
    ["another metric's", `print({ "skore": 1 })`, ['but it ended with "{\\"skore\\":1}"']],
    [
      "one, and then exits with 3",
      `print({ "score": 1 }); console.error("Boom\\nline 2"); process.exit(3)`,
      ["ended with exit code 3", "Boom\nline 2"],
    ],
    [
      "one, but is killed",
      `print({ "score": 1 }); process.kill(process.pid, "SIGKILL")`,
      ["was ended by SIGKILL", "wrote nothing to standard error"],
    ],
    [
      "a report of a step twice",
      `for (const value of [1, 2]) print({ "step": 0, value }); print({ "score": 1 })`,
      ["reported step 0 again"],
    ],
    [
      "a report that is no number",
      `print('{"step": 1, "value": NaN}'); print({ "score": 1 })`,
      ["A report's value must be a number", "reported NaN at step 1"],
    ],
    [
      "a report of half a step",
      `print({ "step": 0.5, "value": 1 }); print({ "score": 1 })`,
      ["must be an integer >= 0"],
    ],
    [
      "hostile JSON",
      `print('{"__proto__": {"score": 1}, "constructor": 2}'); print("[".repeat(100000)); print('{"a":'.repeat(20000))`,
      ["as a JSON line such as"],
    ],
  ])("that is %s fails the trial with what was seen", async (_, program, messages) => {
    const message = await failure({ program });
    for (const part of messages) expect(message).toContain(part);
    expect(({} as { score?: number }).score).toBeUndefined();
  });
});

describe("a program that goes on too long", () => {
  test("is asked to end, then ended with all that it started, and its trial fails", async () => {
    const pidFile = join(folder, "child.pid");
    const stubborn = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); print("up");
      const child = require("child_process").spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: "inherit" });
      fs.writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));`;
    const message = await failure({ program: stubborn, timeoutMs: 1500, graceMs: 300 });
    expect(message).toContain("A run must end within 1.5 s, but it was still running and was stopped");
    expect(isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
  });

  test("is stopped with the study, whose trial is given back", async () => {
    const pidFile = join(folder, "aborted.pid");
    const abort = new AbortController();
    const study = await createStudy({ space, seed: 1, sampler: random() });
    const waits = `fs.writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`;
    const running = study.optimize(commandObjective(command({ program: waits })), { trials: 1, signal: abort.signal });
    while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await new Promise((r) => setTimeout(r, 20));
    abort.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    const pid = Number(readFileSync(pidFile, "utf8"));
    for (let i = 0; i < 100 && isAlive(pid); i++) await new Promise((r) => setTimeout(r, 20));
    expect(isAlive(pid)).toBe(false);
    expect((await study.trials())[0]).toMatchObject({ state: "waiting", value: null });
  });
});

describe("a pruner", () => {
  // Prints a report at a time and would go on for ever; a good trial ends.
  const program = `
    let step = 0;
    const next = () => {
      step++;
      print({ step, "value": x + 1 / step });
      if (step < 9) setTimeout(next, 5); else print({ "score": x });
    };
    next();`;

  test("stops programs that fall behind, at the same steps each time", async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const trials = await runAll({ program }, 10, { pruner: halving({ reductionFactor: 2 }) });
      runs.push(trials.map(({ state, reports, value }) => ({ state, steps: reports.length, value })));
      expect(new Set(trials.map(({ state }) => state))).toEqual(new Set(["completed", "pruned"]));
      for (const { state, value, reports } of trials) {
        if (state === "pruned") expect(value).toBe(reports.at(-1)!.value);
      }
    }
    expect(runs[1]).toEqual(runs[0]);
  });
});

describe("a run that fails", () => {
  const flaky = (marker: string) => `
    const mark = require("path").join(process.env.MARKS, "${marker}-" + x);
    print({ "step": 0, "value": 1 });
    if (!fs.existsSync(mark)) { fs.writeFileSync(mark, ""); process.exit(1); }
    print({ "step": 1, "value": 2 });
    print({ "score": 5 });`;

  test("is tried again as often as it was asked for, its reports counting once, its output kept apart", async () => {
    const logs = join(folder, "logs");
    const env = { MARKS: folder };
    const [trial] = await runAll({ program: flaky("a"), retries: 1, env, logs });
    expect(trial).toMatchObject({ state: "completed", value: 5 });
    expect(trial!.reports.map(({ step }) => step)).toEqual([0, 1]);
    expect(readFileSync(join(logs, "trial-0000.out"), "utf8")).toBe('{"step":0,"value":1}\n');
    expect(readFileSync(join(logs, "trial-0000.attempt-2.out"), "utf8")).toContain('{"score":5}');
    const [once] = await runAll({ program: flaky("b"), env });
    expect(once!.state).toBe("failed");
  });
});

describe("a program is given its parameters", () => {
  const branches = createSpace({
    o: oneOf({ sgd: { momentum: float(0.5, 0.5) }, adam: { on: boolean() } }),
    x: float(0, 1),
  });

  test("as environment variables, active ones only", async () => {
    const study = await createStudy({ space: branches, seed: 1, sampler: random() });
    await study.enqueue({ o: { kind: "sgd" } });
    const code =
      "console.log(JSON.stringify({ value: Object.keys(process.env).filter((it) => it.startsWith('P_')).length, lr: +process.env.P_O_MOMENTUM }))";
    const objective = commandObjective({
      space: branches,
      command: process.execPath,
      args: ["-e", code],
      envPrefix: "P_",
    });
    expect(objective.unused).toEqual([]);
    await study.optimize(objective, { trials: 1 });
    expect((await study.trials())[0]).toMatchObject({ value: 3, metrics: { lr: 0.5 } });
  });

  test("in a config file made of a template", async () => {
    const template = join(folder, "template.json");
    writeFileSync(template, '{ "x": "{x}", "deep": { "n": {n} } }');
    const logs = join(folder, "configs");
    const program = `const it = JSON.parse(fs.readFileSync(process.argv[1])); print({ "score": it.x + it.deep.n })`;
    const code = command({ program }).args![1]!;
    const [trial] = await runAll({ program, configTemplate: template, logs, args: ["-e", code, "{config}"] });
    const { x, n } = trial!.params as { x: number; n: number };
    expect(trial!.value).toBe(x + n);
    expect(JSON.parse(readFileSync(join(logs, "trial-0000.json"), "utf8"))).toEqual({ x, deep: { n } });
  });

  test("and those that it is not given are told", () => {
    expect(commandObjective(command({ program: "", args: ["{x}"] })).unused).toEqual(["n"]);
    expect(commandObjective(command({ program: "", args: ["{params}"] })).unused).toEqual([]);
  });
});

describe("options that cannot work are refused before any trial:", () => {
  test.each<[string, Partial<CommandOptions>, string]>([
    ["an unknown placeholder", { args: ["{y}"] }, "but the command has {y}. There are: {x}, {n}"],
    ["no parameter at all", { args: ["--fast"] }, "but the command has none of them: {x}, {n}"],
    ["a config without template", { args: ["{config}", "{x}"] }, "{config} needs a config template"],
    ["a template without logs", { configTemplate: "t.json" }, "A config template needs `logs`"],
    ["a template that is not there", { configTemplate: "/none.json", logs: "x" }, "cannot be read"],
    ["logs where no folder can be", { logs: "package.json/logs" }, '"package.json/logs" cannot be written: ENOTDIR'],
    ["two places for the result", { resultFile: "a", resultPattern: /a/g }, "from a file or by a pattern, but both"],
    ["a pattern without g", { resultPattern: /a/ }, "must have the flag g"],
    ["a negative number of retries", { retries: -1 }, "`retries` must be an integer >= 0, but got -1"],
    ["no time", { timeoutMs: 0 }, "`timeoutMs` must be a number of milliseconds > 0"],
    ["a wrong prefix", { envPrefix: "A=" }, '"ASSAY_PARAM_", but got "A="'],
    [
      "parameters that are one variable",
      { space: createSpace({ a: { b: int(1, 2) }, a_b: int(1, 2) }), args: [], envPrefix: "P_" },
      '"a.b" and "a_b" are both P_A_B',
    ],
    ["a program that is not there", { command: "no-such-program" }, '"no-such-program" is not on PATH'],
    ["a file that is no program", { command: "./package.json" }, '"./package.json" is no executable file'],
  ])("%s", (_, options, message) => {
    const make = () => commandObjective(command({ program: "", ...options }));
    expect(make).toThrow(message);
    expect(make).toThrow(
      /program that|is no executable|is not on PATH|cannot be read/.test(message) ? NotFoundError : ValidationError,
    );
  });
});
