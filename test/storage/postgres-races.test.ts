import { describe, expect, test } from "vitest";
import { postgres } from "../../src/storage/sql/postgres.ts";
import type { Storage } from "../../src/storage/storage.ts";
import type { FrozenTrial } from "../../src/trial/trial.ts";
import { freshDatabase } from "./postgres/database.ts";
import { query } from "./postgres/server.ts";

const database = await freshDatabase();
const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
const outcome = { state: "completed", value: 1, metrics: {}, error: null, finishedAt: 2 } as const;

async function withStorages(count: number, schema: string, use: (storages: Storage[]) => Promise<void>): Promise<void> {
  const storages = Array.from({ length: count }, () => postgres({ url: database, schema, connections: 1 }));
  try {
    await use(storages);
  } finally {
    for (const storage of storages) await storage.close();
  }
}

// What a statement sees that waited for a row: see docs/decisions/075-postgres.md.
describe("connections that change one study at once", { timeout: 60_000 }, () => {
  test("end a trial once, and count its cost once", async () => {
    await withStorages(8, "tellers", async (storages) => {
      const { id } = await storages[0]!.createStudy(definition);
      await Promise.all(storages.map((storage) => storage.listStudies()));
      for (let number = 0; number < 20; number++) {
        const draft = { params: {}, note: null, attributes: {}, startedAt: 1, owner: "me" } as const;
        await storages[0]!.createTrial(id, { ...draft, number, state: "running" });
        const told = await Promise.all(
          storages.map((storage, i) =>
            storage.finishTrial(id, number, { ...outcome, value: i, cost: 1 }, { attempt: 1 }),
          ),
        );
        expect(told.filter(({ accepted }) => accepted)).toHaveLength(1);
      }
      expect(await query(database, "select cost from tellers.studies")).toEqual([{ cost: 20 }]);
    });
  });

  test("show a reader every change, whatever changed between two statements of another", async () => {
    await withStorages(9, "readers", async ([reader, ...storages]) => {
      const { id } = await reader!.createStudy(definition);
      const count = 120;
      let created = 0;
      let told = 0;
      const enqueue = async (storage: Storage) => {
        while (created < count) {
          const draft = { params: {}, note: null, attributes: {}, startedAt: null, owner: null } as const;
          if ((await storage.createTrial(id, { ...draft, number: created, state: "waiting" })) !== null) created++;
        }
      };
      const claim = async (storage: Storage) => {
        while (told < count) {
          const trial = await storage.claimTrial(id, { owner: storage.newOwner(), startedAt: 1 });
          if (trial === null) continue;
          await storage.finishTrial(id, trial.number, outcome, { attempt: trial.attempt });
          told++;
        }
      };
      const view: FrozenTrial[] = [];
      let revision = 0;
      const read = async () => {
        const changes = await reader!.trialsSince(id, revision);
        for (const trial of changes.trials) view[trial.number] = trial;
        revision = changes.revision;
      };
      const follow = async () => {
        while (told < count) {
          await read();
          // What was read must be what is there, as of one moment or a later one.
          const running = view.filter(({ state }) => state === "waiting").map(({ number }) => number);
          const { trials } = await reader!.trialsSince(id, 0);
          const missed = running.filter((number) => trials[number]!.state !== "waiting");
          await read();
          for (const number of missed) expect(view[number]!.state, `trial ${number}`).not.toBe("waiting");
        }
      };
      await Promise.all([enqueue(storages[0]!), ...storages.slice(1).map(claim), follow()]);
      await read();
      expect(view).toEqual((await reader!.trialsSince(id, 0)).trials);
    });
  });
});
