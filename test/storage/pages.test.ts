import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Clock } from "../../src/storage/clock.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { freshDatabase } from "./postgres/database.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-pages-"));
afterAll(() => rmSync(folder, { recursive: true }));
const database = await freshDatabase();

const storages: readonly [string, (clock: Clock) => Storage][] = [
  ["SQLite", (clock) => sqlite(join(folder, "pages.db"), { clock })],
  ["PostgreSQL", (clock) => postgres({ url: database, clock })],
];

// Trials are read 500 at a time, by the revision of their last change.
test.each(storages)("trials that one sweep took back are all read, wherever a page ends: %s", async (_, open) => {
  const time = { now: 0 };
  const storage = open(() => time.now);
  const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
  const { id } = await storage.createStudy(definition);
  const draft = { params: {}, note: null, attributes: {} } as const;
  const owner = storage.newOwner();
  for (let number = 0; number < 501; number++) {
    const state = number < 3 ? ({ state: "running", startedAt: 0, owner } as const) : WAITING;
    await storage.createTrial(id, { ...draft, ...state, number });
  }
  await storage.reportTrial(id, 2, [{ step: 0, value: 1 }]);
  time.now += 60_001;
  expect(await storage.sweep(id)).toEqual({ requeued: [0, 1, 2], lost: [] });
  const { trials, revision } = await storage.trialsSince(id, 0);
  expect(trials.map(({ number }) => number)).toEqual([...Array(501).keys()]);
  expect(trials[2]!.reports).toEqual([{ step: 0, value: 1 }]);
  expect((await storage.trialsSince(id, revision)).trials).toEqual([]);
  await storage.close();
});

const WAITING = { state: "waiting", startedAt: null, owner: null } as const;
