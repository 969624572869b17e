import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import type { FrozenTrial } from "../../src/trial/trial.ts";
import { isAlive } from "../command/is-alive.ts";
import { assay, makeFolder, PROGRAM, start } from "./cli.ts";

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RANDOM = ["--space", "space.json", "--minimize", "score", "--sampler", "random", "--seed", "3"];

async function trials(study = "default"): Promise<readonly FrozenTrial[]> {
  const storage = sqlite(join(folder, "assay.db"));
  const found = await storage.findStudy(study);
  const { trials } = await storage.trialsSince(found!.id, 0);
  await storage.close();
  return trials;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("assay run", () => {
  test("tunes a program, tells the best as JSON on stdout and all else on stderr, and goes on when it is run again", async () => {
    const first = await assay(folder, "run", ...RANDOM, "--trials", "4", ...PROGRAM);
    expect(first.code).toBe(0);
    const found = await trials();
    const best = found.reduce((a, b) => (b.value! < a.value! ? b : a));
    expect(JSON.parse(first.out)).toEqual(best.params);
    expect(best.metrics).toEqual({ size: best.params.n });
    expect(first.err).toMatch(/^trial 0 began: \{"x":[\d.]+,"n":\d\}\ntrial 0 completed/);
    expect(first.err).toContain(`Best score: ${best.value}, in trial ${best.number}, with`);
    expect(first.err).toContain("For more trials: assay run --space space.json");
    expect(first.err).toContain("--trials 8 -- ");
    expect(first.err).toContain("program.mjs '{x}' '{n}'\n");

    const second = await assay(folder, "run", ...RANDOM, "--trials", "6", ...PROGRAM);
    expect(second.err).not.toContain("trial 3 began");
    expect(second.err).toContain("trial 4 began");
    expect((await trials()).slice(0, 4)).toEqual(found);
    expect(await trials()).toHaveLength(6);
    const third = await assay(folder, "run", ...RANDOM, "--trials", "6", ...PROGRAM);
    expect(third.err).not.toContain("began");
  });

  test("keeps what each trial wrote, a folder for each study", async () => {
    await assay(folder, "run", ...RANDOM, "--trials", "2", "--study", "../b c", ...PROGRAM);
    const logs = join(folder, "assay.db.logs", "%2E%2E%2Fb%20c");
    expect(readdirSync(logs).sort()).toEqual(["trial-0000.err", "trial-0000.out", "trial-0001.err", "trial-0001.out"]);
    expect(readFileSync(join(logs, "trial-0001.err"), "utf8")).toBe("a word on stderr\n");
    expect(readFileSync(join(logs, "trial-0001.out"), "utf8").trim().split("\n")).toHaveLength(5);
  });

  test("prints every event as a JSON line with --json, and stops what falls behind with --pruner", async () => {
    const args = [...RANDOM, "--trials", "8", "--pruner", "halving", "--json", ...PROGRAM];
    const { code, out, err } = await assay(folder, "run", ...args);
    expect([code, err]).toEqual([0, ""]);
    const events = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ event: "ask", number: 0 });
    expect(events[1]).toMatchObject({ event: "report", number: 0, step: 1 });
    const told = events.filter(({ event }) => event === "tell");
    expect(told.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(told.some(({ state }) => state === "pruned")).toBe(true);
    const end = events.at(-1);
    expect(end).toMatchObject({
      event: "end",
      trials: { pruned: told.filter(({ state }) => state === "pruned").length },
    });
    expect(end.best.params.x).toBe(Math.min(...(await trials()).map(({ params }) => params.x as number)));
  });

  test("runs trials side by side, with parameters in the environment and the space from a module", async () => {
    writeFileSync(join(folder, "space.mjs"), `export const space = JSON.parse('{}'); export default 1;`);
    const wrong = await assay(folder, "run", "--space", "space.mjs", "--maximize", "y", ...PROGRAM);
    expect(wrong.err).toContain("space.mjs: A space needs at least one parameter");
    writeFileSync(
      join(folder, "space.ts"),
      `import { float, oneOf, type SpaceSpec } from ${JSON.stringify(join(process.cwd(), "src/index.ts"))};
       export const space = { o: oneOf({ a: { p: float(0, 1) }, b: {} }) } satisfies SpaceSpec;`,
    );
    const code = `console.log(JSON.stringify({ y: process.env.ASSAY_PARAM_O_KIND === "a" ? +process.env.ASSAY_PARAM_O_P : 2 }))`;
    const args = [
      "--space",
      "space.ts",
      "--maximize",
      "y",
      "--sampler",
      "random",
      "--trials",
      "6",
      "--concurrency",
      "3",
    ];
    const { code: exit, out } = await assay(
      folder,
      "run",
      ...args,
      "--env-prefix",
      "--",
      process.execPath,
      "-e",
      code.replaceAll(/\{([^{}]*)\}/g, "{$1}"),
    );
    expect(exit).toBe(0);
    expect(JSON.parse(out)).toEqual({ o: { kind: "b" } });
  });

  test("tries every configuration of a small space and says so", async () => {
    writeFileSync(join(folder, "space.json"), '{ "x": { "type": "categorical", "choices": [3, 1, 2] } }');
    const code = "console.log(process.argv[1])";
    const {
      code: exit,
      out,
      err,
    } = await assay(
      folder,
      "run",
      "--space",
      "space.json",
      "--minimize",
      "it",
      "--sampler",
      "grid",
      "--",
      process.execPath,
      "-e",
      code,
      "{x}",
    );
    expect(exit).toBe(0);
    expect(err).toContain("All 3 configurations of the space have been tried.");
    expect(JSON.parse(out)).toEqual({ x: 1 });
  });

  test("fills in a config file, and reads the result from a file or by a pattern", async () => {
    writeFileSync(join(folder, "template.yaml"), "# rates\nx: {x}\nn: {n}\n");
    const code = `const fs = require("fs");
      const [x, n] = fs.readFileSync(process.argv[1], "utf8").match(/(?<=: ).*/g).map(Number);
      fs.writeFileSync("out-" + process.argv[2] + ".json", JSON.stringify({ score: x + n }));
      console.log("score is " + (x - n) + " today");`;
    const base = ["run", ...RANDOM, "--trials", "2", "--config-file", "template.yaml"];
    const program = ["--", process.execPath, "-e", code, "{config}", "{trial}"];
    await assay(folder, ...base, "--study", "file", "--result-file", "out-{trial}.json", ...program);
    await assay(folder, ...base, "--study", "pattern", "--result-regex", "score is (\\S+)", ...program);
    const values = async (name: string, sign: number) => {
      const found = await trials(name);
      expect(found).toHaveLength(2);
      for (const { params, value } of found) expect(value).toBe((params.x as number) + sign * (params.n as number));
    };
    await values("file", 1);
    await values("pattern", -1);
    const [first] = await trials("file");
    const kept = readFileSync(join(folder, "assay.db.logs/file/trial-0000.yaml"), "utf8");
    expect(kept).toBe(`# rates\nx: ${first!.params.x}\nn: ${first!.params.n}\n`);
  });

  test("warns of a parameter that the program is not given", async () => {
    const { err } = await assay(
      folder,
      "run",
      ...RANDOM,
      "--trials",
      "1",
      "--",
      process.execPath,
      "program.mjs",
      "{x}",
    );
    expect(err).toContain("Warning: the program is not given all parameters; nothing in the command has {n}.");
  });
});

