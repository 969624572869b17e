import { describe, expect, test } from "vitest";
import { ValidationError } from "../../src/errors.ts";
import { halving } from "../../src/pruner/halving.ts";
import { median } from "../../src/pruner/median.ts";
import type { Pruner } from "../../src/pruner/pruner.ts";
import { prunerConformance } from "../../src/testing/pruner-conformance.ts";
import type { Observation } from "../../src/trial/history.ts";

const PRUNERS: Record<string, () => Pruner> = {
  median: () => median(),
  "median with a warmup": () => median({ startupTrials: 2, warmupSteps: 3, intervalSteps: 4, minTrials: 3 }),
  halving: () => halving(),
  "halving from step 4": () => halving({ minResource: 4, reductionFactor: 2 }),
};

describe.each(Object.entries(PRUNERS))("%s", (_, makePruner) => {
  for (const check of prunerConformance(makePruner)) test(check.name, check.run);
});

/** Which checks reject a pruner that is like `halving`, but for what `change` makes of it. */
async function failing(change: Partial<Pruner>): Promise<string[]> {
  const names: string[] = [];
  for (const check of prunerConformance(() => ({ ...halving(), ...change }))) {
    await check.run().catch(() => names.push(check.name));
  }
  return names;
}

describe("the suite notices a pruner that", () => {
  const base = halving();

  test("keeps a state", async () => {
    let calls = 0;
    const moody = {
      shouldPrune: (request: Parameters<Pruner["shouldPrune"]>[0]) => base.shouldPrune(request) && calls++ % 2 === 0,
    };
    expect(await failing(moody)).toEqual(["decides the same from the same reports, whatever it was asked before"]);
  });

  test("stops the best, or a trial that is alone", async () => {
    expect(await failing({ shouldPrune: ({ trials }) => trials.length > 0 })).toEqual([
      "lets a trial run that is ahead of all others at every step",
    ]);
    expect(await failing({ shouldPrune: ({ trials }) => trials.length === 0 })).toEqual([
      "lets a trial run that has nobody to be judged by",
    ]);
  });

  test("uses the engine's own randomness, sorts in place, or answers with a number", async () => {
    expect(await failing({ shouldPrune: (request) => Math.random() >= 0 && base.shouldPrune(request) })).toEqual([
      "asks neither Math.random nor the time",
    ]);
    const sorting: Pick<Pruner, "shouldPrune"> = {
      shouldPrune(request) {
        (request.trials as Observation[]).sort((a, b) => b.number - a.number);
        return base.shouldPrune(request);
      },
    };
    expect(await failing(sorting)).toContain("changes nothing that it is given");
    const counting = { shouldPrune: () => 0 as unknown as boolean };
    expect((await failing(counting)).length).toBeGreaterThan(6);
  });
});

test("a check to skip must exist", () => {
  expect(() => prunerConformance(() => halving(), { skip: [{ check: "flies", reason: "no wings" }] })).toThrow(
    ValidationError,
  );
});
