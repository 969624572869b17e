import { describe, expect, test } from "vitest";
import { random } from "../../src/sampler/random.ts";
import { float } from "../../src/space/numeric.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { createStudy } from "../../src/study/create.ts";
import type { FrozenTrial } from "../../src/trial/trial.ts";
import { freshDatabase } from "./postgres/database.ts";
import { Relay } from "./postgres/relay.ts";
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
describe("connections that change one study at once", () => {
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

  test("create trials in a line, each with those before it in view, whatever is created and told beside", async () => {
    await withStorages(8, "line", async (storages) => {
      const { id } = await storages[0]!.createStudy(definition);
      const draft = { params: {}, note: null, attributes: {}, startedAt: 1, state: "running" } as const;
      let drafts = 0;
      const create = async (storage: Storage) => {
        const owner = storage.newOwner();
        const view: FrozenTrial[] = [];
        let revision = 0;
        for (let i = 0; i < 20; i++) {
          const trial = await storage.createNext!(id, revision, (changes) => {
            drafts++;
            for (const changed of changes.trials) view[changed.number] = changed;
            revision = changes.revision;
            expect(view).toHaveLength(Math.max(-1, ...view.map(({ number }) => number)) + 1);
            return { ...draft, owner, number: view.length };
          });
          expect(trial?.number).toBe(view.length);
          await storage.finishTrial(id, trial!.number, outcome, { attempt: 1 });
        }
      };
      await Promise.all(storages.map(create));
      expect(drafts).toBe(160);
      const { trials } = await storages[0]!.trialsSince(id, 0);
      expect(trials.map(({ number, state }) => `${number} ${state}`)).toEqual(
        [...Array(160).keys()].map((number) => `${number} completed`),
      );
      // One outside of the line takes the number that was drafted.
      const late = await storages[0]!.createNext!(id, 0, ({ trials }) => ({
        ...draft,
        owner: "me",
        number: trials.length - 1,
      }));
      expect(late).toBeNull();
      expect(await storages[0]!.createNext!(id, 0, () => null)).toBeNull();
    });
  });

  test("are overtaken in a line by none who creates trials beside it", async () => {
    await withStorages(4, "beside", async ([inLine, ...others]) => {
      const { id } = await inLine!.createStudy(definition);
      const plan = { params: {}, note: null } as const;
      const draft = { ...plan, attributes: {}, startedAt: 1, state: "running" } as const;
      let isOver = false;
      const beside = others.map(async (storage) => {
        const owner = storage.newOwner();
        for (let number = 0; !isOver; ) {
          const trial = await storage.createTrial(id, { ...draft, owner, number, ahead: Array(64).fill(plan) });
          number = (trial?.number ?? number + 64) + 1;
        }
      });
      const owner = inLine!.newOwner();
      let [count, revision] = [0, 0];
      for (let i = 0; i < 20; i++) {
        const trial = await inLine!.createNext!(id, revision, (changes) => {
          count = Math.max(count, ...changes.trials.map(({ number }) => number + 1));
          ({ revision } = changes);
          // A suggestion takes its time.
          for (const until = performance.now() + 10; performance.now() < until; );
          return { ...draft, owner, number: count };
        });
        expect(trial?.number).toBe(count);
      }
      isOver = true;
      await Promise.all(beside);
      expect(count).toBeGreaterThan(40);
    });
  });

  test("ask for trials in three round trips at most, however many ask", async () => {
    const relay = await Relay.before(Number(new URL(database).port));
    try {
      const studies = await Promise.all(
        Array.from({ length: 8 }, () =>
          createStudy({
            storage: postgres({ url: relay.through(database), schema: "crowd", connections: 1 }),
            space: { x: float(0, 1) },
            sampler: random(),
            seed: 1,
          }),
        ),
      );
      const before = relay.roundTrips;
      const each = 15;
      const numbers = await Promise.all(
        studies.map(async (study) => {
          const asked: number[] = [];
          for (let i = 0; i < each; i++) {
            const trial = await study.ask();
            asked.push(trial.number);
            await study.tell(trial, trial.params.x);
          }
          return asked;
        }),
      );
      const trips = (relay.roundTrips - before) / (8 * each);
      expect(numbers.flat().sort((a, b) => a - b)).toEqual([...Array(8 * each).keys()]);
      // Two of the ask and one of the tell, and a few where a worker learns that it is not alone.
      expect(trips).toBeLessThan(3.5);
      const alone = createStudy({ space: { x: float(0, 1) }, sampler: random(), seed: 1 });
      const sequence = await (await alone).ask(8 * each);
      const stored = await studies[0]!.trials();
      expect(stored.map(({ params }) => params.x)).toEqual(sequence.map(({ params }) => params.x));
      for (const study of studies) await study.close();
    } finally {
      await relay.close();
    }
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
