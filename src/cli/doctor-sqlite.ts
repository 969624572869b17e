/** What can be wrong with a SQLite file and where it lies. Nothing is written: the schema stays what it is, too. */
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { NotFoundError, show, showWhole } from "../errors.ts";
import { systemClock } from "../storage/clock.ts";
import { type ClockSetting, clockOf, settingFor } from "../storage/sql/machine-clock.ts";
import { SCHEMA_VERSION } from "../storage/sql/migrations.ts";
import { mounts, networkFileSystem } from "../storage/sql/network-file-system.ts";
import { checkFile } from "../storage/sql/sqlite-file.ts";
import { duration } from "./figures.ts";
import type { Finding } from "./finding.ts";

/** @throws NotFoundError when there is no such file */
export async function examineSqlite(path: string): Promise<readonly Finding[]> {
  const file = resolve(path);
  if (!existsSync(file))
    throw new NotFoundError(`There is no file ${showWhole(path)}, so there is nothing to examine.`);
  const outside = [...permissions(file), ...fileSystem(file)];
  try {
    checkFile(file, { allowNetworkFileSystem: true });
  } catch (error) {
    return [...outside, { check: "file", status: "wrong", found: (error as Error).message }];
  }
  const db = new DatabaseSync(file, { timeout: 2000 });
  // Tables of an older version have no leases.
  const isCurrent = values(db, "pragma user_version")[0] === SCHEMA_VERSION;
  const inside = [integrity, schema, log, locks, ...(isCurrent ? [clock, leases] : [])];
  try {
    return [
      ...outside,
      ...inside.map((examine): Finding => {
        try {
          return examine(db, file);
        } catch (error) {
          const remedy = "Restore the file from a copy, or save what is left: assay repair";
          return { check: examine.name, status: "wrong", found: (error as Error).message, remedy };
        }
      }),
    ];
  } finally {
    db.close();
  }
}

