/** Files of older schemas, brought up to date by a process that is killed at any statement of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sqlite } from "../../../src/storage/sql/sqlite.ts";
import type { Anomaly } from "../history.ts";
import type { Row } from "../row.ts";
import { scriptClock } from "../script.ts";
import { integrity, readSnapshot, type Snapshot, watched, writeSnapshot } from "../sqlite-files.ts";

const SCHEMAS = join(import.meta.dirname, "../../schemas");

export const migration: Row = {
  name: "migration",
  title: "A kill before and after every statement that brings a file of schema 1 up to date",
  async run({ folder }) {
    const old = { database: readFileSync(join(SCHEMAS, "1.db")), wal: null, journal: null };
    const expected = JSON.stringify(JSON.parse(readFileSync(join(SCHEMAS, "1.json"), "utf8")));
    const anomalies: Anomaly[] = [];
    const file = join(folder, "live", "1.db");
    writeSnapshot(file, old);
    const moments: { snapshot: Snapshot; sql: string }[] = [];
    const take = (sql: string) => void moments.push({ snapshot: readSnapshot(file), sql });
    const open = watched({
      before: (sql) => {
        take(sql);
        return sql;
      },
      after: take,
    });
    const storage = sqlite(file, { open, clock: scriptClock });
    await storage.listStudies();
    await storage.close();
    const copy = join(folder, "copy", "1.db");
    for (const { snapshot, sql } of moments) {
      writeSnapshot(copy, snapshot);
      const found = await contentOf(copy);
      const text = integrity(copy);
      const at = `killed at ${JSON.stringify(sql.slice(0, 60))}: `;
      if (found !== expected) anomalies.push({ kind: "lost", text: at + found.slice(0, 200) });
      else if (text !== "ok") anomalies.push({ kind: "wrong", text: `${at}integrity_check says ${text}` });
    }
    const { length } = moments;
    const note = "each file was opened again, brought up to date, and held the trials that schema 1 had held";
    return { injected: length, survived: length - anomalies.length, anomalies, note };
  },
};

/** The trials as the version wrote them that made the file: what came later is left out. */
async function contentOf(file: string): Promise<string> {
  const storage = sqlite(file, { clock: scriptClock });
  try {
    const { id } = (await storage.findStudy("s"))!;
    const { trials } = await storage.trialsSince(id, 0);
    const exact = (key: string, value: unknown) =>
      key === "attempt" ? undefined : Object.is(value, -0) ? "-0" : Number.isNaN(value) ? "NaN" : value;
    return JSON.stringify(trials, exact);
  } catch (error) {
    return String(error);
  } finally {
    await storage.close();
  }
}
