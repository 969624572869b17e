// A worker of study "s" in a process of its own, as users write one, whose calls are written to a file as they begin and return; or
// several of them, as the options say, each with a storage of its own. It prints "ready", "told" after its first tell, and when the study
// has nothing more to do "done" with the count of each one's tells.
// Usage: node worker.ts JSON (see `WorkerOptions`)
import { openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createRng } from "../../src/math/rng.ts";
import { createStudy } from "../../src/study/create.ts";
import { SPACE, samplerOf, storageAt } from "./engines.ts";
import type { Entry } from "./history.ts";
import { loggedStorage } from "./logged-storage.ts";
import type { WorkerOptions } from "./processes.ts";

const options = JSON.parse(process.argv[2]!) as WorkerOptions;
const { worker, log, engine, waitMs = 0, blockMs = 0, reports = 1, skewMs = 0, start = false, studies = 1 } = options;
const file = openSync(log, "a");
const monotonic = () => Number(process.hrtime.bigint()) / 1e6;
let hasTold = false;
const opened = await Promise.all(Array.from({ length: studies }, (_, i) => open(i === 0 ? worker : `${worker}/${i}`)));
writeSync(1, "ready\n");
// All begin together where their shares are compared.
if (start) await new Promise((resolve) => process.stdin.once("data", resolve));
const told = await Promise.all(opened.map(({ study, name }) => work(study, name)));
writeSync(1, `done ${told.join(" ")}\n`);
process.exit(0);

async function open(name: string) {
  const storage = loggedStorage(storageAt(engine), {
    worker: name,
    write: (entry: Entry) => writeSync(file, `${JSON.stringify(entry)}\n`),
    now: monotonic,
    newCall: () => crypto.randomUUID(),
  });
  const clock = () => performance.timeOrigin + performance.now() + skewMs;
  return { name, study: await createStudy({ name: "s", storage, space: SPACE, sampler: samplerOf(name), clock }) };
}

/** @returns the number of its tells */
async function work(study: Awaited<ReturnType<typeof open>>["study"], name: string): Promise<number> {
  let told = 0;
  study.on("tell", () => {
    told++;
    if (!hasTold) writeSync(1, "told\n");
    hasTold = true;
  });
  await study.optimize(
    async (trial) => {
      const rng = createRng(`${name} ${trial.number} ${trial.attempt}`);
      for (let step = 0; step < reports; step++) await trial.report(step, rng.next());
      if (waitMs > 0) await sleep(rng.next() * waitMs);
      for (const until = monotonic() + blockMs; monotonic() < until; );
      return { value: rng.next(), cost: 1 };
    },
    { progress: false },
  );
  await study.close();
  return told;
}