describe("a program that fails", () => {
  const failing = (code: string, ...more: string[]) =>
    assay(folder, "run", ...RANDOM, "--trials", "1", ...more, "--", process.execPath, "-e", code, "{x}", "{n}");

  test.each<[string, string, string[], string]>([
    ["prints no result", "console.log('hm')", [], 'but it ended with "hm"'],
    ["prints two", `for (const it of [1, 2]) console.log('{"score":' + it + '}')`, [], "but it gave two"],
    ["hangs", "setInterval(() => {}, 1000)", ["--timeout", "0.5"], "A run must end within 0.5 s"],
    ["is killed", "process.kill(process.pid, 'SIGKILL')", [], "was ended by SIGKILL"],
    [
      "exits with an error",
      "console.error('\\u001b[31mBad\\u0007 data'); process.exit(4)",
      [],
      "ended with exit code 4; its standard error ends with:\n    Bad data",
    ],
    ["fails each time it is tried", "process.exit(1)", ["--retries", "2"], "ended with exit code 1"],
  ])("because it %s is a failed trial that says so, and no result is exit code 1", async (_, code, more, message) => {
    const { code: exit, out, err } = await failing(code, ...more);
    expect(err).toContain(message);
    expect([exit, out]).toEqual([1, ""]);
    expect(err).toContain("1 trial: 1 failed.");
    const kept = readdirSync(join(folder, "assay.db.logs")).filter((name) => name.endsWith(".out"));
    expect(kept).toHaveLength(more.includes("--retries") ? 3 : 1);
  });

  test("ten times in a row ends the run with all their reasons", async () => {
    const { code, err } = await assay(
      folder,
      "run",
      ...RANDOM,
      "--trials",
      "50",
      "--",
      process.execPath,
      "-e",
      "process.exit(5)",
      "{x}",
      "{n}",
    );
    expect(code).toBe(1);
    expect(err).toContain("assay: The study stops after 10 failed trials in a row:");
    expect(err).toContain("Mend the program or the space; the same command goes on from here.");
    expect(await trials()).toHaveLength(10);
  });
});

