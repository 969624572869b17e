// Every sampler answers thousands of random histories: 2,000 each in the suite, 200,000 in `npm run test:long`, or as many as
// ASSAY_CASES says.
import { describe, expect, test } from "vitest";
import { auto } from "../../src/sampler/auto.ts";
import { cmaEs } from "../../src/sampler/cma-es/cma-es.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import { grid } from "../../src/sampler/grid.ts";
import { halton } from "../../src/sampler/halton.ts";
import { points } from "../../src/sampler/points.ts";
import { random } from "../../src/sampler/random.ts";
import { sobol } from "../../src/sampler/sobol.ts";
import { tpe } from "../../src/sampler/tpe/tpe.ts";
import { int } from "../../src/space/numeric.ts";
import { samplerConformance } from "../../src/testing/sampler-conformance.ts";
import { aged } from "./aged.ts";

const isLong = (import.meta as { env?: { MODE?: string } }).env?.MODE === "long";
const cases = Number(process.env.ASSAY_CASES ?? (isLong ? 200_000 : 2000));
const CHECK = /^answers random histories|^suggests the same where all losses|ten thousand/;

const SAMPLERS = {
  random: () => random(),
  sobol: () => sobol(),
  halton: () => halton(),
  grid: () => grid({ points: 50 }),
  "points, then random": () => points([], { fallback: random() }),
  tpe: () => tpe({ startup: 2 }),
  cmaEs: () => cmaEs(),
  gp: () => gp(),
  "auto beyond 600 trials": () => aged(auto()),
};

describe.each(Object.entries(SAMPLERS))("%s", (_, makeSampler) => {
  const checks = samplerConformance(makeSampler, { cases }).filter(({ name }) => CHECK.test(name));
  for (const { name, run } of checks) test(name, run, isLong ? 0 : 300_000);
});

test("integers that a double cannot count are refused", () => {
  expect(() => int(0, 2 ** 53)).toThrow(/2\^53/);
  expect(() => int(-(2 ** 60), 0)).toThrow(/2\^53/);
});
