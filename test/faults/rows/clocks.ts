/** Workers whose clocks are wrong, and files that have two names. */
import { linkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "../../../src/errors.ts";
import { sqlite } from "../../../src/storage/sql/sqlite.ts";
import { createStudyAt, storageAt } from "../engines.ts";
import type { Anomaly } from "../history.ts";
import { Crew, failures } from "../processes.ts";
import type { Row } from "../row.ts";

const HOUR_MS = 3_600_000;

export const clocks: Row = {
  name: "clocks",
  title: "Workers whose clocks are an hour or a day before or behind, in other time zones",
  async run({ folder }) {
    const engine = { kind: "sqlite", file: join(folder, "clocks.db") } as const;
    const study = await createStudyAt(engine, { trials: 60, wallMs: HOUR_MS }, { graceMs: 60_000, retries: 2 });
    const crew = await Crew.assemble(engine, folder);
    const zones = ["UTC", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"];
    const skews = [-HOUR_MS, HOUR_MS, -24 * HOUR_MS, 24 * HOUR_MS];
    const workers = skews.map((skewMs, i) => crew.hire({ skewMs, waitMs: 50 }, { TZ: zones[i]! }));
    const ends = await Promise.all(workers.map(async (worker) => ({ worker, code: (await worker.ended).code })));
    const { anomalies, final } = await crew.finish(study);
    anomalies.push(...failures(ends));
    const retried = final.attempts.filter(({ attempt }) => attempt > 1).length;
    if (retried > 0) anomalies.push({ kind: "double", text: `${retried} trials were taken from workers that lived` });
    for (const { number, startedAt, finishedAt } of final.trials) {
      if (!(finishedAt! >= startedAt!))
        anomalies.push({ kind: "wrong", text: `trial ${number} ended before it began` });
    }
    if (final.trials.length !== 60) anomalies.push({ kind: "lost", text: `${final.trials.length} of 60 trials` });
    const note = "no lease was lost, no budget of time cut short, no duration negative";
    return { injected: skews.length, survived: anomalies.length === 0 ? skews.length : 0, anomalies, note };
  },
};

export const aliases: Row = {
  name: "aliases",
  title: "One file under two names: a symbolic link, which shares its log, and a hard link, which would not",
  async run({ folder }) {
    const anomalies: Anomaly[] = [];
    const file = join(folder, "one.db");
    const study = await createStudyAt({ kind: "sqlite", file }, {}, { graceMs: 60_000, retries: 2 });
    symlinkSync(file, join(folder, "symbolic.db"));
    const [direct, symbolic] = [file, join(folder, "symbolic.db")].map((file) => storageAt({ kind: "sqlite", file }));
    const draft = { state: "waiting", params: {}, note: null, attributes: {}, startedAt: null, owner: null } as const;
    for (let number = 0; number < 20; number++) {
      const created = await (number % 2 === 0 ? direct! : symbolic!).createTrial(study, { ...draft, number });
      if (created?.number !== number) anomalies.push({ kind: "double", text: `trial ${number} was not the next one` });
    }
    await direct!.close();
    await symbolic!.close();
    linkSync(file, join(folder, "hard.db"));
    for (const name of ["one.db", "hard.db"]) {
      const storage = sqlite(join(folder, name));
      const error = await storage.listStudies().then(
        () => null,
        (error: unknown) => error,
      );
      await storage.close();
      if (!(error instanceof StorageError) || !/must have one name/.test(error.message))
        anomalies.push({ kind: "wrong", text: `a file with two names is not refused: ${error}` });
    }
    const note = "20 trials through both names of the symbolic link; the hard link refused with its reason";
    return { injected: 2, survived: 2 - Math.min(2, anomalies.length), anomalies, note };
  },
};
