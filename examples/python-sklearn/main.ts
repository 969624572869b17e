/**
 * A Python script tuned from TypeScript: each trial runs train.py with its parameters, hears after every epoch how it goes, and stops it
 * when it falls behind. `assay run` does the same from a shell; README.md has the command.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createStudy, gp, halving, spaceFromSpecJson } from "assay";
import { commandObjective } from "assay/command";

const here = import.meta.dirname;
const python = [process.env.PYTHON ?? "python3", "python"].find(
  (it) => spawnSync(it, ["-c", "import sklearn"]).status === 0,
);
if (python === undefined) {
  console.log("Skipped: there is no Python with scikit-learn here. Set PYTHON to one that has it.");
} else {
  await tune(python);
}

async function tune(command: string): Promise<void> {
  const study = await createStudy({
    direction: "maximize",
    space: spaceFromSpecJson(JSON.parse(readFileSync(`${here}/space.json`, "utf8"))),
    sampler: gp(),
    pruner: halving({ minResource: 3 }),
    seed: 1,
  });
  const objective = commandObjective({
    space: study.space,
    command,
    args: ["train.py", "--lr={lr}", "--alpha={alpha}", "--units={units}", "--activation={activation}"],
    cwd: here,
    env: { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", PYTHONDONTWRITEBYTECODE: "1" },
    metric: "val_balanced_accuracy",
    timeoutMs: 120_000,
  });
  await study.optimize(objective, { trials: 10, concurrency: 2 });

  for (const { number, state, value, reports, params } of await study.trials()) {
    const result = value === null ? "-" : value.toFixed(4);
    console.log(`trial ${number} ${state} after ${reports.length} epochs: ${result} ${JSON.stringify(params)}`);
  }
  const best = await study.best();
  if (best === null || best.value! < 0.9)
    throw new Error(`A network should reach 0.9, but the best is ${best?.value}.`);
  console.log(`best ${best.value?.toFixed(4)} with ${JSON.stringify(best.params)}`);
}
