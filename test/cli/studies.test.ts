import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileSystem } from "../../src/cli/doctor-sqlite.ts";
import { random } from "../../src/sampler/random.ts";
import { float } from "../../src/space/numeric.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import { createStudy } from "../../src/study/create.ts";
import { assay, makeFolder, PROGRAM, start } from "./cli.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = makeFolder();
  file = join(folder, "assay.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A study with a completed trial, a failed one, and two that run: one signed, one whose lease has run out. */
async function makeStudy(name = "kiln"): Promise<void> {
  const storage = sqlite(file);
  const study = await createStudy({
    ...{ name, storage, direction: "maximize", space: { x: float(0, 1) } },
    ...{ sampler: random(), seed: 1, order: "asap", budget: { trials: 5 } },
  });
  await study.tell(await study.ask(), { value: 0.25, metrics: { size: 3 } });
  await study.tell(await study.ask(), { failed: new Error("cold") });
  await study.ask();
  const signed = await study.ask();
  await signed.setAttribute("worker", "oven-7");
  // Neither given back nor renewed, as by a process that is gone.
  await storage.close();
  // Times of the file's own clock, as of a moment ago.
  const db = new DatabaseSync(file);
  const [{ now }] = db.prepare("select ahead + ? as now from clock").all(Number(process.hrtime.bigint()) / 1e6) as [
    { now: number },
  ];
  db.exec(
    `update trials set lease_until = ${now} + 50000 where number = 3; update trials set lease_until = ${now} - 5000 where number = 2`,
  );
  db.exec(`update attempts set started_at = ${now} - 65000 where trial_number in (2, 3)`);
  db.exec("pragma wal_checkpoint(truncate)");
  db.close();
}

const lines = (text: string) => text.trimEnd().split("\n");
const records = (text: string) => lines(text).map((line) => JSON.parse(line));
const widest = (text: string) => Math.max(...lines(text).map((line) => line.length));

describe("assay workers", () => {
  test("tells who runs what and the age of each lease, within 80 columns, and as JSON", async () => {
    expect((await assay(folder, "workers")).err).toContain('There is no file "assay.db".');
    await makeStudy();
    const { code, out } = await assay(folder, "workers");
    expect(code).toBe(0);
    expect(lines(out)[0]).toMatch(/^study +trial +worker +runs for +lease$/);
    expect(lines(out)[2]).toMatch(
      new RegExp(`^kiln +2 +process ${process.pid} of machine [0-9a-f]{8} +1 min \\d+ s +ran out \\d+\\.\\d s ago$`),
    );
    expect(lines(out)[3]).toMatch(/^kiln +3 +oven-7 +1 min \d s +4\d\.\d s left$/);
    expect(lines(out)[4]).toBe("1 with a lease that ran out: the next worker takes them, or `assay sweep`.");
    expect(widest(out)).toBeLessThanOrEqual(80);
    const found = records((await assay(folder, "workers", "--json", "--study", "kiln")).out);
    expect(found).toMatchObject([
      { study: "kiln", number: 2, attempt: 1 },
      { number: 3, worker: "oven-7" },
    ]);
    expect(found[0].leaseMs).toBeLessThan(0);
    const none = await assay(folder, "workers", "--study", "oven");
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining('There is no study "oven" in assay.db. It has "kiln".'),
    ]);
  });
});

describe("assay sweep", () => {
  test("puts trials back in line whose lease ran out, and no others", async () => {
    await makeStudy();
    expect((await assay(folder, "sweep")).out).toBe("kiln: trial 2 waits again, with the same parameters.\n");
    expect(records((await assay(folder, "sweep", "--json")).out)).toEqual([{ study: "kiln", requeued: [], lost: [] }]);
    const storage = sqlite(file);
    const { trials } = await storage.trialsSince((await storage.findStudy("kiln"))!.id, 0);
    expect(trials.map(({ state }) => state)).toEqual(["completed", "failed", "waiting", "running"]);
    await storage.close();
  });
});

