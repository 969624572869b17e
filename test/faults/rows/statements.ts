/**
 * What a process leaves that is killed between any two statements, and a machine that loses its power after any sync. In both cases it is
 * files: as they are at that moment after a kill, for the system still writes what it was given; and after a loss of power as
 * they were at the last sync, with any part of what was written since. So the files are read at every statement, cut and mixed,
 * and opened again.
 */
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { createRng, type Rng } from "../../../src/math/rng.ts";
import { sqlite } from "../../../src/storage/sql/sqlite.ts";
import type { Anomaly } from "../history.ts";
import { foundOut, type Row, type Setting } from "../row.ts";
import { SCRIPT, scriptClock } from "../script.ts";
import {
  integrity,
  readSnapshot,
  type Snapshot,
  unsynced,
  type Watch,
  watched,
  withDatabase,
  writeSnapshot,
} from "../sqlite-files.ts";

/** The files at one moment, and how many operations of the script had been acknowledged. */
interface Moment extends Snapshot {
  readonly acknowledged: number;
  readonly sql: string;
  /** Bytes of the log that a loss of power leaves. */
  readonly synced: number;
}

export const statements: Row = {
  name: "statements",
  title: "A kill before and after every statement of a study's life, the making of its tables included",
  async run(setting) {
    const { moments, states } = await live(setting.folder);
    const anomalies: Anomaly[] = [];
    const file = join(setting.folder, "copy", "studies.db");
    let survived = 0;
    for (const moment of moments) {
      writeSnapshot(file, moment);
      const found = await reopen(file, moment.acknowledged, states);
      if (found === null) survived++;
      else anomalies.push({ ...found, text: `killed at ${JSON.stringify(moment.sql.slice(0, 60))}: ${found.text}` });
    }
    const note = `${SCRIPT.length} operations in ${Math.floor(moments.length / 2)} statements; after each kill the operation was made again, and the rest`;
    return { injected: moments.length, survived, anomalies, note };
  },
};

export const powerLoss: Row = {
  name: "power-loss",
  title: "Loss of power: the log cut at any byte after its last sync, or with sectors missing; a write-back half done",
  async run(setting) {
    const cuts = setting.long ? 200_000 : 2000;
    const { anomalies, halves, done } = await cutAll(setting, cuts, {});
    const note = `${done} of ${cuts}: ${done - halves} logs cut or with sectors missing, ${halves} databases half written back`;
    return { injected: done, survived: done - anomalies.length, anomalies, note };
  },
};

export const powerLossMutant: Row = {
  name: "power-loss-mutant",
  title: "The same without the log's syncs: the checker must turn red (survived is found out)",
  async run(setting) {
    const { anomalies } = await cutAll(setting, 200, unsynced);
    const isFound = anomalies.some(({ kind }) => kind === "lost");
    return foundOut(
      isFound,
      "a storage that never syncs was not found out in 200 cuts",
      `${anomalies.length} of 200 cuts lost what had been acknowledged`,
    );
  },
};

/** Runs the script and takes the files at each statement. @returns also the state after so many operations */
async function live(folder: string, watch: Watch = {}): Promise<{ moments: Moment[]; states: string[] }> {
  const file = join(folder, "studies.db");
  const moments: Moment[] = [];
  const states = [stateOf(null)];
  let acknowledged = 0;
  let synced = 0;
  const take = (sql: string) => moments.push({ ...readSnapshot(file), acknowledged, sql, synced });
  const open = watched({
    before(sql, db) {
      take(sql);
      return watch.before?.(sql, db) ?? sql;
    },
    after(sql) {
      take(sql);
    },
    async onSync(sync) {
      take("sync");
      const syncNow = async () => {
        await sync();
        synced = readSnapshot(file).wal!.length;
      };
      await (watch.onSync?.(syncNow) ?? syncNow());
      take("synced");
    },
  });
  const storage = sqlite(file, { open, clock: scriptClock });
  for (const operation of SCRIPT) {
    await operation(storage);
    acknowledged++;
    states.push(withDatabase(file, stateOf));
  }
  const last = moments.at(-1)!;
  moments.push({ ...last, ...readSnapshot(file), acknowledged });
  await storage.close();
  return { moments, states };
}

