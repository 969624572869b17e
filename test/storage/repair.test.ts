import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StorageError } from "../../src/errors.ts";
import { createRng } from "../../src/math/rng.ts";
import { repair } from "../../src/storage/sql/repair.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import { contentOf } from "./histories.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-repair-"));
afterAll(() => rmSync(folder, { recursive: true }));
const PAGE = 4096;
const TRIALS = 300;
const healthy = join(folder, "healthy.db");
let content: Awaited<ReturnType<typeof contentOf>>;
let copies = 0;

beforeAll(async () => {
  const storage = sqlite(healthy);
  const definition = { direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
  const { id } = await storage.createStudy({ ...definition, name: "s" });
  await storage.createStudy({ ...definition, name: "empty" });
  const draft = { state: "running", note: null, attributes: {}, startedAt: 1, owner: "me" } as const;
  for (let number = 0; number < TRIALS; number++) {
    await storage.createTrial(id, { ...draft, number, params: { x: number, text: "x".repeat(40) } });
    const outcome = {
      state: "completed",
      value: -number,
      metrics: { f1: Number.NaN },
      error: null,
      finishedAt: 2,
    } as const;
    await storage.finishTrial(id, number, outcome, { attempt: 1, reports: [{ step: 0, value: number / 7 }] });
  }
  content = await contentOf(storage, "s");
  await storage.close();
});

/** The path of a copy of the healthy file with `spoil` done to its bytes. */
function damaged(spoil: (bytes: Buffer) => void): string {
  const place = join(folder, String(copies++));
  mkdirSync(place);
  const bytes = readFileSync(healthy);
  spoil(bytes);
  const file = join(place, "studies.db");
  writeFileSync(file, bytes);
  return file;
}

/** The pages of a table that hold rows. */
function leaves(table: string): number[] {
  const db = new DatabaseSync(healthy, { readOnly: true });
  const root = (db.prepare("select rootpage from sqlite_schema where name = ?").get(table) as { rootpage: number })
    .rootpage;
  db.close();
  const bytes = readFileSync(healthy);
  const at = (root - 1) * PAGE;
  // See "B-tree pages" of the file format: 13 is a leaf, 5 an inner page whose cells begin with the number of a page.
  if (bytes[at] === 13) return [root];
  const cells = Array.from({ length: bytes.readUInt16BE(at + 3) }, (_, i) => bytes.readUInt16BE(at + 12 + 2 * i));
  return [...cells.map((cell) => bytes.readUInt32BE(at + cell)), bytes.readUInt32BE(at + 8)];
}

function digests(file: string): Record<string, string> {
  const place = join(file, "..");
  return Object.fromEntries(
    readdirSync(place).map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(place, name)))
        .digest("hex"),
    ]),
  );
}

