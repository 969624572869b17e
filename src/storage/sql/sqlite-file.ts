/**
 * Whether a file may be used as a SQLite storage, judged from outside: the database is not opened, so a file that is
 * refused stays as it is to the last byte, and so does its folder. Also the words for what SQLite itself reports.
 */
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AssayError, StorageError, show, ValidationError } from "../../errors.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { type FileSystemProbe, networkFileSystem } from "./network-file-system.ts";

/** In the header of each of our files: "Assy". */
export const APPLICATION_ID = 0x41737379;

/** The absolute path of a file. @throws ValidationError when it is none */
export function checkPath(path: string | URL): string {
  if (path instanceof URL && path.protocol === "file:") return fileURLToPath(path);
  if (typeof path !== "string" || path === "" || path.includes("\0") || path === ":memory:") {
    throw new ValidationError(
      `The path of a SQLite storage must be that of a file, but got ${show(path)}. ` +
        "A storage that needs no file is memory().",
    );
  }
  // An absolute path is never taken for a URI ("file:…?mode=ro"), which SQLite would interpret.
  return resolve(path);
}

export interface FileChecks {
  readonly allowNetworkFileSystem: boolean;
  readonly probe?: FileSystemProbe;
}

/**
 * Of a symbolic link, what it leads to is checked, for SQLite opens that by its own name and keeps the log beside it.
 *
 * @throws StorageError when the file is not ours, cannot be read and written, cannot be created, or could be opened in two ways
 */
export function checkFile(file: string, { allowNetworkFileSystem, probe }: FileChecks): void {
  const folder = dirname(ownPath(file));
  const stats = statOf(folder);
  if (stats === undefined || !stats.isDirectory()) {
    throw refusal(file, `its folder must exist, but there is no folder ${quote(folder)}`, "Create it first.");
  }
  if (!isAllowed(folder, constants.W_OK | constants.X_OK)) {
    throw refusal(
      file,
      `its folder must be writable, for SQLite keeps a log beside the file, but ${quote(folder)} is read-only`,
      "Give write permission, or choose another folder.",
    );
  }
  const network = allowNetworkFileSystem ? undefined : networkFileSystem(realpathSync(folder), probe);
  if (network !== undefined) {
    throw refusal(
      file,
      `it must be on a disk of this machine, but its folder is on ${network}, where locks and shared memory do not hold between machines, and a file is damaged without an error`,
      "Choose a local folder, or keep studies of many machines in PostgreSQL. Where one machine alone uses the file, `allowNetworkFileSystem: true` opens it anyway.",
    );
  }
  const found = statOf(file);
  if (found === undefined) return;
  if (!found.isFile()) {
    throw refusal(file, `it must be a file, but is ${found.isDirectory() ? "a folder" : "none"}`, "Name a file.");
  }
  if (!isAllowed(file, constants.R_OK | constants.W_OK)) {
    throw refusal(file, "it must be readable and writable, but is not", "Give the permissions, or copy the file.");
  }
  if (found.nlink > 1) {
    throw refusal(
      file,
      `it must have one name, but has ${found.nlink} (hard links): SQLite keeps its log beside the name by which a file is opened, so that two who use two names overwrite each other's trials`,
      "Remove the other names, or go on with a copy of the file.",
    );
  }
  // SQLite takes an empty file for a new database, and so do we.
  if (found.size > 0) checkHeader(file);
}

/** The path of the file itself, where `file` leads to it by symbolic links. */
function ownPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

