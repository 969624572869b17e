import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { SQLITE_DIALECT, sqliteCompiler } from "../../src/storage/sql/compilers.ts";
import { migrations, SCHEMA_VERSION } from "../../src/storage/sql/migrations.ts";
import { type SqliteDriver, sqlite } from "../../src/storage/sql/sqlite.ts";
import { APPLICATION_ID } from "../../src/storage/sql/sqlite-file.ts";
import { contentOf } from "./histories.ts";
import { struckAt } from "./struck-driver.ts";

const fixture = join(import.meta.dirname, "../schemas/schema-1.db");
const expected = JSON.parse(readFileSync(join(import.meta.dirname, "../schemas/schema-1.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "assay-migration-"));
afterAll(() => rmSync(folder, { recursive: true }));
let copies = 0;

/** The path of a copy of the fixture, alone in its folder. */
function copy(): string {
  const place = join(folder, String(copies++));
  mkdirSync(place);
  copyFileSync(fixture, join(place, "studies.db"));
  return join(place, "studies.db");
}

function read<T>(file: string, sql: string): T {
  const db = new DatabaseSync(file, { readOnly: true });
  const row = db.prepare(sql).get() as Record<string, T>;
  db.close();
  return Object.values(row)[0]!;
}

/** All rows of all tables that a version has, in order. */
function rows(file: string): unknown {
  const db = new DatabaseSync(file, { readOnly: true });
  const tables = ["studies", "trials", "reports"].map((table) =>
    db.prepare(`select * from ${table} order by 1, 2, 3`).all(),
  );
  db.close();
  return tables;
}

async function expectMigrated(file: string): Promise<void> {
  const storage = sqlite(file);
  const { study, trials, attempts } = await contentOf(storage, "old");
  await storage.close();
  const { id: _, ...definition } = expected.study;
  expect(study).toEqual({ ...definition, budget: {}, leases: { graceMs: 60_000, retries: 2 } });
  expect(JSON.parse(JSON.stringify(trials.map(({ attempt: _, ...trial }) => trial)))).toEqual(expected.trials);
  expect(trials.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 1, 0]);
  // What JSON does not tell.
  expect(trials[0]).toMatchObject({ value: -0, metrics: { f1: Number.NaN }, standardError: 5e-324 });
  expect(trials[0]!.reports).toEqual([
    { step: 0, value: Number.NaN },
    { step: 1, value: -0 },
  ]);
  expect(trials[1]!.value).toBe(Number.POSITIVE_INFINITY);
  expect(attempts.map(({ number, end }) => [number, end])).toEqual([
    [3, null],
    [4, null],
  ]);
  expect(read(file, "pragma user_version")).toBe(SCHEMA_VERSION);
  expect(read(file, "pragma integrity_check")).toBe("ok");
}

describe("a file of schema 2", () => {
  test("has its revisions told apart, and a reader of before reads all that shared one", async () => {
    const file = join(folder, "schema-2.db");
    makeSchema2(file);
    const storage = sqlite(file);
    const [shared, single] = await storage.listStudies();
    const { trials } = await storage.trialsSince(shared!.id, 0);
    expect(trials.map(({ number }) => number)).toEqual(Array.from({ length: 700 }, (_, i) => i));
    const [seen, latest] = [await storage.trialsSince(shared!.id, 10), await storage.trialsSince(shared!.id, 711)];
    expect(seen.trials).toHaveLength(700);
    expect(latest.trials).toHaveLength(700);
    expect(latest.revision).toBe(711 + 700);
    expect(await storage.trialsSince(shared!.id, latest.revision)).toEqual({ trials: [], revision: latest.revision });
    expect((await storage.trialsSince(single!.id, 1)).trials.map(({ number }) => number)).toEqual([0]);
    await storage.close();
    expect(read(file, "select count(*) from trials group by study_id, revision order by 1 desc")).toBe(1);
  });
});

/** Two studies as version 2 has them: 700 trials of which 690 changed in revision 711, and two that changed in turn. */
function makeSchema2(file: string): void {
  const db = new DatabaseSync(file);
  for (const migration of migrations.slice(0, 2))
    for (const { sql } of migration(sqliteCompiler(), SQLITE_DIALECT)) db.exec(sql);
  const study = "(name, direction, space, seed, attributes, created_at, trial_count, revision)";
  const trial = "(study_id, number, state, revision, params, note, attributes, metrics)";
  const numbers = "with recursive n(i) as (select 0 union all select i + 1 from n where i < 699)";
  db.exec(`
    pragma application_id = ${APPLICATION_ID}; pragma user_version = 2; pragma journal_mode = wal;
    insert into studies ${study} values ('shared', 'minimize', '[]', '1', '{}', 0, 700, 711), ('single', 'minimize', '[]', '1', '{}', 0, 2, 3);
    insert into trials ${trial} ${numbers} select 1, i, 'waiting', min(i + 1, 11) + 700 * (i >= 10), '{}', 'null', '{}', '{}' from n;
    insert into trials ${trial} values (2, 0, 'waiting', 3, '{}', 'null', '{}', '{}'), (2, 1, 'waiting', 1, '{}', 'null', '{}', '{}')`);
  db.close();
}

describe("a file of schema 1", () => {
  test("is migrated with all that it holds, after a copy of it was laid beside it", async () => {
    const file = copy();
    await expectMigrated(file);
    const left = readdirSync(join(file, "..")).filter((name) => !/-(?:wal|shm)$/.test(name));
    expect(left.sort()).toEqual(["studies.db", "studies.db.schema-1"]);
    expect(read(`${file}.schema-1`, "pragma user_version")).toBe(1);
    expect(rows(`${file}.schema-1`)).toEqual(rows(fixture));
    await expectMigrated(file);
    await expectMigrated(`${file}.schema-1`);
  });

  test("is as it was, with its copy, when the migration fails at any of its statements, and is migrated at the next opening", async () => {
    const all = { statements: 0 };
    const whole = sqlite(copy(), { open: struckAt(-1, () => {}, all) });
    await whole.listStudies();
    await whole.close();
    expect(all.statements).toBeGreaterThan(20);
    for (let at = 0; at < all.statements; at++) {
      const file = copy();
      let isStruck = false;
      const fail = () => {
        isStruck = true;
        throw new Error("the disk is gone");
      };
      const storage = sqlite(file, { open: struckAt(at, fail) });
      const failure = await storage.listStudies().catch((error) => error);
      await storage.close();
      expect(isStruck).toBe(true);
      if (read<number>(file, "pragma user_version") === 1) {
        expect(failure.message).toMatch(/the disk is gone/);
        expect(rows(file)).toEqual(rows(fixture));
        expect(rows(`${file}.schema-1`)).toEqual(rows(fixture));
      }
      await expectMigrated(file);
    }
  });

  test.each([0, 9, 18])("survives a process that is killed at statement %i of its migration", async (at) => {
    const file = copy();
    const script = join(import.meta.dirname, "processes/killed-migration.ts");
    const { signal, stderr } = spawnSync(process.execPath, [script, file, String(at)], { encoding: "utf8" });
    expect([signal, stderr]).toEqual(["SIGKILL", ""]);
    await expectMigrated(file);
    expect(rows(`${file}.schema-1`)).toEqual(rows(fixture));
  });

  test("is migrated once by those who open it together", async () => {
    const file = copy();
    const storages = Array.from({ length: 4 }, () => sqlite(file));
    const lists = await Promise.all(storages.map((storage) => storage.listStudies()));
    for (const storage of storages) await storage.close();
    expect(lists.map((studies) => studies.length)).toEqual([1, 1, 1, 1]);
    expect(rows(`${file}.schema-1`)).toEqual(rows(fixture));
    await expectMigrated(file);
  });

  test("stays as it is when there is no room for the copy", async () => {
    const file = copy();
    const open = (path: string): SqliteDriver => {
      const db = new DatabaseSync(path);
      return {
        exec: (sql) => db.exec(sql),
        close: () => db.close(),
        prepare(sql) {
          if (sql.startsWith("vacuum")) throw Object.assign(new Error("database or disk is full"), { errcode: 13 });
          return db.prepare(sql) as never;
        },
      };
    };
    const storage = sqlite(file, { open });
    await expect(storage.listStudies()).rejects.toThrow(/the disk is full/);
    await storage.close();
    expect(readFileSync(file)).toEqual(readFileSync(fixture));
    expect(readdirSync(join(file, ".."))).toEqual(["studies.db"]);
  });
});
