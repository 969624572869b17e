import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { StorageError, ValidationError } from "../../src/errors.ts";
import { SCHEMA_VERSION } from "../../src/storage/sql/migrations.ts";
import { type SqliteDriver, sqlite } from "../../src/storage/sql/sqlite.ts";
import type { Storage, StoredStudy, TrialDraft } from "../../src/storage/storage.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-sqlite-"));
chmodSync(folder, 0o755);
const opened: Storage[] = [];
let files = 0;

afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A path in a folder of its own where there is nothing yet. */
function freshPath(): string {
  const place = join(folder, String(files++));
  mkdirSync(place, { mode: 0o755 });
  return join(place, "studies.db");
}

function open(...args: Parameters<typeof sqlite>): Storage {
  const storage = sqlite(...args);
  opened.push(storage);
  return storage;
}

const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;

function draft(number: number): TrialDraft {
  return { number, state: "running", params: { x: number }, note: null, attributes: {}, startedAt: 1, owner: "me" };
}

/** A study with three trials of which the second is completed, in a closed file. */
async function storedStudy(file: string): Promise<StoredStudy> {
  const storage = open(file);
  const study = await storage.createStudy(definition);
  for (let i = 0; i < 3; i++) await storage.createTrial(study.id, draft(i));
  await storage.reportTrial(study.id, 1, [{ step: 0, value: -0 }]);
  await storage.finishTrial(study.id, 1, { state: "completed", value: -0, metrics: {}, error: null, finishedAt: 2 });
  await storage.close();
  return study;
}

