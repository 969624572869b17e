import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { AssayError } from "../../src/errors.ts";
import { memory } from "../../src/storage/memory.ts";
import { postgres } from "../../src/storage/sql/postgres.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import type { Owner, Storage } from "../../src/storage/storage.ts";
import type { Json } from "../../src/trial/trial.ts";
import { freshDatabase } from "./postgres/database.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-model-"));
/** The time of all subjects, by which leases are judged. */
let now = 0;
const clock = () => now;
const subjects = [
  memory({ clock }),
  sqlite(join(folder, "model.db"), { clock }),
  postgres({ url: await freshDatabase(), clock }),
];
const owners = subjects.map((storage) => [storage.newOwner(), storage.newOwner()]);
let studies = 0;

afterAll(async () => {
  for (const storage of subjects) await storage.close();
  rmSync(folder, { recursive: true });
});

/** One storage with what the operations so far have given. */
interface Run {
  readonly storage: Storage;
  readonly study: string;
  readonly owners: readonly Owner[];
  /** All revisions that were read, oldest first. */
  readonly revisions: number[];
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
    cost: double,
    standardError: double,
  },
  { requiredKeys: ["state", "value", "metrics", "error", "finishedAt"] },
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
        attributes: fc.dictionary(fc.string(), json, { maxKeys: 2 }),
      })
      .map(({ by, waiting, call, ...rest }) =>
        operation("createTrial", { by, waiting, call, ...rest }, ({ storage, study, owners }) =>
          storage.createTrial(study, {
            ...rest,
            ...call,
            state: waiting ? "waiting" : "running",
            startedAt: waiting ? null : now,
            owner: waiting ? null : owners[by]!,
          }),
        ),
      ),
  },
  {
    weight: 2,
    // The next number, whatever it is, so that histories grow.
    arbitrary: fc.record({ by: owner, params }).map(({ by, params }) =>
      operation("createNext", { by, params }, async ({ storage, study, owners }) => {
        const { length } = (await storage.trialsSince(study, 0)).trials;
        const start = { state: "running", startedAt: now, owner: owners[by]! } as const;
        return storage.createTrial(study, { ...start, number: length, params, note: null, attributes: {} });
      }),
    ),
  },
  fc
    .tuple(fc.option(number, { nil: undefined }), owner, fc.option(params, { nil: undefined }), json, call)
    .map(([number, by, params, note, call]) =>
      operation("claimTrial", { number, by, params, note, call }, ({ storage, study, owners }) =>
        storage.claimTrial(study, {
          owner: owners[by]!,
          startedAt: now,
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
        operation("finishTrial", { number, outcome, attempt, reports, call }, async ({ storage, study, revisions }) => {
          const since = revisions.at(-1)!;
          const teller = { reports, since, ...call, ...(attempt === undefined ? {} : { attempt }) };
          const { changes, ...told } = await storage.finishTrial(
            study,
            number,
            { ...outcome, finishedAt: now },
            teller,
          );
          revisions.push(changes.revision);
          return { ...told, changed: changes.trials };
        }),
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
  fc
    .option(fc.nat(4), { nil: undefined })
    .map((trials) =>
      operation("budget", { trials }, ({ storage, study }) =>
        storage.updateStudy(study, { budget: trials === undefined ? {} : { trials, cost: 1e9 } }),
      ),
    ),
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

// A sequence on PostgreSQL takes some hundred round trips. ASSAY_CASES asks for more: so many on SQLite, a fifth on PostgreSQL.
const cases = Number(process.env.ASSAY_CASES ?? 300);
test.each([
  ["SQLite", 1, cases],
  ["PostgreSQL", 2, Math.ceil(cases / 5)],
])(
  "%s answers every sequence of operations as memory does",
  { timeout: 120_000 + 400 * cases },
  async (_, subject, numRuns) => {
    await fc.assert(
      fc.asyncProperty(fc.array(operations, { minLength: 1, maxLength: 60, size: "max" }), async (sequence) => {
        const name = `study ${studies++}`;
        const definition = { name, direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
        const runs: Run[] = [];
        for (const i of [0, subject]) {
          const storage = subjects[i]!;
          const { id } = await storage.createStudy(definition);
          runs.push({ storage, study: id, owners: owners[i]!, revisions: [0] });
        }
        for (const operation of sequence) {
          now += 20_000;
          const [expected, actual] = [await answer(runs[0]!, operation), await answer(runs[1]!, operation)];
          expect(actual).toStrictEqual(expected);
        }
        const [expected, actual] = await Promise.all(runs.map(({ storage, study }) => storage.trialsSince(study, 0)));
        expect(actual!.trials).toStrictEqual(expected!.trials);
        expect(await attemptsOf(runs[1]!)).toStrictEqual(await attemptsOf(runs[0]!));
        for (const { storage, study } of runs) await storage.deleteStudy(study);
      }),
      { numRuns, seed: 3 },
    );
  },
);
