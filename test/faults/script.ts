/** A short life of a study, one operation after the other, each of which may be made again when nobody knows whether it arrived. */
import { DuplicateError } from "../../src/errors.ts";
import type { Storage } from "../../src/storage/storage.ts";

/** Storages on which the script runs are given this clock. */
export const scriptClock = (): number => 1000;

const outcome = { state: "completed", metrics: { m: 0.5 }, error: null, finishedAt: 3, cost: 1 } as const;
const draft = { note: null, attributes: {}, params: { x: 0.1 } } as const;
const running = { ...draft, state: "running", startedAt: 1, owner: "a" } as const;
const waiting = { ...draft, state: "waiting", startedAt: null, owner: null } as const;

/** The study has id 1, as the first of a database. */
export const SCRIPT: readonly ((storage: Storage) => Promise<unknown>)[] = [
  async (storage) => {
    const leases = { graceMs: 60_000, retries: 2 };
    const study = {
      name: "s",
      direction: "minimize",
      space: [],
      seed: 1,
      attributes: {},
      createdAt: 0,
      leases,
    } as const;
    await storage.createStudy({ ...study, budget: { trials: 4 } }).catch((error) => {
      if (!(error instanceof DuplicateError)) throw error;
    });
  },
  (storage) => storage.createTrial("1", { ...running, number: 0, call: "create 0" }),
  (storage) => storage.reportTrial("1", 0, [{ step: 0, value: 0.25 }], 1),
  (storage) => storage.createTrial("1", { ...running, number: 1, call: "create 1" }),
  (storage) =>
    storage.finishTrial(
      "1",
      0,
      { ...outcome, value: 0.5 },
      { attempt: 1, call: "finish 0", reports: [{ step: 1, value: 1 }] },
    ),
  (storage) => storage.createTrial("1", { ...waiting, number: 2, call: "create 2" }),
  (storage) => storage.setTrialAttribute("1", 1, "key", "text"),
  (storage) => storage.releaseTrial("1", 1, 1),
  (storage) => storage.claimTrial("1", { owner: "b", startedAt: 2, call: "claim 1" }),
  (storage) => storage.finishTrial("1", 1, { ...outcome, value: 9 }, { attempt: 1, call: "late" }),
  (storage) => storage.finishTrial("1", 1, { ...outcome, value: 1.5 }, { attempt: 2, call: "finish 1" }),
  (storage) => storage.updateStudy("1", { attributes: { more: 1 }, budget: { trials: 3 } }),
  (storage) => storage.claimTrial("1", { number: 2, owner: "b", startedAt: 2, call: "claim 2" }),
  (storage) => storage.finishTrial("1", 2, { ...outcome, value: 2.5 }, { attempt: 1, call: "finish 2" }),
];
