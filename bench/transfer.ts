/**
 * What `gp` gains from a finished study, and loses to one that misleads: regret of the best so far with a source and without, paired by seed.
 *
 *   npm run bench -- transfer [--seeds N] [--trials N]
 *
 * The source is a study by gp of 50 trials on the same task moved by a tenth of every range ("near"), by a third ("far"), turned upside down
 * ("inverted") or mirrored, 1 − x in every coordinate ("mirrored").
 */
import { parseArgs } from "node:util";
import { createRng, type Experience, gp, type Observation, type Sampler } from "assay";
import { mean, standardError } from "./numbers.ts";
import { taskOf } from "./problems/catalogue.ts";
import type { Problem } from "./problems/problem.ts";

const TASKS = [
  "numeric/branin",
  "numeric/hartmann6",
  "numeric/edges",
  "numeric/ackley5",
  "mixed/shifted",
  "conditional/pipeline",
];
const SOURCE_TRIALS = 50;
const CHECKPOINTS = [5, 10, 15, 20, 30, 40];

const { values: options } = parseArgs({
  options: { seeds: { type: "string", default: "10" }, trials: { type: "string", default: "30" } },
});
const seeds = Number(options.seeds);
const budget = Number(options.trials);
const checkpoints = CHECKPOINTS.filter((count) => count <= budget);

const SOURCES: Readonly<Record<string, (problem: Problem) => Problem>> = {
  near: (problem) => moved(problem, (u) => u + 0.1),
  far: (problem) => moved(problem, (u) => u + 0.33),
  inverted: (problem) => ({ ...problem, evaluate: (params) => -problem.evaluate(params) }),
  mirrored: (problem) => moved(problem, (u) => 1 - u),
};

console.log(
  "Normalised regret without a source, mean; with one, less that without, mean ± standard error over the seeds\n",
);
const overall = new Map<string, number[][]>();
for (const task of TASKS) {
  const problem = taskOf(task).make() as Problem;
  const plain = runs(problem, () => gp());
  print(
    task,
    "none",
    checkpoints.map((_, i) => mean(plain.map((run) => run[i]!)).toFixed(3)),
  );
  for (const [name, change] of Object.entries(SOURCES)) {
    const source = change(problem);
    const own = runs(problem, (seed) => gp({ transfer: [experience(source, 1000 + seed)] }));
    const differences = own.map((run, s) => run.map((value, i) => value - plain[s]![i]!));
    overall.set(name, [...(overall.get(name) ?? []), ...differences]);
    print(
      task,
      name,
      checkpoints.map((_, i) => withError(differences.map((run) => run[i]!))),
    );
  }
}
for (const [name, differences] of overall) {
  print(
    "all",
    name,
    checkpoints.map((_, i) => withError(differences.map((run) => run[i]!))),
  );
}

/** Regret at the checkpoints, by seed. */
function runs(problem: Problem, make: (seed: number) => Sampler): number[][] {
  return Array.from({ length: seeds }, (_, seed) => {
    const losses = run(make(seed), problem, seed, budget).map(({ loss }) => loss!);
    return checkpoints.map((count) => problem.regret(Math.min(...losses.slice(0, count))));
  });
}

function experience(problem: Problem, seed: number): Experience {
  const trials = run(gp(), problem, seed, SOURCE_TRIALS);
  return { name: problem.name, trials: trials.map(({ params, loss }) => ({ params, loss: loss! })) };
}

function run(sampler: Sampler, { space, evaluate }: Problem, seed: number, count: number): Observation[] {
  const studyRng = createRng(seed);
  const trials: Observation[] = [];
  while (trials.length < count) {
    const number = trials.length;
    const suggestion = sampler.sample({ space, trials: [...trials], rng: studyRng.fork(number), studyRng });
    if (suggestion === null) break;
    const { params, note = null } = suggestion;
    trials.push({ number, state: "completed", params, loss: evaluate(params), reports: [], note });
  }
  return trials;
}

/** The task at other places: numbers and ordered levels move, what has no order stays. */
function moved(problem: Problem, to: (u: number) => number): Problem {
  const { space, evaluate } = problem;
  return {
    ...problem,
    evaluate(params) {
      const { x, active } = space.encode(params);
      const at = x.map((u, j) =>
        active[j] && !space.coordinates[j]!.parameter.nominal ? Math.min(1, Math.max(0, to(u))) : u,
      );
      return evaluate(space.decode(at));
    },
  };
}

function print(task: string, source: string, cells: readonly string[]): void {
  const own = cells.map((cell, i) => `@${checkpoints[i]} ${cell}`.padEnd(22));
  console.log(`${task.padEnd(22)}${source.padEnd(10)}${own.join("")}`);
}

function withError(values: readonly number[]): string {
  const centre = mean(values);
  return `${centre < 0 ? "−" : "+"}${Math.abs(centre).toFixed(3)} ± ${standardError(values).toFixed(3)}`;
}