/** All that the operations wrote, as text. */
function stateOf(db: DatabaseSync | null): string {
  const tables = db?.prepare("select name from sqlite_schema where name = 'trials'").all() ?? [];
  if (db === null || tables.length === 0) return "[[],[],[],[]]";
  const rows = ["studies", "trials", "reports", "attempts"].map((table) =>
    db.prepare(`select * from ${table} order by 1, 2, 3`).all(),
  );
  return JSON.stringify(rows);
}

/** What is wrong with a file, in which so many operations had been acknowledged, the next one perhaps. */
async function reopen(file: string, acknowledged: number, states: readonly string[]): Promise<Anomaly | null> {
  const found = judge(file, acknowledged, states);
  if (found !== null) return found;
  const storage = sqlite(file, { clock: scriptClock });
  for (const operation of SCRIPT.slice(acknowledged)) await operation(storage);
  await storage.close();
  if (contentOf(withDatabase(file, stateOf)) !== contentOf(states.at(-1)!))
    return { kind: "wrong", text: "going on led to another end" };
  const text = integrity(file);
  return text === "ok" ? null : { kind: "wrong", text: `integrity_check says ${text}` };
}

/** A state without the counters of its changes, for an operation that is made again counts as another change. */
function contentOf(state: string): string {
  return state.replaceAll(/"(revision|last_call)":("[^"]*"|[^,}]*)/g, "");
}

function judge(file: string, acknowledged: number, states: readonly string[]): Anomaly | null {
  const at = states.lastIndexOf(withDatabase(file, stateOf));
  if (at === -1) return { kind: "wrong", text: "it holds half an operation" };
  if (at < acknowledged)
    return { kind: "lost", text: `${acknowledged} operations were acknowledged, and ${at} are there` };
  return at <= acknowledged + 1 ? null : { kind: "wrong", text: "it holds more than was asked for" };
}

async function cutAll(
  { folder, seed, hasTime }: Setting,
  cuts: number,
  watch: Watch,
): Promise<{ anomalies: Anomaly[]; halves: number; done: number }> {
  const { moments, states } = await live(folder, watch);
  const rng = createRng(seed);
  const file = join(folder, "cut", "studies.db");
  const pairs = moments.flatMap((moment, i) => {
    const next = moments[i + 1];
    return next !== undefined && next.wal !== null && next.wal.length > moment.synced ? [{ moment, next }] : [];
  });
  const anomalies: Anomaly[] = [];
  const last = moments.at(-1)!;
  // A log that was synced whole may be written back at any time.
  const isSynced = last.synced === last.wal?.length;
  let halves = 0;
  let i = 0;
  for (; i < cuts && hasTime(); i++) {
    const { moment, next } = pairs[rng.int(pairs.length)]!;
    const isHalf = isSynced && i % 4 === 0;
    if (isHalf) halves++;
    const snapshot = isHalf ? writtenBack(moments, folder, rng) : tear(moment, next, rng);
    writeSnapshot(file, snapshot);
    const found = judge(file, snapshot.acknowledged, states);
    if (found !== null) anomalies.push(found);
  }
  return { anomalies, halves, done: i };
}

const SECTOR = 512;

/** The files when the power went while `next` was on its way: of the bytes that were not synced some, or some sectors, are there. */
function tear(moment: Moment, next: Moment, rng: Rng): Moment {
  const wal = Buffer.from(next.wal!);
  const { synced } = moment;
  if (rng.next() < 0.5) return { ...moment, wal: wal.subarray(0, synced + rng.int(wal.length - synced + 1)) };
  for (let at = synced; at < wal.length; at += SECTOR) {
    if (rng.next() < 0.3) wal.fill(0, at, Math.min(wal.length, at + SECTOR));
  }
  return { ...moment, wal };
}

/** The files when the power went while the log was being written back: each sector of the database is the old or the new one. */
function writtenBack(moments: readonly Moment[], folder: string, rng: Rng): Moment {
  const last = moments.at(-1)!;
  const file = join(folder, "back", "studies.db");
  writeSnapshot(file, last);
  withDatabase(file, (db) => db.exec("pragma wal_checkpoint(truncate)"));
  const after = readSnapshot(file).database;
  const mixed = Buffer.from(after);
  for (let at = 0; at < after.length; at += SECTOR) {
    if (rng.next() < 0.5) last.database.copy(mixed, at, at, Math.min(at + SECTOR, last.database.length));
  }
  return { ...last, database: mixed };
}
