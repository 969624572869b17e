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

  function log<T>(made: Made, run: () => Promise<T>, gotOf: (result: T) => unknown): Promise<T> {
    return logFrom((begin) => {
      begin(made);
      return carry(run);
    }, gotOf);
  }

  /** Of a call that begins, for the history, when `run` says what it is; one that never does is not written down. */
  async function logFrom<T>(run: (begin: (made: Made) => void) => Promise<T>, gotOf: (result: T) => unknown) {
    const id = calls++;
    let hasBegun = false;
    const begin = (made: Made) => {
      if (!hasBegun) write({ kind: "call", worker, id, at: now(), made });
      hasBegun = true;
    };
    try {
      const result = await run(begin);
      if (hasBegun) write({ kind: "return", worker, id, at: now(), got: gotOf(result) });
      return result;
    } catch (error) {
      const code = error instanceof AssayError ? error.code : String(error);
      if (hasBegun) write({ kind: "error", worker, id, at: now(), code });
      throw error;
    }
  }

  /** Which trial it is, its draft says; from then on it may have been created. */
  const createNext: Storage["createNext"] = (study, revision, draft) => {
    const call = newCall();
    return logFrom(
      (begin) =>
        carry(() =>
          storage.createNext!(study, revision, (changes) => {
            const drafted = draft(changes);
            if (drafted === null) return null;
            const { number, state, owner } = drafted;
            begin({ op: "create", number, state, call, owner });
            return drafted;
          }),
        ),
      gotTrial,
    );
  };

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
    ...(storage.createNext === undefined ? {} : { createNext }),
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
