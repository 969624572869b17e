/**
 * PostgreSQL servers that restart while several processes open one schema at once, which is not there yet or is of version 1. Every
 * statement that makes or changes a table is made to take a while, so that most restarts meet one.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { createRng } from "../../../src/math/rng.ts";
import { postgresCompiler } from "../../../src/storage/sql/compilers.ts";
import { migrations } from "../../../src/storage/sql/migrations.ts";
import { postgres } from "../../../src/storage/sql/postgres.ts";
import { dialectOf } from "../../../src/storage/sql/postgres-schema.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { type PostgresServer, query } from "../../storage/postgres/server.ts";
import type { Anomaly } from "../history.ts";
import type { Opening } from "../opener.ts";
import { program } from "../programs.ts";
import type { Row } from "../row.ts";
import { WORKERS, withServer } from "./postgres.ts";

export const opening: Row = {
  name: "opening-postgres",
  title:
    "Restarts of the PostgreSQL server, fast and immediate in turn, while 4 processes at once make or migrate its tables",
  run: ({ long, seed, hasTime }) =>
    withServer(async (server) => {
      const restarts = long ? 120 : 12;
      await query(server.url, SLOWLY);
      const rng = createRng(seed);
      const openers = await Promise.all(Array.from({ length: WORKERS }, () => startOpener(server.url)));
      const anomalies: Anomaly[] = [];
      // The first opening of all loads what the processes need.
      await open(server, openers, "first", false, async () => {}, anomalies);
      const calm = [
        await open(server, openers, "new", false, async () => {}, anomalies),
        await open(server, openers, "old", true, async () => {}, anomalies),
      ] as const;
      const whole = await describe(server.url, "new");
      let [done, met] = [0, 0];
      for (; done < restarts && hasTime(); done++) {
        const [schema, isOld] = [`restart_${done}`, done % 4 >= 2];
        const happen = async (isOver: () => boolean) => {
          await sleep(rng.next() * calm[isOld ? 1 : 0]);
          if (!isOver()) met++;
          await server.restart(done % 2 === 0 ? "fast" : "immediate");
        };
        await open(server, openers, schema, isOld, happen, anomalies);
        if ((await describe(server.url, schema)) !== whole)
          anomalies.push({ kind: "wrong", text: `the tables of ${schema} are not as they are without a restart` });
      }
      await Promise.all(openers.map((opener) => opener.end()));
      const [made, migrated] = calm.map((ms) => ms.toFixed(0));
      const note = `${done} of ${restarts} restarts, ${met} of them before all had opened; undisturbed they made tables in ${made} ms and migrated them in ${migrated} ms`;
      return { injected: done, survived: anomalies.length === 0 ? done : 0, anomalies, note };
    }),
};

const SLOWLY = `
  create function slowly() returns event_trigger language plpgsql as 'begin perform pg_sleep(0.01); end';
  create event trigger slowly on ddl_command_end execute function slowly()`;

interface Opener {
  open(opening: Opening): Promise<string>;
  end(): Promise<unknown>;
}

async function startOpener(url: string): Promise<Opener> {
  const child = spawn(process.execPath, [await program("opener"), url], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async open(opening) {
      child.stdin.write(`${JSON.stringify(opening)}\n`);
      const { value, done } = await answers.next();
      return done ? "its process ended" : value;
    },
    end() {
      child.stdin.end();
      return once(child, "close");
    },
  };
}

/** Lets all open a schema, each with a study of its own, while something happens. @returns the milliseconds that it took */
async function open(
  server: PostgresServer,
  openers: readonly Opener[],
  schema: string,
  isOld: boolean,
  happen: (isOver: () => boolean) => Promise<void>,
  anomalies: Anomaly[],
): Promise<number> {
  if (isOld) await makeOld(server.url, schema);
  const start = performance.now();
  let ms: number | undefined;
  const names = openers.map((_, i) => `study ${i}`);
  const opened = Promise.all(openers.map((opener, i) => opener.open({ schema, name: names[i]! }))).then((answers) => {
    ms = performance.now() - start;
    return answers;
  });
  await happen(() => ms !== undefined);
  for (const answer of await opened) {
    if (answer !== "done") anomalies.push({ kind: "wrong", text: `${schema} could not be opened: ${answer}` });
  }
  const expected = new Map(names.map((name) => [name, "0 completed 0.5"]));
  if (isOld) expected.set("old", OLD);
  const storage = postgres({ url: server.url, schema, connections: 1 });
  for (const [name, trials] of expected) {
    const found = await trialsOf(storage, name);
    if (found !== trials) anomalies.push({ kind: "lost", text: `${name} of ${schema} has the trials ${found}` });
  }
  await storage.close();
  return ms!;
}

async function trialsOf(storage: Storage, name: string): Promise<string> {
  const study = await storage.findStudy(name);
  if (study === null) return "of no study";
  const { trials } = await storage.trialsSince(study.id, 0);
  return trials.map(({ number, state, value }) => `${number} ${state} ${value}`).join(", ");
}

const OLD = "0 completed -0.5, 1 running null, 2 waiting null";

/** A schema as version 1 has it, with a study. */
async function makeOld(url: string, schema: string): Promise<void> {
  const made = migrations[0]!(postgresCompiler().withSchema(schema), dialectOf(undefined)).map(({ sql }) => sql);
  await query(
    url,
    `begin; create schema ${schema}; ${made.join(";")};
     create table ${schema}.schema_version (version integer not null); insert into ${schema}.schema_version values (1);
     insert into ${schema}.studies (name, direction, space, seed, attributes, created_at, trial_count, revision)
       values ('old', 'minimize', '[]', '1', '{}', 0, 3, 3);
     insert into ${schema}.trials (study_id, number, state, revision, owner, params, note, attributes, metrics, value, started_at, finished_at)
       values (1, 0, 'completed', 1, null, '{}', 'null', '{}', '{}', -0.5, 1, 2),
              (1, 1, 'running', 2, 'a', '{}', 'null', '{}', '{}', null, 1, null),
              (1, 2, 'waiting', 3, null, '{}', 'null', '{}', '{}', null, null, null);
     commit`,
  );
}

/** All that a schema consists of, as text that names it nowhere. */
async function describe(url: string, schema: string): Promise<string> {
  const rows = await query(
    url,
    `select concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable, column_default) as text
       from information_schema.columns where table_schema = '${schema}'
     union all select indexdef from pg_indexes where schemaname = '${schema}'
     union all select concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
       from pg_constraint where connamespace = '${schema}'::regnamespace
     union all select 'version ' || version from ${schema}.schema_version`,
  );
  return rows
    .map(({ text }) => String(text).replaceAll(`${schema}.`, ""))
    .sort()
    .join("\n");
}
