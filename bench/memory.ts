/**
 * Memory of a study in the process: heap that 10,000 trials of 10 parameters keep, by sampler; a cheap one and its notes.
 * `--check` exits with 1 where a trial costs more than 1 KB. Optuna keeps about 30 KB.
 */
import { spawnSync } from "node:child_process";
import { createStudy, random, type Sampler } from "assay";
import { tenParameters } from "./problems/ten-parameters.ts";

const TRIALS = 10_000;
const MOST = 1024;

/** Random draws with a note as long as gp's for such a space. */
function noting(): Sampler {
  const base = random();
  return {
    ...base,
    name: "random with notes",
    sample(request) {
      const suggestion = base.sample(request);
      if (suggestion === null) return null;
      const lengthScales = Array.from({ length: 12 }, () => request.rng.next().toPrecision(6)).join(" ");
      const { rng, trials } = request;
      const drawn = () => Number(rng.next().toPrecision(6));
      const explanation = ["model", drawn(), drawn(), drawn(), trials.length - 1, drawn()].join(" ");
      return {
        ...suggestion,
        note: { warp: "half", fittedTo: 9, lengthScales, signalVariance: drawn(), noiseVariance: drawn(), explanation },
      };
    },
  };
}

async function measure(sampler: Sampler): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc!;
  const study = await createStudy({ space: tenParameters, sampler, seed: 1 });
  const step = async () => {
    const trial = await study.ask();
    await study.tell(trial, trial.number);
  };
  for (let i = 0; i < 200; i++) await step();
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < TRIALS; i++) await step();
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / TRIALS;
  if ((await study.best())?.number !== 0) throw new Error("The study is no longer what it was.");
  return bytes;
}

if ((globalThis as { gc?: () => void }).gc === undefined) {
  const { status } = spawnSync(
    process.execPath,
    ["--expose-gc", ...process.execArgv, import.meta.filename, ...process.argv.slice(2)],
    { stdio: "inherit" },
  );
  process.exitCode = status ?? 1;
} else {
  for (const sampler of [random(), noting()]) {
    const bytes = await measure(sampler);
    console.log(`${sampler.name.padEnd(20)} ${bytes.toFixed(0).padStart(6)} bytes a trial`);
    if (process.argv.includes("--check") && bytes > MOST) {
      console.error(`A trial must keep at most ${MOST} bytes.`);
      process.exitCode = 1;
    }
  }
}
