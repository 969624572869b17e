/** SQLite files as files: copied, looked into, and damaged. */
import { DatabaseSync } from "node:sqlite";

/** "ok", or what SQLite's own checks say. */
export function integrity(file: string): string {
  const db = new DatabaseSync(file);
  try {
    const found = db
      .prepare("pragma integrity_check")
      .all()
      .map((row) => String(row.integrity_check));
    const foreign = db
      .prepare("pragma foreign_key_check")
      .all()
      .map((row) => JSON.stringify(row));
    return [...found, ...foreign].join("; ");
  } finally {
    db.close();
  }
}
