/**
 * CMA-ES beside the Python package `cmaes` on BBOB: whether both get equally far, on all 24 functions, with restarts and without.
 * One run each for every function, dimension and instance; both search [0, 1]ᵈ from N(½, ⅙² I).
 *
 *   npm run bench -- cma-es [--check] [--quick] [--dimensions 2,5,10] [--instances 10] [--budgets 20,100,1000] [--restarts none,bipop]
 *
 * Budgets are evaluations by dimension. `--check` exits with 1 where ours reaches fewer targets than the package by more than noise, or an ask takes
 * longer than promised; `--quick` takes two dimensions, four instances, no restarts and the smaller budgets (half a minute).
 */
import { parseArgs } from "node:util";
import { cmaEs, createRng, createSpace, float, type Observation } from "assay";
import { mean, median, signed } from "./numbers.ts";
import { environmentPython, PEERS_HELP, runPeer } from "./peers/python.ts";
import { BBOB_FUNCTIONS, bbob, targetsReached } from "./problems/bbob.ts";
import type { Problem } from "./problems/problem.ts";

/** One run: f − f_opt reached by each budget. */
interface Run {
  readonly function: number;
  readonly d: number;
  readonly instance: number;
  readonly precisions: readonly number[];
}

type Restarts = "none" | "ipop" | "bipop";

/** So many standard errors of a mean difference are still noise, of the dozen and more that are looked at. */
const NOISE = 2.7;
/** |z| of a rank-sum test that chance exceeds once in a hundred. */
const ONE_PERCENT = 2.576;
/** Milliseconds of an ask in twenty dimensions after 10,000 trials. */
const ASK_MS = 3;

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    dimensions: { type: "string" },
    instances: { type: "string" },
    budgets: { type: "string" },
    restarts: { type: "string" },
    peers: { type: "string" },
  },
});
const dimensions = counts("dimensions", options.dimensions ?? (options.quick ? "2,5" : "2,5,10"));
const budgets = counts("budgets", options.budgets ?? (options.quick ? "20,100" : "20,100,1000")).sort((a, b) => a - b);
const [last] = counts("instances", options.instances ?? (options.quick ? "4" : "10"));
const instances = Array.from({ length: last! }, (_, i) => i + 1);
const restarts = (options.restarts ?? (options.quick ? "none" : "none,bipop")).split(",") as Restarts[];

process.exitCode = await main();

async function main(): Promise<number> {
  const started = performance.now();
  const shortfalls: string[] = [];
  const ms = timeAsks();
  console.log(`Ask in 20 dimensions after 10,000 trials: median ${ms.toFixed(2)} ms\n`);
  if (!(ms <= ASK_MS)) shortfalls.push(`the median ask takes ${ms.toFixed(2)} ms, target ${ASK_MS}`);
  const python = environmentPython("optuna", options.peers);
  if (python === null) console.log(PEERS_HELP);
  for (const way of restarts) {
    const ours = [...run(way)];
    const theirs: Run[] = [];
    if (python !== null) {
      const args = [way, ...[dimensions, instances, budgets].map((list) => list.join(","))];
      for await (const it of runPeer<Run>(python, "cma_es_peer.py", args)) theirs.push(it);
    }
    shortfalls.push(...report(way, ours, theirs));
  }
  console.log(`\n${Math.round((performance.now() - started) / 1000)} s, instances 1 to ${last}`);
  for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
  if (python === null && options.check) console.log("falls short: there is nothing to compare with");
  return options.check && (shortfalls.length > 0 || python === null) ? 1 : 0;
}

function* run(way: Restarts): Generator<Run> {
  for (const d of dimensions) {
    for (let number = 1; number <= BBOB_FUNCTIONS; number++) {
      for (const instance of instances) {
        const problem = bbob(number, d, instance);
        const precisions = search(problem, way, budgets.at(-1)! * d, `${number} ${instance}`).flatMap((best, i) =>
          budgets.some((budget) => budget * d === i + 1) ? [best] : [],
        );
        yield { function: number, d, instance, precisions };
      }
    }
  }
}