describe("repairing a file", () => {
  test("that is whole gives the same studies and says that nothing was lost", async () => {
    const file = damaged(() => {});
    expect(await repair(file)).toEqual({
      file: `${file}.repaired`,
      damage: [],
      studies: [
        { name: "s", trials: TRIALS, lostTrials: [] },
        { name: "empty", trials: 0, lostTrials: [] },
      ],
      lostStudies: [],
      unreadRows: { reports: 0, attempts: 0 },
    });
    const storage = sqlite(`${file}.repaired`);
    expect(await contentOf(storage, "s")).toEqual(content);
    await storage.close();
  });

  test("with a page of trials overwritten saves all others under their numbers, and leaves the original as it is", async () => {
    const pages = leaves("trials");
    expect(pages.length).toBeGreaterThan(5);
    const file = damaged((bytes) => bytes.fill(0xa5, (pages[2]! - 1) * PAGE, pages[2]! * PAGE));
    const before = digests(file);
    const { damage, studies, lostStudies } = await repair(file, { to: join(file, "../../", `to-${copies}.db`) });
    expect(digests(file)).toEqual(before);
    expect(damage.length).toBeGreaterThan(0);
    const [{ lostTrials }] = studies as [(typeof studies)[number]];
    expect([studies.length, studies[0]!.trials, lostStudies]).toEqual([2, TRIALS, []]);
    expect(lostTrials.length).toBeGreaterThan(5);
    expect(lostTrials.length).toBeLessThan(50);
    const storage = sqlite(join(folder, `to-${copies}.db`));
    const saved = await contentOf(storage, "s");
    for (const [number, trial] of saved.trials.entries()) {
      if (!lostTrials.includes(number)) expect(trial).toEqual(content.trials[number]);
      else
        expect(trial.error?.message).toBe(`The stored trial ${number} cannot be read: it was lost in a damaged file.`);
    }
    const { id } = (await storage.findStudy("s"))!;
    const draft = { state: "running", params: {}, note: null, attributes: {}, startedAt: 1, owner: "me" } as const;
    expect(await storage.createTrial(id, { ...draft, number: TRIALS })).toMatchObject({ number: TRIALS });
    await storage.close();
  });

  test("with its indexes and the page of studies gone reads past the ones and names the others", async () => {
    const db = new DatabaseSync(healthy, { readOnly: true });
    const roots = db.prepare("select name, rootpage from sqlite_schema where type = 'index'").all();
    db.close();
    const indexes = damaged((bytes) => {
      for (const { rootpage } of roots as { rootpage: number }[]) bytes.fill(0, (rootpage - 1) * PAGE, rootpage * PAGE);
    });
    expect((await repair(indexes)).studies[0]).toEqual({ name: "s", trials: TRIALS, lostTrials: [] });
    const [page = 0] = leaves("studies");
    const studies = damaged((bytes) => bytes.fill(0xa5, (page - 1) * PAGE, page * PAGE));
    expect(await repair(studies)).toMatchObject({ studies: [], lostStudies: [{ id: 1, trials: TRIALS }] });
  });

  test("cut to half its length saves what is in that half", async () => {
    const file = damaged(() => {});
    writeFileSync(file, readFileSync(healthy).subarray(0, Math.floor(readFileSync(healthy).length / 2 / PAGE) * PAGE));
    const { studies } = await repair(file);
    const [first] = studies;
    expect(first!.trials - first!.lostTrials.length).toBeGreaterThan(50);
    expect(first!.trials).toBe(TRIALS);
  });

  test("with bytes changed anywhere either refuses it or gives studies that open", async () => {
    const rng = createRng("repair");
    let saved = 0;
    for (let round = 0; round < 25; round++) {
      const file = damaged((bytes) => {
        for (let i = 0; i < 40; i++) bytes[PAGE + rng.int(bytes.length - PAGE)] = rng.int(256);
      });
      const report = await repair(file).catch((error) => error);
      if (report instanceof Error) {
        expect(report).toBeInstanceOf(StorageError);
        continue;
      }
      const storage = sqlite(report.file);
      expect((await storage.listStudies()).length).toBe(report.studies.length);
      saved += report.studies[0]?.trials ?? 0;
      await storage.close();
    }
    expect(saved).toBeGreaterThan(20 * TRIALS);
  });

  test("in which a study lost its name saves the others", async () => {
    const file = damaged(() => {});
    const db = new DatabaseSync(file);
    db.exec("update studies set name = '' where name = 's'");
    db.close();
    expect(await repair(file)).toMatchObject({
      studies: [{ name: "empty", trials: 0 }],
      lostStudies: [{ id: 1, trials: TRIALS }],
    });
  });

  test("of schema 1 is possible too", async () => {
    const file = damaged(() => {});
    copyFileSync(join(import.meta.dirname, "../schemas/schema-1.db"), file);
    expect((await repair(file)).studies).toEqual([{ name: "old", trials: 6, lostTrials: [] }]);
  });

  test.each<[string, (file: string) => void, RegExp]>([
    ["is another program's", (file) => writeFileSync(file, "step,loss\n".repeat(50)), /must be a SQLite database/],
    ["is not there", (file) => rmSync(file), /must exist to be repaired/],
    ["was repaired before", (file) => writeFileSync(`${file}.repaired`, ""), /exists already\. Move it away/],
    [
      "has no first page",
      (file) => writeFileSync(file, readFileSync(healthy).fill(0xa5, 100, PAGE)),
      /damaged|cannot be used/,
    ],
  ])("that %s is refused", async (_, prepare, why) => {
    const file = damaged(() => {});
    prepare(file);
    const error = await repair(file).catch((error) => error);
    expect(error).toBeInstanceOf(StorageError);
    expect(error.message).toMatch(why);
  });
});
