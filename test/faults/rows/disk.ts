/** Disks that are full, fail, cannot be written or lose the file, and files that were damaged while nobody looked. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AssayError } from "../../../src/errors.ts";
import { createRng, type Rng } from "../../../src/math/rng.ts";
import { sqlite } from "../../../src/storage/sql/sqlite.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import type { FrozenTrial } from "../../../src/trial/trial.ts";
import type { Anomaly } from "../history.ts";
import type { Row } from "../row.ts";
import { SCRIPT, scriptClock } from "../script.ts";
import { integrity, readSnapshot, type Snapshot, watched, writeSnapshot } from "../sqlite-files.ts";

const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
const outcome = { state: "completed", metrics: {}, error: null, finishedAt: 2 } as const;

/** Runs a trial whose parameters are as long as `bytes`. */
async function runTrial(storage: Storage, study: string, number: number, bytes: number): Promise<void> {
  const draft = { note: "x".repeat(bytes), attributes: {}, params: { x: number }, startedAt: 1, owner: "a" } as const;
  await storage.createTrial(study, { ...draft, number, state: "running", call: `create ${number}` });
  await storage.finishTrial(study, number, { ...outcome, value: number }, { attempt: 1, call: `finish ${number}` });
}

/** Fills a disk until it refuses, frees it, goes on, and compares. */
async function fill(file: string, storage: Storage, free: () => void, says: RegExp): Promise<Anomaly[]> {
  const anomalies: Anomaly[] = [];
  const { id } = await storage.createStudy(definition);
  let told = 0;
  let refusals = 0;
  for (; told < 2000; told++) {
    try {
      await runTrial(storage, id, told, 5000);
    } catch (error) {
      if (!(error instanceof AssayError) || !says.test(error.message) || !error.message.includes(JSON.stringify(file)))
        anomalies.push({ kind: "wrong", text: `a full disk was reported as ${error}` });
      refusals++;
      break;
    }
  }
  if (refusals === 0) anomalies.push({ kind: "wrong", text: "the disk was never full" });
  free();
  for (let number = told; number < told + 3; number++) await runTrial(storage, id, number, 10);
  const { trials } = await storage.trialsSince(id, 0);
  trials.forEach(({ number, state, value }, i) => {
    if (number !== i || state !== "completed" || value !== i)
      anomalies.push({ kind: "lost", text: `trial ${i} is ${state} with ${value} after the disk was full` });
  });
  if (trials.length !== told + 3)
    anomalies.push({ kind: "lost", text: `${trials.length} of ${told + 3} trials are there` });
  await storage.close();
  const text = integrity(file);
  if (text !== "ok") anomalies.push({ kind: "wrong", text: `integrity_check says ${text}` });
  return anomalies;
}

export const fullDisk: Row = {
  name: "full-disk",
  title: "A full disk: SQLite's limit of pages, and where root may mount one a file system of 2 MB",
  async run({ folder }) {
    const limited = join(folder, "limited.db");
    let lift = () => {};
    const open = watched({
      after(sql, db) {
        // Each connection has its own limit.
        if (sql.startsWith("pragma synchronous =")) db.exec("pragma max_page_count = 100");
        lift = () => db.exec("pragma max_page_count = 1000000");
      },
    });
    const anomalies = await fill(
      limited,
      sqlite(limited, { open, clock: scriptClock }),
      () => lift(),
      /the disk is full/,
    );
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "assay-faults", disk]).status === 0;
    if (isMounted) {
      try {
        const file = join(disk, "full.db");
        const ballast = join(disk, "ballast");
        writeFileSync(ballast, Buffer.alloc(1_000_000));
        anomalies.push(...(await fill(file, sqlite(file, { clock: scriptClock }), () => rmSync(ballast), /disk/)));
      } finally {
        spawnSync("umount", [disk]);
      }
    }
    const injected = isMounted ? 2 : 1;
    const note = isMounted ? "both" : "the page limit only, for nothing could be mounted";
    return { injected, survived: anomalies.length === 0 ? injected : 0, anomalies, note };
  },
};

