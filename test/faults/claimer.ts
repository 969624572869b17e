// Claims waiting trials of a study until none waits, in a tight loop, and writes down which. Usage: node claimer.ts ENGINE STUDY FILE
import { writeFileSync } from "node:fs";
import { type Engine, storageAt } from "./engines.ts";

const [engine = "", study = "", file = ""] = process.argv.slice(2);
const storage = storageAt(JSON.parse(engine) as Engine);
const owner = storage.newOwner();
const claimed: number[] = [];
for (;;) {
  const trial = await storage.claimTrial(study, { owner, startedAt: 0 });
  if (trial === null) break;
  claimed.push(trial.number);
}
writeFileSync(file, claimed.join("\n"));
await storage.close();
process.exit(0);