function permissions(file: string): Finding[] {
  const beside = [file, `${file}-wal`, `${file}-shm`].filter((it) => existsSync(it));
  const refused = beside.filter((it) => !may(it, constants.R_OK | constants.W_OK));
  const folder = dirname(file);
  if (!may(folder, constants.W_OK | constants.X_OK)) refused.push(folder);
  const user = process.getuid === undefined ? "this user" : `user ${process.getuid()}`;
  if (refused.length > 0) {
    const found = `${user} may not read and write ${refused.join(", ")}`;
    return [
      { check: "permissions", status: "wrong", found, remedy: `chown or chmod them for ${user}, with their folder.` },
    ];
  }
  const isOpen = (statSync(file).mode & 0o002) !== 0;
  return isOpen
    ? [
        {
          ...{ check: "permissions", status: "note", found: "every user of this machine may write the file" },
          remedy: `Whoever writes it can change results: chmod o-w ${file}`,
        },
      ]
    : [{ check: "permissions", status: "ok", found: `${user} may read and write the file and its folder` }];
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** By the magic numbers of statfs(2). What several machines mount keeps no locks that SQLite could rely on. */
const FILE_SYSTEMS: Readonly<Record<number, readonly [name: string, kind: "local" | "network" | "memory" | "unsure"]>> =
  {
    61267: ["ext4", "local"],
    1481003842: ["XFS", "local"],
    2435016766: ["Btrfs", "local"],
    801189825: ["ZFS", "local"],
    4076150800: ["F2FS", "local"],
    2035054128: ["overlayfs", "local"],
    16914836: ["tmpfs", "memory"],
    2240043254: ["ramfs", "memory"],
  };

/** Less than this, and a study may soon be unable to go on. */
const LEAST_FREE = 100 * 2 ** 20;

export function fileSystem(file: string, statfs: typeof statfsSync = statfsSync): Finding[] {
  const { type, bavail, bsize } = statfs(dirname(file));
  const number = Number(type) >>> 0;
  const network = networkFileSystem(dirname(file), { magic: () => number, mounts });
  const local = FILE_SYSTEMS[number] ?? [`type 0x${number.toString(16)}`, "unsure"];
  const [name, kind] = network === undefined ? local : ([network, "network"] as const);
  const free = Number(bavail) * Number(bsize);
  const kinds = {
    local: { status: "ok", found: name },
    network: {
      status: "wrong",
      found: `${name}, a network's: locks between machines are not kept there, and files break`,
      remedy:
        "Move the file to a local disk, or keep the studies in PostgreSQL: --storage postgres://USER@HOST/DATABASE",
    },
    memory: { status: "note", found: `${name}: gone when the machine restarts`, remedy: "Move the file to a disk." },
    unsure: {
      status: "note",
      found: `${name}: whether it keeps locks is not known here`,
      remedy: "If several machines mount it, move the file to a local disk.",
    },
  } as const;
  const space = `${(free / 2 ** 30).toFixed(1)} GB free`;
  return [
    { check: "file system", ...kinds[kind] },
    free < LEAST_FREE
      ? { check: "disk space", status: "wrong", found: space, remedy: "Free some; what was acknowledged is safe." }
      : { check: "disk space", status: "ok", found: space },
  ];
}

function integrity(db: DatabaseSync): Finding {
  const faults = [
    ...values(db, "pragma integrity_check").filter((text) => text !== "ok"),
    ...values(db, "pragma foreign_key_check").map((table) => `rows of ${table} belong to nothing`),
    ...values(db, GAPS).map((name) => `the trials of study ${show(name)} are not 0 … n−1`),
  ];
  return faults.length === 0
    ? { check: "integrity", status: "ok", found: "the file is sound, and its trials are complete" }
    : {
        ...{ check: "integrity", status: "wrong", found: faults.slice(0, 5).join("; ") },
        remedy: "Restore the file from a copy, or save what is left: assay repair",
      };
}

/** Studies whose trials have gaps. */
const GAPS =
  "select name from studies where trial_count <> (select count(*) from trials where study_id = id) or " +
  "trial_count <> (select coalesce(max(number) + 1, 0) from trials where study_id = id)";

function schema(db: DatabaseSync): Finding {
  const [version] = values(db, "pragma user_version");
  return version === SCHEMA_VERSION
    ? { check: "schema", status: "ok", found: `version ${version}` }
    : {
        ...{ check: "schema", status: "note", found: `version ${version}; this program writes ${SCHEMA_VERSION}` },
        remedy: "It is brought up to date when the file is first used. Copy the file before.",
      };
}

const LARGE_LOG = 256 * 2 ** 20;

function log(db: DatabaseSync, file: string): Finding {
  const [mode] = values(db, "pragma journal_mode");
  if (mode !== "wal") {
    const remedy = "It is switched on when the file is first used; a file system without shared memory cannot.";
    return { check: "log", status: "note", found: `the write-ahead log is off (${mode})`, remedy };
  }
  const bytes = existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0;
  const found = `write-ahead log, ${(bytes / 2 ** 20).toFixed(1)} MB`;
  return bytes < LARGE_LOG
    ? { check: "log", status: "ok", found }
    : { check: "log", status: "note", found, remedy: "A program reads without end: find it with `fuser`, and end it." };
}

function locks(db: DatabaseSync, file: string): Finding {
  try {
    db.exec("begin immediate");
    db.exec("rollback");
    return { check: "locks", status: "ok", found: "the file can be written" };
  } catch (error) {
    const found = `the file has been locked for 2 s (${(error as Error).message})`;
    return {
      check: "locks",
      status: "wrong",
      found,
      remedy: `Find who holds it, fuser ${file}-shm, and end that program.`,
    };
  }
}

/** By how much the system's time may differ from the file's clock before somebody set it. */
const SKEW_MS = 5000;

function clock(db: DatabaseSync): Finding {
  const [stored] = db.prepare("select boot, ahead from clock").all() as unknown as ClockSetting[];
  if (stored === undefined) return { check: "clock", status: "ok", found: "not set yet" };
  if (settingFor(stored) !== stored) {
    return { check: "clock", status: "ok", found: "of another start of the machine; the next to write sets it" };
  }
  const skewMs = systemClock() - clockOf(stored)();
  return Math.abs(skewMs) < SKEW_MS
    ? { check: "clock", status: "ok", found: `${Math.abs(Math.round(skewMs))} ms from the system's time` }
    : {
        ...{
          check: "clock",
          status: "note",
          found: `the system's time was set by ${duration(Math.abs(skewMs))} since`,
        },
        remedy: "Leases go by the file's own clock and are not touched; the times of trials are. Keep NTP running.",
      };
}

function leases(db: DatabaseSync): Finding {
  const [running] = values(db, "select count(*) from trials where state = 'running'");
  const [stored] = db.prepare("select boot, ahead from clock").all() as unknown as ClockSetting[];
  const now = stored === undefined ? systemClock() : clockOf(settingFor(stored))();
  const [late] = values(db, `select count(*) from trials where state = 'running' and lease_until <= ${now}`);
  return late === 0
    ? { check: "leases", status: "ok", found: `${running} trials run, none whose lease ran out` }
    : {
        ...{ check: "leases", status: "note", found: `${late} of ${running} running trials have a lease that ran out` },
        remedy: "Their workers are gone or cut off. The next worker takes them; or: assay sweep",
      };
}

/** The first column. */
function values(db: DatabaseSync, sql: string): (string | number)[] {
  return db
    .prepare(sql)
    .all()
    .map((row) => Object.values(row)[0] as string | number);
}