describe("assay study", () => {
  test("lists, shows and deletes", async () => {
    await makeStudy();
    await makeStudy("a study with a name that is longer than most and than its column");
    const list = await assay(folder, "study", "list");
    expect(lines(list.out)[2]).toMatch(/^kiln +maximize +4 of 5 +1 failed, 2 runn.* 0\.25 +\d{4}-/);
    expect(widest(list.out)).toBeLessThanOrEqual(80);
    expect(records((await assay(folder, "study", "list", "--json")).out)[0]).toMatchObject({
      ...{ study: "kiln", direction: "maximize", trials: 4, budget: { trials: 5 } },
      ...{ states: { completed: 1, failed: 1, running: 2 }, best: { number: 0, value: 0.25 } },
    });
    const { out } = await assay(folder, "study", "show", "kiln");
    for (const text of [
      "budget    trials 5",
      "x: float in [0, 1]",
      "4: 1 completed, 1 failed, 2 running",
      "best      0.25 in trial 0",
    ])
      expect(out).toContain(text);
    const [shown] = records((await assay(folder, "study", "show", "kiln", "--json")).out);
    expect(shown).toMatchObject({ name: "kiln", seed: 1, best: { number: 0, metrics: { size: 3 } } });

    const before = readFileSync(file);
    for (const confirm of [[], ["--confirm", "kilm"]]) {
      const refused = await assay(folder, "study", "delete", "kiln", ...confirm);
      expect([refused.code, refused.err]).toEqual([
        2,
        expect.stringContaining('study "kiln" with its 4 trials, 2 of which run now,'),
      ]);
    }
    expect(readFileSync(file).equals(before)).toBe(true);
    expect((await assay(folder, "study", "delete", "kiln", "--confirm", "kiln")).code).toBe(0);
    expect(records((await assay(folder, "study", "list", "--json")).out)).toHaveLength(1);
  });
});

describe("assay study export and import", () => {
  test("carry a study into another storage, whole or not at all, and its trials into a table", async () => {
    await makeStudy();
    expect((await assay(folder, "study", "export", "kiln", "--out", "kiln.jsonl")).code).toBe(0);
    const text = readFileSync(join(folder, "kiln.jsonl"), "utf8");
    expect((await assay(folder, "study", "export", "kiln")).out).toBe(text);
    const into = ["--storage", "sqlite:other.db", "--as", "copy"];
    const cut = lines(text).slice(0, -1).join("\n");
    writeFileSync(join(folder, "cut.jsonl"), cut);
    expect((await assay(folder, "study", "import", "cut.jsonl", ...into)).code).toBe(2);
    const { code, out } = await assay(folder, "study", "import", "kiln.jsonl", ...into);
    expect([code, out]).toEqual([0, 'Imported study "copy" into other.db.\n']);
    expect((await assay(folder, "study", "import", "kiln.jsonl", ...into)).err).toContain("copy");
    const [copy] = records((await assay(folder, "study", "show", "copy", "--storage", "other.db", "--json")).out);
    expect(copy).toMatchObject({
      name: "copy",
      seed: 1,
      states: { completed: 1, failed: 1, waiting: 2 },
      best: { value: 0.25 },
    });
    const optuna = join(import.meta.dirname, "../fixtures/storage/optuna.db");
    const from = ["--from", "optuna", "--optuna-study", "churn", "--as", "theirs", "--storage", "other.db"];
    expect((await assay(folder, "study", "import", optuna, ...from)).out).toBe(
      'Imported study "theirs" into other.db.\n',
    );
    expect((await assay(folder, "study", "show", "theirs", "--storage", "other.db")).code).toBe(0);
    const table = await assay(folder, "study", "export", "kiln", "--format", "csv");
    expect(lines(table.out)).toHaveLength(5);
    const missing = await assay(folder, "study", "import", "no.jsonl", ...into);
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('The file "no.jsonl" cannot be read')]);
  });
});

describe("assay watch", () => {
  test("shows a study as it is, and every event of others' work as a line, until it is complete", async () => {
    await assay(
      folder,
      "run",
      "--space",
      "space.json",
      "--minimize",
      "score",
      "--sampler",
      "random",
      "--trials",
      "2",
      ...PROGRAM,
    );
    const storage = sqlite(file);
    const id = (await storage.findStudy("default"))!.id;
    await storage.updateStudy(id, { budget: { trials: 4 } });
    const once = await assay(folder, "watch", "--once");
    expect(lines(once.out)[0]).toBe("default  2 of 4  2 completed");
    expect(lines(once.out)[1]).toMatch(/^minimize score: best 0\.\d+ \(trial [01]\) {2}[▁-█]{2}$/);
    expect(lines(once.out)[3]).toMatch(/^ {2}1\. {2}0\.\d+ +trial [01] +x=0\.\d+ n=\d$/);

    const json = start(folder, ["watch", "--json", "--interval", "0.1"]);
    const text = start(folder, ["watch", "--interval", "0.1"]);
    const ready = [json, text].map(({ child }) => new Promise((done) => child.stdout!.once("data", done)));
    await Promise.all(ready);
    const worker = await assay(folder, "worker", "--name", "w", ...PROGRAM);
    expect(worker.code).toBe(0);
    const events = records((await json.ended).out);
    expect(events[0]).toMatchObject({ event: "study", study: "default", trials: 2, budget: { trials: 4 } });
    expect(events.filter(({ event }) => event === "ended")).toMatchObject([
      { number: 2, state: "completed", worker: "w", attempt: 1 },
      { number: 3, state: "completed", worker: "w", attempt: 1 },
    ]);
    expect(events.at(-1)).toEqual({ event: "end" });
    const { code, out } = await text.ended;
    expect(code).toBe(0);
    expect(out).toMatch(/^trial 3 completed 0\.\d+ on w \(4 of 4\)$/m);
    expect(out).not.toMatch(/[\u001b\r]/);
    expect(widest(out)).toBeLessThanOrEqual(80);
    await storage.close();
  });
});

