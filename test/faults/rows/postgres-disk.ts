/**
 * A full disk under a PostgreSQL server. Where the tables have no room left, statements fail, and the server goes on; where its log has
 * none, the server stops, and cannot start before it has some. Both are file systems of a few megabytes, which only root may mount.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nobody } from "../../storage/postgres/binaries.ts";
import { type PostgresServer, query } from "../../storage/postgres/server.ts";
import { createStudyAt, type Engine, storageAt } from "../engines.ts";
import type { Anomaly } from "../history.ts";
import { Crew } from "../processes.ts";
import type { Row } from "../row.ts";
import { LEASES, untilTold, WORKERS, withServer } from "./postgres.ts";

/** Workers that meet the full disk have ended, or ride it out, after so long. */
const FULL_MS = 10_000;

export const fullDiskPostgres: Row = {
  name: "full-disk-postgres",
  title: "A full disk under PostgreSQL, 4 workers: that of the tables, then that of the server's log",
  async run({ folder }) {
    // The server, which is not run by root, must reach what is in it.
    chmodSync(folder, 0o711);
    const [tables, log] = [join(folder, "tables"), join(folder, "log")];
    if (!mount(tables, 4)) {
      const note = "not run, for nothing could be mounted";
      return { injected: 0, survived: 0, anomalies: [], note };
    }
    try {
      return await withServer(async (server) => {
        const runs = [await fillTables(server, folder, tables), await fillLog(server, folder, log)];
        return {
          injected: runs.length,
          survived: runs.filter(({ anomalies }) => anomalies.length === 0).length,
          anomalies: runs.flatMap(({ anomalies }) => anomalies),
          note: runs.map(({ note }) => note).join("; "),
        };
      });
    } finally {
      unmount(tables);
    }
  },
};

interface Run {
  readonly anomalies: Anomaly[];
  readonly note: string;
}

/** The tables of a study lie on a disk that is full while it is at work: statements fail. */
async function fillTables(server: PostgresServer, folder: string, disk: string): Promise<Run> {
  await query(server.url, `create tablespace small location '${disk}'`);
  await query(server.url, "alter database postgres set default_tablespace = small");
  const { anomalies, ended, note } = await atWork(server, "tables", folder, async (_, allEnded) => {
    const ballast = occupy(disk, 16);
    await Promise.race([allEnded, sleep(FULL_MS)]);
    rmSync(ballast);
  });
  await query(server.url, "alter database postgres reset default_tablespace");
  if (ended === 0) anomalies.push({ kind: "wrong", text: "the disk of the tables was never full" });
  return { anomalies, note };
}

/** The server's log has a disk of its own, which is full while a study is at work: the server goes down. */
async function fillLog(server: PostgresServer, folder: string, scratch: string): Promise<Run> {
  const [row] = await query(server.url, "select current_setting('data_directory') || '/pg_wal' as folder");
  const log = String(row!.folder);
  await server.stop("fast");
  copy(log, scratch);
  if (!mount(log, 128)) throw new Error("The first file system was mounted, and the second was not.");
  try {
    copy(join(scratch, "pg_wal"), join(log, ".."));
    await server.start();
    let [isDown, backMs] = [false, Number.NaN];
    const { anomalies, note } = await atWork(server, "log", folder, async (crew) => {
      const ballast = occupy(log, 0);
      isDown = await untilDown(server);
      await sleep(2000);
      rmSync(ballast);
      // As whoever freed the space would.
      await server.restart("immediate");
      backMs = await untilTold(crew);
    });
    if (!isDown) anomalies.push({ kind: "wrong", text: "the disk of the log was never full" });
    return { anomalies, note: `${note}; work went on ${(backMs / 1000).toFixed(1)} s after the server was back` };
  } finally {
    await server.stop("immediate");
    unmount(log);
  }
}

