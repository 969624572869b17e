/** What only shows after long: memory that grows, files that stay open, tells that take longer and longer. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { random } from "../../../src/sampler/random.ts";
import type { Owner, Storage } from "../../../src/storage/storage.ts";
import { createStudy } from "../../../src/study/create.ts";
import { createStudyAt, SPACE, storageAt } from "../engines.ts";
import type { Anomaly } from "../history.ts";
import type { Row } from "../row.ts";

const WORKERS = 4;
/** What is on the heap after a collection may grow so much. */
const GROWTH_MOST = 4 * 2 ** 20;
/** After so many trials everything that is made once, such as compiled statements, has been made. */
const WARM = 200;

export const soak: Row = {
  name: "soak",
  title:
    "4 storages on one SQLite file that create, claim, report and tell while a reader polls: memory and open files stay level",
  async run({ long, folder, hasTime }) {
    const most = long ? 100_000 : 8000;
    const engine = { kind: "sqlite", file: join(folder, "soak.db") } as const;
    const study = await createStudyAt(engine, {}, { graceMs: 2000, retries: 2 });
    const workers = Array.from({ length: WORKERS }, () => {
      const storage = storageAt(engine);
      return { storage, owner: storage.newOwner() };
    });
    let isOver = false;
    const reading = poll(storageAt(engine), study, () => isOver);
    const waits: number[] = [];
    let before: Level | undefined;
    let told = 0;
    for (; told < most && (hasTime() || told <= WARM); told++) {
      if (told === WARM) {
        // The thread that renews leases opens the file when the first of them is due.
        await sleep(1500);
        before = level();
      }
      const { storage, owner } = workers[told % WORKERS]!;
      waits.push(await live(storage, study, owner, told));
    }
    // The sync of the last tell is held while what waited for it goes on.
    await sleep(100);
    const after = level();
    isOver = true;
    await reading;
    const { trials } = await workers[0]!.storage.trialsSince(study, 0);
    for (const { storage } of workers) await storage.close();
    const completed = trials.filter(({ state }) => state === "completed").length;
    const anomalies = growth(before!, after);
    if (completed !== told) anomalies.push({ kind: "lost", text: `${completed} of ${told} told trials are there` });
    const [first, last] = [waits.slice(0, waits.length / 4), waits.slice(-waits.length / 4)].map(median);
    return {
      injected: told,
      survived: anomalies.length === 0 ? told : 0,
      anomalies,
      note: `${told} of ${most} trials; the heap grew by ${megabytes(after.heap - before!.heap)}; a tell took ${first!.toFixed(1)} ms in the first quarter and ${last!.toFixed(1)} in the last (medians)`,
    };
  },
};

/** A trial's life; returns the milliseconds that its tell took. */
async function live(storage: Storage, study: string, owner: Owner, number: number): Promise<number> {
  const waiting = { state: "waiting", params: { x: 0.5 }, note: null, attributes: {} } as const;
  await storage.createTrial(study, { ...waiting, number, startedAt: null, owner: null });
  const { attempt } = (await storage.claimTrial(study, { owner, startedAt: 0 }))!;
  await storage.reportTrial(study, number, [{ step: 0, value: 1 }], attempt);
  const outcome = { state: "completed", value: 1, metrics: {}, error: null, finishedAt: 0 } as const;
  const start = performance.now();
  await storage.finishTrial(study, number, outcome, { attempt });
  return performance.now() - start;
}

async function poll(storage: Storage, study: string, isOver: () => boolean): Promise<void> {
  for (let revision = 0; !isOver(); await sleep(20)) ({ revision } = await storage.trialsSince(study, revision));
  await storage.close();
}

export const leaks: Row = {
  name: "leaks",
  title:
    "Storages and studies made, used and closed by the thousand: files, threads and memory are back where they were",
  async run({ long, folder, hasTime }) {
    const most = long ? 10_000 : 500;
    const use = async (i: number) => {
      const storage = storageAt({ kind: "sqlite", file: join(folder, "leaks.db") });
      const study = await createStudy({ name: `study ${i % 50}`, storage, space: SPACE, sampler: random() });
      await study.tell(await study.ask(), 1);
      await study.close();
    };
    for (let i = 0; i < 60; i++) await use(i);
    const before = level();
    let made = 0;
    for (; made < most && hasTime(); made++) await use(made);
    // The thread that renews leases closes its connections in its own time.
    await sleep(500);
    const after = level();
    const anomalies = growth(before, after);
    const note = `${made} of ${most}; ${before.files} files open before and ${after.files} after; the heap grew by ${megabytes(after.heap - before.heap)}`;
    return { injected: made, survived: anomalies.length === 0 ? made : 0, anomalies, note };
  },
};

/** What a process holds at one moment. */
interface Level {
  /** Bytes on the heap. */
  readonly heap: number;
  /** 0 where the system does not tell. */
  readonly files: number;
  readonly handles: number;
}

function level(): Level {
  return {
    heap: heapUsed(),
    files: existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0,
    handles: process.getActiveResourcesInfo().length,
  };
}

function growth(before: Level, after: Level): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const wrong = (text: string) => anomalies.push({ kind: "wrong", text });
  if (after.files > before.files) wrong(`${after.files - before.files} more files are open`);
  if (after.handles > before.handles) wrong(`${after.handles - before.handles} more handles are held`);
  if (after.heap - before.heap > GROWTH_MOST) wrong(`the heap grew by ${megabytes(after.heap - before.heap)}`);
  return anomalies;
}

/** Bytes on the heap that somebody holds. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
