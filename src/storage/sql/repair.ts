/**
 * What can still be read of a damaged SQLite file, in a new one. The original is not opened: a copy is, with its log. Tables are read by
 * row id, past their indexes, and a range that cannot be read is halved until what is damaged stands alone. A trial that is lost keeps
 * its number, as a failed one that says so, for what is drawn for later trials goes by their numbers.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DuplicateError, StorageError, ValidationError } from "../../errors.ts";
import type { FrozenTrial } from "../../trial/trial.ts";
import { frozenCopy } from "../exact-json.ts";
import { type Attempt, LEASES, type Storage, type StudyCopy } from "../storage.ts";
import { attemptOf, readTrial, studyOf, unreadable } from "./rows.ts";
import { sqlite } from "./sqlite.ts";
import { checkFile, checkPath, explain, readHeader, resultCode } from "./sqlite-file.ts";
import type { AttemptRow, ReportRow, StudyRow, TrialContent } from "./statements.ts";

export interface RepairOptions {
  /** The new file. Default: beside the damaged one, its name with `.repaired`. */
  readonly to?: string | URL;
}

/** What was lost, and what was not. */
export interface RepairReport {
  /** The new file. */
  readonly file: string;
  /** What SQLite says of the damage, twenty sentences at most. */
  readonly damage: readonly string[];
  readonly studies: readonly {
    readonly name: string;
    readonly trials: number;
    /** Numbers of trials that could not be read, and are failed in the new file. */
    readonly lostTrials: readonly number[];
  }[];
  /** Ids of studies that could not be read, with the number of their trials that could. */
  readonly lostStudies: readonly { readonly id: number; readonly trials: number }[];
  /** Row ids of `reports` and `attempts` in ranges that could not be read; some of them may never have been. */
  readonly unreadRows: { readonly reports: number; readonly attempts: number };
}

/**
 * Saves what can be read of a damaged file into a new one, and says what was lost. The damaged file stays as it is. A file whose first
 * page is damaged tells nothing of its tables, and is refused.
 *
 * @throws StorageError when the file is none of this library's, nothing of it can be read, or the new one exists already
 * @example const { studies, lostStudies } = await repair("studies.db")
 */
export async function repair(path: string | URL, options: RepairOptions = {}): Promise<RepairReport> {
  const file = checkPath(path);
  const target = checkPath(options.to ?? `${file}.repaired`);
  checkFile(file, { allowNetworkFileSystem: true });
  if (!existsSync(file))
    throw new StorageError(`A file must exist to be repaired, but there is no ${JSON.stringify(file)}.`);
  if (existsSync(target)) {
    throw new StorageError(
      `Repairing writes a new file, but ${JSON.stringify(target)} exists already. Move it away, or name another with \`to\`.`,
    );
  }
  const { damage, content } = await readCopyOf(file);
  const studies: Saved[] = [];
  const lostStudies = [...content.lostStudies];
  const storage = sqlite(target, { allowNetworkFileSystem: true });
  try {
    await storage.listStudies();
    for (const saved of content.studies) {
      if (await isRestored(storage, saved.copy)) studies.push(saved);
      else lostStudies.push({ id: saved.id, trials: saved.copy.trials.length });
    }
  } finally {
    await storage.close();
  }
  return {
    file: target,
    damage,
    studies: studies.map(({ copy, lostTrials }) => ({
      name: copy.study.name,
      trials: copy.trials.length,
      lostTrials,
    })),
    lostStudies,
    unreadRows: content.unreadRows,
  };
}

/** False for a study that damage has made one that cannot be: without a name, or with another's. */
async function isRestored(storage: Storage, copy: StudyCopy): Promise<boolean> {
  try {
    await storage.restoreStudy(copy);
    return true;
  } catch (error) {
    if (error instanceof ValidationError || error instanceof DuplicateError) return false;
    throw error;
  }
}

