// A worker of study "s" in a process of its own: frees what dead workers left, then takes a waiting trial or makes a new one,
// and tells it; for each tell that resolved it prints the trial's number and value, by a write that has happened on return.
// Usage: node worker.ts FILE TRIALS SEED
import { writeSync } from "node:fs";
import { createRng } from "../../../src/math/rng.ts";
import { sqlite } from "../../../src/storage/sql/sqlite.ts";
import type { FrozenTrial } from "../../../src/trial/trial.ts";

const [file = "", trials = "0", seed = ""] = process.argv.slice(2);
const rng = createRng(seed);
const storage = sqlite(file);
const study = (await storage.findStudy("s"))!.id;
const owner = storage.newOwner();
const view: FrozenTrial[] = [];
let revision = 0;

await storage.sweep(study);
for (let told = 0; told < Number(trials); told++) {
  const { number } = await start();
  const value = rng.normal();
  await storage.reportTrial(study, number, [{ step: 0, value }]);
  const outcome = { state: "completed", metrics: {}, error: null, finishedAt: 2 } as const;
  await storage.finishTrial(study, number, { ...outcome, value });
  writeSync(1, `${number} ${value}\n`);
}
await storage.close();

async function start(): Promise<FrozenTrial> {
  for (;;) {
    const changes = await storage.trialsSince(study, revision);
    for (const trial of changes.trials) view[trial.number] = trial;
    revision = changes.revision;
    const started = { note: null, owner, startedAt: 1, params: { x: rng.next() } };
    const waiting = view.find((trial) => trial.state === "waiting");
    const trial = waiting
      ? await storage.claimTrial(study, { ...started, number: waiting.number })
      : await storage.createTrial(study, { ...started, number: view.length, state: "running", attributes: {} });
    if (trial !== null) return trial;
  }
}
