/** PostgreSQL: workers that are killed, servers that restart under them, and networks that fail between. */
import { setTimeout as sleep } from "node:timers/promises";
import { createRng } from "../../../src/math/rng.ts";
import { Relay } from "../../storage/postgres/relay.ts";
import { PostgresServer, query } from "../../storage/postgres/server.ts";
import { createStudyAt, type Engine, storageAt } from "../engines.ts";
import { Crew, failures, type WorkerProcess } from "../processes.ts";
import { foundOut, type Result, type Row, type Setting } from "../row.ts";
import { writeTogether } from "./contention.ts";
import { killMany, SIGKILL_SECONDS } from "./sigkill.ts";

/** Long enough for a machine under load, short enough to wait for. */
export const LEASES = { graceMs: 10_000, retries: 1000 };
export const WORKERS = 4;
/** Work goes on so soon after the server is back. */
const RECOVERY_MS = 5000;

export async function withServer(run: (server: PostgresServer, engine: Engine) => Promise<Result>): Promise<Result> {
  const server = await PostgresServer.start();
  try {
    return await run(server, { kind: "postgres", url: server.url });
  } finally {
    await server.close();
  }
}

export const sigkillPostgres: Row = {
  name: "sigkill-postgres",
  title: "SIGKILL at random moments, 8 processes on one PostgreSQL database",
  seconds: SIGKILL_SECONDS,
  run: (setting) => withServer((_, engine) => killMany(engine, 8, setting, LEASES)),
};

export const restarts: Row = {
  name: "restart-postgres",
  title: "Restarts of the PostgreSQL server, fast and immediate in turn, under 4 workers",
  run: (setting) =>
    withServer(async (server, engine) => {
      const count = setting.long ? 100 : 10;
      const rng = createRng(setting.seed);
      const recoveries: number[] = [];
      const { anomalies, note } = await atWork(engine, setting, async (crew) => {
        for (let i = 0; i < count && setting.hasTime(); i++) {
          await sleep(300 + rng.next() * 700);
          await server.restart(i % 2 === 0 ? "fast" : "immediate");
          recoveries.push(await untilTold(crew));
        }
      });
      for (const ms of recoveries) {
        if (ms > RECOVERY_MS)
          anomalies.push({ kind: "wrong", text: `work went on ${(ms / 1000).toFixed(1)} s after the server was back` });
      }
      const slowest = (Math.max(...recoveries) / 1000).toFixed(1);
      const text = `${note}; work went on at most ${slowest} s after the server was back`;
      const injected = recoveries.length;
      return {
        injected,
        survived: anomalies.length === 0 ? injected : 0,
        anomalies,
        note: `${injected} of ${count} restarts, ${text}`,
      };
    }),
};

export const restartMutant: Row = {
  name: "restart-mutant",
  title: "An immediate restart, the log not brought to the disk: the checker must turn red (survived is found out)",
  run: (setting) =>
    withServer(async (server, engine) => {
      // Found before the server's own, it writes nothing.
      await query(
        server.url,
        `create schema mutant;
         create function mutant.pg_logical_emit_message(boolean, text, text) returns text language sql as 'select null::text';
         alter database postgres set search_path = mutant, pg_catalog`,
      );
      const { anomalies } = await atWork(engine, setting, async () => {
        await sleep(1000);
        await server.restart("immediate");
      });
      const { length } = anomalies.filter(({ kind }) => kind === "lost");
      return foundOut(length > 0, "a log that is not on the disk was not found out", `${length} losses at one restart`);
    }),
};

export const network: Row = {
  name: "network-postgres",
  title:
    "A relay before PostgreSQL that resets, loses acknowledgements of commits, and falls silent with connections open",
  run: (setting) =>
    withServer(async (server, engine) => {
      const count = setting.long ? 1000 : 30;
      const relay = await Relay.before(server.port);
      const rng = createRng(setting.seed);
      let injected = 0;
      const through: Engine = { kind: "postgres", url: relay.through(server.url) };
      const { anomalies, note } = await atWork(
        engine,
        setting,
        async (crew) => {
          for (; injected < count && setting.hasTime(); injected++) {
            await sleep(100 + rng.next() * 400);
            if (injected % 3 === 0) relay.cut();
            else if (injected % 3 === 1) relay.losesNextCommit = true;
            else {
              relay.isSilent = true;
              await sleep(500 + rng.next() * 1500);
              relay.isSilent = false;
              relay.cut();
            }
            await untilTold(crew);
          }
        },
        through,
      );
      await relay.close();
      return {
        injected,
        survived: anomalies.length === 0 ? injected : 0,
        anomalies,
        note: `${injected} of ${count} faults, ${note}`,
      };
    }),
};

export const writersPostgres: Row = {
  name: "writers-postgres",
  title:
    "8, 32 and 64 connections of 4 processes that write 60, 15 and 15 trials each to one PostgreSQL database (in the long form 250)",
  run: (setting) =>
    withServer(({ url }) =>
      writeTogether(
        (count) => ({ kind: "postgres", url, schema: `writers_${count}`, connections: 1 }),
        [
          { processes: 4, studies: 2, trialsEach: setting.long ? 250 : 60 },
          { processes: 4, studies: 8, trialsEach: setting.long ? 250 : 15 },
          { processes: 4, studies: 16, trialsEach: setting.long ? 250 : 15 },
        ],
        setting,
      ),
    ),
};

/** Four workers at work while something happens; all must end well. `theirs` is how they reach the database. */
async function atWork(engine: Engine, { folder }: Setting, happen: (crew: Crew) => Promise<void>, theirs = engine) {
  const study = await createStudyAt(engine, {}, LEASES);
  const crew = await Crew.assemble(engine, folder);
  const workers: WorkerProcess[] = Array.from({ length: WORKERS }, () => crew.hire({ waitMs: 30, engine: theirs }));
  await Promise.all(workers.map((worker) => worker.until("told")));
  await happen(crew);
  const storage = storageAt(engine);
  const { length } = (await storage.trialsSince(study, 0)).trials;
  await storage.updateStudy(study, { budget: { trials: length + 20 } });
  await storage.close();
  // Sees to it that a budget given to a study at work ends it: each worker is told when it next asks.
  const ends = await Promise.all(workers.map(async (worker) => ({ worker, code: (await worker.ended).code })));
  const { anomalies, final, told } = await crew.finish(study);
  anomalies.push(...failures(ends));
  const losses = final.attempts.filter(({ end }) => end === "lapsed").length;
  return { anomalies, note: `${told} acknowledged tells of ${final.trials.length} trials, ${losses} leases lapsed` };
}

/** Milliseconds until a worker was told that its result is taken, from now on. */
export async function untilTold(crew: Crew): Promise<number> {
  const start = Number(process.hrtime.bigint()) / 1e6;
  for (;;) {
    const told = crew.lastTellAt();
    if (told > start) return told - start;
    if (Number(process.hrtime.bigint()) / 1e6 > start + 60_000) return Number.POSITIVE_INFINITY;
    await sleep(50);
  }
}
