/** Define by run: the objective asks for its parameters as it goes, and the space grows by what it asks for. */
import { createStudy, TrialPruned } from "assay";

const study = await createStudy({ direction: "minimize", seed: 3 });

await study.optimize(
  async (trial) => {
    const depth = trial.int("depth", 1, 4);
    let loss = 1;
    for (let layer = 0; layer < depth; layer++) {
      const width = trial.int(`width ${layer}`, 8, 512, { log: true });
      loss = loss * 0.8 + Math.abs(Math.log2(width) - 6) / 20;
      if (await trial.report(layer, loss)) throw new TrialPruned();
    }
    return loss;
  },
  { trials: 30 },
);

console.log(study.describe());
const best = await study.best();
console.log(`best: ${best?.value?.toFixed(4)} in trial ${best?.number} with`, best?.params);
