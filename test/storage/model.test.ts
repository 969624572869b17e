import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Clock } from "../../src/storage/clock.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import { MUTANTS } from "../faults/mutants.ts";
import { World } from "../faults/world.ts";
import { ModelTest } from "./model.ts";
import { freshDatabase } from "./postgres/database.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-model-"));
const database = await freshDatabase();
afterAll(() => rmSync(folder, { recursive: true }));

// A sequence on PostgreSQL takes some hundred round trips. ASSAY_CASES asks for more: so many on SQLite, a fifth on PostgreSQL.
const cases = Number(process.env.ASSAY_CASES ?? 300);
test.each([
  ["SQLite", cases, (clock: Clock) => sqlite(join(folder, "model.db"), { clock })],
  ["PostgreSQL", Math.ceil(cases / 5), (clock: Clock) => postgres({ url: database, clock })],
] as const)(
  "%s answers every sequence of operations as memory does",
  { timeout: 120_000 + 400 * cases },
  async (_, sequences, make) => {
    const model = new ModelTest(make);
    try {
      expect(await model.compare(sequences, 60, 3)).toMatchObject({ sequences, difference: null });
    } finally {
      await model.close();
    }
  },
);

test.each(Object.keys(MUTANTS))(
  "a storage that %s is found out, by its shortest sequence of operations",
  async (name) => {
    const world = new World();
    const model = new ModelTest((clock) => {
      Object.defineProperty(world, "now", { get: clock });
      return MUTANTS[name]!(world);
    });
    const { difference } = await model.compare(1000, 60, 1);
    expect(difference).toMatch(/Counterexample: \[/);
    await model.close();
  },
);
