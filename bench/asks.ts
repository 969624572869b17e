/**
 * What an ask costs by the length of the history, milliseconds of CPU time, 14 mixed parameters, random trials: of tpe, whose `--check` exits with 1
 * above 2 ms after 1,000 trials or 50 ms after 100,000, or of the samplers that are named.
 *
 *   npm run bench -- asks [--check] [--samplers LIST]
 *
 * Those named are asked for 24 trials, each told before the next, as some fit a model only now and then; in `numeric` for 14 numbers besides.
 */
import { parseArgs } from "node:util";
import { createRng, createSpace, float, type Observation, type Sampler, tpe } from "assay";
import { cpuMsSince } from "./cpu.ts";
import { mean, median } from "./numbers.ts";
import { mixed14 } from "./problems/functions.ts";
import type { Problem } from "./problems/problem.ts";
import { samplerOf } from "./suite/ours.ts";

const LIMITS = new Map([
  [100, Infinity],
  [1000, 2],
  [100_000, 50],
]);
/** Asks that warm the engine up, and asks that count. */
const WARM = 200;
const TIMED = 41;
const LENGTHS = [300, 600, 1000, 5000, 10_000];
const SEQUENCE = 24;

const { values: options } = parseArgs({
  options: { check: { type: "boolean", default: false }, samplers: { type: "string" } },
});

if (options.samplers === undefined) timeTpe();
else for (const name of options.samplers.split(",")) timeSequences(name);

function timeTpe(): void {
  for (const [n, limit] of LIMITS) {
    const problem = mixed14();
    const rng = createRng(1);
    const trials = randomTrials(problem, n);
    const sampler = tpe();
    const warm = n > 10_000 ? 10 : WARM;
    const times = Array.from({ length: warm + TIMED }, (_, i) =>
      cpuMs(() => sampler.sample({ space: problem.space, trials, rng: rng.fork(i), studyRng: rng })),
    );
    const ms = median(times.slice(warm));
    const isLate = ms > limit;
    console.log(`${String(n).padStart(7)} trials  ${ms.toFixed(2).padStart(6)} ms${isLate ? `, limit ${limit}` : ""}`);
    if (isLate && options.check) process.exitCode = 1;
  }
}

function timeSequences(name: string): void {
  const sampler = samplerOf(name);
  for (const problem of [mixed14(), numeric14()]) {
    for (const n of LENGTHS) {
      const times = sequence(sampler, problem, n);
      console.log(
        `${name.padEnd(8)}${problem.name.padEnd(10)}${String(n).padStart(7)} trials  median ${median(times).toFixed(1).padStart(6)} ms  mean ${mean(times).toFixed(1).padStart(6)} ms  most ${Math.max(...times).toFixed(0)} ms`,
      );
    }
  }
}

/** What each of the asks after n random trials takes. */
function sequence(sampler: Sampler, problem: Problem, n: number): number[] {
  const { space, evaluate } = problem;
  const studyRng = createRng(1);
  const trials = randomTrials(problem, n);
  return Array.from({ length: SEQUENCE }, () => {
    const number = trials.length;
    let suggestion: ReturnType<Sampler["sample"]> = null;
    const ms = cpuMs(() => {
      suggestion = sampler.sample({ space, trials, rng: studyRng.fork(number), studyRng });
    });
    const { params, note = null } = suggestion!;
    trials.push({ number, state: "completed", params, loss: evaluate(params), reports: [], note });
    return ms;
  });
}

function randomTrials({ space, evaluate }: Problem, n: number): Observation[] {
  const rng = createRng(1);
  return Array.from({ length: n }, (_, number): Observation => {
    const params = space.build(({ parameter }) => parameter.decode(rng.next()));
    return { number, state: "completed", params, loss: evaluate(params), reports: [], note: null };
  });
}

function numeric14(): Problem {
  const space = createSpace(Object.fromEntries(Array.from({ length: 14 }, (_, j) => [`x${j}`, float(0, 1)])));
  return {
    name: "numeric",
    space,
    evaluate: (params) => space.encode(params).x.reduce((sum, u, j) => sum + (j + 1) * (u - 0.2 - 0.04 * j) ** 2, 0),
    regret: (loss) => loss,
  };
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return cpuMsSince(before);
}
