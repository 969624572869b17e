import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Health } from "../../src/cli/health.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import type { Attempt, StoredStudy } from "../../src/storage/storage.ts";
import type { FrozenTrial } from "../../src/trial/trial.ts";
import { isAlive } from "../command/is-alive.ts";
import { assay, makeFolder, PROGRAM, start, startIn } from "./cli.ts";

let folder: string;
beforeEach(() => {
  folder = makeFolder();
  writeFileSync(join(folder, "slow.mjs"), SLOW);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const JOIN = ["worker", "--study", "kiln"];
const CREATE = [...JOIN, "--space", "space.json", "--minimize", "score", "--sampler", "random"];

/** What runs a program as the first process of a namespace of its own, as a container does, where that is allowed here. */
const ISOLATED = [["--pid"], ["--user", "--map-root-user", "--pid"]]
  .map((own) => ["unshare", ...own, "--fork", "--kill-child"])
  .find(([unshare, ...options]) => spawnSync(unshare!, [...options, "true"]).status === 0);

async function stored(): Promise<{ study: StoredStudy; trials: readonly FrozenTrial[]; attempts: readonly Attempt[] }> {
  const storage = sqlite(join(folder, "assay.db"));
  const study = (await storage.findStudy("kiln"))!;
  const { trials } = await storage.trialsSince(study.id, 0);
  const attempts = await storage.attempts(study.id);
  await storage.close();
  return { study, trials, attempts };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** A trial says that it began, and ends when the file "go" is there. */
const SLOW = `import { existsSync, writeFileSync } from "node:fs";
  writeFileSync("began-" + process.argv[3] + "-" + process.pid, "");
  const look = () => {
    if (!existsSync("go")) return setTimeout(look, 10);
    console.log('{"score":' + process.argv[2] + '}');
  };
  look();`;
const SLOW_PROGRAM = ["--", process.execPath, "slow.mjs", "{x}", "{trial}", "{n}"];
const began = () => readdirSync(folder).filter((name) => name.startsWith("began-"));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

describe("assay worker", () => {
  test("shares a study's budget with others, each trial run once and signed, and takes what the study knows from there", async () => {
    const [a, b] = await Promise.all([
      assay(folder, ...CREATE, "--trials", "9", "--name", "a", ...PROGRAM),
      assay(folder, ...CREATE, "--trials", "9", "--name", "b", ...PROGRAM),
    ]);
    expect([a.code, b.code]).toEqual([0, 0]);
    expect(a.err).toContain('Worker a of study "kiln" in assay.db: sampler random');
    expect(a.err).toContain("The study is complete.");
    const { study, trials, attempts } = await stored();
    expect(study).toMatchObject({
      budget: { trials: 9 },
      attributes: { order: "asap", metric: "score", methods: { sampler: "random" }, program: PROGRAM.slice(1) },
    });
    expect(trials.map(({ state }) => state)).toEqual(Array(9).fill("completed"));
    expect(attempts).toHaveLength(9);
    expect(new Set(trials.map(({ params }) => params.x)).size).toBe(9);
    for (const { attributes } of trials) expect(["a", "b"]).toContain(attributes.worker);
    const here = [a, b].map(({ err }) => Number(/Trials here: (?:(\d+) completed|none)\.$/m.exec(err)![1] ?? 0));
    expect(here[0]! + here[1]!).toBe(9);

    // More of it, by one that says no more than the study's name, one trial of its own and another program.
    const other = `${"a-long-name-".repeat(6)}.mjs`;
    writeFileSync(join(folder, other), "export const measure = (trial) => trial.params.x + 1;");
    const args = ["--trials", "12", "--max-trials", "1", "--json", "--objective", `${other}#measure`];
    const more = await assay(folder, ...JOIN, ...args);
    expect([more.code, more.err]).toEqual([0, ""]);
    const events = more.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual(["message", "message", "ask", "tell", "end"]);
    expect(events[0].message).toContain("sampler random");
    expect(events[1].message).toContain(
      `Warning: the study's trials are measured by ${JSON.stringify(PROGRAM.slice(1).join(" "))}, here by "${other}#measure";`,
    );
    expect(events.at(-1)).toEqual({ event: "end", reason: "share", trials: { completed: 1 } });
    const after = await stored();
    expect(after.study.budget).toEqual({ trials: 12 });
    expect(after.trials[9]!.value).toBe((after.trials[9]!.params.x as number) + 1);
  });

  test("finishes what runs on SIGTERM, and tells its health meanwhile", async () => {
    const port = await freePort();
    const args = [...CREATE, "--trials", "5", "--health", String(port), "--name", "w", ...SLOW_PROGRAM];
    const { child, ended } = start(folder, args);
    const health = async (path = "health", init: RequestInit = {}) => {
      const response = await fetch(`http://127.0.0.1:${port}/${path}`, init);
      return { code: response.status, body: (await response.json()) as Health };
    };
    await until(() => began().length === 1);
    const ok = await health();
    expect(ok).toMatchObject({ code: 200, body: { status: "ok", worker: "w", study: "kiln", ended: 0 } });
    expect(ok.body.running).toMatchObject([{ number: 0, attempt: 1 }]);
    await until(async () => (await health()).body.running[0]!.leaseMs! > 0);
    expect((await health("else")).code).toBe(404);
    expect((await health("health", { method: "POST" })).code).toBe(405);
    child.kill("SIGTERM");
    await until(async () => (await health()).body.status === "draining");
    writeFileSync(join(folder, "go"), "");
    const { code, err } = await ended;
    expect(code).toBe(143);
    expect(err).toContain("SIGTERM: finishing the trials that run, for 20 s at most");
    expect(err).toContain("Trials here: 1 completed.");
    expect((await stored()).trials.map(({ state }) => state)).toEqual(["completed"]);
  });

  test.skipIf(ISOLATED === undefined)(
    "ends at SIGTERM while it waits for its database, also as the first process of a container",
    async () => {
      const silent = createServer().listen(0, "127.0.0.1");
      await once(silent, "listening");
      const { port } = silent.address() as AddressInfo;
      const at = ["--storage", `postgres://kiln@127.0.0.1:${port}/studies`];
      const { child, ended } = startIn(folder, ISOLATED!, [...CREATE, ...at, ...PROGRAM]);
      await once(silent, "connection");
      process.kill(Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")), "SIGTERM");
      const from = performance.now();
      expect((await ended).code).toBe(143);
      expect(performance.now() - from).toBeLessThan(4000);
      silent.close();
    },
  );

  test("gives back on SIGTERM what does not finish in time; the next worker runs it with the same parameters", async () => {
    const args = [...CREATE, "--trials", "2", ...SLOW_PROGRAM];
    const { child, ended } = start(folder, [...CREATE, "--grace", "0.3", "--trials", "2", ...SLOW_PROGRAM]);
    await until(() => began().length === 1);
    child.kill("SIGTERM");
    const { code, err } = await ended;
    expect([code, err]).toEqual([143, expect.stringContaining("Trials here: 1 given back.")]);
    expect(isAlive(Number(began()[0]!.split("-")[2]))).toBe(false);
    const before = await stored();
    expect(before.trials).toMatchObject([{ number: 0, state: "waiting" }]);
    expect(before.attempts).toMatchObject([{ end: "released" }]);
    writeFileSync(join(folder, "go"), "");
    expect((await assay(folder, ...args)).code).toBe(0);
    const { trials } = await stored();
    expect(trials.map(({ state, attempt }) => [state, attempt])).toEqual([
      ["completed", 2],
      ["completed", 1],
    ]);
    expect(trials[0]!.params).toEqual(before.trials[0]!.params);
  });

  test("waits for the trials of others, takes over those of one that was killed, and leaves after --idle-timeout", async () => {
    const { child, ended } = start(folder, [...CREATE, "--trials", "1", ...SLOW_PROGRAM]);
    await until(() => began().length === 1);
    const idle = await assay(folder, ...JOIN, "--idle-timeout", "0.2", ...SLOW_PROGRAM);
    expect([idle.code, idle.err]).toEqual([0, expect.stringContaining("There was nothing to do here for too long")]);
    expect(idle.err).toContain("Nothing to do, but 1 running elsewhere");

    const second = start(folder, [...JOIN, ...SLOW_PROGRAM]);
    let err = "";
    second.child.stderr!.on("data", (text: string) => {
      err += text;
    });
    await until(() => err.includes("Nothing to do"));
    child.kill("SIGKILL");
    await ended;
    writeFileSync(join(folder, "go"), "");
    expect((await second.ended).code).toBe(0);
    const { trials, attempts } = await stored();
    expect(trials).toMatchObject([{ state: "completed", attempt: 2 }]);
    expect(attempts.map(({ end }) => end)).toEqual(["died", "told"]);
  });
});

describe("what a worker refuses, with exit code 2:", () => {
  test.each<[string, string[], string]>([
    ["nothing that measures", [...CREATE], "either --objective <file> or -- and a command"],
    ["two that do", [...CREATE, "--objective", "a.mjs", ...PROGRAM], "either --objective <file> or -- and a command"],
    ["a study that is not there", [...JOIN, ...PROGRAM], 'There is no file "assay.db".'],
    [
      "an objective that is not there",
      [...CREATE, "--objective", "no.mjs"],
      'The objective\'s file "no.mjs" cannot be read',
    ],
    [
      "one that is none",
      [...CREATE, "--objective", "wrong.mjs#f"],
      'must export a function "f" of a trial, but exports "default"',
    ],
    ["a health that is no address", [...CREATE, "--health", "http", ...PROGRAM], "--health must be a port"],
    ["a time that is none", [...CREATE, "--grace", "soon", ...PROGRAM], "It must be seconds from 0 to 2000000."],
    [
      "a storage of another kind",
      [...CREATE, "--storage", "mysql://ada:secret@db/x", ...PROGRAM],
      'but got "mysql://ada:***@db/x"',
    ],
    [
      "an ambiguous one",
      [...CREATE, "--storage", "sqlite:///a.db", ...PROGRAM],
      "Write sqlite:studies.db, or sqlite:/data/studies.db.",
    ],
  ])("%s", async (_, args, message) => {
    writeFileSync(join(folder, "wrong.mjs"), "export default 1;");
    const { code, out, err } = await assay(folder, ...args);
    expect(err).toContain(message);
    expect([code, out]).toEqual([2, ""]);
    expect(err).not.toContain("secret");
  });

  test("what differs from the study: its metric, its direction, its methods; and a study without an end", async () => {
    mkdirSync(join(folder, "data"));
    const where = ["--storage", "sqlite:data/a.db"];
    expect((await assay(folder, ...CREATE, ...where, "--trials", "1", ...PROGRAM)).code).toBe(0);
    const join_ = async (...args: string[]) => {
      const { code, err } = await assay(folder, ...JOIN, ...where, "--trials", "2", ...args, ...PROGRAM);
      return [code, err];
    };
    expect(await join_("--sampler", "tpe")).toEqual([
      2,
      expect.stringContaining('sampler: stored "random", given "tpe"'),
    ]);
    expect(await join_("--minimize", "size")).toEqual([
      2,
      expect.stringContaining('metric: stored "score", given "size"'),
    ]);
    expect(await join_("--maximize", "score")).toEqual([2, expect.stringContaining('direction: stored "minimize"')]);
    const other = await assay(folder, "worker", ...where, "--study", "oven", ...PROGRAM);
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('There is no study "oven" in data/a.db.')]);
    await assay(folder, "run", ...CREATE.slice(3), ...where, "--study", "open", "--trials", "1", ...PROGRAM);
    const open = await assay(folder, "worker", ...where, "--study", "open", ...PROGRAM);
    expect([open.code, open.err]).toEqual([2, expect.stringContaining('The study "open" has no budget')]);
    expect(existsSync(join(folder, "data/a.db.logs/kiln/trial-0000.out"))).toBe(true);
  });
});
