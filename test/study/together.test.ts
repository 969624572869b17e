import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { gp } from "../../src/sampler/gp/gp.ts";
import { random } from "../../src/sampler/random.ts";
import { float } from "../../src/space/numeric.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import { createStudy } from "../../src/study/create.ts";
import { freshDatabase } from "../storage/postgres/database.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-together-"));
afterAll(() => rmSync(folder, { recursive: true }));
const url = await freshDatabase();

/** As many studies of one name as there are workers, each with a connection of its own. */
describe.each([
  ["a SQLite file", () => sqlite(join(folder, "a.db"))],
  ["PostgreSQL", () => postgres({ url, connections: 1 })],
] as const)("workers that ask at once over %s", (_, open) => {
  test.each([
    ["random", () => random(), 32],
    ["gp", () => gp(), 6],
  ] as const)(
    "get trials of their own, none the same point, none missing (%s)",
    async (name, sampler, workers) => {
      const joinStudy = () =>
        createStudy({ name, storage: open(), space: { x: float(0, 1) }, sampler: sampler(), order: "asap", seed: 1 });
      const first = await joinStudy();
      await first.optimize(({ params }) => (params.x - 0.3) ** 2, { trials: 8, progress: false });
      const studies = [first, ...(await Promise.all(Array.from({ length: workers - 1 }, joinStudy)))];
      for (let round = 0; round < 2; round++) {
        const asked = await Promise.all(studies.map((study) => study.ask()));
        expect(asked.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
          Array.from({ length: workers }, (_, i) => 8 + round * workers + i),
        );
        await Promise.all(asked.map((trial, i) => studies[i]!.tell(trial, (trial.params.x - 0.3) ** 2)));
      }
      const trials = await first.trials();
      expect(new Set(trials.map(({ params }) => params.x)).size).toBe(8 + 2 * workers);
      for (const { state, attempt } of trials) expect([state, attempt]).toEqual(["completed", 1]);
      for (const study of studies) await study.close();
    },
    120_000,
  );
});
