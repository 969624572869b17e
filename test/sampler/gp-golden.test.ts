import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { withKernels } from "../../src/math/kernels/index.ts";
import { golden } from "../fixtures/sampler/gp-golden.ts";

const recorded: unknown = JSON.parse(
  readFileSync(new URL("../fixtures/sampler/gp-suggestions.json", import.meta.url), "utf8"),
);

test.each(["wasm", "typescript"] as const)(
  "suggestions are the recorded ones, bit for bit, on this engine and processor, with the %s kernels",
  (name) => {
    expect(withKernels(name, golden)).toEqual(recorded);
  },
);
