/**
 * What an ask of tpe costs by the length of the history: median milliseconds of CPU time, 14 mixed parameters, random trials. `--check` exits with
 * 1 above 2 ms after 1,000 trials or 50 ms after 100,000. What asks of others cost comes out of `npm run bench -- suite`.
 */
import { createRng, type Observation, tpe } from "assay";
import { mixed14 } from "./problems/functions.ts";

const LIMITS = new Map([
  [100, Infinity],
  [1000, 2],
  [100_000, 50],
]);
/** Asks that warm the engine up, and asks that count. */
const WARM = 200;
const TIMED = 41;

for (const [n, limit] of LIMITS) {
  const ms = median(n);
  const isLate = ms > limit;
  console.log(`${String(n).padStart(7)} trials  ${ms.toFixed(2).padStart(6)} ms${isLate ? `, limit ${limit}` : ""}`);
  if (isLate && process.argv.includes("--check")) process.exitCode = 1;
}

function median(n: number): number {
  const { space, evaluate } = mixed14();
  const rng = createRng(1);
  const trials = Array.from({ length: n }, (_, number): Observation => {
    const params = space.build(({ parameter }) => parameter.decode(rng.next()));
    return { number, state: "completed", params, loss: evaluate(params), reports: [], note: null };
  });
  const sampler = tpe();
  const times: number[] = [];
  const warm = n > 10_000 ? 10 : WARM;
  for (let i = 0; i < warm + TIMED; i++) {
    const before = process.cpuUsage();
    sampler.sample({ space, trials, rng: rng.fork(i), studyRng: rng });
    const { user, system } = process.cpuUsage(before);
    if (i >= warm) times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[TIMED >> 1]!;
}
