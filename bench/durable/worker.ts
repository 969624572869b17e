// A process of `npm run bench -- durable`, which starts it with its job as JSON: says "ready", works when it is told to go, and ends
// when it is told to stop.
import { createInterface } from "node:readline";
import { AssayError } from "assay";
import { cpuMsSince } from "../cpu.ts";
import { type Job, openStudy } from "./job.ts";

type Study = Awaited<ReturnType<typeof openStudy>>;

/** Compiles what is measured, and opens connections: trials, or rounds of asks. */
const WARM_UP = { trials: 100, ask: 50 };

const job: Job = JSON.parse(process.argv[2]!);
const studies = await Promise.all(Array.from({ length: job.connections ?? 1 }, () => openStudy(job.store)));
const [study] = studies as [Study];
/** To tell what was asked for. */
const tells: (() => Promise<unknown>)[] = [];
if (job.name === "trials") for (let i = 0; i < WARM_UP.trials; i++) await askAndTell(study);
if (job.name === "ask") for (let i = 0; i < 2 * WARM_UP.ask; i++) await askOrTell();

const words = createInterface(process.stdin)[Symbol.asyncIterator]();
say("ready");
while ((await words.next()).value === "go") {
  if (job.name === "stream") {
    void words.next().then(() => study.stop());
    study.on("tell", ({ trial }) => say(trial.number));
    await study.optimize(({ params }) => params.dropout, { trials: 1e6 });
    break;
  }
  say(await work());
}
for (const it of studies) await it.close();

async function work(): Promise<unknown> {
  if (job.name === "trials") {
    const before = process.cpuUsage();
    for (let i = 0; i < job.count!; i++) await askAndTell(study);
    return cpuMsSince(before) / job.count!;
  }
  if (job.name === "claim") return untilSpent(async () => (await study.ask()).number);
  if (job.name === "share") {
    const shares = await Promise.all(studies.map((it) => untilSpent(() => askAndTell(it))));
    return shares.map(({ length }) => length);
  }
  return askOrTell();
}

/** Asks by all studies at once, and the next time tells, so that nobody tells while others ask. */
async function askOrTell(): Promise<readonly number[]> {
  const asked = tells.splice(0);
  for (const tell of asked) await tell();
  if (asked.length > 0) return [];
  return Promise.all(
    studies.map(async (it) => {
      const start = performance.now();
      const trial = await it.ask();
      tells.push(() => it.tell(trial, trial.params.dropout));
      return performance.now() - start;
    }),
  );
}

async function askAndTell(study: Study): Promise<void> {
  const trial = await study.ask();
  for (let step = 0; step < (job.reports ?? 0); step++) await trial.report(step, trial.params.dropout);
  await study.tell(trial, trial.params.dropout);
}

/** What each call gave until the study's budget was spent. */
async function untilSpent<T>(call: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  try {
    for (;;) results.push(await call());
  } catch (error) {
    if (!(error instanceof AssayError && error.code === "BUDGET_SPENT")) throw error;
    return results;
  }
}

function say(word: unknown): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}