/** What tells a file from another one of its name; "" while there is none. */
export function identityOf(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.dev}/${stats.ino}`;
}

/** For a file that is open, and no longer found under its name: what is written to it now would be found by nobody. */
export function goneFile(file: string): StorageError {
  return refusal(
    file,
    "it was deleted, moved or replaced while it was open",
    "Put it back where it was, with the files beside it, to go on; or open a new storage.",
  );
}

/** The first 100 bytes, "The database header" of the SQLite file format. */
export function readHeader(file: string): Buffer {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return header;
}

/** Magic string, user version at 60, application id at 68. */
function checkHeader(file: string): void {
  const header = readHeader(file);
  const magic = header.toString("latin1", 0, 16);
  if (magic !== "SQLite format 3\0") {
    throw refusal(file, `it must be a SQLite database, but begins with ${show(magic)}`, "Name another file.");
  }
  if (header.readUInt32BE(68) !== APPLICATION_ID) throw foreignDatabase(file, header.readUInt32BE(68));
  if (header.readUInt32BE(60) > SCHEMA_VERSION) throw newerSchema(file, header.readUInt32BE(60));
}

export function foreignDatabase(file: string, applicationId: number): StorageError {
  return refusal(
    file,
    `it must be a database of this library (application id ${APPLICATION_ID}), but is another program's (${applicationId})`,
    "Name another file.",
  );
}

export function newerSchema(file: string, version: number): StorageError {
  return refusal(
    file,
    `its schema version must be at most ${SCHEMA_VERSION}, but is ${version}: a newer version of this library wrote it`,
    "Update the library, or name another file.",
  );
}

/** What went wrong in the driver, as an error that names the file and the remedy. Our own errors pass. */
export function explain(file: string, error: unknown): AssayError {
  if (error instanceof AssayError) return error;
  const [reason, remedy] = REASONS[resultCode(error)] ?? ["SQLite reports an error", "See the error's cause."];
  const message = error instanceof Error ? error.message : show(error);
  return new StorageError(`The SQLite storage ${quote(file)} cannot be used: ${reason} (${message}). ${remedy}`, {
    cause: error,
  });
}

/** After that nobody knows what of the log is on the disk, whatever a second try says. */
export function unsynced(file: string, error: unknown): StorageError {
  const message = error instanceof Error ? error.message : show(error);
  return new StorageError(
    `The SQLite storage ${quote(file)} cannot be used: its log could not be brought to the disk (${message}), so what was just written may be lost ` +
      "with the machine's power. Check the disk, and open the storage anew.",
    { cause: error },
  );
}

/** By SQLite's primary result code. */
const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  BUSY: ["another program keeps it locked", "End that program, or wait for it."],
  READONLY: ["it can no longer be written", "Give write permission for the file and its folder."],
  IOERR: ["reading or writing the disk failed", "Check the disk; what was acknowledged is in the file and its log."],
  CORRUPT: [
    "its content is damaged",
    "Restore it from a copy, or save what is left with `repair` of assay/storage/repair.",
  ],
  FULL: ["the disk is full", "Free some space and go on; what was acknowledged is safe."],
  CANTOPEN: ["it cannot be opened", "Check that the file and its folder are there and may be read and written."],
  NOTADB: ["it is not a SQLite database", "Name another file, or restore it from a copy."],
};

const CODES: Readonly<Record<number, string>> = {
  5: "BUSY",
  6: "BUSY",
  8: "READONLY",
  10: "IOERR",
  11: "CORRUPT",
  13: "FULL",
  14: "CANTOPEN",
  26: "NOTADB",
};

/** node:sqlite gives the extended code as a number in `errcode`, better-sqlite3 its name in `code`. */
export function resultCode(error: unknown): string {
  const { errcode, code } = error as { errcode?: unknown; code?: unknown };
  if (typeof errcode === "number") return CODES[errcode & 0xff] ?? "";
  return typeof code === "string" ? (/^SQLITE_([A-Z]+)/.exec(code)?.[1] ?? "") : "";
}

function refusal(file: string, rule: string, remedy: string): StorageError {
  return new StorageError(`The SQLite storage ${quote(file)} cannot be used: ${rule}. ${remedy}`);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Unlike `show`, whole: the end of a path is what tells it from others. */
function quote(path: string): string {
  return JSON.stringify(path);
}
