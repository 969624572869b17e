/**
 * A copy of a SQLite file beside it, before its schema is changed: what an older version of the library can still open, should the new
 * one turn out to be a mistake.
 */
import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { readHeader } from "./sqlite-file.ts";

/** Where the copy of a file of this schema version lies: "studies.db.schema-1". */
export function backupPath(file: string, version: number): string {
  return `${file}.schema-${version}`;
}

/**
 * Copies the database, as its last commit left it, to `backupPath`. The copy gets its name only when it is whole and on the disk, and
 * only if it is still of that version, for another process may have migrated the file meanwhile, after a copy of its own.
 *
 * @param copy writes the database to a path where there is nothing
 */
export function backUp(file: string, version: number, copy: (path: string) => void): void {
  const part = `${backupPath(file, version)}.${randomUUID()}.part`;
  try {
    copy(part);
    if (schemaVersion(part) === version) renameSync(part, backupPath(file, version));
  } finally {
    rmSync(part, { force: true });
  }
}

/** The user version in the header, after everything was written to the disk. */
function schemaVersion(path: string): number {
  const descriptor = openSync(path, "r+");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return readHeader(path).readUInt32BE(60);
}