describe("wrong input is told before anything is run, with exit code 2:", () => {
  test.each<[string, string[], string]>([
    [
      "no objective",
      ["run", "--space", "space.json", ...PROGRAM],
      "one of --maximize <name> and --minimize <name> is needed",
    ],
    [
      "two objectives",
      ["run", "--space", "space.json", "--maximize", "a", "--minimize", "b", ...PROGRAM],
      "cannot be used with",
    ],
    ["no program", ["run", ...RANDOM], "missing required argument 'command'"],
    ["no space", ["run", "--minimize", "a", ...PROGRAM], "required option '--space <file>' not specified"],
    [
      "a number that is none",
      ["run", ...RANDOM, "--trials", "many", ...PROGRAM],
      "argument 'many' is invalid. It must be an integer >= 0.",
    ],
    ["an unknown option", ["run", ...RANDOM, "--trails", "5", ...PROGRAM], "(Did you mean --trials?)"],
    [
      "an unknown sampler",
      ["run", ...RANDOM, "--sampler", "annealing", ...PROGRAM],
      "Allowed choices are auto, gp, tpe, cma-es, random, sobol, halton, grid.",
    ],
    [
      "a space that is not there",
      ["run", "--space", "no.json", "--minimize", "a", ...PROGRAM],
      'The space file "no.json" cannot be read',
    ],
    [
      "a module that is not there",
      ["run", "--space", "no.ts", "--minimize", "a", ...PROGRAM],
      'The space file "no.ts" cannot be read',
    ],
    [
      "a space that is no JSON",
      ["run", "--space", "program.mjs.json", "--minimize", "a", ...PROGRAM],
      "(line 2 column 3)",
    ],
    [
      "a space with a fault",
      ["run", "--space", "faulty.json", "--minimize", "a", ...PROGRAM],
      'faulty.json: The space is wrong at "m.lr": `low <= high` must hold',
    ],
    [
      "an unknown placeholder",
      ["run", ...RANDOM, "--", process.execPath, "{y}"],
      "but the command has {y}. There are: {x}, {n}",
    ],
    [
      "a program that is not there",
      ["run", ...RANDOM, "--", "no-such-program", "{x}"],
      '"no-such-program" is not on PATH',
    ],
    [
      "a wrong pattern",
      ["run", ...RANDOM, "--result-regex", "(", ...PROGRAM],
      '--result-regex must be a regular expression, but got "("',
    ],
    [
      "one result file for two trials at a time",
      ["run", ...RANDOM, "--concurrency", "2", "--result-file", "out.json", ...PROGRAM],
      "Put {trial} in its name.",
    ],
    [
      "steps that no pruner counts",
      ["run", ...RANDOM, "--min-steps", "3", ...PROGRAM],
      "--min-steps <n> says when a pruner may begin, but there is no --pruner <name>",
    ],
    [
      "no parameter in the command",
      ["run", ...RANDOM, "--", process.execPath, "program.mjs"],
      "Put placeholders among its arguments, or set --env-prefix.",
    ],
    ["an unknown command", ["runn"], "unknown command 'runn'"],
  ])("%s", async (_, args, message) => {
    writeFileSync(join(folder, "program.mjs.json"), "{\n  x: 1 }");
    writeFileSync(join(folder, "faulty.json"), '{ "m": { "lr": { "type": "float", "low": 1, "high": 0 } } }');
    const { code, out, err } = await assay(folder, ...args);
    expect(err).toContain(message);
    expect([code, out]).toEqual([2, ""]);
    expect(existsSync(join(folder, "assay.db"))).toBe(false);
    expect(existsSync(join(folder, "assay.db.logs"))).toBe(false);
  });

  test("a study that was something else, which stays as it was", async () => {
    await assay(folder, "run", ...RANDOM, "--trials", "1", ...PROGRAM);
    const before = await trials();
    const { code, err } = await assay(
      folder,
      "run",
      ...RANDOM.map((it) => (it === "--minimize" ? "--maximize" : it)),
      ...PROGRAM,
    );
    expect(code).toBe(2);
    expect(err).toContain('direction: stored "minimize", given "maximize"');
    expect(err).toContain("Give what is stored, or begin another study: --study <name>.");
    expect(await trials()).toEqual(before);
  });

  test("a study of another result, unless no trial has one yet", async () => {
    const measured = (metric: string, count: string) =>
      assay(folder, "run", "--space", "space.json", "--minimize", metric, "--trials", count, ...PROGRAM);
    expect((await measured("scroe", "1")).err).toContain("1 trial: 1 failed.");
    expect((await measured("score", "2")).err).toContain("Best score");
    const before = await trials();
    const { code, out, err } = await measured("size", "3");
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain('metric: stored "score", given "size"');
    expect(await trials()).toEqual(before);
  });
});

