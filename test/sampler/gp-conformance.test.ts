import { describe, test } from "vitest";
import { ucb } from "../../src/acquisition/ucb.ts";
import { gp } from "../../src/sampler/gp/gp.ts";
import type { Sampler } from "../../src/sampler/sampler.ts";
import { samplerConformance } from "../../src/testing/sampler-conformance.ts";

const SAMPLERS: Record<string, () => Sampler> = {
  gp: () => gp(),
  "gp on scales that the data choose": () => gp({ inputWarps: true }),
  "gp without noise": () => gp({ deterministic: true }),
  "gp by confidence bound and random search": () =>
    gp({ acquisition: ucb(), maximizer: "random", initialPoints: { count: 4, design: "random" }, warps: ["none"] }),
};

describe.each(Object.entries(SAMPLERS))("%s", (_, makeSampler) => {
  for (const check of samplerConformance(makeSampler)) test(check.name, check.run);
});

describe("gp that measures again", () => {
  const skip = [
    {
      check: "suggests every configuration of a finite space once, and then nothing",
      reason: "it suggests some more than once, as long as there is another",
    },
  ];
  for (const check of samplerConformance(() => gp({ replicates: true }), { skip })) test(check.name, check.run);
});
