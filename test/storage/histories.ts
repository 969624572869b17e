/** Studies with everything that a storage can hold, made by operations drawn from a list. */
import fc from "fast-check";
import { AssayError } from "../../src/errors.ts";
import type { Attempt, Storage, StoredStudy, TrialDraft } from "../../src/storage/storage.ts";
import type { FrozenTrial, Json } from "../../src/trial/trial.ts";

const double = fc.oneof(fc.double({ noNaN: true }), fc.constantFrom(-0, 0, 1, Infinity, -Infinity, 5e-324, 1e308));
const name = fc.oneof(
  fc.string({ maxLength: 4, unit: "binary" }),
  fc.constantFrom("__proto__", "constructor", "toString", "10", "2", "=cmd", "\ud800", "\u202e"),
);
const params = fc.dictionary(name, fc.oneof(double, fc.string(), fc.boolean(), fc.constant(null)), { maxKeys: 3 });
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const attributes = fc.dictionary(name, json, { maxKeys: 2 });
const report = fc.record({ step: double, value: fc.double() });
const outcome = fc.record(
  {
    state: fc.constantFrom("completed" as const, "pruned" as const, "failed" as const),
    value: fc.option(double),
    metrics: fc.dictionary(name, fc.double(), { maxKeys: 2 }),
    error: fc.option(fc.record({ message: fc.string({ unit: "binary" }) })),
    finishedAt: double,
    params,
    cost: double,
    standardError: double,
  },
  { requiredKeys: ["state", "value", "metrics", "error", "finishedAt"] },
);

type Act = (storage: Storage, study: StoredStudy, owner: string) => Promise<unknown>;

const number = fc.nat(5);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ params, note: json, attributes, waiting: fc.boolean() }).map(createNext) },
  fc.record({ params, note: json }).map(
    (it): Act =>
      (storage, { id }, owner) =>
        storage.claimTrial(id, { ...it, owner, startedAt: 3.5 }),
  ),
  fc.tuple(number, fc.array(report, { maxLength: 3 })).map(
    ([number, reports]): Act =>
      (storage, { id }) =>
        storage.reportTrial(id, number, reports),
  ),
  fc.tuple(number, outcome, fc.integer({ min: 1, max: 2 })).map(
    ([number, outcome, attempt]): Act =>
      (storage, { id }) =>
        storage.finishTrial(id, number, outcome, { attempt }),
  ),
  fc.tuple(number, fc.integer({ min: 1, max: 2 })).map(
    ([number, attempt]): Act =>
      (storage, { id }) =>
        storage.releaseTrial(id, number, attempt),
  ),
  fc.constant<Act>((storage, { id }) => storage.sweep(id)),
);

type Drafted = Pick<TrialDraft, "params" | "note" | "attributes">;

function createNext({ waiting, ...rest }: Drafted & { waiting: boolean }): Act {
  return async (storage, { id }, owner) => {
    const number = (await storage.trialsSince(id, 0)).trials.length;
    const start = waiting
      ? ({ state: "waiting", startedAt: null, owner: null } as const)
      : ({ state: "running", startedAt: 2, owner } as const);
    return storage.createTrial(id, { ...rest, ...start, number });
  };
}

export const history: fc.Arbitrary<{ acts: readonly Act[]; seed: number | string; attributes: Record<string, Json> }> =
  fc.record({
    acts: fc.array(act, { maxLength: 30, size: "max" }),
    seed: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string()),
    attributes,
  });

/** Does it all, passing over what the storage refuses. */
export async function perform(
  storage: Storage,
  study: StoredStudy,
  acts: readonly Act[],
  tick: () => void,
): Promise<void> {
  const owner = storage.newOwner();
  for (const act of acts) {
    tick();
    await act(storage, study, owner).catch((error: unknown) => {
      if (!(error instanceof AssayError)) throw error;
    });
  }
}

/** All that a storage tells of a study but its id. */
export async function contentOf(
  storage: Storage,
  name: string,
): Promise<{
  study: object;
  trials: readonly FrozenTrial[];
  attempts: readonly Attempt[];
}> {
  const { id, ...study } = (await storage.findStudy(name))!;
  return { study, trials: (await storage.trialsSince(id, 0)).trials, attempts: await storage.attempts(id) };
}
