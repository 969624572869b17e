import { expect, test } from "vitest";
import { halving, median } from "../../src/index.ts";

test("options outside their range are refused with the rule, the option and what was got", () => {
  expect(() => median({ startupTrials: -1 })).toThrow("`startupTrials` of median must be an integer >= 0, but got -1.");
  expect(() => median({ intervalSteps: 0 })).toThrow("`intervalSteps` of median must be an integer >= 1, but got 0.");
  expect(() => median({ warmupSteps: 1.5 })).toThrow("but got 1.5");
  expect(() => median({ minTrials: Number.NaN })).toThrow("but got NaN");
  expect(() => halving({ minResource: 0 })).toThrow("`minResource` of halving must be an integer >= 1, but got 0.");
  expect(() => halving({ reductionFactor: 1 })).toThrow(
    "`reductionFactor` of halving must be an integer >= 2, but got 1.",
  );
});

test("settings are printed with every default", () => {
  expect(median({ warmupSteps: 3 }).toJSON()).toEqual({
    startupTrials: 5,
    warmupSteps: 3,
    intervalSteps: 1,
    minTrials: 1,
  });
  expect(halving().toJSON()).toEqual({ minResource: 1, reductionFactor: 3 });
});
