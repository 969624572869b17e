/**
 * Opening a long study: seconds until its first ask, and resident memory, of 100,000 trials of 10 parameters in SQLite.
 *
 * Each round is a process of its own on the built package, which opens the file and asks once. Its time runs from before the study is
 * looked for; its memory is the most that the process ever had, Node and the library (about 75 MB) included. Prints medians of five rounds.
 * `--check` judges the seconds of the processor, for others may be at work on it. `--optuna PYTHON` does the same once with Optuna, by
 * an interpreter that has it; its trials are added in bulk first, which takes many minutes, so `--trials` takes fewer.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRng, createSpace, type FrozenTrial } from "assay";
import { sqlite } from "assay/storage/sqlite";
import { median } from "./numbers.ts";
import { tenParameters } from "./problems/ten-parameters.ts";

const ROUNDS = 5;
/** What each must keep to with `--check`. */
const MOST = { cpuSeconds: 2, megabytes: 200 };

const space = createSpace(tenParameters);

interface Figures {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly megabytes: number;
  /** Of the trial that was asked for. */
  readonly number: number;
}

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    optuna: { type: "string" },
    trials: { type: "string", default: "100000" },
  },
});
const TRIALS = Number(options.trials);
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "assay-open-"));
run(process.execPath, [join(root, "scripts", "build.ts")]);
const file = join(folder, "studies.db");
await fill(file);
console.log(`${TRIALS} trials of ${space.dimensions.length} parameters, median of ${ROUNDS} processes\n`);
console.log(`${"".padEnd(16)} ${["seconds", "of CPU", "MB"].map((it) => it.padStart(8)).join(" ")}`);
for (const sampler of ["random", "tpe"]) {
  const args = [join(import.meta.dirname, "open-round.mjs"), file, sampler];
  const isMissed = print(
    sampler,
    Array.from({ length: ROUNDS }, () => figuresOf(process.execPath, args)),
  );
  if (options.check && isMissed) process.exitCode = 1;
}
if (options.optuna !== undefined) {
  const script = join(import.meta.dirname, "peers", "open-optuna.py");
  const peer = join(folder, "optuna.db");
  run(options.optuna, [script, "fill", peer, String(TRIALS)]);
  print("Optuna, random", [figuresOf(options.optuna, [script, "open", peer])]);
}
rmSync(folder, { recursive: true });

function print(name: string, rounds: readonly Figures[]): boolean {
  const of = (figure: keyof Figures) => median(rounds.map((it) => it[figure]));
  const [seconds, cpuSeconds, megabytes] = [of("seconds"), of("cpuSeconds"), of("megabytes")];
  const isMissed = cpuSeconds > MOST.cpuSeconds || megabytes > MOST.megabytes;
  const figures = [seconds.toFixed(2), cpuSeconds.toFixed(2), megabytes.toFixed(0)].map((it) => it.padStart(8));
  const verdict = `target ${MOST.cpuSeconds} s, ${MOST.megabytes} MB: ${isMissed ? "missed" : "met"}`;
  console.log(`${name.padEnd(16)} ${figures.join(" ")}  ${verdict}`);
  return isMissed;
}

function figuresOf(command: string, args: readonly string[]): Figures {
  const figures: Figures = JSON.parse(run(command, args));
  if (figures.number !== TRIALS) throw new Error(`The next trial must be ${TRIALS}, but is ${figures.number}.`);
  return figures;
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", cwd: root });
  if (status !== 0) throw error ?? new Error(`${command} ${args.join(" ")} failed: ${stderr}`);
  return stdout;
}

/** A study of random trials, all completed. */
async function fill(file: string): Promise<void> {
  const storage = sqlite(file);
  const rng = createRng("open");
  const trials = Array.from({ length: TRIALS }, (_, number): FrozenTrial => {
    const x = Float64Array.from(space.coordinates, () => rng.next());
    const value = x.reduce((sum, it) => sum + (it - 0.5) ** 2, 0);
    const told = { value, metrics: {}, reports: [], attributes: {}, note: null, error: null };
    const times = { startedAt: 1000 * number, finishedAt: 1000 * number + 900 };
    return { number, state: "completed", attempt: 1, params: space.decode(x), ...told, ...times };
  });
  const attempts = trials.map(({ number, startedAt, finishedAt }) => ({
    ...{
      number,
      attempt: 1,
      owner: "bench",
      startedAt: startedAt!,
      endedAt: finishedAt,
      end: "told" as const,
      late: null,
    },
  }));
  const attributes = { order: "asap", definedByRun: [] };
  const definition = { name: "long", direction: "minimize", space: space.toJSON(), seed: 1, createdAt: 0 } as const;
  await storage.restoreStudy({ study: { ...definition, attributes }, trials, attempts });
  await storage.close();
}
