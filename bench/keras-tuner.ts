/**
 * KerasTuner's search beside ours: the regret of its Bayesian optimisation, of our recipe of the same name and of our default on the
 * recorded tables and on LCBench's surrogate, and milliseconds an ask.
 *
 *   npm run bench -- keras-tuner [--check] [--quick] [--seeds N] [--only tables|lcbench] [--fresh] [--peers FOLDER]
 *
 * KerasTuner 1.4.8's own oracle runs in Python in the same run, first; without Python our half runs alone, and on the tables alone.
 * Its searches take an hour of one core and are the same each time, so they are kept beside its environment, each as soon as it has
 * ended, and made once; `--fresh` makes them anew. Asks are timed in every run, for a time means nothing beside one of another run.
 * `--check` exits with 1 where a figure falls short; `--quick` searches three problems of each family with one seed, too few to judge by.
 */
import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ComparedPair, compare } from "assay/analysis";
import type { BayesianOptimization, BayesianOptimizationOptions, Recipe } from "assay/tuner";
import { mean, median } from "./numbers.ts";
import { PEERS_HELP, peerPython, runPeer } from "./peers/python.ts";
import {
  hasLcbench,
  LCBENCH_INSTANCES,
  LCBENCH_SAMPLE,
  LcbenchSearch,
  lcbenchEnds,
  lcbenchEvaluator,
  lcbenchFolder,
} from "./problems/lcbench.ts";
import { TableSearch } from "./problems/table-search.ts";
import { table, tableNames, tablesFolder } from "./problems/tables.ts";

const FAMILIES = ["tables", "lcbench"] as const;
type Family = (typeof FAMILIES)[number];

