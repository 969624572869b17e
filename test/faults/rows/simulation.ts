/** The simulation over many seeds, and the mutants that it must find out. */
import type { Anomaly } from "../history.ts";
import { MUTANTS } from "../mutants.ts";
import type { Row } from "../row.ts";
import { simulate } from "../simulation.ts";

const STEPS = 500;
/** Every so many seeds, one is run again and must be the same to the last bit. */
const REPLAY_EVERY = 100;
/** A mutant that so many seeds do not find out has got away. */
const SEEDS_PER_MUTANT = 200;

export const simulation: Row = {
  name: "simulation",
  title: "16 workers in a simulated world: at every await a crash, a delay, a duplicate, a lost answer, a partition",
  async run({ long, hasTime }) {
    const seedsMax = long ? 1_000_000 : 5000;
    const anomalies: Anomaly[] = [];
    let [injected, survived, steps, trials, replayed] = [0, 0, 0, 0, 0];
    let seed = 0;
    for (; seed < seedsMax && hasTime(); seed++) {
      const run = await simulate(seed, STEPS);
      injected += run.faults;
      steps += run.steps;
      trials += run.trials;
      if (run.anomalies.length === 0) survived += run.faults;
      anomalies.push(...run.anomalies.map((it) => ({ ...it, text: `seed ${seed}: ${it.text}` })));
      if (seed % REPLAY_EVERY !== 0) continue;
      replayed++;
      if ((await simulate(seed, STEPS)).digest !== run.digest)
        anomalies.push({ kind: "wrong", text: `seed ${seed} went another way when it was run again` });
    }
    const note = `${seed} of ${seedsMax} seeds, ${steps} steps, ${trials} trials; ${replayed} seeds run again bit for bit`;
    return { injected, survived, anomalies, note };
  },
};

export const mutants: Row = {
  name: "mutants",
  title: "Storages that each break one rule: the checker must turn red (here a fault survived is a mutant found out)",
  async run() {
    const anomalies: Anomaly[] = [];
    const found: string[] = [];
    for (const [name, make] of Object.entries(MUTANTS)) {
      let seed = 0;
      while (seed < SEEDS_PER_MUTANT && (await simulate(seed, STEPS, make)).anomalies.length === 0) seed++;
      if (seed < SEEDS_PER_MUTANT) found.push(`"${name}" by seed ${seed}`);
      else anomalies.push({ kind: "wrong", text: `a storage that ${name} was not found out in ${seed} seeds` });
    }
    return { injected: Object.keys(MUTANTS).length, survived: found.length, anomalies, note: found.join(", ") };
  },
};
