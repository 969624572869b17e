import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { memory } from "../../src/storage/memory.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import { storageConformance } from "../../src/testing/storage-conformance.ts";
import { freshDatabase } from "./postgres/database.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-storage-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const database = await freshDatabase();
let schemas = 0;
const STORAGES = {
  memory: () => memory(),
  sqlite: () => sqlite(join(folder, `${files++}.db`)),
  postgres: () => postgres({ url: database, schema: `s${schemas++}` }),
};

describe.each(Object.entries(STORAGES))("%s", (_, makeStorage) => {
  for (const check of storageConformance(makeStorage)) test(check.name, check.run);
});
