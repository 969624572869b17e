/**
 * KerasTuner's search beside ours: the regret of its Bayesian optimisation, of our recipe of the same name and of our default on the
 * recorded tables and on LCBench's surrogate, and CPU milliseconds an ask.
 *
 *   npm run bench -- keras-tuner [--check] [--quick] [--seeds N] [--only tables|lcbench] [--fresh] [--peers FOLDER]
 *
 * KerasTuner 1.4.8's own oracle runs in Python in the same run, first, by the driver of the suite; without Python our half runs alone.
 * Its searches take an hour of one core and are the same each time, so they are kept beside its environment as a results folder, each
 * as soon as it has ended, and made once; `--fresh` makes them anew. Asks are timed in every run, for a time means nothing beside one
 * of another run.
 * `--check` exits with 1 where a figure falls short; `--quick` searches three problems of each family with one seed, too few to judge by.
 */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ComparedPair, compare } from "assay/analysis";
import type { Recipe } from "assay/tuner";
import { cpuMsSince } from "./cpu.ts";
import { mean, median } from "./numbers.ts";
import { peerCommand } from "./peers/environments.ts";
import { PEERS_HELP, peerPython } from "./peers/python.ts";
import { selectTasks, type Task } from "./problems/catalogue.ts";
import { endsOf } from "./problems/ends.ts";
import type { Problem } from "./problems/problem.ts";
import { ProblemSearch } from "./problems/problem-search.ts";
import { driverOf } from "./suite/drivers.ts";
import { readResults, resultsWriter } from "./suite/results.ts";
import { runTask } from "./suite/run.ts";

/** What is searched, by family. */
const TASKS = {
  tables: "tables",
  lcbench: "lcbench/3945,lcbench/7593,lcbench/34539,lcbench/126025",
} as const;
type Family = keyof typeof TASKS;
const FAMILIES = Object.keys(TASKS) as Family[];

interface Surface {
  readonly task: Task;
  readonly problem: Problem;
  /** 0 the best configuration, 1 the median one, where the best that any search has found is so. */
  regret(accuracy: number, bestFound: number): number;
}

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    fresh: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    seeds: { type: "string" },
    only: { type: "string" },
    peers: { type: "string" },
  },
});
const seeds = Number(options.seeds ?? (options.quick ? 1 : 10));
const isFamily = options.only === undefined || Object.hasOwn(TASKS, options.only);
if (options.help || !isFamily || !Number.isSafeInteger(seeds) || seeds < 1) {
  console.log(
    `npm run bench -- keras-tuner [--check] [--quick] [--seeds N] [--only tables|lcbench] [--fresh] [--peers FOLDER]\n${PEERS_HELP}`,
  );
  process.exit(options.help ? 0 : 2);
}

const TRIALS = 30;
const CHECKPOINTS = [10, 20, 30] as const;
const KERAS_TUNER = "KerasTuner";
const SAME_RECIPE = "ours, its recipe";
const OURS = "ours";

const most = options.quick ? 3 : undefined;
const python = peerPython(options.peers);
const surfaces = FAMILIES.filter((family) => options.only === undefined || options.only === family).flatMap(surfacesOf);
if (surfaces.length === 0) process.exit(options.check ? 1 : 0);

/** Best accuracy so far, by trials, of each search, by seed and then by surface. */
const found = new Map<string, number[][]>();
/** CPU milliseconds of the first ask of the surrogate, one for each surface, by the number of trials before it. */
const asks = new Map<string, Map<number, number[]>>();

if (python !== null) await theirs(python);
await ours(SAME_RECIPE, "keras-tuner");
await ours(OURS, "default");
const shortfalls = await report();
for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
if (options.check && shortfalls.length > 0) process.exitCode = 1;

/** Of a family; none, having said why, where its data are absent. */
function surfacesOf(family: Family): Surface[] {
  const tasks = selectTasks(TASKS[family]).slice(0, most);
  try {
    return tasks.map((task) => {
      const problem = task.make() as Problem;
      return { task, problem, regret: family === "tables" ? (it) => problem.regret(1 - it) : sampledRegret(task.name) };
    });
  } catch (error) {
    console.log((error as Error).message);
    return [];
  }
}

