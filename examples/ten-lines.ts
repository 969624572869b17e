/** A study in ten lines: a space with a branch, an objective, a budget. */
import { categorical, createStudy, float, int, oneOf, ordinal } from "assay";

const study = await createStudy({
  direction: "maximize",
  space: {
    model: { layers: int(1, 3), units: int(20, 60, { step: 10 }), activation: categorical(["relu", "tanh"]) },
    optimizer: oneOf({
      sgd: { lr: float(1e-4, 1, { log: true }), momentum: float(0, 0.99) },
      adam: { lr: float(1e-5, 1e-1, { log: true }) },
    }),
    batch: ordinal([16, 32, 64]),
  },
  seed: 7,
});

await study.optimize(async (trial) => score(trial.params), { trials: 50, concurrency: 2 });
const best = await study.best();
console.log(`best of ${(await study.trials()).length} trials: ${best?.value?.toFixed(4)} with`, best?.params);

/** Stands for a training: best at two layers of 50 units, Adam near 0.003. */
function score({ model, optimizer, batch }: typeof study.space.params): number {
  const rate = Math.log10(optimizer.lr) - (optimizer.kind === "adam" ? Math.log10(0.003) : -1.5);
  const momentum = optimizer.kind === "sgd" ? 0.05 + (optimizer.momentum - 0.9) ** 2 : 0;
  const size = (model.layers - 2) ** 2 / 8 + ((model.units - 50) / 80) ** 2;
  return 0.95 - 0.05 * rate ** 2 - momentum - size - (model.activation === "tanh" ? 0.02 : 0) - batch / 6400;
}
