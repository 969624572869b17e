/**
 * The durable stores under load: trials a second by one process and by eight beside Optuna's, round trips, claims, fairness, restarts.
 * Ours and Optuna's work in turns on one disk and one PostgreSQL server, and each round says what that disk allows.
 *
 *   npm run bench -- durable [--check] [--peers] [--rounds 5] [--quick] [--only rates,trips,claims,shares,restarts,asks]
 *
 * `--peers` runs Optuna 5 too (`npm run bench:peers -- optuna-storage`). `--check` exits with 1 where a figure falls short: of the ratios to Optuna,
 * or without it of a share of what the disk allows. `--quick` takes a tenth of the claims and of the trials that many connections share.
 * The PostgreSQL server is the one of the tests, with fsync on.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import pg from "pg";
import { Relay } from "../test/storage/postgres/relay.ts";
import { PostgresServer, query } from "../test/storage/postgres/server.ts";
import { openStudy } from "./durable/job.ts";
import { closeAll, type Side, startAll, workAll } from "./durable/processes.ts";
import { median, quantile } from "./numbers.ts";
import { environmentPython } from "./peers/python.ts";

const SECTIONS = { rates, trips, claims, shares, restarts, asks };
type Section = keyof typeof SECTIONS;
const KINDS = ["SQLite", "PostgreSQL"] as const;
type Kind = (typeof KINDS)[number];

/** Trials of each process in a round. */
const TRIALS = { ours: { 1: 600, 8: 600 }, optuna: { 1: 15, 8: 4 } } as const;
/** How many times Optuna's rate ours must be. */
const RATIOS = { SQLite: { 1: 15, 8: 20 }, PostgreSQL: { 1: 12, 8: 15 } } as const;
/** One when it is asked for, one when it is told. */
const COMMITS_PER_TRIAL = 2;
/** Without Optuna: the share of the trials that the disk's commits would allow. */
const LEAST_SHARE = { SQLite: 0.4, PostgreSQL: 0.25 } as const;
/** How much lower than one process's the rate of eight may seem by chance. */
const NOISE = 0.9;
const REPORTS = 4;
const CLAIMERS = 16;
const MOST_UNEVEN = 4;
const BACK_SECONDS = 5;
const ASKERS = 32;
/** How much longer than one alone each of them may wait, or as long as their commits take on a disk that needs longer. */
const ASK_MS = 50;

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    only: { type: "string", default: Object.keys(SECTIONS).join(",") },
  },
});
const rounds = Number(options.rounds);
const part = options.quick ? 0.1 : 1;
// The processes that are measured run the package as users have it.
execFileSync(process.execPath, [join(import.meta.dirname, "..", "scripts", "build.ts")], { stdio: "inherit" });
const folder = mkdtempSync(join(tmpdir(), "assay-durable-"));
const server = await PostgresServer.start({ fsync: true });
const python = options.peers ? environmentPython("optuna-storage") : null;
const shortfalls: string[] = options.peers && python === null ? ["there is no Optuna to compare with"] : [];
let stores = 0;

try {
  for (const section of options.only.split(",") as Section[]) await SECTIONS[section]();
} finally {
  await server.close();
  rmSync(folder, { recursive: true });
}
for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
if (options.check && shortfalls.length > 0) process.exitCode = 1;

async function rates(): Promise<void> {
  const measured = new Map<string, number[]>();
  const note = (name: string, rate: number) => {
    measured.set(name, [...(measured.get(name) ?? []), rate]);
    console.error(`  ${name}: ${rate.toFixed(1)}`);
  };
  for (let round = 0; round < rounds; round++) {
    for (const kind of KINDS) {
      note(`${kind} commits`, await commitsPerSecond(kind));
      for (const processes of [1, 8] as const) {
        const { rate, answers } = await runTrials("ours", kind, processes);
        note(`${kind} ${processes} ours`, rate);
        note(`${kind} ${processes} ms`, median(answers));
        if (python !== null) note(`${kind} ${processes} Optuna`, (await runTrials({ python }, kind, processes)).rate);
      }
    }
  }
  console.log(
    `Durable trials a second, 5 parameters, random search; medians of ${rounds} rounds (lowest to highest)\n`,
  );
  for (const kind of KINDS) {
    const commits = measured.get(`${kind} commits`)!;
    console.log(`${kind}: one-row commits ${spread(commits)} a second`);
    for (const processes of [1, 8] as const) {
      const ours = measured.get(`${kind} ${processes} ours`)!;
      const theirs = measured.get(`${kind} ${processes} Optuna`);
      const name = `${kind}, ${processes} ${processes === 1 ? "process" : "processes"}`;
      const share = median(ours.map((rate, i) => (rate * COMMITS_PER_TRIAL) / commits[i]!));
      const cpu = median(measured.get(`${kind} ${processes} ms`)!);
      let line = `  ${processes} × ours ${spread(ours)}, ${share.toFixed(2)} of what the commits allow, ${cpu.toFixed(2)} ms of the processor in each process a trial`;
      if (theirs === undefined) {
        expect(
          share >= LEAST_SHARE[kind],
          `${name}: ${share.toFixed(2)} of what the commits allow, target ${LEAST_SHARE[kind]}`,
        );
      } else {
        const ratio = median(ours.map((rate, i) => rate / theirs[i]!));
        const target = RATIOS[kind][processes];
        line += `; Optuna ${spread(theirs)}; ratio ${ratio.toFixed(1)}, target ${target}`;
        expect(ratio >= target, `${name}: ${ratio.toFixed(1)} times Optuna's rate, target ${target}`);
      }
      console.log(line);
    }
    const [one, eight] = ([1, 8] as const).map((processes) => measured.get(`${kind} ${processes} ours`)!);
    const gain = median(eight!.map((rate, i) => rate / one![i]!));
    console.log(`  eight processes ${gain.toFixed(2)} times one\n`);
    if (kind === "SQLite")
      expect(gain >= NOISE, `SQLite: eight processes reach ${gain.toFixed(2)} of one's rate, target 1`);
  }
}

