import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { AssayError } from "../../src/errors.ts";
import { memory } from "../../src/storage/memory.ts";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import type { Owner, Storage } from "../../src/storage/storage.ts";
import type { Json } from "../../src/trial/trial.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-model-"));
const subjects = [memory(), sqlite(join(folder, "model.db"))];
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
const params = fc.dictionary(fc.string({ maxLength: 4 }), fc.oneof(double, fc.string(), fc.boolean()), { maxKeys: 3 });
const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
const outcome = fc.record(
  {
    state: fc.constantFrom("completed" as const, "pruned" as const, "failed" as const),
    value: fc.oneof(fc.constant(null), double, fc.constant(Number.NaN)),
    metrics: fc.dictionary(fc.string({ maxLength: 4 }), fc.double(), { maxKeys: 2 }),
    error: fc.oneof(fc.constant(null), fc.record({ message: fc.string({ unit: "binary" }) })),
    finishedAt: fc.nat(),
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
        by: owner,
        waiting: fc.boolean(),
        params,
        note: json,
        attributes: fc.dictionary(fc.string(), json, { maxKeys: 2 }),
      })
      .map(({ by, waiting, ...rest }) =>
        operation("createTrial", { by, waiting, ...rest }, ({ storage, study, owners }) =>
          storage.createTrial(study, {
            ...rest,
            state: waiting ? "waiting" : "running",
            startedAt: waiting ? null : 1,
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
        const start = { state: "running", startedAt: 1, owner: owners[by]! } as const;
        return storage.createTrial(study, { ...start, number: length, params, note: null, attributes: {} });
      }),
    ),
  },
  fc
    .tuple(number, owner, params, json)
    .map(([number, by, params, note]) =>
      operation("claimTrial", { number, by, params, note }, ({ storage, study, owners }) =>
        storage.claimTrial(study, number, { owner: owners[by]!, params, note, startedAt: 2 }),
      ),
    ),
  fc
    .tuple(number, double, fc.double())
    .map(([number, step, value]) =>
      operation("reportTrial", { number, step, value }, ({ storage, study }) =>
        storage.reportTrial(study, number, { step, value }),
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
      .tuple(number, outcome)
      .map(([number, outcome]) =>
        operation("finishTrial", { number, outcome }, ({ storage, study }) =>
          storage.finishTrial(study, number, outcome),
        ),
      ),
  },
  fc
    .tuple(number, owner)
    .map(([number, by]) =>
      operation("releaseTrial", { number, by }, ({ storage, study, owners }) =>
        storage.releaseTrial(study, number, owners[by]!),
      ),
    ),
  fc.constant(operation("releaseDead", "", ({ storage, study }) => storage.releaseDead(study))),
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

async function answer(run: Run, operation: Operation): Promise<unknown> {
  try {
    return { value: await operation.apply(run) };
  } catch (error) {
    if (!(error instanceof AssayError)) throw error;
    return { code: error.code, message: error.message };
  }
}

test("SQLite answers every sequence of operations as memory does", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operations, { minLength: 1, maxLength: 60, size: "max" }), async (sequence) => {
      const name = `study ${studies++}`;
      const definition = { name, direction: "minimize", space: [], seed: 1, attributes: {}, createdAt: 0 } as const;
      const runs: Run[] = [];
      for (const [i, storage] of subjects.entries()) {
        const { id } = await storage.createStudy(definition);
        runs.push({ storage, study: id, owners: owners[i]!, revisions: [0] });
      }
      for (const operation of sequence) {
        const [expected, actual] = [await answer(runs[0]!, operation), await answer(runs[1]!, operation)];
        expect(actual).toStrictEqual(expected);
      }
      const [expected, actual] = await Promise.all(runs.map(({ storage, study }) => storage.trialsSince(study, 0)));
      expect(actual).toStrictEqual(expected);
      for (const { storage, study } of runs) await storage.deleteStudy(study);
    }),
    { numRuns: 300, seed: 3 },
  );
});
