/** Workers that are killed without warning, at random moments of their lives. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRng } from "../../../src/math/rng.ts";
import type { LeaseRules } from "../../../src/storage/storage.ts";
import { createStudyAt, type Engine } from "../engines.ts";
import { Crew } from "../processes.ts";
import type { Result, Row, Setting } from "../row.ts";
import { integrity } from "../sqlite-files.ts";

/** For 200 kills on two cores that do nothing else. */
export const SIGKILL_SECONDS = 75;

export const sigkill: Row = {
  name: "sigkill-sqlite",
  title: "SIGKILL at random moments, 4 processes on one SQLite file",
  seconds: SIGKILL_SECONDS,
  async run(setting) {
    const file = join(setting.folder, "killed.db");
    const result = await killMany({ kind: "sqlite", file }, 4, setting);
    const text = integrity(file);
    return text === "ok"
      ? result
      : { ...result, anomalies: [...result.anomalies, { kind: "wrong", text: `integrity_check says ${text}` }] };
  },
};

/** So many workers at a time; each is killed within a moment of its first tells, every tenth while it still opens the database. */
export async function killMany(
  engine: Engine,
  workers: number,
  { long, seed, folder, hasTime }: Setting,
  // Each kill may cost the trial at hand its worker, so that none is given up here.
  leases: LeaseRules = { graceMs: 60_000, retries: 1000 },
): Promise<Result> {
  const kills = long ? 5000 : 200;
  const study = await createStudyAt(engine, {}, leases);
  const crew = await Crew.assemble(engine, folder);
  const rng = createRng(seed);
  let killed = 0;
  const lane = async () => {
    while (killed < kills && hasTime()) {
      const isEarly = killed++ % 10 === 0;
      const worker = crew.hire({ waitMs: 5 });
      if (isEarly) await sleep(rng.next() * 300);
      else {
        await worker.until("told");
        await sleep(rng.next() * 60);
      }
      crew.note(worker.name, "killed");
      worker.process.kill("SIGKILL");
      const { signal } = await worker.ended;
      if (signal !== "SIGKILL") throw new Error(`${worker.name} ended by itself: ${worker.errors()}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, lane));
  const start = performance.now();
  const { anomalies, final, told } = await crew.finish(study);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const attempts = final.attempts.filter(({ end }) => end === "died" || end === "lapsed").length;
  return {
    injected: killed,
    survived: anomalies.length === 0 ? killed : 0,
    anomalies,
    note: `${killed} of ${kills} kills, ${told} acknowledged tells, ${final.trials.length} trials; ${attempts} attempts were lost with their workers, all run again; reopened and finished in ${seconds} s`,
  };
}