/** Trials a second, and what each process answered: see `Job`. */
async function runTrials(side: Side, kind: Kind, processes: 1 | 8): Promise<{ rate: number; answers: number[] }> {
  const store = await newStore(kind);
  const count = TRIALS[side === "ours" ? "ours" : "optuna"][processes];
  const started = await startAll(side, processes, { name: "trials", store, count });
  const { answers, seconds } = await workAll<number>(started);
  await closeAll(started);
  return { rate: (processes * count) / seconds, answers };
}

/** What the disk allows: one-row commits by one connection with the same settings. */
async function commitsPerSecond(kind: Kind, count = 300): Promise<number> {
  const store = await newStore(kind);
  if (kind === "SQLite") {
    const db = new DatabaseSync(store);
    db.exec("pragma journal_mode = wal; pragma synchronous = full; create table rows (a text)");
    const insert = db.prepare("insert into rows values (?)");
    const rate = await perSecond(count, async () => insert.run("one row"));
    db.close();
    return rate;
  }
  const client = new pg.Client({ connectionString: store });
  await client.connect();
  await client.query("create table rows (a text)");
  const insert = { name: "insert", text: "insert into rows values ($1)", values: ["one row"] };
  const rate = await perSecond(count, () => client.query(insert));
  await client.end();
  return rate;
}

async function trips(): Promise<void> {
  const relay = await Relay.before(server.port);
  for (const reports of [0, REPORTS]) {
    const store = relay.through(await newStore("PostgreSQL"));
    const count = 50;
    const [worker] = await startAll("ours", 1, { name: "trials", store, count, reports });
    const before = relay.roundTrips;
    await workAll([worker!]);
    const each = (relay.roundTrips - before) / count;
    await closeAll([worker!]);
    console.log(`Round trips a trial with ${reports} reports: ${each.toFixed(2)}, target ${2 + reports}`);
    expect(each <= 2 + reports, `${each.toFixed(2)} round trips a trial of ${reports} reports, target ${2 + reports}`);
  }
  console.log();
  await relay.close();
}

async function claims(): Promise<void> {
  const count = 10_000 * part;
  for (const kind of KINDS) {
    const store = await newStore(kind);
    const study = await openStudy(store, count);
    const stored = (await study.storage.findStudy(study.name))!;
    const waiting = { state: "waiting", note: null, attributes: {}, startedAt: null, owner: null } as const;
    const params = { learningRate: 0.01, dropout: 0.25, units: 64, batchSize: 32, activation: "relu" };
    for (let number = 0; number < count; number++)
      await study.storage.createTrial(stored.id, { ...waiting, number, params });
    await study.close();
    const claimers = await startAll("ours", CLAIMERS, { name: "claim", store });
    const { answers, seconds } = await workAll<number[]>(claimers);
    await closeAll(claimers);
    const numbers = answers.flat();
    const twice = numbers.length - new Set(numbers).size;
    const missing = count - new Set(numbers).size;
    console.log(
      `${count} queued trials claimed by ${CLAIMERS} processes, ${kind}: ${twice} twice, ${missing} never, ${(numbers.length / seconds).toFixed(0)} claims a second`,
    );
    expect(twice === 0 && missing === 0, `${kind}: ${twice} trials were claimed twice and ${missing} never`);
  }
  console.log();
}

async function shares(): Promise<void> {
  const [processes, connections, each] = [8, 8, Math.round(250 * part)];
  const count = processes * connections * each;
  const store = await newStore("PostgreSQL");
  await (await openStudy(store, count)).close();
  const sharers = await startAll("ours", processes, { name: "share", store, connections });
  const { answers, seconds } = await workAll<number[]>(sharers);
  await closeAll(sharers);
  const all = answers.flat();
  const sum = all.reduce((a, b) => a + b, 0);
  const study = await openStudy(store);
  const trials = await study.trials();
  await study.close();
  const completed = trials.filter(({ state }) => state === "completed").length;
  const uneven = Math.max(...all) / Math.min(...all);
  console.log(
    `${all.length} connections share ${count} trials: ${completed} completed, ${Math.min(...all)} to ${Math.max(...all)} each (${uneven.toFixed(2)}), ${(sum / seconds).toFixed(0)} a second\n`,
  );
  expect(
    sum === count && completed === count && trials.length === count,
    `${sum} of ${count} trials were run, and ${completed} completed`,
  );
  expect(uneven <= MOST_UNEVEN, `the largest share is ${uneven.toFixed(2)} times the smallest, target ${MOST_UNEVEN}`);
}

