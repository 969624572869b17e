/** A storage that writes down each call of a trial as it begins and as it returns, for the checker of history.ts. */
import { AssayError } from "../../src/errors.ts";
import type { Storage } from "../../src/storage/storage.ts";
import type { Entry, GotChanges, GotSwept, GotTold, GotTrial, Made } from "./history.ts";

export interface Logging {
  readonly worker: string;
  /** Must have written when it returns. */
  readonly write: (entry: Entry) => void;
  /** Milliseconds of a clock that all workers share. */
  readonly now: () => number;
  /** A new id of a call. */
  readonly newCall: () => string;
  /** Carries a call to the storage and its answer back; by default nothing lies between. */
  readonly carry?: <T>(run: () => Promise<T>) => Promise<T>;
}

export function loggedStorage(storage: Storage, logging: Logging): Storage {
  const { worker, write, now, newCall, carry = (run) => run() } = logging;
  let calls = 0;

  async function log<T>(made: Made, run: () => Promise<T>, gotOf: (result: T) => unknown): Promise<T> {
    const id = calls++;
    write({ kind: "call", worker, id, at: now(), made });
    try {
      const result = await carry(run);
      write({ kind: "return", worker, id, at: now(), got: gotOf(result) });
      return result;
    } catch (error) {
      write({ kind: "error", worker, id, at: now(), code: error instanceof AssayError ? error.code : String(error) });
      throw error;
    }
  }

  const gotTrial = (trial: GotTrial | null): GotTrial | null =>
    trial === null ? null : { number: trial.number, attempt: trial.attempt, state: trial.state };

  return {
    createStudy: (definition) => carry(() => storage.createStudy(definition)),
    restoreStudy: (copy) => carry(() => storage.restoreStudy(copy)),
    findStudy: (name) => carry(() => storage.findStudy(name)),
    listStudies: () => carry(() => storage.listStudies()),
    deleteStudy: (study) => carry(() => storage.deleteStudy(study)),
    updateStudy: (study, change) => carry(() => storage.updateStudy(study, change)),
    setTrialAttribute: (...args) => carry(() => storage.setTrialAttribute(...args)),
    leases: (study) => carry(() => storage.leases(study)),
    attempts: (study) => carry(() => storage.attempts(study)),
    newOwner: () => storage.newOwner(),
    close: () => storage.close(),

    createTrial(study, draft) {
      const { call = newCall(), number, state, owner } = draft;
      return log(
        { op: "create", number, state, call, owner },
        () => storage.createTrial(study, { ...draft, call }),
        gotTrial,
      );
    },
    claimTrial(study, claim) {
      const { call = newCall(), owner } = claim;
      return log({ op: "claim", call, owner }, () => storage.claimTrial(study, { ...claim, call }), gotTrial);
    },
    reportTrial(study, number, reports, attempt) {
      const made: Made = { op: "report", number, reports, ...(attempt === undefined ? {} : { attempt }) };
      return log(
        made,
        () => storage.reportTrial(study, number, reports, attempt),
        (isHeld) => isHeld,
      );
    },
    finishTrial(study, number, outcome, teller = {}) {
      const { call = newCall(), attempt } = teller;
      const { value, cost = 0 } = outcome;
      return log(
        { op: "finish", number, call, value, cost, ...(attempt === undefined ? {} : { attempt }) },
        () => storage.finishTrial(study, number, outcome, { ...teller, call }),
        ({ accepted, changes }): GotTold => ({ accepted, revision: changes.revision }),
      );
    },
    releaseTrial(study, number, attempt) {
      return log(
        { op: "release", number, attempt },
        () => storage.releaseTrial(study, number, attempt),
        () => null,
      );
    },
    sweep(study) {
      return log(
        { op: "sweep" },
        () => storage.sweep(study),
        ({ requeued, lost }): GotSwept => ({ requeued, lost }),
      );
    },
    renewLeases(owner) {
      return log(
        { op: "renew" },
        () => storage.renewLeases(owner),
        () => null,
      );
    },
    trialsSince(study, since) {
      return log(
        { op: "read", since },
        () => storage.trialsSince(study, since),
        ({ revision }): GotChanges => ({ revision }),
      );
    },
  };
}