async function readCopyOf(file: string): Promise<{ damage: readonly string[]; content: Content }> {
  const folder = mkdtempSync(join(tmpdir(), "assay-repair-"));
  const copy = join(folder, "damaged.db");
  try {
    copyFileSync(file, copy);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    const bytes = statSync(copy).size;
    fillUp(copy, bytes);
    const db = new DatabaseSync(copy);
    try {
      return { damage: quickCheck(db), content: contentOf(db, bytes) };
    } finally {
      db.close();
    }
  } catch (error) {
    throw explain(file, error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** SQLite opens no file that is shorter than its header says; of one that was cut off the missing pages become empty ones. */
function fillUp(copy: string, bytes: number): void {
  const header = readHeader(copy);
  // The size of a page at 16, their number at 28.
  const [pageSize, pages] = [header.readUInt16BE(16), header.readUInt32BE(28)];
  const stated = (pageSize === 1 ? 65536 : pageSize) * pages;
  if (stated > bytes && stated <= 1000 * bytes) truncateSync(copy, stated);
}

function quickCheck(db: DatabaseSync): readonly string[] {
  try {
    const rows = db.prepare("pragma quick_check(20)").all();
    return rows.map((row) => String(Object.values(row)[0])).filter((line) => line !== "ok");
  } catch (error) {
    return [(error as Error).message];
  }
}

interface Content extends Pick<RepairReport, "lostStudies" | "unreadRows"> {
  readonly studies: readonly Saved[];
}

interface Saved {
  readonly id: number;
  readonly copy: StudyCopy;
  readonly lostTrials: readonly number[];
}

function contentOf(db: DatabaseSync, bytes: number): Content {
  // No row takes less, so that a number that is damaged cannot ask for billions of rows.
  const most = Math.ceil(bytes / SMALLEST_ROW);
  const studies = readTable<StudyRow>(db, "studies", most);
  const trials = readTable<TrialContent & OfStudy>(db, "trials", most);
  const reports = readTable<ReportRow & OfStudy>(db, "reports", most);
  const attempts = readTable<AttemptRow & OfStudy>(db, "attempts", most);
  const byStudy = Map.groupBy(trials.rows, (row) => row.study_id);
  const saved = new Map<number, Saved>();
  for (const row of studies.rows) {
    try {
      const { id: _, ...study } = studyOf({ ...OLD_STUDY, ...row });
      const own = {
        trials: byStudy.get(row.id) ?? [],
        reports: reports.rows.filter((it) => it.study_id === row.id),
        attempts: attempts.rows.filter((it) => it.study_id === row.id),
      };
      saved.set(row.id, { id: row.id, ...save(study, own, row.trial_count, most) });
    } catch {
      // Its trials are counted below, as a lost study's.
    }
  }
  const ids = new Set([...studies.rows.map(({ id }) => id), ...byStudy.keys()]);
  return {
    studies: [...saved.values()],
    lostStudies: [...ids].flatMap((id) => (saved.has(id) ? [] : [{ id, trials: byStudy.get(id)?.length ?? 0 }])),
    unreadRows: { reports: reports.unread, attempts: attempts.unread },
  };
}

type OfStudy = { readonly study_id: number };
interface OwnRows {
  readonly trials: readonly TrialContent[];
  readonly reports: readonly ReportRow[];
  readonly attempts: readonly AttemptRow[];
}

/** What schema 1 did not have. */
const OLD_STUDY = {
  lease_ms: LEASES.graceMs,
  retries: LEASES.retries,
  max_trials: null,
  max_cost: null,
  max_wall_ms: null,
};

function save(study: StudyCopy["study"], rows: OwnRows, counted: number, most: number): Omit<Saved, "id"> {
  const reports = Map.groupBy(rows.reports, (row) => row.trial_number);
  const read = new Map<number, FrozenTrial>();
  for (const row of rows.trials) {
    const own = (reports.get(row.number) ?? []).toSorted((a, b) => a.position - b.position);
    const trial = tryTrial({ ...row, attempt: row.attempt ?? Number(row.state !== "waiting") }, own);
    if (trial !== undefined && trial.number >= 0 && trial.number < most) read.set(trial.number, trial);
  }
  const isCount = Number.isSafeInteger(counted) && counted >= 0 && counted <= most;
  const length = Math.max(isCount ? counted : 0, ...Array.from(read.keys(), (number) => number + 1));
  const trials = Array.from(
    { length },
    (_, number) => read.get(number) ?? unreadable(number, "it was lost in a damaged file"),
  );
  const attempts = rows.attempts.map(tryAttempt).filter((it) => it !== undefined && isOf(it, trials[it.number]));
  return {
    copy: { study, trials, attempts: uniqueAttempts(attempts as Attempt[]) },
    lostTrials: trials.flatMap(({ number }) => (read.has(number) ? [] : [number])),
  };
}

/** A trial all of whose parts can be stored again. */
function tryTrial(row: TrialContent, reports: readonly ReportRow[]): FrozenTrial | undefined {
  try {
    const trial = readTrial(row, uniqueSteps(reports));
    if (!Number.isSafeInteger(trial.number) || !Number.isSafeInteger(trial.attempt)) return undefined;
    if (Object.values(trial.metrics).some((value) => typeof value !== "number")) return undefined;
    frozenCopy({ ...trial, metrics: {}, reports: [] }, "a trial");
    return trial;
  } catch {
    return undefined;
  }
}

function uniqueSteps(reports: readonly ReportRow[]): readonly ReportRow[] {
  const steps = new Set<number>();
  return reports.filter(({ step }) => !steps.has(step) && steps.add(step));
}

function tryAttempt(row: AttemptRow): Attempt | undefined {
  try {
    return attemptOf(row);
  } catch {
    return undefined;
  }
}

function isOf({ attempt, owner, startedAt, endedAt, end }: Attempt, trial: FrozenTrial | undefined): boolean {
  return (
    trial !== undefined &&
    Number.isSafeInteger(attempt) &&
    attempt >= 1 &&
    attempt <= trial.attempt &&
    typeof owner === "string" &&
    typeof startedAt === "number" &&
    (endedAt === null || typeof endedAt === "number") &&
    (end === null || ["told", "released", "lapsed", "died"].includes(end))
  );
}

function uniqueAttempts(attempts: readonly Attempt[]): readonly Attempt[] {
  const unique = new Map(attempts.map((it) => [`${it.number}/${it.attempt}`, it]));
  return [...unique.values()].sort((a, b) => a.number - b.number || a.attempt - b.attempt);
}

interface Table<R> {
  readonly rows: readonly R[];
  /** Row ids that were asked for one by one and could not be read. */
  readonly unread: number;
}

/** In bytes: what a row of any table takes at least. */
const SMALLEST_ROW = 8;
/** So many row ids that cannot be read are asked for; beyond them a table is given up. */
const UNREAD_MOST = 100_000;

/** All rows that can be read of a table with row ids from 1 to `most`; none where there is no such table. */
function readTable<R>(db: DatabaseSync, table: string, most: number): Table<R> {
  const rows: R[] = [];
  let unread = 0;
  const exists = db.prepare("select 1 from sqlite_schema where type = 'table' and name = ?").get(table);
  if (exists === undefined) return { rows, unread };
  const range = db.prepare(`select * from ${table} not indexed where rowid between ? and ? order by rowid`);
  const read = (first: number, last: number) => {
    if (unread >= UNREAD_MOST) return;
    try {
      rows.push(...(range.all(first, last) as R[]));
    } catch (error) {
      if (first === last) {
        unread++;
        return;
      }
      if (resultCode(error) !== "CORRUPT") throw error;
      const middle = Math.floor((first + last) / 2);
      read(first, middle);
      read(middle + 1, last);
    }
  };
  for (let first = 1; first <= most; first += CHUNK) read(first, Math.min(most, first + CHUNK - 1));
  return { rows, unread };
}

const CHUNK = 4096;
