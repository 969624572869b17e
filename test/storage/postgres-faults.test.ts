import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import type { Storage } from "../../src/storage/storage.ts";
import type { FrozenTrial } from "../../src/trial/trial.ts";
import { hasBinaries } from "./postgres/binaries.ts";
import { Relay } from "./postgres/relay.ts";
import { PostgresServer, query } from "./postgres/server.ts";

const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;

/** A worker that tells `count` trials; what was acknowledged is in `told`, value by number. */
async function work(storage: Storage, study: string, count: number, told: Map<number, number>): Promise<void> {
  const owner = storage.newOwner();
  const view: FrozenTrial[] = [];
  let revision = 0;
  for (let mine = 0; mine < count; ) {
    const changes = await storage.trialsSince(study, revision);
    for (const trial of changes.trials) view[trial.number] = trial;
    revision = changes.revision;
    const draft = { params: { x: mine }, note: null, attributes: {}, startedAt: 1, owner } as const;
    const trial = await storage.createTrial(study, { ...draft, number: view.length, state: "running" });
    if (trial === null) continue;
    mine++;
    const value = trial.number / 7;
    await storage.finishTrial(study, trial.number, {
      state: "completed",
      value,
      metrics: {},
      error: null,
      finishedAt: 2,
    });
    if (told.has(trial.number)) throw new Error(`Trial ${trial.number} was told twice.`);
    told.set(trial.number, value);
  }
}

/** Eight workers, each with a storage of its own, while `trouble` happens. Expects that nothing was lost and nothing made twice. */
async function expectNothingLost(
  url: string,
  schema: string,
  each: number,
  trouble: () => Promise<void>,
): Promise<void> {
  const storages = Array.from({ length: 8 }, () => postgres({ url, schema, connections: 2 }));
  const { id } = await storages[0]!.createStudy(definition);
  const told = new Map<number, number>();
  await Promise.all([...storages.map((storage) => work(storage, id, each, told)), trouble()]);
  const { trials } = await storages[0]!.trialsSince(id, 0);
  expect(trials.map(({ number }) => number)).toEqual([...Array(8 * each).keys()]);
  expect(new Map(trials.map(({ number, value }) => [number, value]))).toEqual(told);
  for (const storage of storages) await storage.close();
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// They stop the server, so it is one of their own, and from npm.
describe.skipIf(!hasBinaries())("eight workers lose nothing and do nothing twice", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server.close());

  test("in a thousand writes without trouble", async () => {
    await expectNothingLost(server.url, "calm", 63, async () => {});
  });

  test("while their sessions are terminated at random", async () => {
    const rng = createRng("terminate");
    await expectNothingLost(server.url, "terminated", 60, async () => {
      for (let i = 0; i < 40; i++) {
        await pause(50 * rng.next());
        await query(
          server.url,
          `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'assay' order by md5(pid::text || '${i}') limit 2`,
        );
      }
    });
  });

  test("while their statements are cancelled at random", async () => {
    const rng = createRng("cancel");
    await expectNothingLost(server.url, "cancelled", 60, async () => {
      for (let i = 0; i < 100; i++) {
        await pause(20 * rng.next());
        await query(server.url, "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'assay'");
      }
    });
  });

  test.each(["fast", "immediate"] as const)("while the server is restarted, %s", async (mode) => {
    await expectNothingLost(server.url, mode, 40, async () => {
      for (let i = 0; i < 3; i++) {
        await pause(300);
        await server.restart(mode);
      }
    });
  });

  test("while acknowledgements of commits are lost", async () => {
    const relay = await Relay.before(server.port);
    await expectNothingLost(relay.through(server.url), "unacknowledged", 30, async () => {
      for (let i = 0; i < 20; i++) {
        await pause(30);
        relay.losesNextCommit = true;
      }
    });
    expect(relay.losesNextCommit).toBe(false);
    await relay.close();
  });

  test("and go on within 5 s when a server that was away is back", async () => {
    const storage = postgres({ url: server.url, schema: "away" });
    await storage.createStudy(definition);
    await server.stop("immediate");
    const found = storage.findStudy("s");
    await pause(6000);
    await server.start();
    const begin = performance.now();
    expect(await found).toMatchObject({ name: "s" });
    expect(performance.now() - begin).toBeLessThan(5000);
    await storage.close();
  });

  test("and learn why not when their patience ends", async () => {
    const storage = postgres({ url: server.url, schema: "away", patienceMs: 300 });
    await storage.findStudy("s");
    await server.stop("fast");
    await expect(storage.findStudy("s")).rejects.toThrow(/no server answers there/);
    await server.start();
    expect(await storage.findStudy("s")).toMatchObject({ name: "s" });
    await storage.close();
  });
});