/** Between the best of random configurations or of the searches, and the median of the random ones. */
function sampledRegret(name: string): Surface["regret"] {
  const { sampled, median } = endsOf(name);
  return (accuracy, bestFound) => {
    const top = Math.max(1 - sampled, bestFound);
    return (top - accuracy) / (top - (1 - median));
  };
}

async function theirs(interpreter: string): Promise<void> {
  const command = peerCommand("keras-tuner", options.peers);
  // Random until its last trial, whose ask is the first of its surrogate.
  const timed = driverOf({ kind: "peer", name: "keras-tuner-surrogate-last", command });
  for (const { task } of surfaces) {
    for (const observations of CHECKPOINTS) {
      const { askMs } = await runTask(timed, task, 0, observations + 1);
      record(KERAS_TUNER, observations, askMs.at(-1)!);
    }
  }
  await timed.close();

  const folder = join(interpreter, "../../searches");
  if (options.fresh) rmSync(folder, { recursive: true, force: true });
  const kept = existsSync(folder) ? readResults(folder) : [];
  const keep = resultsWriter(folder);
  const driver = driverOf({ kind: "peer", name: "keras-tuner", command });
  const searches: number[][] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const { task } of surfaces) {
      // The driver counts KerasTuner's seeds from 1.
      const isThis = (it: (typeof kept)[number]) =>
        it.task === task.name && it.seed === seed - 1 && it.trials === TRIALS;
      let search = kept.find(isThis);
      if (search === undefined) {
        search = await runTask(driver, task, seed - 1, TRIALS);
        keep(search);
        console.error(`KerasTuner: searched ${task.name}, seed ${seed} of ${seeds}`);
      }
      searches.push(bestSoFar(search.losses.map((loss) => 1 - loss!)));
    }
  }
  await driver.close();
  found.set(KERAS_TUNER, searches);
}

async function ours(name: string, recipe: Recipe): Promise<void> {
  const searches: number[][] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const { problem } of surfaces) {
      const tuner = new ProblemSearch(problem, { recipe, maxTrials: TRIALS, seed });
      await tuner.search();
      searches.push(bestSoFar((await tuner.study.trials()).map(({ value }) => value!)));
      await tuner.close();
    }
  }
  found.set(name, searches);
  for (const { problem } of surfaces) {
    for (const observations of CHECKPOINTS) {
      const tuner = new ProblemSearch(problem, {
        recipe,
        maxTrials: observations,
        seed: 1,
        numInitialPoints: observations,
      });
      await tuner.search();
      const started = process.cpuUsage();
      await tuner.study.ask();
      record(name, observations, cpuMsSince(started));
      await tuner.close();
    }
  }
}

function bestSoFar(accuracies: readonly number[]): number[] {
  let best = 0;
  return accuracies.map((accuracy) => (best = Math.max(best, accuracy)));
}

function record(name: string, observations: number, ms: number): void {
  const all = asks.get(name) ?? new Map<number, number[]>();
  asks.set(name, all.set(observations, [...(all.get(observations) ?? []), ms]));
}

/** Prints each family by itself, then what there is together. @returns what falls short, together */
async function report(): Promise<string[]> {
  const families = FAMILIES.filter((family) => surfaces.some(({ task }) => task.family === family));
  for (const family of families) {
    const label = {
      tables: "recorded tables",
      lcbench: `instances of LCBench's surrogate, their ends from 20,000 random configurations and every search`,
    }[family];
    const shortfalls = await reportOn(({ task }) => task.family === family, label);
    if (families.length === 1) return shortfalls;
  }
  return reportOn(() => true, "problems of both families");
}

