/** Ask and tell: the loop is yours, for measurements that are taken elsewhere, in batches or by hand. */
import { createStudy, float, ordinal } from "assay";

const study = await createStudy({
  name: "database",
  direction: "maximize",
  space: {
    cacheMb: ordinal([64, 128, 256, 512, 1024]),
    fillFactor: float(0.5, 1, { step: 0.05 }),
    workers: ordinal([1, 2, 4, 8]),
  },
  seed: "throughput",
});
await study.enqueue({ cacheMb: 128, fillFactor: 0.9, workers: 4 });
await study.enqueue({ cacheMb: 1024, workers: 8 });

for (let round = 0; round < 6; round++) {
  const batch = await study.ask(4);
  for (const trial of batch) {
    const { cacheMb, fillFactor, workers } = trial.params;
    if (cacheMb * workers > 2048) {
      await study.tell(trial, { failed: new Error(`out of memory with ${workers} workers of ${cacheMb} MB`) });
      continue;
    }
    const throughput = 900 * Math.sqrt(workers) * (1 - Math.exp(-cacheMb / 200)) * (1 - (fillFactor - 0.8) ** 2);
    await study.tell(trial, { value: throughput, standardError: 5, metrics: { perWorker: throughput / workers } });
  }
}

const trials = await study.trials();
console.log(`${trials.length} trials, ${trials.filter((trial) => trial.state === "failed").length} of them failed`);
const best = await study.best();
console.log(`best throughput ${best?.value?.toFixed(0)} with`, best?.params);
