import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { checkWalls } from "../../scripts/check-walls.ts";

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

describe("the check of the walls", () => {
  test.each([
    ["the engine's randomness", "src/study/a.ts", "const x = Math.random();"],
    ["the system's time", "src/study/a.ts", "const now = Date.now();"],
    ["the system's time as a date", "src/study/a.ts", "const now = new Date();"],
    ["a timer's time", "src/tuner/a.ts", "const now = performance.now();"],
    ["an engine's exponential in a sampler", "src/sampler/tpe/a.ts", "const y = Math.exp(1);"],
    ["an engine's power in the surrogate", "src/gp/a.ts", "const y = x ** 2;"],
    ["an engine's power in an assignment", "src/gp/a.ts", "y **= 2;"],
    ["an engine's hyperbolic tangent in a network", "src/nn/a.ts", "const y = Math.tanh(x);"],
  ])("catches %s, with its file and line", (_, file, line) => {
    expect(check(file, `/** A comment\n * of two lines. */\n${line}\n`)).toEqual([
      expect.stringContaining(`${file}:3: `),
    ]);
  });

  test.each([
    ["the one clock", "src/storage/clock.ts", "export const systemClock = () => Date.now();"],
    ["a conformance suite", "src/testing/a.ts", "Math.random = () => 0;"],
    ["dates made from a given time", "src/analysis/a.ts", "const date = new Date(at);"],
    ["correctly rounded functions", "src/gp/a.ts", "const y = Math.sqrt(x) * Math.fround(x) + Math.imul(1, 2);"],
    ["exact powers of integers", "src/space/a.ts", "const y = 10n ** BigInt(k);"],
    ["comments", "src/gp/a.ts", "/**\n * x ** 2, unlike Math.exp */\nconst y = x * x; // not x ** 2"],
    ["the engine's functions where no bit decides", "src/analysis/a.ts", "const y = Math.exp(x) ** 2;"],
  ])("passes %s", (_, file, text) => {
    expect(check(file, text)).toEqual([]);
  });
});

function check(file: string, text: string): string[] {
  const root = mkdtempSync(join(tmpdir(), "assay-walls-"));
  roots.push(root);
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  return checkWalls(root);
}
