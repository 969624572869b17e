/**
 * Estimates the lowest and the median loss of every instance of the surrogates that is developed on, and writes bench/problems/ends.json.
 *
 *   npm run bench -- ends [--lower FOLDER]
 *
 * The median is that of 20,000 random configurations. From the twenty best of these, a hundred each of rounds of search go on: ten
 * neighbours of every one, of which the best takes its place if it is better. About ten minutes on one core. `--lower` only takes over
 * what the runs of a results folder found below that; regrets recorded before are then of the old ends.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createRng, type FlatParams, type Rng, type Space } from "assay";
import { ENDS_FILE, type Ends, endsOf } from "./problems/ends.ts";
import { LCBENCH_INSTANCES, type SurrogateProblem, surrogate, XGBOOST_INSTANCES } from "./problems/yahpo.ts";
import { readResults } from "./suite/results.ts";

const SAMPLE = 20_000;
const STARTS = 20;
const ROUNDS = 100;
const NEIGHBOURS = 10;
/** Rows that are evaluated at once. */
const BATCH = 500;
/** Standard deviations of a step in the unit cube, taken in turn. */
const STEPS = [0.3, 0.1, 0.03, 0.01] as const;

const { values: options } = parseArgs({ options: { lower: { type: "string" } } });
const found = options.lower === undefined ? [] : readResults(options.lower);

const ends: Record<string, Ends> = {};
const problems = [
  ...LCBENCH_INSTANCES.map((instance) => surrogate("lcbench", instance)),
  ...XGBOOST_INSTANCES.map((instance) => surrogate("xgboost", instance)),
];
for (const problem of problems) {
  ends[problem.name] = options.lower === undefined ? estimate(problem) : lowered(problem.name);
  console.log(`${problem.name.padEnd(16)} best ${ends[problem.name]!.best}, median ${ends[problem.name]!.median}`);
}
writeFileSync(ENDS_FILE, `${JSON.stringify(ends, null, 2)}\n`);

function lowered(name: string): Ends {
  const { best, ...others } = endsOf(name);
  const losses = found.filter(({ task }) => task === name).flatMap((record) => record.losses);
  return { best: losses.reduce<number>((least, loss) => Math.min(least, loss ?? least), best), ...others };
}

function estimate(problem: SurrogateProblem): Ends {
  const { space } = problem;
  const rng = createRng(0).fork(problem.name);
  const all = Array.from({ length: SAMPLE }, () => space.build(({ parameter }) => parameter.decode(rng.next())));
  const losses = Array.from({ length: SAMPLE / BATCH }, (_, i) =>
    problem.evaluateAll(all.slice(i * BATCH, (i + 1) * BATCH)),
  ).flat();
  const sampled = all.map((params, i) => ({ params, loss: losses[i]! })).sort((a, b) => a.loss - b.loss);
  const median = (sampled[SAMPLE / 2 - 1]!.loss + sampled[SAMPLE / 2]!.loss) / 2;
  const kept = sampled.slice(0, STARTS);
  for (let round = 0; round < ROUNDS; round++) {
    const tried = kept.flatMap(({ params }) =>
      Array.from({ length: NEIGHBOURS }, () => neighbour(space, params, STEPS[round % STEPS.length]!, rng)),
    );
    problem.evaluateAll(tried).forEach((loss, i) => {
      const place = Math.floor(i / NEIGHBOURS);
      if (loss < kept[place]!.loss) kept[place] = { params: tried[i]!, loss };
    });
  }
  return { best: Math.min(...kept.map(({ loss }) => loss)), sampled: sampled[0]!.loss, median };
}

/** One to three parameters moved; one that the move makes active is drawn anew. */
function neighbour(space: Space, params: FlatParams, step: number, rng: Rng): FlatParams {
  const active = space.coordinates.filter(({ name }) => Object.hasOwn(params, name)).map(({ name }) => name);
  const moved = new Set(Array.from({ length: 1 + rng.int(3) }, () => active[rng.int(active.length)]!));
  return space.build(({ name, parameter }) => {
    if (!Object.hasOwn(params, name)) return parameter.decode(rng.next());
    if (!moved.has(name)) return params[name]!;
    return parameter.decode(parameter.nominal ? rng.next() : parameter.encode(params[name]!) + step * rng.normal());
  });
}