async function restarts(): Promise<void> {
  for (const side of ["ours", ...(python === null ? [] : [{ python }])] as Side[]) {
    const store = await newStore("PostgreSQL");
    const workers = await startAll(side, 4, { name: "stream", store });
    const told: number[][] = workers.map(() => []);
    const isAlive = workers.map(() => true);
    const news = new EventTarget();
    const following = workers.map(async (worker, i) => {
      for (let number = await worker.next<number>(); number !== null; number = await worker.next<number>()) {
        told[i]!.push(number);
        news.dispatchEvent(new Event(`${i}`));
      }
      isAlive[i] = false;
      news.dispatchEvent(new Event(`${i}`));
    });
    const heard = (i: number) =>
      new Promise<void>((resolve) => {
        if (isAlive[i]) news.addEventListener(`${i}`, () => resolve(), { once: true });
        else resolve();
      });
    const allHeard = () => Promise.all(workers.map((_, i) => heard(i)));
    const first = allHeard();
    for (const worker of workers) worker.tell("go");
    await first;
    await server.stop("immediate");
    await server.start();
    const start = performance.now();
    await allHeard();
    const seconds = (performance.now() - start) / 1000;
    const died = isAlive.filter((it) => !it).length;
    for (const worker of workers) worker.tell("stop");
    await Promise.all(workers.map((worker) => worker.close()));
    await Promise.all(following);
    const going = died === 0 ? `, all going on ${seconds.toFixed(1)} s after it was back` : "";
    if (side !== "ours") {
      console.log(`PostgreSQL restarted (immediate), Optuna: ${died} of 4 workers died${going}\n`);
      continue;
    }
    const study = await openStudy(store);
    const states = (await study.trials()).map(({ state }) => state);
    await study.close();
    const lost = told.flat().filter((number) => states[number] !== "completed").length;
    console.log(
      `PostgreSQL restarted (immediate), ours: ${died} of 4 workers died${going}, ${lost} of ${told.flat().length} told trials lost`,
    );
    expect(died === 0 && lost === 0, `${died} workers died and ${lost} results were lost at a restart`);
    expect(seconds < BACK_SECONDS, `work went on ${seconds.toFixed(1)} s after the restart, target ${BACK_SECONDS}`);
  }
}

async function asks(): Promise<void> {
  for (const kind of KINDS) {
    const store = await newStore(kind);
    const workers = await startAll("ours", 8, { name: "ask", store, connections: ASKERS / 8 });
    const alone = await startAll("ours", 1, { name: "ask", store });
    const single: number[] = [];
    const waits: number[] = [];
    const commits: number[] = [];
    let busyMs = 0;
    for (let i = 0; i < 10; i++) {
      single.push(...(await workAll<number[]>(alone)).answers.flat());
      await workAll(alone);
      const before = busy();
      waits.push(...(await workAll<number[]>(workers)).answers.flat());
      busyMs += (busy() - before) / 10;
      await workAll(workers);
      commits.push(await commitsPerSecond(kind, ASKERS));
    }
    await closeAll([...workers, ...alone]);
    const one = median(single);
    const [half, most, worst] = [0.5, 0.95, 1].map((share) => quantile(waits, share)) as [number, number, number];
    // Each ask is a commit, and those of one study follow one another.
    const inTurn = (1000 * ASKERS) / median(commits);
    const limit = one + Math.max(ASK_MS, inTurn);
    console.log(
      `${ASKERS} workers asking at once, ${kind}: median ${half.toFixed(0)} ms, 95 % ${most.toFixed(0)} ms, longest ${worst.toFixed(0)} ms; one alone ${one.toFixed(1)} ms, ${ASKERS} commits in turn ${inTurn.toFixed(0)} ms, the ${cpus().length} processors worked ${busyMs.toFixed(0)} ms until all had asked`,
    );
    expect(
      most <= limit,
      `${kind}: 1 in 20 of ${ASKERS} asking at once waits ${most.toFixed(0)} ms, target ${(one + ASK_MS).toFixed(0)}, this disk allows ${inTurn.toFixed(0)}`,
    );
  }
}

/** Milliseconds for which the processors of this machine have worked, all processes together. */
function busy(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}

/** A file in which nothing is yet, or an empty database. */
async function newStore(kind: Kind): Promise<string> {
  const name = `bench_${stores++}`;
  if (kind === "SQLite") return join(folder, `${name}.db`);
  await query(server.url, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = name;
  return url.href;
}

function expect(holds: boolean, shortfall: string): void {
  if (!holds) shortfalls.push(shortfall);
}

async function perSecond(count: number, run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < count; i++) await run();
  return (1000 * count) / (performance.now() - start);
}

function spread(values: readonly number[]): string {
  const digits = median(values) < 100 ? 1 : 0;
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}
