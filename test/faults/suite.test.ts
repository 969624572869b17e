import { describe, expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { simulate } from "./simulation.ts";

test("sixteen workers in a simulated world, with a fault at every await, keep the contract, the same way each time", async () => {
  let faults = 0;
  for (let seed = 0; seed < 20; seed++) {
    const run = await simulate(seed);
    expect([seed, run.anomalies]).toEqual([seed, []]);
    faults += run.faults;
  }
  expect(faults).toBeGreaterThan(200);
  expect((await simulate(7)).digest).toBe((await simulate(7)).digest);
  expect((await simulate(7)).digest).not.toBe((await simulate(8)).digest);
});

describe("the checker finds out a storage that", () => {
  test.each(Object.entries(MUTANTS))("%s", async (_, make) => {
    let found = 0;
    for (let seed = 0; seed < 200 && found === 0; seed++) found = (await simulate(seed, 500, make)).anomalies.length;
    expect(found).toBeGreaterThan(0);
  });
});