/** A digest of every file in the folder of `file`. */
function contents(file: string): Record<string, string> {
  const place = join(file, "..");
  const names = readdirSync(place).filter((name) => statSync(join(place, name)).isFile());
  return Object.fromEntries(names.map((name) => [name, digest(readFileSync(join(place, name)))]));
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function edit(file: string, statement: string): void {
  const db = new DatabaseSync(file);
  db.exec(statement);
  db.close();
}

/** What a program that was killed leaves: a database made by `first`, and what `then` did in the log beside it. */
function leave(file: string, first: string, then: string): void {
  const db = new DatabaseSync(`${file}.origin`);
  db.exec(`${first}; pragma journal_mode = wal; ${then}`);
  copyFileSync(`${file}.origin`, file);
  copyFileSync(`${file}.origin-wal`, `${file}-wal`);
  db.close();
}

describe("a SQLite storage", () => {
  test("creates its file at first use and finds all in it when opened again", async () => {
    const file = freshPath();
    open(file);
    expect(readdirSync(join(file, ".."))).toEqual([]);
    const study = await storedStudy(file);
    const again = open(pathToFileURL(file));
    expect(await again.findStudy("s")).toEqual(study);
    const { trials } = await again.trialsSince(study.id, 0);
    expect(trials.map(({ state }) => state)).toEqual(["running", "completed", "running"]);
    expect(trials[1]).toMatchObject({ value: -0, reports: [{ step: 0, value: -0 }] });
  });

  test("sets every connection to log ahead, write what is consistent, wait half a minute and check foreign keys", async () => {
    let driver: DatabaseSync | undefined;
    const storage = open(freshPath(), { open: (path) => (driver = new DatabaseSync(path)) });
    await storage.listStudies();
    const read = (pragma: string) => Object.values(driver!.prepare(`pragma ${pragma}`).get()!)[0];
    expect(read("journal_mode")).toBe("wal");
    expect(read("synchronous")).toBe(1);
    expect(read("busy_timeout")).toBe(30000);
    expect(read("foreign_keys")).toBe(1);
    expect(read("user_version")).toBe(SCHEMA_VERSION);
  });

  test("acknowledges what it wrote once the log is on the disk, and lets others write meanwhile", async () => {
    const file = freshPath();
    const { id } = await storedStudy(file);
    const disk = Promise.withResolvers<void>();
    const slow = open(file, { open: (path) => Object.assign(new DatabaseSync(path), { sync: () => disk.promise }) });
    let isDone = false;
    const telling = slow.releaseTrial(id, 0, 1).then(() => {
      isDone = true;
    });
    const other = open(file);
    while ((await other.trialsSince(id, 0)).trials[0]!.state !== "waiting") await sleep(1);
    await other.setTrialAttribute(id, 0, "a", 1);
    expect(isDone).toBe(false);
    disk.resolve();
    await telling;
  });

  test("says that what it wrote may be lost where the disk does not take the log", async () => {
    const file = freshPath();
    const sync = () => Promise.reject(new Error("EIO: i/o error, fdatasync"));
    const storage = open(file, { open: (path) => Object.assign(new DatabaseSync(path), { sync }) });
    await expect(storage.createStudy(definition)).rejects.toThrow(
      `The SQLite storage ${JSON.stringify(file)} cannot be used: its log could not be brought to the disk (EIO: i/o error, fdatasync), so what`,
    );
  });

  test("takes the write lock before it reads, in every transaction that writes", async () => {
    const executed: string[] = [];
    const spy = (path: string): SqliteDriver => {
      const db = new DatabaseSync(path);
      return {
        exec: (sql) => db.exec(sql),
        close: () => db.close(),
        prepare(sql) {
          const statement = db.prepare(sql);
          const note = <T>(result: T): T => {
            executed.push(sql);
            return result;
          };
          return { all: (...p) => note(statement.all(...p)), run: (...p) => note(statement.run(...p)) };
        },
      };
    };
    const storage = open(freshPath(), { open: spy });
    const { id } = await storage.createStudy(definition);
    await storage.createTrial(id, draft(0));
    await storage.reportTrial(id, 0, [{ step: 0, value: 0 }]);
    await storage.setTrialAttribute(id, 0, "a", 1);
    await storage.trialsSince(id, 0);
    let begin = "";
    for (const sql of executed) {
      if (sql.startsWith("begin")) begin = sql;
      else if (/^(insert|update|delete|create)/.test(sql)) expect([sql, begin]).toEqual([sql, "begin immediate"]);
    }
    expect(executed.filter((sql) => /^(insert|update)/.test(sql)).length).toBeGreaterThan(5);
    expect(executed).toContain("begin");
  });

  test("runs on a driver that tells statements with rows from those without, as better-sqlite3 does", async () => {
    const strict = (path: string): SqliteDriver => {
      const db = new DatabaseSync(path);
      return {
        exec: (sql) => db.exec(sql),
        close: () => db.close(),
        prepare(sql) {
          const statement = db.prepare(sql);
          const reader = statement.columns().length > 0;
          return {
            all(...parameters) {
              if (!reader) throw new TypeError("This statement does not return data. Use run() instead");
              return statement.all(...parameters);
            },
            run(...parameters) {
              if (reader) throw new TypeError("This statement returns data. Use get(), all(), or iterate() instead");
              return statement.run(...parameters);
            },
          };
        },
      };
    };
    const storage = open(freshPath(), { open: async (path) => strict(path) });
    const { id } = await storage.createStudy(definition);
    await storage.createTrial(id, draft(0));
    await storage.reportTrial(id, 0, [{ step: 0, value: 0 }]);
    await storage.releaseTrial(id, 0, 1);
    expect((await storage.trialsSince(id, 0)).trials[0]).toMatchObject({
      state: "waiting",
      reports: [{ step: 0, value: 0 }],
    });
  });

  test("shows one storage what another has written", async () => {
    const file = freshPath();
    const [mine, yours] = [open(file), open(file)];
    const { id } = await mine.createStudy(definition);
    const { revision } = await yours.trialsSince(id, 0);
    await mine.createTrial(id, draft(0));
    expect((await yours.trialsSince(id, revision)).trials).toMatchObject([{ number: 0, state: "running" }]);
    expect(await yours.createTrial(id, draft(0))).toBeNull();
  });

  test("lets a reader who is in the middle of reading disturb no writer, and no writer a reader", async () => {
    const file = freshPath();
    const { id } = await storedStudy(file);
    const storage = open(file);
    const before = await storage.trialsSince(id, 0);
    const reader = new DatabaseSync(file, { readOnly: true });
    const count = () => reader.prepare("select count(*) as trials from trials").get()!.trials;
    reader.exec("begin");
    expect(count()).toBe(3);
    const began = performance.now();
    for (let number = 3; number < 6; number++) await storage.createTrial(id, draft(number));
    // Half a minute is how long a writer waits for another.
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(count()).toBe(3);
    reader.exec("commit");
    const writer = new DatabaseSync(file);
    writer.exec("begin immediate; update trials set note = '1'");
    expect(count()).toBe(6);
    expect((await storage.trialsSince(id, before.revision)).trials.map(({ note }) => note)).toEqual([null, null, null]);
    writer.exec("rollback");
    writer.close();
    reader.close();
  });

  test("rolls back what an error interrupts and goes on", async () => {
    const storage = open(freshPath());
    const { id } = await storage.createStudy(definition);
    await storage.createTrial(id, draft(0));
    const before = await storage.trialsSince(id, 0);
    const outcome = { state: "completed", value: 1, metrics: {}, error: null, finishedAt: 2 } as const;
    await expect(storage.finishTrial(id, 0, { ...outcome, value: Number.NaN })).rejects.toThrow(ValidationError);
    await expect(storage.setTrialAttribute(id, 0, "a", undefined as never)).rejects.toThrow(ValidationError);
    expect(await storage.trialsSince(id, 0)).toEqual(before);
    expect((await storage.finishTrial(id, 0, outcome)).trial).toMatchObject({ state: "completed", value: 1 });
  });

  test("goes on with no file that was deleted or replaced under it, and with its own when that is back", async () => {
    const file = freshPath();
    const { id } = await storedStudy(file);
    const storage = open(file);
    await storage.listStudies();
    renameSync(file, `${file}.moved`);
    await expect(storage.createTrial(id, draft(3))).rejects.toThrow(
      /was deleted, moved or replaced while it was open\. Put it/,
    );
    writeFileSync(file, "");
    await expect(storage.createTrial(id, draft(3))).rejects.toThrow(StorageError);
    await expect(storage.trialsSince(id, 0)).rejects.toThrow(StorageError);
    renameSync(`${file}.moved`, file);
    expect(await storage.createTrial(id, draft(3))).toMatchObject({ number: 3 });
  });

  test("reports a driver's failure with the file, the reason, the remedy and the cause", async () => {
    const file = freshPath();
    const { id } = await storedStudy(file);
    let driver: DatabaseSync | undefined;
    const storage = open(file, { open: (path) => (driver = new DatabaseSync(path)) });
    await storage.listStudies();
    driver!.exec("pragma max_page_count = 1");
    const full = await storage.updateStudy(id, { attributes: { long: "x".repeat(1e6) } }).catch((error) => error);
    expect(full).toBeInstanceOf(StorageError);
    expect(full.message).toContain(JSON.stringify(file));
    expect(full.message).toMatch(/the disk is full \(.+\)\. Free some space/);
    expect(full.cause).toMatchObject({ code: "ERR_SQLITE_ERROR" });
    driver!.exec("pragma max_page_count = 1000000; pragma busy_timeout = 1");
    const blocker = new DatabaseSync(file);
    blocker.exec("begin immediate");
    const waiting = storage.createTrial(id, draft(3));
    await sleep(200);
    blocker.exec("rollback");
    expect(await waiting).toMatchObject({ number: 3 });
    blocker.exec("begin immediate");
    const given = expect(storage.createTrial(id, draft(4))).rejects.toThrow(/another program keeps it locked/);
    await sleep(50);
    await storage.close();
    await given;
    blocker.close();
  });
});

describe("a path is refused with its reason, and what lies there is left as it is, when it", () => {
  const cases: readonly [string, (file: string) => void, RegExp][] = [
    [
      "is a file of another kind",
      (file) => writeFileSync(file, "step,loss\n".repeat(100)),
      /must be a SQLite database, but begins with "step,loss\\nstep,l"/,
    ],
    ["is shorter than a header", (file) => writeFileSync(file, "x"), /must be a SQLite database, but begins with "x/],
    [
      "is another program's database",
      (file) => edit(file, "create table theirs (a); insert into theirs values (1)"),
      /is another program's \(0\)\. Name another file/,
    ],
    [
      "is another program's database, with a log that its program left",
      (file) => leave(file, "pragma application_id = 77; create table theirs (a)", "insert into theirs values (1)"),
      /is another program's \(77\)/,
    ],
    [
      "has a newer schema, with a log that its program left",
      (file) =>
        leave(
          file,
          `pragma application_id = ${0x41737379}; pragma user_version = 99; create table newer (a)`,
          "insert into newer values (1)",
        ),
      /schema version must be at most 3, but is 99: .*Update the library/,
    ],
    ["is a folder", (file) => mkdirSync(file), /must be a file, but is a folder/],
  ];
  test.each(cases)("%s", async (_, prepare, message) => {
    const file = freshPath();
    prepare(file);
    const before = contents(file);
    const error = await open(file)
      .createStudy(definition)
      .catch((error) => error);
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(JSON.stringify(file));
    expect(contents(file)).toEqual(before);
  });

  // Opening writes the log back, as SQLite always does after a kill; nothing but that.
  test("has a newer schema that is in its log only", async () => {
    const file = freshPath();
    const then = "pragma user_version = 99; insert into newer values (7)";
    leave(file, `pragma application_id = ${0x41737379}; create table newer (a)`, then);
    await expect(open(file).listStudies()).rejects.toThrow(/schema version must be at most 3, but is 99/);
    const db = new DatabaseSync(file);
    expect(db.prepare("select a, user_version from newer, pragma_user_version").all()).toMatchObject([
      { a: 7, user_version: 99 },
    ]);
    db.close();
  });

  test("has no folder to be in", async () => {
    const file = join(freshPath(), "missing", "studies.db");
    await expect(open(file).listStudies()).rejects.toThrow(/there is no folder ".*missing"\. Create it first/);
  });

  test.each([
    ["is read-only", 0o444, 0o777, /must be readable and writable, but is not/],
    ["lies in a read-only folder", 0o666, 0o555, /folder must be writable.*is read-only\. Give write permission/],
  ])("%s", async (_, fileMode, folderMode, message) => {
    const file = freshPath();
    await storedStudy(file);
    const before = contents(file);
    chmodSync(file, fileMode);
    chmodSync(join(file, ".."), folderMode);
    const script = fileURLToPath(new URL("processes/unprivileged.ts", import.meta.url));
    const output = execFileSync(process.execPath, [script, file], { encoding: "utf8" });
    chmodSync(join(file, ".."), 0o755);
    expect(output).toMatch(/^STORAGE: /);
    expect(output).toMatch(message);
    expect(output).toContain(JSON.stringify(file));
    expect(contents(file)).toEqual(before);
  });

  test.each(["", ":memory:", "nul\0.db", 7, undefined, new URL("https://example.org/studies.db")])(
    "is no path of a file: %j",
    (path) => {
      expect(() => sqlite(path as string)).toThrow(ValidationError);
    },
  );

  test("was refused before, until the reason is gone", async () => {
    const file = freshPath();
    writeFileSync(file, "not a database");
    const storage = open(file);
    await expect(storage.listStudies()).rejects.toThrow(StorageError);
    rmSync(file);
    expect(await storage.listStudies()).toEqual([]);
  });

  test("looks like a URI: it is taken as a name", async () => {
    const file = join(freshPath(), "..", "file:studies.db?mode=memory");
    await open(file).listStudies();
    expect(statSync(file).size).toBeGreaterThan(0);
  });
});

describe("a damaged row", () => {
  const damages = [
    ["params", "'{\"x\": 0.5'", /JSON/],
    ["params", "'[1]'", /params must be a JSON object/],
    ["metrics", "'null'", /metrics must be a JSON object/],
    ["attributes", "''", /JSON/],
    ["note", "'undefined'", /JSON/],
    ["error", "'\"text\"'", /error must be a JSON object/],
    ["state", "'zombie'", /state is "zombie"/],
    ["value", "'high'", /value must be a number, but the row has "high"/],
    ["started_at", "x'00'", /started_at must be a number/],
  ] as const;
  test.each(damages)(
    "of a trial (%s = %s) is shown as a failed trial and costs no other",
    async (column, value, why) => {
      const file = freshPath();
      const { id } = await storedStudy(file);
      edit(file, `update trials set ${column} = ${value} where number = 1`);
      const storage = open(file);
      const { trials } = await storage.trialsSince(id, 0);
      expect(trials.map(({ number, state }) => [number, state])).toEqual([
        [0, "running"],
        [1, "failed"],
        [2, "running"],
      ]);
      expect(trials[1]!.error!.message).toMatch(/^The stored trial 1 cannot be read: /);
      expect(trials[1]!.error!.message).toMatch(why);
      expect(trials[2]!.params).toEqual({ x: 2 });
      expect(await storage.createTrial(id, draft(3))).toMatchObject({ number: 3 });
      await storage.close();
      const db = new DatabaseSync(file);
      const kept = db.prepare(`select ${column} = ${value} as kept from trials where number = 1`).get();
      db.close();
      expect(kept).toEqual({ kept: 1 });
    },
  );

  test.each([
    ["space", "'{'"],
    ["seed", "'[]'"],
    ["direction", "'sideways'"],
    ["attributes", "'7'"],
  ])("of a study (%s = %s) is an error that names it", async (column, value) => {
    const file = freshPath();
    await storedStudy(file);
    edit(file, `update studies set ${column} = ${value}`);
    const storage = open(file);
    await expect(storage.findStudy("s")).rejects.toThrow(/^The stored study "s" cannot be read: /);
    await expect(storage.findStudy("s")).rejects.toThrow(StorageError);
    expect(await storage.createStudy({ ...definition, name: "other" })).toMatchObject({ name: "other" });
  });

  test("among the pages of the file is never read in silence", async () => {
    const file = freshPath();
    await storedStudy(file);
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 4096);
    writeFileSync(file, bytes);
    await expect(open(file).findStudy("s")).rejects.toThrow(/its content is damaged .*Restore it from a copy/);
  });
});
