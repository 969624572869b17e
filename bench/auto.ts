/**
 * auto beside its parts in studies of a thousand trials and more: the regret where one alone is over its limits. Long.
 *
 *   npm run bench -- auto [--seeds N] [--trials N] [--tasks LIST]
 *
 * Prints the common logarithm of the regret, mean over the seeds, at several numbers of trials. Of the tasks of BBOB the regret is f − f*, of others
 * normalised as everywhere. auto suggests what gp does up to 600 trials, so these are run once for both.
 */
import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import { auto, cmaEs, createRng, gp, type Observation, type Sampler, tpe } from "assay";
import { bbob } from "./problems/bbob.ts";
import { taskOf } from "./problems/catalogue.ts";
import type { Problem } from "./problems/problem.ts";

const SHARED = 600;
const CHECKPOINTS = [100, 300, 600, 800, 1000, 1200, 2400, 5000];
/** Below this a regret is a solved task, however far below. */
const SOLVED = 1e-9;

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "1" },
    trials: { type: "string", default: "1000" },
    tasks: {
      type: "string",
      default: "bbob-5d/f8-i4,bbob-5d/f15-i4,bbob-5d/f21-i4",
    },
  },
});
const seeds = Number(options.seeds);
const budget = Number(options.trials);
const checkpoints = CHECKPOINTS.filter((count) => count <= budget);

console.log(`${"".padEnd(32)}${checkpoints.map((count) => `@${count}`.padStart(8)).join("")}`);
for (const name of options.tasks.split(",")) {
  const sums = new Map<string, number[]>();
  for (let seed = 0; seed < seeds; seed++) {
    const problem = problemOf(name);
    const whole = await run(gp(), problem, seed);
    const others = {
      tpe: await run(tpe(), problem, seed),
      cmaEs: await run(cmaEs(), problem, seed),
      auto: await run(auto(), problem, seed, whole.slice(0, SHARED)),
    };
    for (const [sampler, trials] of Object.entries({ gp: whole, ...others })) {
      const before = sums.get(sampler) ?? checkpoints.map(() => 0);
      const own = checkpoints.map((count) => logRegret(problem, trials.slice(0, count)));
      sums.set(
        sampler,
        before.map((sum, i) => sum + own[i]!),
      );
    }
  }
  for (const [sampler, sum] of sums) {
    const means = sum.map((value) => (value / seeds).toFixed(2).padStart(8)).join("");
    console.log(`${name.padEnd(22)}${sampler.padEnd(10)}${means}`);
  }
}

function problemOf(name: string): Problem {
  const [, d, number, instance] = (/^bbob-(\d+)d\/f(\d+)-i(\d+)$/.exec(name) ?? []).map(Number);
  return d === undefined ? (taskOf(name).make() as Problem) : bbob(number!, d, instance!);
}

/** One trial after another, from those that there are to the budget. */
async function run(sampler: Sampler, { space, evaluate }: Problem, seed: number, before: readonly Observation[] = []) {
  const studyRng = createRng(seed);
  const trials = [...before];
  for (let number = trials.length; number < budget; number++) {
    const suggestion = sampler.sample({ space, trials: [...trials], rng: studyRng.fork(number), studyRng });
    if (suggestion === null) break;
    const { params, note = null } = suggestion;
    trials.push({ number, state: "completed", params, loss: evaluate(params), reports: [], note });
    // The kernels' references to matrices are let go between tasks of the event loop, as in a study.
    await setImmediate();
  }
  return trials;
}

function logRegret(problem: Problem, trials: readonly Observation[]): number {
  const best = trials.reduce((least, { loss }) => Math.min(least, loss!), Number.POSITIVE_INFINITY);
  return Math.log10(Math.max(SOLVED, problem.regret(best)));
}
