/**
 * Durable trials a second, in memory and in SQLite, beside what the disk allows.
 *
 * Each trial is a random suggestion of five parameters, stored when asked for and again when told, so two commits. The limit
 * is a loop of one-row commits with the same settings, in the same round. Prints the median of five rounds.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { categorical, createStudy, float, int, memory, random, type Storage } from "assay";
import { sqlite } from "assay/storage/sqlite";
import { median } from "./numbers.ts";

const ROUNDS = 5;
const TRIALS = 300;
/** One when it is asked for, one when it is told. */
const COMMITS_PER_TRIAL = 2;

/** What each must reach with `--check`, trials a second, or 0.8 of what the disk allows where that is less. */
const TARGETS: Readonly<Record<string, number>> = { "study, SQLite": 150, "storage, SQLite": 800 };

const space = {
  learningRate: float(1e-4, 1, { log: true }),
  dropout: float(0, 0.5),
  units: int(8, 256),
  batchSize: categorical([16, 32, 64, 128]),
  activation: categorical(["relu", "tanh", "elu"]),
};
const params = { learningRate: 0.0123, dropout: 0.31, units: 97, batchSize: 32, activation: "relu" };

const { values: options } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const folder = mkdtempSync(join(tmpdir(), "assay-bench-"));
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

const measures: Readonly<Record<string, () => Promise<number>>> = {
  "one-row commits": commitsPerSecond,
  "storage, SQLite": () => storageTrialsPerSecond(sqlite(newFile())),
  "study, SQLite": () => studyTrialsPerSecond(sqlite(newFile())),
  "storage, memory": () => storageTrialsPerSecond(memory()),
  "study, memory": () => studyTrialsPerSecond(memory()),
};

const rates: Record<string, number[]> = {};
for (let round = 0; round < ROUNDS; round++) {
  // A round measures everything once, so that other load on the machine strikes all alike.
  for (const [name, measure] of Object.entries(measures)) {
    rates[name] ??= [];
    rates[name].push(await measure());
  }
}
rmSync(folder, { recursive: true });

const limits = rates["one-row commits"]!;
let missed = false;
console.log(`${TRIALS} trials of 5 parameters, random search, median of ${ROUNDS} rounds\n`);
console.log(`${"".padEnd(18)} ${"per second".padStart(10)} ${"of commits".padStart(11)}`);
for (const [name, measured] of Object.entries(rates)) {
  const rate = median(measured);
  const share = median(measured.map((it, round) => it / limits[round]!));
  const target = Math.min(TARGETS[name] ?? 0, (0.8 * median(limits)) / COMMITS_PER_TRIAL);
  const isMissed = rate < target;
  const verdict = target === 0 ? "" : `  target ${target.toFixed(0)}: ${isMissed ? "missed" : "met"}`;
  console.log(`${name.padEnd(18)} ${rate.toFixed(0).padStart(10)} ${share.toFixed(2).padStart(11)}${verdict}`);
  missed ||= isMissed;
}
if (options.check && missed) process.exitCode = 1;

async function commitsPerSecond(): Promise<number> {
  const db = new DatabaseSync(newFile());
  db.exec("pragma journal_mode = wal; pragma synchronous = full; create table rows (a text)");
  const insert = db.prepare("insert into rows values (?)");
  const rate = await perSecond(COMMITS_PER_TRIAL * TRIALS, async () => insert.run("one row"));
  db.close();
  return rate;
}

async function storageTrialsPerSecond(storage: Storage): Promise<number> {
  const definition = { name: "s", direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
  const { id } = await storage.createStudy(definition);
  const running = { state: "running", params, note: null, attributes: {}, startedAt: 1, owner: "bench" } as const;
  const outcome = { state: "completed", metrics: {}, error: null, finishedAt: 2 } as const;
  let revision = 0;
  const rate = await perSecond(TRIALS, async (number) => {
    ({ revision } = await storage.trialsSince(id, revision));
    await storage.createTrial(id, { ...running, number });
    await storage.finishTrial(id, number, { ...outcome, value: 1 / (number + 1) });
  });
  await storage.close();
  return rate;
}

async function studyTrialsPerSecond(storage: Storage): Promise<number> {
  const study = await createStudy({ storage, space, sampler: random(), seed: 1 });
  const rate = await perSecond(TRIALS, async () => {
    const trial = await study.ask();
    await study.tell(trial, trial.params.dropout);
  });
  await study.close();
  await storage.close();
  return rate;
}

async function perSecond(count: number, run: (i: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) await run(i);
  return (1000 * count) / (performance.now() - start);
}