/** The precision of the best so far at each trial. */
function search(problem: Problem, way: Restarts, count: number, seed: string): number[] {
  const sampler = cmaEs({ sigma0: 1 / 6, restarts: way });
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  const best: number[] = [];
  for (let number = 0; number < count; number++) {
    const { params, note = null } = sampler.sample({
      space: problem.space,
      trials,
      rng: studyRng.fork(number),
      studyRng,
    })!;
    const loss = problem.evaluate(params);
    best.push(Math.min(best.at(-1) ?? Infinity, problem.regret(loss)));
    trials.push({ number, state: "completed", params, loss, reports: [], note });
  }
  return best;
}

function report(way: Restarts, ours: readonly Run[], theirs: readonly Run[]): string[] {
  const shortfalls: string[] = [];
  console.log(`Share of the 51 targets 10² … 10⁻⁸ reached, restarts: ${way}\n`);
  console.log("   d  budget     ours    cmaes   difference   functions where one is better at 1 % (ours, cmaes)");
  for (const d of dimensions) {
    for (const [b, budget] of budgets.entries()) {
      const mine = ours.filter((it) => it.d === d);
      const shares = mine.map((it) => targetsReached(it.precisions[b]!));
      const row = `  ${String(d).padStart(2)}  ${`${budget} d`.padStart(6)}   ${mean(shares).toFixed(4)}`;
      if (theirs.length === 0) {
        console.log(row);
        continue;
      }
      const matching = mine.map((it) =>
        theirs.find((peer) => peer.function === it.function && peer.d === d && peer.instance === it.instance),
      );
      const peers = matching.map((it) => targetsReached(it!.precisions[b]!));
      const differences = shares.map((share, i) => share - peers[i]!);
      const difference = mean(differences);
      const error = Math.sqrt(mean(differences.map((it) => (it - difference) ** 2)) / differences.length);
      const [better, worse] = apart(mine, matching as Run[], b);
      console.log(
        `${row}   ${mean(peers).toFixed(4)}   ${signed(difference)} ± ${error.toFixed(4)}   ${better}, ${worse}`,
      );
      if (difference < -NOISE * error) {
        shortfalls.push(
          `${way}, d = ${d}, ${budget} d: ${signed(difference)} of the targets, noise ±${error.toFixed(4)}`,
        );
      }
    }
  }
  console.log();
  return shortfalls;
}

/** Functions on which one side's precisions are lower by a rank-sum test over the instances. */
function apart(ours: readonly Run[], theirs: readonly Run[], budget: number): [better: number, worse: number] {
  let better = 0;
  let worse = 0;
  for (let number = 1; number <= BBOB_FUNCTIONS; number++) {
    // Below 10⁻⁸ a function is solved, however far below.
    const of = (runs: readonly Run[]) =>
      runs.filter((it) => it.function === number).map((it) => Math.max(1e-8, it.precisions[budget]!));
    const z = rankSum(of(ours), of(theirs));
    better += Number(z < -ONE_PERCENT);
    worse += Number(z > ONE_PERCENT);
  }
  return [better, worse];
}

/** z of the Mann–Whitney test, ties as halves; negative where `a` is lower. */
function rankSum(a: readonly number[], b: readonly number[]): number {
  let u = 0;
  for (const x of a) for (const y of b) u += x > y ? 1 : x === y ? 0.5 : 0;
  const n = a.length * b.length;
  return (u - n / 2) / Math.sqrt((n * (a.length + b.length + 1)) / 12);
}

/** Median milliseconds of an ask in twenty dimensions after 10,000 trials of the sampler's own. */
function timeAsks(): number {
  const space = createSpace(Object.fromEntries(Array.from({ length: 20 }, (_, j) => [`x${j}`, float(-5, 5)])));
  const sampler = cmaEs();
  const studyRng = createRng(1);
  const trials: Observation[] = [];
  const times: number[] = [];
  for (let number = 0; number < 10_060; number++) {
    const asked = performance.now();
    const { params, note = null } = sampler.sample({ space, trials, rng: studyRng.fork(number), studyRng })!;
    if (number >= 10_000) times.push(performance.now() - asked);
    const loss = Object.values(params).reduce<number>((sum, x, j) => sum + (j + 1) * ((x as number) - 1) ** 2, 0);
    trials.push({ number, state: "completed", params, loss, reports: [], note });
  }
  return median(times);
}

function counts(name: string, text: string): number[] {
  const list = text.split(",").map(Number);
  if (list.every((value) => Number.isSafeInteger(value) && value >= 1)) return list;
  console.error(`--${name} must be positive integers separated by commas, but got ${text}.`);
  process.exit(2);
}