export const ioErrors: Row = {
  name: "io-errors",
  title: "An I/O error, a full disk or a read-only file at every statement of a study's life, then the operation again",
  async run({ folder }) {
    const anomalies: Anomaly[] = [];
    let injected = 0;
    const codes = [10, 13, 8] as const;
    for (let at = 0; ; at++) {
      const file = join(folder, `${at}.db`);
      let statements = 0;
      let [isHit, isOver] = [false, false];
      const open = watched({
        before(sql) {
          if (statements++ === at && !isOver) {
            isHit = true;
            throw Object.assign(new Error("injected"), { errcode: codes[at % 3] });
          }
          return sql;
        },
      });
      const storage = sqlite(file, { open, clock: scriptClock });
      for (const operation of SCRIPT) {
        try {
          await operation(storage);
        } catch (error) {
          if (!(error instanceof AssayError) || !error.message.includes(JSON.stringify(file)))
            anomalies.push({ kind: "wrong", text: `statement ${at}: the error is ${error}` });
          await operation(storage);
        }
      }
      isOver = true;
      const { trials } = await storage.trialsSince("1", 0);
      await storage.close();
      if (!isHit) break;
      injected++;
      const values = trials.map(({ value }) => value).join();
      if (values !== "0.5,1.5,2.5") anomalies.push({ kind: "lost", text: `statement ${at}: the values are ${values}` });
      rmSync(file, { force: true });
    }
    return { injected, survived: injected - anomalies.length, anomalies, note: "each reported with the file's name" };
  },
};

export const lostFile: Row = {
  name: "lost-file",
  title: "The file deleted, or another put in its place, while a storage has it open",
  async run({ folder }) {
    const anomalies: Anomaly[] = [];
    for (const way of ["deleted", "replaced"] as const) {
      const file = join(folder, `${way}.db`);
      const storage = sqlite(file);
      const { id } = await storage.createStudy(definition);
      await runTrial(storage, id, 0, 10);
      for (const ending of ["", "-wal", "-shm"]) rmSync(file + ending, { force: true });
      if (way === "replaced") {
        const other = sqlite(file);
        await other.createStudy({ ...definition, name: "other" });
        await other.close();
      }
      const error = await runTrial(storage, id, 1, 10).then(
        () => null,
        (error: unknown) => error,
      );
      if (error === null)
        anomalies.push({
          kind: "lost",
          text: `a trial was acknowledged in a file that had been ${way}, where nobody finds it`,
        });
      else if (!(error instanceof AssayError) || !error.message.includes(JSON.stringify(file)))
        anomalies.push({ kind: "wrong", text: `a file that was ${way} is reported as ${error}` });
      await storage.close();
    }
    return { injected: 2, survived: 2 - anomalies.length, anomalies, note: "each reported with the file's name" };
  },
};

