/** Storages that each break one rule, in the way in which one would break that rule by mistake: the checker must see it. */
import { memory } from "../../src/storage/memory.ts";
import type { Storage } from "../../src/storage/storage.ts";
import type { MakeStorage } from "./simulation.ts";

export const MUTANTS: Readonly<Record<string, MakeStorage>> = {
  "takes results of any attempt": (world) => {
    const storage = memory({ clock: () => world.now });
    return changed(storage, {
      finishTrial: (study, number, outcome, { attempt: _, ...teller } = {}) =>
        storage.finishTrial(study, number, outcome, teller),
    });
  },
  "takes reports of any attempt": (world) => {
    const storage = memory({ clock: () => world.now });
    return changed(storage, {
      reportTrial: (study, number, reports) => storage.reportTrial(study, number, reports).catch(() => false),
    });
  },
  "takes trials whose leases are in force": (world) => {
    let ahead = 0;
    const storage = memory({ clock: () => world.now + ahead });
    return changed(storage, {
      async sweep(study) {
        ahead = 1e9;
        // Nothing is awaited between, so that the clock is wrong for the sweep alone.
        const swept = storage.sweep(study);
        ahead = 0;
        return swept;
      },
    });
  },
  "never lets a lease run out": (world) =>
    changed(memory({ clock: () => world.now }), { sweep: async () => ({ requeued: [], lost: [] }) }),
  "gives a number twice": (world) => {
    const storage = memory({ clock: () => world.now });
    return changed(storage, {
      async createTrial(study, draft) {
        const created = await storage.createTrial(study, draft);
        if (created !== null) return created;
        const [taken] = (await storage.trialsSince(study, 0)).trials.slice(draft.number);
        return taken === undefined ? null : { ...taken, state: "running", attempt: 1 };
      },
    });
  },
  "does not know a call again": (world) => {
    const storage = memory({ clock: () => world.now });
    return changed(storage, {
      createTrial: (study, { call: _, ...draft }) => storage.createTrial(study, draft),
      claimTrial: (study, { call: _, ...claim }) => storage.claimTrial(study, claim),
      finishTrial: (study, number, outcome, { call: _, ...teller } = {}) =>
        storage.finishTrial(study, number, outcome, teller),
    });
  },
  "begins one trial more than the budget has": (world) => {
    const storage = memory({ clock: () => world.now });
    return changed(storage, {
      createStudy: ({ budget = {}, ...definition }) =>
        storage.createStudy({ ...definition, budget: { ...budget, trials: (budget.trials ?? 0) + 1 } }),
    });
  },
  "begins trials when the budget of cost is spent": (world) => {
    const storage = memory({ clock: () => world.now });
    return changed(storage, {
      createStudy: ({ budget: { cost: _, ...budget } = {}, ...definition }) =>
        storage.createStudy({ ...definition, budget }),
    });
  },
  "forgets what it acknowledged": (world) => {
    const storage = memory({ clock: () => world.now });
    let told = 0;
    return changed(storage, {
      async finishTrial(study, number, outcome, teller) {
        if (++told % 10 !== 0) return storage.finishTrial(study, number, outcome, teller);
        const { trials, revision } = await storage.trialsSince(study, 0);
        return { trial: trials[number]!, accepted: true, changes: { trials: [], revision } };
      },
    });
  },
};

/** A storage with some of its methods replaced. */
export function changed(storage: Storage, changes: Partial<Storage>): Storage {
  return new Proxy(storage, {
    get(target, key) {
      const change = changes[key as keyof Storage];
      if (change !== undefined) return change;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