/** What is searched: an accuracy to be raised. */
interface Surface {
  readonly family: Family;
  readonly name: string;
  /** Its name to the script of KerasTuner's side. */
  readonly peerName: string;
  search(settings: BayesianOptimizationOptions<never>): BayesianOptimization<never>;
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
const isFamily = options.only === undefined || FAMILIES.some((family) => family === options.only);
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

const wanted = (family: Family): boolean => options.only === undefined || options.only === family;
const most = options.quick ? 3 : undefined;
const python = peerPython(options.peers);
const evaluator = wanted("lcbench") && python !== null && hasLcbench() ? lcbenchEvaluator(python) : null;
const surfaces = [...(wanted("tables") ? tables() : []), ...(wanted("lcbench") ? await lcbench() : [])];
if (surfaces.length === 0) process.exit(options.check ? 1 : 0);

/** Best accuracy so far, by trials, of each search, by seed and then by surface. */
const found = new Map<string, number[][]>();
/** Milliseconds of the first ask of the surrogate, one for each surface, by the number of trials before it. */
const asks = new Map<string, Map<number, number[]>>();

if (python !== null) await theirs(python);
await ours(SAME_RECIPE, "keras-tuner");
await ours(OURS, "default");
await evaluator?.close();
const shortfalls = await report();
for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
if (options.check && shortfalls.length > 0) process.exitCode = 1;

function tables(): Surface[] {
  const names = tableNames().slice(0, most);
  if (names.length === 0) {
    console.log(
      `The recorded tables are absent: ${tablesFolder()} has none. Set ASSAY_DATA to the folder that holds \`tables\`.`,
    );
  }
  return names.map((peerName) => {
    const problem = table(peerName);
    return {
      family: "tables",
      name: problem.name,
      peerName,
      search: (settings) => new TableSearch(problem, settings),
      regret: (accuracy) => problem.regret(1 - accuracy),
    };
  });
}

async function lcbench(): Promise<Surface[]> {
  if (evaluator === null) {
    console.log(
      hasLcbench()
        ? "Without the peers' Python there is nothing to evaluate LCBench's surrogate with: it is left out."
        : `LCBench's surrogate is absent: ${lcbenchFolder()} has no model.onnx. Set ASSAY_DATA to the folder that holds \`yahpo-lcbench\`.`,
    );
    return [];
  }
  const all: Surface[] = [];
  for (const instance of LCBENCH_INSTANCES.slice(0, most)) {
    const { best, median } = await lcbenchEnds(evaluator, instance);
    all.push({
      family: "lcbench",
      name: `lcbench ${instance}`,
      peerName: `lcbench:${instance}`,
      search: (settings) => new LcbenchSearch(evaluator, instance, settings),
      regret: (accuracy, bestFound) => {
        const top = Math.max(best, bestFound);
        return (top - accuracy) / (top - median);
      },
    });
  }
  return all;
}

type PeerSearch = {
  readonly kind: "search";
  readonly problem: string;
  readonly seed: number;
  readonly values: number[];
};

async function theirs(interpreter: string): Promise<void> {
  type Line = { readonly kind: "ask"; readonly observations: number; readonly ms: number } | PeerSearch;
  const kept = join(interpreter, "../../keras-tuner-searches.jsonl");
  if (options.fresh) rmSync(kept, { force: true });
  const settings = {
    tables: tablesFolder(),
    lcbench: lcbenchFolder(),
    problems: surfaces.map(({ peerName }) => peerName).join(),
    seeds,
    trials: TRIALS,
    asks: CHECKPOINTS.join(),
    kept,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  for await (const line of runPeer<Line>(interpreter, "keras_tuner_peer.py", args)) {
    if (line.kind === "ask") record(KERAS_TUNER, line.observations, line.ms);
    else {
      appendFileSync(kept, `${JSON.stringify(line)}\n`);
      console.error(`KerasTuner: searched ${line.problem}, seed ${line.seed} of ${seeds}`);
    }
  }
  const lines = readFileSync(kept, "utf8").trim().split("\n");
  const searches = lines.map((line) => JSON.parse(line) as PeerSearch);
  const searchOf = (problem: string, seed: number) =>
    searches.find((it) => it.problem === problem && it.seed === seed && it.values.length === TRIALS)!.values;
  const bySeed = Array.from({ length: seeds }, (_, i) => surfaces.map(({ peerName }) => searchOf(peerName, i + 1)));
  found.set(KERAS_TUNER, bySeed.flat());
}

async function ours(name: string, recipe: Recipe): Promise<void> {
  const searches: number[][] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const surface of surfaces) {
      const tuner = surface.search({ recipe, maxTrials: TRIALS, seed });
      await tuner.search();
      let best = 0;
      searches.push((await tuner.study.trials()).map(({ value }) => (best = Math.max(best, value!))));
      await tuner.close();
    }
  }
  found.set(name, searches);
  for (const surface of surfaces) {
    for (const observations of CHECKPOINTS) {
      const tuner = surface.search({ recipe, maxTrials: observations, seed: 1, numInitialPoints: observations });
      await tuner.search();
      const started = performance.now();
      await tuner.study.ask();
      record(name, observations, performance.now() - started);
      await tuner.close();
    }
  }
}

function record(name: string, observations: number, ms: number): void {
  const all = asks.get(name) ?? new Map<number, number[]>();
  asks.set(name, all.set(observations, [...(all.get(observations) ?? []), ms]));
}

/** Prints each family by itself, then what there is together. @returns what falls short, together */
async function report(): Promise<string[]> {
  const families = FAMILIES.filter((family) => surfaces.some((surface) => surface.family === family));
  for (const family of families) {
    const label = {
      tables: "recorded tables",
      lcbench: `instances of LCBench's surrogate, their ends from ${LCBENCH_SAMPLE} random configurations and every search`,
    }[family];
    const shortfalls = await reportOn((surface) => surface.family === family, label);
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
  console.log(`  ${"".padEnd(20)}${names.map((name) => name.padStart(18)).join("")}`);
  for (const surface of included) {
    const means = names.map((name) => mean(surfaceRegrets(name, TRIALS, surface)));
    console.log(`  ${surface.name.padEnd(20)}${means.map((value) => value.toFixed(4).padStart(18)).join("")}`);
  }

  const comparison = await compare(Object.fromEntries(names.map((name) => [name, regrets(name, TRIALS)])), {
    metric: `regret @${TRIALS}`,
    unit: "searches (problem and seed)",
    direction: "minimize",
  });
  console.log(`\n${comparison.verdict}`);
  if (names.length > 2) for (const { verdict } of comparison.pairs) console.log(`  ${verdict}`);

  console.log(
    `\nMilliseconds an ask after so many trials, median over ${included.length} problems\n\n  ${"".padEnd(30)}${headings}`,
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