export const damage: Row = {
  name: "damage",
  title: "A file cut, with its header or a page zeroed or overwritten, or with another's log: refused or read rightly",
  async run({ long, folder, seed, hasTime }) {
    const most = long ? 50_000 : 1000;
    const good = join(folder, "good.db");
    const { closed, open, trials } = await makeGood(good);
    const rng = createRng(seed);
    const anomalies: Anomaly[] = [];
    let [count, refused, right, shown, flips, unseen, shortened] = [0, 0, 0, 0, 0, 0, 0];
    const file = join(folder, "bad", "bad.db");
    for (; count < most && hasTime(); count++) {
      const { database, wal, name } = spoil(closed, open, rng);
      writeSnapshot(file, { database, wal, journal: null });
      const found = await readBack(file);
      if (name === "one bit") flips++;
      if (found instanceof AssayError) refused++;
      else if (found instanceof Error) anomalies.push({ kind: "wrong", text: `${name}: ${found}` });
      else {
        const differing = found.filter((trial, k) => JSON.stringify(trial) !== JSON.stringify(trials[k]));
        // Of a damaged log SQLite takes what comes before the damage: then the last trials are missing, or are as they were before.
        const isLogged = wal !== null;
        const silent = differing.filter(
          ({ error, number }) => !error?.message.includes("cannot be read") && !(isLogged && number >= LOGGED_FROM),
        );
        const missing = found.length < (isLogged ? LOGGED_FROM : trials.length);
        if (isLogged && (found.length < trials.length || differing.length > silent.length)) shortened++;
        if (differing.length === 0 && !missing) right++;
        else if (silent.length === 0 && !missing) shown++;
        // SQLite keeps no checksum of a page, so that a bit of a value that is another value's is nothing it could see.
        else if (name === "one bit") unseen++;
        else
          anomalies.push({
            kind: "wrong",
            text: `${name}: ${silent.length} trials read wrongly, ${trials.length - found.length} missing`,
          });
      }
    }
    const note = `${count} of ${most}: ${refused} refused, ${right} read rightly, ${shown} with the damaged trials shown as such; of ${flips} single bits ${unseen} changed a value unseen, for SQLite keeps no checksums of its pages; of ${shortened} damaged logs it took what came before the damage`;
    return { injected: count, survived: count - anomalies.length - unseen, anomalies, note };
  },
};

/** The trials from this one on are in the log of the open file only. */
const LOGGED_FROM = 60;
const TRIALS = 70;

/** A file that was closed, and the same with its log when it was not. */
async function makeGood(file: string): Promise<{ closed: Snapshot; open: Snapshot; trials: readonly FrozenTrial[] }> {
  const storage = sqlite(file, { clock: scriptClock });
  const { id } = await storage.createStudy(definition);
  for (let number = 0; number < LOGGED_FROM; number++) await runTrial(storage, id, number, 300);
  await storage.close();
  const again = sqlite(file, { clock: scriptClock });
  for (let number = LOGGED_FROM; number < TRIALS; number++) await runTrial(again, id, number, 300);
  const open = readSnapshot(file);
  const { trials } = await again.trialsSince(id, 0);
  await again.close();
  return { closed: readSnapshot(file), open, trials };
}

const PAGE = 4096;

/** The files with one damage. */
function spoil(closed: Snapshot, open: Snapshot, rng: Rng): { database: Buffer; wal: Buffer | null; name: string } {
  const database = Buffer.from(closed.database);
  const page = rng.int(Math.floor(database.length / PAGE)) * PAGE;
  const wal = Buffer.from(open.wal!);
  switch (rng.int(7)) {
    case 0:
      return { database: database.subarray(0, rng.int(database.length)), wal: null, name: "cut" };
    case 1:
      return { database: database.fill(0, 0, 1 + rng.int(100)), wal: null, name: "header zeroed" };
    case 2:
      return { database: database.fill(0, page, page + PAGE), wal: null, name: "page zeroed" };
    case 3:
      for (let i = 0; i < PAGE; i++) database[page + i] = rng.int(256);
      return { database, wal: null, name: "page overwritten" };
    case 4:
      for (let i = 0; i < 100; i++) wal[rng.int(wal.length)] = rng.int(256);
      return { database: open.database, wal, name: "log overwritten" };
    case 5:
      return { database: open.database, wal: wal.reverse(), name: "another's log" };
    default: {
      const at = rng.int(database.length);
      database[at] = database[at]! ^ (1 << rng.int(8));
      return { database, wal: null, name: "one bit" };
    }
  }
}

async function readBack(file: string): Promise<readonly FrozenTrial[] | Error> {
  const storage = sqlite(file, { clock: scriptClock });
  try {
    const study = await storage.findStudy("s");
    if (study === null) return [];
    return (await storage.trialsSince(study.id, 0)).trials;
  } catch (error) {
    return error as Error;
  } finally {
    await storage.close().catch(() => {});
  }
}
