/**
 * Estimates the lowest and the median loss of the tasks that have no known ones, and writes bench/problems/ends.json.
 *
 *   npm run bench -- ends [--only TASK] [--lower FOLDER]
 *
 * On a surrogate's instance the median is that of 20,000 random configurations. From the twenty best of these, a hundred rounds of search go
 * on: ten neighbours of every one, of which the best takes its place if it is better. The live training, a thousand times as dear, has 400
 * configurations, five starts and twenty rounds of four. About ten minutes on one core. `--only` estimates one task; `--lower` only takes
 * over what the runs of a results folder found below what is there; regrets recorded before are then of the old ends.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createRng, type FlatParams, type Rng, type Space } from "assay";
import { ENDS_FILE, type Ends, endsOf, hasEnds } from "./problems/ends.ts";
import { germanCredit } from "./problems/networks.ts";
import type { AnyProblem } from "./problems/problem.ts";
import { LCBENCH_INSTANCES, type SurrogateProblem, surrogate, XGBOOST_INSTANCES } from "./problems/yahpo.ts";
import { readResults } from "./suite/results.ts";

interface Effort {
  /** Random configurations, an even number. */
  readonly sample: number;
  /** The best of these, from which the search goes on. */
  readonly starts: number;
  readonly rounds: number;
  /** Of each start, in each round. */
  readonly neighbours: number;
}

const SURROGATE: Effort = { sample: 20_000, starts: 20, rounds: 100, neighbours: 10 };
const LIVE: Effort = { sample: 400, starts: 5, rounds: 20, neighbours: 4 };
/** Rows that are evaluated at once. */
const BATCH = 500;
/** Standard deviations of a step in the unit cube, taken in turn. */
const STEPS = [0.3, 0.1, 0.03, 0.01] as const;

interface Searched {
  readonly name: string;
  readonly space: Space;
  readonly effort: Effort;
  readonly losses: (all: readonly FlatParams[]) => Promise<number[]>;
}

const { values: options } = parseArgs({ options: { only: { type: "string" }, lower: { type: "string" } } });
const found = options.lower === undefined ? [] : readResults(options.lower);

const tasks: Searched[] = [
  ...LCBENCH_INSTANCES.map((instance) => ofSurrogate(surrogate("lcbench", instance))),
  ...XGBOOST_INSTANCES.map((instance) => ofSurrogate(surrogate("xgboost", instance))),
  ofLive(germanCredit()),
];
const ends = Object.fromEntries(tasks.flatMap(({ name }) => (hasEnds(name) ? [[name, endsOf(name)]] : [])));
for (const task of tasks.filter(({ name }) => options.only === undefined || name === options.only)) {
  const estimated = options.lower === undefined ? await estimate(task) : lowered(task.name);
  ends[task.name] = estimated;
  console.log(`${task.name.padEnd(20)} best ${estimated.best}, median ${estimated.median}`);
}
writeFileSync(ENDS_FILE, `${JSON.stringify(ends, null, 2)}\n`);

function ofSurrogate({ name, space, evaluateAll }: SurrogateProblem): Searched {
  const batches = (all: readonly FlatParams[]) =>
    Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) => evaluateAll(all.slice(i * BATCH, (i + 1) * BATCH)));
  return { name, space, effort: SURROGATE, losses: async (all) => batches(all).flat() };
}

function ofLive({ name, space, evaluate }: AnyProblem): Searched {
  const losses = async (all: readonly FlatParams[]): Promise<number[]> => {
    const made: number[] = [];
    for (const params of all) made.push(await evaluate(params));
    return made;
  };
  return { name, space, effort: LIVE, losses };
}

function lowered(name: string): Ends {
  const { best, ...others } = endsOf(name);
  const losses = found.filter(({ task }) => task === name).flatMap((record) => record.losses);
  return { best: losses.reduce<number>((least, loss) => Math.min(least, loss ?? least), best), ...others };
}

async function estimate({ name, space, effort, losses }: Searched): Promise<Ends> {
  const { sample, starts, rounds, neighbours } = effort;
  const rng = createRng(0).fork(name);
  const all = Array.from({ length: sample }, () => space.build(({ parameter }) => parameter.decode(rng.next())));
  const told = await losses(all);
  const sampled = all.map((params, i) => ({ params, loss: told[i]! })).sort((a, b) => a.loss - b.loss);
  const median = (sampled[sample / 2 - 1]!.loss + sampled[sample / 2]!.loss) / 2;
  const kept = sampled.slice(0, starts);
  for (let round = 0; round < rounds; round++) {
    const tried = kept.flatMap(({ params }) =>
      Array.from({ length: neighbours }, () => neighbour(space, params, STEPS[round % STEPS.length]!, rng)),
    );
    for (const [i, loss] of (await losses(tried)).entries()) {
      const place = Math.floor(i / neighbours);
      if (loss < kept[place]!.loss) kept[place] = { params: tried[i]!, loss };
    }
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