describe("kill -9", () => {
  test("costs only the trials that ran: the same command comes to what it would have come to", async () => {
    const slow = `const fs = require("fs"); fs.writeFileSync("began-" + process.argv[2], "");
      setTimeout(() => console.log(process.argv[1]), 50);`;
    const args = [
      "run",
      ...RANDOM,
      "--trials",
      "6",
      "--concurrency",
      "2",
      "--",
      process.execPath,
      "-e",
      slow,
      "{x}",
      "{trial}{n}",
    ];
    const shape = async () =>
      (await trials()).map(({ number, state, params, value }) => ({ number, state, params, value }));
    const { child, ended } = start(folder, args);
    await until(() => readdirSync(folder).some((name) => name.startsWith("began-2")));
    child.kill("SIGKILL");
    await ended;
    expect((await trials()).some(({ state }) => state === "running")).toBe(true);
    expect((await assay(folder, ...args)).code).toBe(0);
    const resumed = await shape();
    rmSync(join(folder, "assay.db"));
    for (const rest of ["-wal", "-shm"]) rmSync(join(folder, `assay.db${rest}`), { force: true });
    await assay(folder, ...args);
    expect(await shape()).toEqual(resumed);
  });
});

describe("Ctrl-C", () => {
  // Each trial says that it began, and ends when the file "go" is there.
  const slow = `const fs = require("fs"); fs.writeFileSync("began-" + process.pid, "");
    const look = () => { if (fs.existsSync("go")) { console.log(process.argv[1]); process.exit(); } setTimeout(look, 10); }; look();`;
  const args = ["run", ...RANDOM, "--trials", "5", "--", process.execPath, "-e", slow, "{x}", "{n}"];
  const began = () => readdirSync(folder).filter((name) => name.startsWith("began-"));

  test("once finishes the trials that run and begins no more; the same command goes on", async () => {
    const { child, ended } = start(folder, args);
    await until(() => began().length === 1);
    child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 200));
    writeFileSync(join(folder, "go"), "");
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain("Finishing the trials that run.");
    expect(err).toContain("To go on: assay run ");
    expect((await trials()).map(({ state }) => state)).toEqual(["completed"]);
    expect((await assay(folder, ...args)).code).toBe(0);
    expect(await trials()).toHaveLength(5);
  });

  test("twice stops them, and they are run anew with the same parameters", async () => {
    const { child, ended } = start(folder, args);
    await until(() => began().length === 1);
    child.kill("SIGINT");
    child.kill("SIGINT");
    let again = 0;
    while (child.exitCode === null && again++ < 50) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      // Two signals that come at once may count as one.
      if (again === 5) child.kill("SIGINT");
    }
    expect((await ended).code).toBe(130);
    const [waiting] = await trials();
    expect(waiting).toMatchObject({ number: 0, state: "waiting" });
    expect(isAlive(Number(began()[0]!.slice("began-".length)))).toBe(false);
    writeFileSync(join(folder, "go"), "");
    await assay(folder, ...args);
    expect((await trials())[0]).toMatchObject({ state: "completed", params: waiting!.params });
  });

  test("a third time leaves at once, and kills programs that will not end", async () => {
    const stubborn = `process.on("SIGTERM", () => {}); ${slow}`;
    const { child, ended } = start(folder, [...args.slice(0, -3), stubborn, "{x}", "{n}"]);
    await until(() => began().length === 1);
    let err = "";
    child.stderr!.on("data", (text: string) => {
      err += text;
    });
    child.kill("SIGINT");
    await until(() => err.includes("Finishing"));
    child.kill("SIGINT");
    await until(() => err.includes("Stopping"));
    const from = performance.now();
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(performance.now() - from).toBeLessThan(4000);
    expect(isAlive(Number(began()[0]!.slice("began-".length)))).toBe(false);
  });

  test("is 143 when it is SIGTERM, which stops at once and takes the programs along", async () => {
    const { child, ended } = start(folder, args);
    await until(() => began().length === 1);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(143);
    expect(isAlive(Number(began()[0]!.slice("began-".length)))).toBe(false);
  });
});
