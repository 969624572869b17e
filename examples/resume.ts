/** A durable study: kept in a SQLite file under a name, stopped in the middle, and finished by whoever opens it next. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStudy, float, gp, int } from "assay";
import { sqlite } from "assay/storage/sqlite";

const folder = await mkdtemp(join(tmpdir(), "assay-"));
const space = { rate: float(1e-4, 1, { log: true }), depth: int(1, 10) };

/** Opens the study of that name, or makes it, and runs what is missing of 20 trials. */
async function run(stopAt: number): Promise<void> {
  const study = await createStudy({
    name: "boosting",
    storage: sqlite(join(folder, "trials.db")),
    space,
    sampler: gp(),
    seed: 1,
  });
  const before = (await study.trials()).length;
  await study.optimize(
    (trial) => {
      if (trial.number === stopAt) study.stop();
      return (Math.log10(trial.params.rate) + 1.5) ** 2 + (trial.params.depth - 6) ** 2 / 10;
    },
    { trials: 20 },
  );
  const best = await study.best();
  console.log(
    `found ${before} trials, left ${(await study.trials()).length}; best ${best?.value?.toFixed(4)} in trial ${best?.number}`,
  );
  await study.close();
}

await run(7);
await run(Number.POSITIVE_INFINITY);
await rm(folder, { recursive: true });
