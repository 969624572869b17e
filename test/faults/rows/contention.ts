/** Many processes that write to one file, and many that reach for the same trials. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createStudyAt, type Engine, storageAt } from "../engines.ts";
import type { Anomaly } from "../history.ts";
import { Crew, failures } from "../processes.ts";
import { program } from "../programs.ts";
import type { Result, Row, Setting } from "../row.ts";

/** The largest share of the work over the smallest may be so much. */
const SHARE_MAX = 4;

export const writers: Row = {
  name: "writers-sqlite",
  title: "1, 2, 4 and 8 processes that write 250 trials each to one SQLite file (in the long form 16 too)",
  run: (setting) =>
    writeTogether(
      (count) => ({ kind: "sqlite", file: join(setting.folder, `${count}.db`) }),
      (setting.long ? [1, 2, 4, 8, 16] : [1, 2, 4, 8]).map((processes) => ({
        processes,
        studies: 1,
        // Over in less than a second, work is shared by who was started first.
        trialsEach: 250,
      })),
      setting,
    ),
};

/** Workers that write at once: so many processes with so many studies each, every one with a storage of its own. */
interface Writers {
  readonly processes: number;
  readonly studies: number;
  /** Of each study. */
  readonly trialsEach: number;
}

/** Several numbers of workers in turn, each on a database of its own. */
export async function writeTogether(
  database: (count: number) => Engine,
  all: readonly Writers[],
  { folder, hasTime }: Setting,
): Promise<Result> {
  const runs = [];
  for (const writers of all) {
    if (!hasTime()) break;
    runs.push(await write(database(writers.processes * writers.studies), writers, folder));
  }
  const missing = all.length - runs.length;
  return {
    injected: runs.reduce((sum, run) => sum + run.count, 0),
    survived: runs.reduce((sum, run) => sum + (run.anomalies.length === 0 ? run.count : 0), 0),
    anomalies: runs.flatMap((run) => run.anomalies),
    note: [...runs.map(({ note }) => note), ...(missing > 0 ? [`no time for ${missing} more`] : [])].join("; "),
  };
}

/** Some workers that share a study's budget, all at once. */
async function write(engine: Engine, { processes, studies, trialsEach }: Writers, folder: string) {
  const count = processes * studies;
  const trials = count * trialsEach;
  const study = await createStudyAt(engine, { trials }, { graceMs: 60_000, retries: 2 });
  const crew = await Crew.assemble(engine, folder, `writers-${count}`);
  const workers = Array.from({ length: processes }, () => crew.hire({ reports: 0, start: true, studies }));
  await Promise.all(workers.map((worker) => worker.until("ready")));
  const start = performance.now();
  for (const worker of workers) worker.process.stdin!.write("go\n");
  const ends = await Promise.all(workers.map(async (worker) => ({ worker, code: (await worker.ended).code })));
  const perSecond = trials / ((performance.now() - start) / 1000);
  const shares = workers.flatMap((worker) => (/done (.*)/.exec(worker.output())?.[1] ?? "0").split(" ").map(Number));
  const { anomalies, final } = await crew.finish(study);
  anomalies.push(...failures(ends));
  if (final.trials.length !== trials)
    anomalies.push({ kind: "lost", text: `${final.trials.length} trials of a budget of ${trials}` });
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  if (most > SHARE_MAX * least)
    anomalies.push({ kind: "wrong", text: `the shares of ${count} workers were ${shares.join(", ")}` });
  return { anomalies, count, note: `${count} wrote ${perSecond.toFixed(0)} trials/s, shares ${least} to ${most}` };
}

export const claims: Row = {
  name: "claims-sqlite",
  title: "16 processes that reach for the same waiting trials of one SQLite file",
  run: ({ long, folder }) =>
    race({ kind: "sqlite", file: join(folder, "claims.db") }, long ? 10_000 : 1000, long ? 10 : 1, folder),
};

const CLAIMERS = 16;

export async function race(engine: Engine, trials: number, times: number, folder: string) {
  const anomalies: Anomaly[] = [];
  const notes: string[] = [];
  for (let i = 0; i < times; i++) {
    const study = await createStudyAt(engine, {}, { graceMs: 600_000, retries: 2 }, `s${i}`);
    await enqueue(engine, study, trials);
    const start = performance.now();
    const got = await Promise.all(
      Array.from({ length: CLAIMERS }, (_, claimer) => claim(engine, study, folder, claimer, anomalies)),
    );
    const seconds = (performance.now() - start) / 1000;
    const all = got.flat();
    const once = new Set(all);
    if (once.size < all.length)
      anomalies.push({ kind: "double", text: `${all.length - once.size} trials were claimed twice` });
    if (once.size < trials)
      anomalies.push({ kind: "lost", text: `${trials - once.size} of ${trials} trials were claimed by nobody` });
    const shares = got.map(({ length }) => length);
    notes.push(`${(trials / seconds).toFixed(0)} claims/s, shares ${Math.min(...shares)} to ${Math.max(...shares)}`);
  }
  return {
    injected: trials * times,
    survived: anomalies.length === 0 ? trials * times : 0,
    anomalies,
    note: notes.join("; "),
  };
}

async function enqueue(engine: Engine, study: string, trials: number): Promise<void> {
  const storage = storageAt(engine);
  const draft = {
    state: "waiting",
    params: { x: 0.5 },
    note: null,
    attributes: {},
    startedAt: null,
    owner: null,
  } as const;
  for (let number = 0; number < trials; number++) await storage.createTrial(study, { ...draft, number });
  await storage.close();
}

async function claim(
  engine: Engine,
  study: string,
  folder: string,
  claimer: number,
  anomalies: Anomaly[],
): Promise<number[]> {
  const file = join(folder, `claimed-${claimer}.txt`);
  const child = spawn(process.execPath, [await program("claimer"), JSON.stringify(engine), study, file], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) anomalies.push({ kind: "wrong", text: `a claimer ended with ${code}: ${errors.slice(-500)}` });
  return readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
}
