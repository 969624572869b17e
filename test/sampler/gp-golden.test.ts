import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { golden } from "../fixtures/sampler/make-gp-suggestions.ts";

test("suggestions are the recorded ones, bit for bit, on this engine and processor", () => {
  const recorded: unknown = JSON.parse(
    readFileSync(new URL("../fixtures/sampler/gp-suggestions.json", import.meta.url), "utf8"),
  );
  expect(golden()).toEqual(recorded);
});
