/**
 * Operations drawn at random, answered by a storage and by the one in memory, which is simple enough to be its model: whatever is done
 * in whatever order, both must give the same, errors included. A sequence that shows a difference is shrunk to the shortest that does.
 */
import assert from "node:assert/strict";
import { setImmediate as turnOfOthers } from "node:timers/promises";
import fc from "fast-check";
import { AssayError } from "../../src/errors.ts";
import type { Clock } from "../../src/storage/clock.ts";
import { memory } from "../../src/storage/memory.ts";
import type { Budget, Owner, Storage, TrialChanges, TrialDraft } from "../../src/storage/storage.ts";
import type { FrozenTrial, Json } from "../../src/trial/trial.ts";

/** How far two storages were compared. */
export interface Compared {
  readonly sequences: number;
  readonly operations: number;
  /** The shortest sequence found for which they differ, and how; null where none was. */
  readonly difference: string | null;
}

/** A storage beside its model, both with the same clock. */
export class ModelTest {
  readonly #storages: readonly [Storage, Storage];
  readonly #owners: readonly (readonly Owner[])[];
  readonly #name: string;
  /** By which leases are judged. */
  #now = 0;
  #studies = 0;
  #operations = 0;

  /** @param make makes the storage, which may hold studies of others; those of the test begin with `name` */
  constructor(make: (clock: Clock) => Storage, name = "study") {
    const clock = () => this.#now;
    this.#storages = [memory({ clock }), make(clock)];
    this.#owners = this.#storages.map((storage) => [storage.newOwner(), storage.newOwner()]);
    this.#name = name;
  }

  /** Compares on so many sequences, of 1 to `lengthMax` operations each. */
  async compare(sequences: number, lengthMax: number, seed: number): Promise<Compared> {
    const before = this.#operations;
    const begun = fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: budget });
    const drawn = fc.array(operations, { minLength: 1, maxLength: lengthMax, size: "max" });
    const details = await fc.check(
      fc.asyncProperty(begun, drawn, (budget, sequence) => this.#run(budget, sequence)),
      { numRuns: sequences, seed },
    );
    return {
      sequences: details.numRuns,
      operations: this.#operations - before,
      difference: details.failed ? `${fc.defaultReportMessage(details)}\n${details.errorInstance}` : null,
    };
  }

  async #run(budget: Budget, sequence: readonly Operation[]): Promise<void> {
    // SQLite waits for nothing, so that others of the process would not come in.
    await turnOfOthers();
    const name = `${this.#name} ${this.#studies++}`;
    const rest = { direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
    const [model, subject] = await Promise.all(
      this.#storages.map(async (storage, i): Promise<Run> => {
        const { id } = await storage.createStudy({ ...rest, name, budget });
        return { storage, study: id, owners: this.#owners[i]!, revisions: [0], now: () => this.#now };
      }),
    );
    for (const operation of sequence) {
      this.#now += 20_000;
      this.#operations++;
      const [expected, actual] = [await answer(model!, operation), await answer(subject!, operation)];
      assert.deepEqual(actual, expected);
    }
    const trialsOf = ({ storage, study }: Run) => storage.trialsSince(study, 0);
    assert.deepEqual((await trialsOf(subject!)).trials, (await trialsOf(model!)).trials);
    assert.deepEqual(await attemptsOf(subject!), await attemptsOf(model!));
    for (const { storage, study } of [model!, subject!]) await storage.deleteStudy(study);
  }

  async close(): Promise<void> {
    for (const storage of this.#storages) await storage.close();
  }
}
/** One storage with what the operations so far have given. */
interface Run {
  readonly storage: Storage;
  readonly study: string;
  readonly owners: readonly Owner[];
  /** All revisions that were read, oldest first. */
  readonly revisions: number[];
  readonly now: Clock;
}

/** A sentence for the counter-example, and what to do. */
interface Operation {
  readonly toString: () => string;
  apply(run: Run): Promise<unknown>;
}

const operation = (name: string, values: unknown, apply: Operation["apply"]): Operation => ({
  toString: () => `${name}(${JSON.stringify(values)})`,
  apply,
});

const double = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(-0, 0, 1, Infinity, -Infinity));
const number = fc.oneof({ weight: 8, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.constantFrom(-1, 99, 0.5) });
const owner = fc.nat(1);
const report = fc.record({ step: double, value: fc.double() });
const attempt = fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined });
/** Now and then a call is made again with its id, be it for the same or, which nobody should do, for something else. */
const call = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.nat(2).map((id) => ({ call: `call ${id}` })) },
);
const params = fc.dictionary(fc.string({ maxLength: 4 }), fc.oneof(double, fc.string(), fc.boolean()), { maxKeys: 3 });
const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const outcome = fc.record(
  {
    state: fc.constantFrom("completed" as const, "pruned" as const, "failed" as const),
    value: fc.oneof(fc.constant(null), double, fc.constant(Number.NaN)),
    metrics: fc.dictionary(fc.string({ maxLength: 4 }), fc.double(), { maxKeys: 2 }),
    error: fc.oneof(fc.constant(null), fc.record({ message: fc.string({ unit: "binary" }) })),
    finishedAt: fc.constant(0),
    params,
    cost: double.map((value) => (value < 0 ? -value : value)),
    standardError: double,
  },
  { requiredKeys: ["state", "value", "metrics", "error", "finishedAt"] },
);
const budget = fc.record(
  { trials: fc.nat(4), cost: fc.constantFrom(1e9, 1, 0), wallMs: fc.constantFrom(1e9, 200_000) },
  { requiredKeys: [] },
);

