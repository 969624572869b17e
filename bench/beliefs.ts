/**
 * What `gp` gains from what is believed beforehand, and loses where that misleads: regret of the best so far with a finished study, or with beliefs of a
 * user, less that without, paired by seed.
 *
 *   npm run bench -- beliefs [--check] [--quick] [--seeds N] [--trials N]
 *
 * The study is one by gp of 50 trials on the same task moved by a tenth of every range ("near"), by a third ("far"), turned upside down
 * ("inverted") or mirrored, 1 − x in every coordinate ("mirrored"). The user believes of every number, with a width of 0.15, in a value a tenth of the range beside the
 * one that a search of 150 trials ends at ("good"), or in one two fifths away ("bad").
 *
 * `--check` exits with 1 where "near" or "good" does not help in the mean over the tasks, or where what misleads costs more than a
 * tenth of the median's regret by the last trial; `--quick` takes two seeds and one task, and only shows that it runs.
 */
import { parseArgs } from "node:util";
import { createRng, type Experience, gp, type Observation, type Priors, type Sampler } from "assay";
import { mean, meanWithError, standardError } from "./numbers.ts";
import { taskOf } from "./problems/catalogue.ts";
import type { Problem } from "./problems/problem.ts";
import { countOf } from "./suite/options.ts";

const TASKS = [
  "numeric/branin",
  "numeric/hartmann6",
  "numeric/edges",
  "numeric/ackley5",
  "mixed/shifted",
  "conditional/pipeline",
];
const SOURCE_TRIALS = 50;
const SEARCH_TRIALS = 150;
const CHECKPOINTS = [5, 10, 15, 20, 30, 40];

const { values: options } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    seeds: { type: "string" },
    trials: { type: "string", default: "30" },
  },
});
const { seeds, budget } = counts();
const checkpoints = CHECKPOINTS.filter((count) => count <= budget);

const STUDIES: Readonly<Record<string, (problem: Problem) => Problem>> = {
  near: (problem) => moved(problem, (u) => u + 0.1),
  far: (problem) => moved(problem, (u) => u + 0.33),
  inverted: (problem) => ({ ...problem, evaluate: (params) => -problem.evaluate(params) }),
  mirrored: (problem) => moved(problem, (u) => 1 - u),
};
/** How far from the best value the centre of a belief is, in shares of the range. */
const USERS: Readonly<Record<string, number>> = { good: 0.1, bad: 0.4 };
const WIDTH = 0.15;

/** What must help, and what must not cost more than this by the last trial. */
const HELPFUL = ["study, near", "user, good"];
const COST_MOST = 0.1;

const overall = new Map<string, number[][]>();
console.log("Normalised regret without, mean; with, less that without, mean ± standard error over the seeds\n");
for (const task of options.quick ? TASKS.slice(0, 1) : TASKS) {
  const problem = taskOf(task).make() as Problem;
  const plain = runs(problem, () => gp());
  print(
    task,
    "nothing",
    checkpoints.map((_, i) => mean(plain.map((run) => run[i]!)).toFixed(3)),
  );
  const compare = (name: string, make: (seed: number) => Sampler): void => {
    const differences = runs(problem, make).map((run, s) => run.map((value, i) => value - plain[s]![i]!));
    overall.set(name, [...(overall.get(name) ?? []), ...differences]);
    print(task, name, summary(differences));
  };
  for (const [name, change] of Object.entries(STUDIES)) {
    const source = change(problem);
    compare(`study, ${name}`, (seed) => gp({ transfer: [experience(source, 1000 + seed)] }));
  }
  for (const [name, distance] of Object.entries(USERS)) {
    const priors = belief(problem, distance);
    compare(`user, ${name}`, () => gp({ priors }));
  }
}
for (const [name, differences] of overall) print("all", name, summary(differences));
const shortfalls = options.quick ? [] : [...overall].flatMap(([name, differences]) => judge(name, differences));
for (const shortfall of shortfalls) console.log(`falls short: ${shortfall}`);
if (options.check && shortfalls.length > 0) process.exitCode = 1;

function counts(): { readonly seeds: number; readonly budget: number } {
  try {
    const seeds = countOf("seeds", options.seeds ?? (options.quick ? "2" : "10"));
    return { seeds, budget: countOf("trials", options.trials, 10) };
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

function summary(differences: readonly (readonly number[])[]): string[] {
  return checkpoints.map((_, i) =>
    meanWithError(
      differences.map((run) => run[i]!),
      3,
    ),
  );
}

function judge(name: string, differences: readonly (readonly number[])[]): string[] {
  const tenth = differences.map((run) => run[checkpoints.indexOf(10)]!);
  const last = differences.map((run) => run.at(-1)!);
  if (HELPFUL.includes(name)) {
    const helps = mean(tenth) + 2 * standardError(tenth) < 0;
    return helps ? [] : [`"${name}" does not help after ten trials: ${meanWithError(tenth, 3)}`];
  }
  return mean(last) <= COST_MOST
    ? []
    : [`"${name}" costs ${meanWithError(last, 3)} after ${checkpoints.at(-1)} trials`];
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

/** The belief in a value of every number that is so far from the best one, on the side where the range is longer. */
function belief(problem: Problem, distance: number): Priors {
  const { space } = problem;
  const trials = run(gp(), problem, 2000, SEARCH_TRIALS);
  const best = trials.reduce((a, b) => (b.loss! < a.loss! ? b : a));
  const { x, active } = space.encode(best.params);
  return Object.fromEntries(
    space.coordinates.flatMap(({ name, parameter }, j) => {
      if (!active[j] || parameter.nominal) return [];
      const centre = parameter.decode(x[j]! + (x[j]! > 0.5 ? -distance : distance)) as number;
      return [[name, { centre, width: WIDTH }]];
    }),
  );
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
  console.log(`${task.padEnd(22)}${source.padEnd(18)}${own.join("")}`);
}
