/**
 * KerasTuner's search beside ours: the regret of its Bayesian optimisation, of our recipe of the same name and of our default on the
 * recorded tables, and milliseconds an ask.
 *
 *   npm run bench -- keras-tuner [--check] [--quick] [--seeds N] [--peers FOLDER]
 *
 * KerasTuner 1.4.8's own oracle runs in Python in the same run, first; without Python our half runs alone. `--check` exits with 1 where
 * a figure falls short; `--quick` searches three tables with one seed, too few to judge by.
 */
import { parseArgs } from "node:util";
import { type ComparedPair, compare } from "assay/analysis";
import type { Recipe } from "assay/tuner";
import { PEERS_HELP, peerPython, runPeer } from "./peers/python.ts";
import { TableSearch } from "./problems/table-search.ts";
import { table, tableNames, tablesFolder } from "./problems/tables.ts";

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    seeds: { type: "string" },
    peers: { type: "string" },
  },
});
const seeds = Number(options.seeds ?? (options.quick ? 1 : 5));
if (options.help || !Number.isSafeInteger(seeds) || seeds < 1) {
  console.log(`npm run bench -- keras-tuner [--check] [--quick] [--seeds N] [--peers FOLDER]\n${PEERS_HELP}`);
  process.exit(options.help ? 0 : 2);
}

const TRIALS = 30;
const CHECKPOINTS = [10, 20, 30] as const;
const KERAS_TUNER = "KerasTuner";
const SAME_RECIPE = "ours, its recipe";
const OURS = "ours";

const tables = tableNames().slice(0, options.quick ? 3 : undefined);
if (tables.length === 0) {
  console.log(
    `The recorded tables are absent: ${tablesFolder()} has none. Set ASSAY_DATA to the folder that holds \`tables\`.`,
  );
  process.exit(options.check ? 1 : 0);
}

/** Best accuracy so far, by trials, of each search, by table and then by seed. */
const found = new Map<string, number[][]>();
/** Milliseconds of the first ask of the surrogate, by the number of trials before it. */
const asks = new Map<string, Map<number, number[]>>();

const python = peerPython(options.peers);
if (python !== null) await theirs(python);
await ours(SAME_RECIPE, "keras-tuner");
await ours(OURS, "default");
const shortfalls = await report();
for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
if (options.check && shortfalls.length > 0) process.exitCode = 1;

async function theirs(interpreter: string): Promise<void> {
  const settings = [
    "--tables",
    tables.join(),
    "--seeds",
    `${seeds}`,
    "--trials",
    `${TRIALS}`,
    "--asks",
    CHECKPOINTS.join(),
  ];
  type Line =
    | { readonly kind: "ask"; readonly observations: number; readonly ms: number }
    | { readonly kind: "search"; readonly values: number[] };
  const searches: number[][] = [];
  for await (const line of runPeer<Line>(interpreter, "keras_tuner_peer.py", [tablesFolder(), ...settings])) {
    if (line.kind === "ask") record(KERAS_TUNER, line.observations, line.ms);
    else searches.push(line.values);
    if (line.kind === "search") console.error(`KerasTuner: ${searches.length} of ${tables.length * seeds} searches`);
  }
  found.set(KERAS_TUNER, searches);
}

async function ours(name: string, recipe: Recipe): Promise<void> {
  const problems = tables.map(table);
  const searches: number[][] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    for (const problem of problems) {
      const tuner = new TableSearch(problem, { recipe, maxTrials: TRIALS, seed });
      await tuner.search();
      let best = 0;
      searches.push((await tuner.study.trials()).map(({ value }) => (best = Math.max(best, value!))));
      await tuner.close();
    }
  }
  found.set(name, searches);
  for (const problem of problems) {
    for (const observations of CHECKPOINTS) {
      const tuner = new TableSearch(problem, {
        recipe,
        maxTrials: observations,
        seed: 1,
        numInitialPoints: observations,
      });
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

async function report(): Promise<string[]> {
  const shortfalls: string[] = [];
  const problems = tables.map(table);
  const regrets = (name: string, trials: number) =>
    found.get(name)!.map((best, i) => problems[i % problems.length]!.regret(1 - best[trials - 1]!));
  const headings = CHECKPOINTS.map((count) => `@${count}`.padStart(9)).join("");
  const names = [...found.keys()];

  console.log(
    `Normalised regret, mean over ${tables.length} tables, seeds 1 to ${seeds} (0 the best configuration, 1 the median one)\n`,
  );
  console.log(`  ${"".padEnd(30)}${headings}`);
  for (const name of names) {
    const means = CHECKPOINTS.map((trials) => mean(regrets(name, trials)).toFixed(4).padStart(9));
    console.log(`  ${name.padEnd(30)}${means.join("")}`);
  }

  console.log(`\nThe same by table @${TRIALS}\n`);
  console.log(`  ${"".padEnd(20)}${names.map((name) => name.padStart(18)).join("")}`);
  for (const [at, { name: tableName }] of problems.entries()) {
    const means = names.map((name) => mean(regrets(name, TRIALS).filter((_, i) => i % problems.length === at)));
    console.log(`  ${tableName.padEnd(20)}${means.map((value) => value.toFixed(4).padStart(18)).join("")}`);
  }

  const comparison = await compare(Object.fromEntries(names.map((name) => [name, regrets(name, TRIALS)])), {
    metric: `regret @${TRIALS}`,
    unit: "searches (table and seed)",
    direction: "minimize",
  });
  console.log(`\n${comparison.verdict}`);
  if (names.length > 2) for (const { verdict } of comparison.pairs) console.log(`  ${verdict}`);

  console.log(
    `\nMilliseconds an ask after so many trials, median over ${tables.length} tables\n\n  ${"".padEnd(30)}${headings}`,
  );
  const ms = (name: string, observations: number) => median(asks.get(name)!.get(observations)!);
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
    if (mean(regrets(OURS, TRIALS)) < mean(regrets(peer, TRIALS))) continue;
    shortfalls.push(`our default has no lower regret than ${peer}: ${pair(OURS, peer)!.verdict}`);
  }
  return options.quick ? [] : shortfalls;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

/** Three digits. */
function brief(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