async function reportOn(isIncluded: (surface: Surface) => boolean, label: string): Promise<string[]> {
  const shortfalls: string[] = [];
  const included = surfaces.map((surface, at) => ({ ...surface, at })).filter(isIncluded);
  const names = [...found.keys()];
  const searchesOf = (name: string, at: number) => found.get(name)!.filter((_, i) => i % surfaces.length === at);
  const surfaceRegrets = (name: string, trials: number, { at, regret }: (typeof included)[number]) => {
    const bestFound = Math.max(...names.flatMap((it) => searchesOf(it, at).map((best) => best[TRIALS - 1]!)));
    return searchesOf(name, at).map((best) => regret(best[trials - 1]!, bestFound));
  };
  const regrets = (name: string, trials: number) =>
    included.flatMap((surface) => surfaceRegrets(name, trials, surface));
  const headings = CHECKPOINTS.map((count) => `@${count}`.padStart(9)).join("");

  console.log(
    `\nNormalised regret, mean over ${included.length} ${label}; seeds 1 to ${seeds} (0 the best configuration, 1 the median one)\n`,
  );
  console.log(`  ${"".padEnd(30)}${headings}`);
  for (const name of names) {
    const means = CHECKPOINTS.map((trials) => mean(regrets(name, trials)).toFixed(4).padStart(9));
    console.log(`  ${name.padEnd(30)}${means.join("")}`);
  }

  console.log(`\nThe same by problem @${TRIALS}\n`);
  console.log(`  ${"".padEnd(24)}${names.map((name) => name.padStart(18)).join("")}`);
  for (const surface of included) {
    const means = names.map((name) => mean(surfaceRegrets(name, TRIALS, surface)));
    console.log(`  ${surface.task.name.padEnd(24)}${means.map((value) => value.toFixed(4).padStart(18)).join("")}`);
  }

  const comparison = await compare(Object.fromEntries(names.map((name) => [name, regrets(name, TRIALS)])), {
    metric: `regret @${TRIALS}`,
    unit: "searches (problem and seed)",
    direction: "minimize",
  });
  console.log(`\n${comparison.verdict}`);
  if (names.length > 2) for (const { verdict } of comparison.pairs) console.log(`  ${verdict}`);

  console.log(
    `\nCPU milliseconds an ask after so many trials, median over ${included.length} problems\n\n  ${"".padEnd(30)}${headings}`,
  );
  const ms = (name: string, observations: number) =>
    median(included.map(({ at }) => asks.get(name)!.get(observations)![at]!));
  for (const name of names) {
    console.log(`  ${name.padEnd(30)}${CHECKPOINTS.map((count) => brief(ms(name, count)).padStart(9)).join("")}`);
  }
  if (python !== null) {
    for (const name of [SAME_RECIPE, OURS]) {
      const ratios = CHECKPOINTS.map((count) => ms(KERAS_TUNER, count) / ms(name, count));
      const cells = ratios.map((ratio) => `${ratio.toFixed(0)} x`.padStart(9)).join("");
      console.log(`  ${`KerasTuner / ${name}`.padEnd(30)}${cells}`);
      if (Math.min(...ratios) < 20)
        shortfalls.push(`${name} asks ${Math.min(...ratios).toFixed(1)} times as fast as KerasTuner, less than 20`);
    }
  }

  const pair = (one: string, other: string): ComparedPair | undefined =>
    comparison.pairs.find((it) => it.names.includes(one) && it.names.includes(other));
  const same = pair(KERAS_TUNER, SAME_RECIPE);
  if (same?.isClear) shortfalls.push(`our recipe of KerasTuner's name differs from it: ${same.verdict}`);
  for (const peer of names.filter((name) => name !== OURS)) {
    const { isClear, verdict } = pair(OURS, peer)!;
    const isLower = mean(regrets(OURS, TRIALS)) < mean(regrets(peer, TRIALS));
    if (isLower && isClear) continue;
    shortfalls.push(`that our default has lower regret than ${peer} is not ${isLower ? "shown" : "so"}: ${verdict}`);
  }
  return options.quick ? [] : shortfalls;
}

/** Three digits. */
function brief(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
