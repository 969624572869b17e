/** Workers that fall silent for longer than their lease: stopped by a signal, or busy with an objective that never yields. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRng } from "../../../src/math/rng.ts";
import { createStudyAt, storageAt } from "../engines.ts";
import { Crew, failures } from "../processes.ts";
import type { Row } from "../row.ts";

export const sigstop: Row = {
  name: "sigstop",
  title: "SIGSTOP for longer than the lease, then SIGCONT, 4 workers",
  async run({ long, folder, seed, hasTime }) {
    const stops = long ? 500 : 20;
    const engine = { kind: "sqlite", file: join(folder, "stopped.db") } as const;
    const graceMs = 1500;
    const study = await createStudyAt(engine, {}, { graceMs, retries: 1000 });
    const crew = await Crew.assemble(engine, folder);
    const workers = Array.from({ length: 4 }, () => crew.hire({ waitMs: 400 }));
    await Promise.all(workers.map((worker) => worker.until("told")));
    const rng = createRng(seed);
    // Whoever looks sweeps: here a dashboard does, every so often.
    const storage = crew.storage("dashboard");
    let [isOver, injected, lapses] = [false, 0, 0];
    const sweeping = (async () => {
      while (!isOver) {
        await sleep(200);
        lapses += (await storage.sweep(study)).requeued.length;
      }
    })();
    const lane = async (worker: (typeof workers)[number]) => {
      for (let i = 0; i < stops / workers.length && hasTime(); i++) {
        injected++;
        await sleep(rng.next() * 800);
        crew.note(worker.name, "stopped");
        // A stopped worker may hold the file's lock, for which this process waits too: so another one lets it go on.
        const seconds = (graceMs * (1.5 + rng.next())) / 1000;
        const waker = spawn("sh", ["-c", `sleep ${seconds.toFixed(2)}; kill -CONT ${worker.process.pid}`]);
        worker.process.kill("SIGSTOP");
        await once(waker, "close");
      }
    };
    await Promise.all(workers.map(lane));
    await sleep(1000);
    isOver = true;
    await sweeping;
    const { length } = (await storage.trialsSince(study, 0)).trials;
    // Some more than there are, for the workers are at it.
    await storage.updateStudy(study, { budget: { trials: length + 50 } });
    await storage.close();
    const ends = await Promise.all(workers.map(async (worker) => ({ worker, code: (await worker.ended).code })));
    const { anomalies, final } = await crew.finish(study);
    anomalies.push(...failures(ends));
    const late = final.attempts.filter((attempt) => attempt.late !== null).length;
    const note = `${injected} of ${stops} stops; ${lapses} trials were taken from stopped workers; ${late} of their results came too late and are kept as such`;
    return { injected, survived: anomalies.length === 0 ? injected : 0, anomalies, note };
  },
};

export const blocked: Row = {
  name: "blocked",
  title: "An event loop kept busy for four times the lease by a synchronous objective, from the first trial on",
  async run({ long, folder }) {
    const engine = { kind: "sqlite", file: join(folder, "blocked.db") } as const;
    const graceMs = long ? 30_000 : 4000;
    const study = await createStudyAt(engine, { trials: 2 }, { graceMs, retries: 2 });
    const crew = await Crew.assemble(engine, folder);
    const busy = crew.hire({ blockMs: 4 * graceMs });
    await busy.until("ready");
    const storage = storageAt(engine);
    const taken: number[] = [];
    let isOver = false;
    const ended = busy.ended.then(({ code }) => {
      isOver = true;
      return { worker: busy, code };
    });
    while (!isOver) {
      await sleep(250);
      const { requeued, lost } = await storage.sweep(study);
      taken.push(...requeued, ...lost);
    }
    await storage.close();
    const { anomalies, final } = await crew.finish(study);
    anomalies.push(...failures([await ended]));
    if (taken.length > 0)
      anomalies.push({ kind: "double", text: `trials ${taken.join(", ")} were taken from a worker that computed` });
    const note = `${final.trials.length} trials of ${(4 * graceMs) / 1000} s each with a lease of ${graceMs / 1000} s, swept every 0.25 s`;
    return {
      injected: final.trials.length,
      survived: anomalies.length === 0 ? final.trials.length : 0,
      anomalies,
      note,
    };
  },
};