const operations: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({
        number,
        call,
        by: owner,
        waiting: fc.boolean(),
        params,
        note: json,
        ahead: fc.array(fc.record({ params, note: json }), { maxLength: 2 }),
        attributes: fc.dictionary(fc.string(), json, { maxKeys: 2 }),
      })
      .map(({ by, waiting, call, ...rest }) =>
        operation("createTrial", { by, waiting, call, ...rest }, ({ storage, study, owners, now }) =>
          storage.createTrial(study, {
            ...rest,
            ...call,
            state: waiting ? "waiting" : "running",
            startedAt: waiting ? null : now(),
            owner: waiting ? null : owners[by]!,
          }),
        ),
      ),
  },
  {
    weight: 2,
    // The next number, whatever it is, so that histories grow; now and then a taken one, or none.
    arbitrary: fc.record({ by: owner, params, off: fc.constantFrom(0, 0, 0, 0, -1, null) }).map((drawn) =>
      operation("createNext", drawn, async (run) => {
        const { by, params, off } = drawn;
        const { length } = (await run.storage.trialsSince(run.study, 0)).trials;
        let changed: readonly FrozenTrial[] = [];
        const trial = await createNext(run, (changes) => {
          changed = changes.trials;
          const start = { state: "running", startedAt: run.now(), owner: run.owners[by]! } as const;
          return off === null ? null : { ...start, number: length + off, params, note: null, attributes: {} };
        });
        return { trial, changed };
      }),
    ),
  },
  fc
    .tuple(fc.option(number, { nil: undefined }), owner, fc.option(params, { nil: undefined }), json, call)
    .map(([number, by, params, note, call]) =>
      operation("claimTrial", { number, by, params, note, call }, ({ storage, study, owners, now }) =>
        storage.claimTrial(study, {
          owner: owners[by]!,
          startedAt: now(),
          ...call,
          ...(number === undefined ? {} : { number }),
          ...(params === undefined ? {} : { params, note }),
        }),
      ),
    ),
  fc
    .tuple(number, fc.array(report, { maxLength: 3 }), attempt)
    .map(([number, reports, attempt]) =>
      operation("reportTrial", { number, reports, attempt }, ({ storage, study }) =>
        storage.reportTrial(study, number, reports, attempt),
      ),
    ),
  fc
    .tuple(number, fc.string({ unit: "binary" }), json)
    .map(([number, key, value]) =>
      operation("setTrialAttribute", { number, key, value }, ({ storage, study }) =>
        storage.setTrialAttribute(study, number, key, value),
      ),
    ),
  {
    weight: 2,
    arbitrary: fc
      .tuple(number, outcome, attempt, fc.array(report, { maxLength: 2 }), call)
      .map(([number, outcome, attempt, reports, call]) =>
        operation(
          "finishTrial",
          { number, outcome, attempt, reports, call },
          async ({ storage, study, revisions, now }) => {
            const since = revisions.at(-1)!;
            const teller = { reports, since, ...call, ...(attempt === undefined ? {} : { attempt }) };
            const { changes, ...told } = await storage.finishTrial(
              study,
              number,
              { ...outcome, finishedAt: now() },
              teller,
            );
            revisions.push(changes.revision);
            return { ...told, changed: changes.trials };
          },
        ),
      ),
  },
  fc
    .tuple(number, fc.nat(3))
    .map(([number, attempt]) =>
      operation("releaseTrial", { number, attempt }, ({ storage, study }) =>
        storage.releaseTrial(study, number, attempt),
      ),
    ),
  owner.map((by) => operation("renewLeases", { by }, ({ storage, owners }) => storage.renewLeases(owners[by]!))),
  fc.constant(operation("sweep", "", ({ storage, study }) => storage.sweep(study))),
  fc.constant(
    operation("leases", "", async ({ storage, study, owners }) =>
      (await storage.leases(study)).map(({ owner, ...lease }) => ({ ...lease, by: owners.indexOf(owner) })),
    ),
  ),
  fc.constant(operation("attempts", "", attemptsOf)),
  budget.map((budget) => operation("budget", budget, ({ storage, study }) => storage.updateStudy(study, { budget }))),
  fc.dictionary(fc.string(), json, { maxKeys: 2 }).map((attributes) =>
    operation("updateStudy", { attributes }, async ({ storage, study }) => {
      await storage.updateStudy(study, { attributes });
      return (await storage.listStudies()).find(({ id }) => id === study)?.attributes;
    }),
  ),
  fc.nat().map((back) =>
    operation("trialsSince", { back }, async ({ storage, study, revisions }) => {
      const { trials, revision } = await storage.trialsSince(study, revisions[back % revisions.length]!);
      revisions.push(revision);
      return trials;
    }),
  ),
);

/** As a storage without a line does it where nobody else asks. */
async function createNext(
  { storage, study, revisions }: Run,
  draft: (changes: TrialChanges) => TrialDraft | null,
): Promise<FrozenTrial | null> {
  const since = revisions.at(-1)!;
  if (storage.createNext !== undefined) return storage.createNext(study, since, draft);
  const next = draft(await storage.trialsSince(study, since));
  return next === null ? null : storage.createTrial(study, next);
}

/** The attempts, their owners as numbers, for each storage names its own. */
async function attemptsOf({ storage, study, owners }: Run): Promise<unknown> {
  return (await storage.attempts(study)).map(({ owner, ...attempt }) => ({ ...attempt, by: owners.indexOf(owner) }));
}

async function answer(run: Run, operation: Operation): Promise<unknown> {
  try {
    return { value: await operation.apply(run) };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { code: error.code, message: error.message };
  }
}
