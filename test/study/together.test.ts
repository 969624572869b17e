import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createRng } from "../../src/math/rng.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import { random } from "../../src/sampler/random.ts";
import { float } from "../../src/space/numeric.ts";
import type { Space } from "../../src/space/space.ts";
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
  test("a worker goes on that was away for more changes than are read at a time", async () => {
    const joinStudy = () =>
      createStudy({ name: "away", storage: open(), space: { x: float(0, 1) }, sampler: random(), order: "asap" });
    const [away, busy] = [await joinStudy(), await joinStudy()];
    const [slow, slower] = [await away.ask(), await busy.ask()];
    await busy.optimize(({ params }) => params.x, { trials: 600, progress: false });
    // It changes last, so that the first of the changes lack it.
    await busy.tell(slower, 1);
    await away.tell(slow, 0);
    expect((await away.ask()).number).toBe(600);
    expect((await away.best())?.number).toBe(0);
    for (const study of [away, busy]) await study.close();
  });

  test("workers that need not know each other's trials get those that one alone would", async () => {
    const alone = random();
    const joinStudy = () =>
      createStudy({
        name: "ahead",
        storage: open(),
        space: { x: float(0, 1) },
        sampler: alone,
        order: "asap",
        seed: 1,
      });
    const studies = await Promise.all(Array.from({ length: 8 }, joinStudy));
    await Promise.all(
      studies.map((study) =>
        study.optimize(
          async (trial) => {
            await trial.report(0, trial.number);
            return trial.params.x;
          },
          { trials: 200, progress: false },
        ),
      ),
    );
    const trials = await studies[0]!.trials();
    const rng = createRng(1);
    const { space } = studies[0]!;
    for (const [number, trial] of trials.entries()) {
      const { params } = alone.sampleAhead!({ space: space as Space, number, rng: rng.fork(number), studyRng: rng })!;
      expect(trial).toMatchObject({
        number,
        params,
        state: "completed",
        reports: [{ step: 0, value: number }],
        value: params.x,
      });
    }
    expect(trials).toHaveLength(200);
    for (const study of studies) await study.close();
  });

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