/** Four workers at work while a disk is full for a time: each rides it out, or ends and says why. */
async function atWork(
  server: PostgresServer,
  schema: string,
  folder: string,
  happen: (crew: Crew, allEnded: Promise<unknown>) => Promise<void>,
): Promise<Run & { ended: number }> {
  const engine: Engine = { kind: "postgres", url: server.url, schema };
  const study = await createStudyAt(engine, {}, LEASES);
  const crew = await Crew.assemble(engine, folder, schema);
  const workers = Array.from({ length: WORKERS }, () => crew.hire({ waitMs: 5 }));
  await Promise.all(workers.map((worker) => worker.until("told")));
  const anomalies: Anomaly[] = [];
  let ended = 0;
  const allEnded = Promise.all(
    workers.map(async (worker) => {
      const { code } = await worker.ended;
      if (code === 0) return;
      ended++;
      crew.note(worker.name, "killed");
      if (!/database "postgres".*the server's disk is full.*Free some space/s.test(worker.errors()))
        anomalies.push({ kind: "wrong", text: `a full disk ended ${worker.name} with ${code}: ${worker.errors()}` });
    }),
  );
  await happen(crew, allEnded);
  const storage = storageAt(engine);
  const { length } = (await storage.trialsSince(study, 0)).trials;
  await storage.updateStudy(study, { budget: { trials: length + 20 } });
  await storage.close();
  await allEnded;
  const { anomalies: found, final, told } = await crew.finish(study);
  anomalies.push(...found, ...(await damage(server, schema)));
  const note = `${schema}: ${ended} of ${WORKERS} workers ended and said why, ${told} acknowledged tells of ${final.trials.length} trials in the end`;
  return { anomalies, ended, note };
}

/** Makes the server begin new segments of its log until one finds no room. */
async function untilDown(server: PostgresServer): Promise<boolean> {
  for (let segments = 0; segments < 50; segments++) {
    try {
      await query(
        server.url,
        "select pg_switch_wal(); create table if not exists segments (number int); insert into segments values (1)",
      );
    } catch {
      return true;
    }
  }
  return false;
}

/** What the server's own checks of tables and indexes find. */
async function damage(server: PostgresServer, schema: string): Promise<Anomaly[]> {
  await query(server.url, "create extension if not exists amcheck");
  const found = await query(
    server.url,
    `select relname || ': ' || msg as text from pg_class, verify_heapam(pg_class.oid)
     where relnamespace = '${schema}'::regnamespace and relkind = 'r'`,
  );
  const indexes = `select bt_index_check(indexrelid, true) from pg_index join pg_class on pg_class.oid = indexrelid
     where relnamespace = '${schema}'::regnamespace`;
  const error = await query(server.url, indexes).then(
    () => [],
    (error: unknown) => [{ text: String(error) }],
  );
  return [...found, ...error].map(({ text }) => ({ kind: "wrong", text: `amcheck says ${text}` }));
}

/** Fills a disk but for so many KiB. @returns the file that does */
function occupy(disk: string, kibibytes: number): string {
  const { bavail, bsize } = statfsSync(disk);
  const ballast = join(disk, "ballast");
  try {
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - kibibytes * 1024)));
  } catch (error) {
    // The server has written what was to be left: then the disk is as full as it can be.
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
  return ballast;
}

/** Mounts an empty file system of so many MiB that is the server's; false where it may not. */
function mount(folder: string, mebibytes: number): boolean {
  mkdirSync(folder, { recursive: true });
  const options = `size=${mebibytes}m,mode=700`;
  if (spawnSync("mount", ["-t", "tmpfs", "-o", options, "assay-faults", folder]).status !== 0) return false;
  const { uid, gid } = nobody();
  chownSync(folder, uid!, gid!);
  return true;
}

function unmount(folder: string): void {
  spawnSync("umount", [folder]);
}

/** A folder into another one, owners and rights included. */
function copy(folder: string, into: string): void {
  mkdirSync(into, { recursive: true });
  const { status, stderr } = spawnSync("cp", ["-a", folder, into], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${folder} could not be copied: ${stderr}`);
}