describe("assay doctor", () => {
  const doctor = async () => {
    const { code, out } = await assay(folder, "doctor", "--json");
    const found = new Map(records(out).map((finding) => [finding.check, finding]));
    return { code, found };
  };

  test("finds a sound file sound, and tells of leases that ran out", async () => {
    await makeStudy();
    const before = statSync(file).mtimeMs;
    const { code, found } = await doctor();
    expect(code).toBe(0);
    expect([...found.keys()]).toEqual([
      "permissions",
      "file system",
      "disk space",
      "integrity",
      "schema",
      "log",
      "locks",
      "clock",
      "leases",
    ]);
    expect(found.get("integrity").status).toBe("ok");
    expect(found.get("leases")).toMatchObject({
      status: "note",
      found: "1 of 2 running trials have a lease that ran out",
    });
    expect(statSync(file).mtimeMs).toBe(before);
    expect(widest((await assay(folder, "doctor")).out)).toBeLessThanOrEqual(80);
  });

  test("is exit code 1 for trials that are missing, for a lock that is held, and for what is no database", async () => {
    await makeStudy();
    chmodSync(file, 0o666);
    const db = new DatabaseSync(file);
    db.exec("delete from trials where number = 1; begin immediate");
    const { code, found } = await doctor();
    expect(code).toBe(1);
    expect(found.get("integrity")).toMatchObject({
      status: "wrong",
      found: 'the trials of study "kiln" are not 0 … n−1',
    });
    expect(found.get("locks")).toMatchObject({ status: "wrong", remedy: expect.stringContaining("fuser") });
    expect(found.get("permissions").remedy).toContain("chmod o-w");
    db.exec("rollback; update clock set ahead = ahead - 3600000");
    db.close();
    expect((await doctor()).found.get("clock").found).toContain("1 h 0 min");
    writeFileSync(file, "not a database");
    const text = await assay(folder, "doctor");
    expect([text.code, text.out]).toEqual([1, expect.stringMatching(/^WRONG file +The SQLite storage/m)]);
  });

  test("knows the file systems that keep no locks", () => {
    const on = (type: number, blocks = 1e6) =>
      fileSystem("/data/a.db", (() => ({ type, bavail: blocks, bsize: 4096 })) as never);
    expect(on(0xef53)).toMatchObject([
      { status: "ok", found: "ext4" },
      { status: "ok", found: "3.8 GB free" },
    ]);
    expect(on(0x6969)[0]).toMatchObject({ status: "wrong", found: expect.stringContaining("NFS, a network's") });
    // The number is signed on some systems.
    expect(on(0xff534d42 | 0)[0]).toMatchObject({ status: "wrong", found: expect.stringContaining("CIFS") });
    expect(on(0x01021994, 1000)).toMatchObject([{ status: "note" }, { status: "wrong", check: "disk space" }]);
    expect(on(0x1234)[0]).toMatchObject({ status: "note", found: expect.stringContaining("type 0x1234") });
  });
});

describe("assay repair", () => {
  test("saves what can be read into a new file, beside the damaged one, and leaves that as it was", async () => {
    await makeStudy();
    const before = readFileSync(file);
    const { code, out } = await assay(folder, "repair", "--out", "saved.db");
    expect(code).toBe(0);
    expect(out).toContain('study "kiln": 4 trials\n');
    expect(out).toContain("The damaged file is as it was.");
    expect(readFileSync(file).equals(before)).toBe(true);
    const [kept] = records((await assay(folder, "study", "list", "--storage", "saved.db", "--json")).out);
    expect(kept).toMatchObject({ study: "kiln", trials: 4, best: { value: 0.25 } });
    const again = await assay(folder, "repair", "--out", "saved.db");
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("exists already")]);
    const remote = await assay(folder, "repair", "--storage", "postgres://ada:secret@db/x");
    expect([remote.code, remote.err]).toEqual([2, expect.stringContaining("got postgres://ada:***@db/x")]);
  });
});
