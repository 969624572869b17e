/** Rules between parameters: memory that must suffice, and a range whose ends must not cross. No trial breaks them. */
import { createSpace, createStudy, float, int, ordinal } from "assay";

const space = createSpace({
  cacheMb: ordinal([64, 128, 256, 512, 1024]),
  workers: int(1, 16),
  minRate: float(0.01, 10, { log: true }),
  maxRate: float(0.01, 10, { log: true }),
})
  .constrain((p) => p.cacheMb * p.workers <= 2048, { name: "fits into memory" })
  .constrain((p) => p.minRate <= p.maxRate, { name: "minRate <= maxRate" });

const study = await createStudy({ space, direction: "maximize", seed: "constraints" });
await study.optimize(
  ({ params: { cacheMb, workers, minRate, maxRate } }) => {
    const burst = Math.log10(maxRate / minRate);
    return Math.sqrt(workers) * (1 - Math.exp(-cacheMb / 200)) - (burst - 1) ** 2;
  },
  { trials: 30 },
);

const trials = await study.trials();
const most = Math.max(...trials.map(({ params }) => params.cacheMb * params.workers));
console.log(study.describe());
console.log(`${trials.length} trials, none above 2048 MB (the most: ${most} MB)`);
const best = await study.best();
console.log(`best: ${best?.value?.toFixed(3)} with`, best?.params);

// A configuration that breaks a rule is refused by its name.
await study
  .enqueue({ cacheMb: 1024, workers: 16, minRate: 0.1, maxRate: 1 })
  .catch((error: Error) => console.log(error.message));
