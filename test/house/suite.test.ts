import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countTests, settle } from "../../scripts/test.ts";

// Counts real runs of vitest over made-up tests.
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "assay-count-"));
  symlinkSync(resolve("node_modules"), join(root, "node_modules"));
});
afterAll(() => rmSync(root, { recursive: true }));

describe("the count of tests", () => {
  test.each([
    [
      "tests that pass and fail",
      `test("a", () => {}); test("b", () => {}); test("c", () => expect(1).toBe(2));`,
      [2, 1, ["a.test.ts: c: AssertionError: expected 1 to be 2 // Object.is equality"]],
    ],
    ["only tests that pass", `test("a", () => {});`, [1, 0, []]],
    ["a file that cannot be loaded", `throw new Error("no");`, [0, 1, ["a.test.ts: no"]]],
    [
      "an unhandled rejection beside a test that passes",
      `test("a", () => { Promise.reject(new Error("no")); });`,
      [1, 1, ["an error outside of the tests"]],
    ],
  ] as const)("knows %s", (_, body, [passed, failed, failures]) => {
    writeFileSync(join(root, "a.test.ts"), `import { expect, test } from "vitest";\nvoid expect;\n${body}`);
    const report = join(root, "report.json");
    const args = ["node_modules/vitest/vitest.mjs", "run", "--reporter=json", `--outputFile=${report}`];
    const { status } = spawnSync(process.execPath, args, { cwd: root });
    expect(countTests(status === 0, readFileSync(report, "utf8"))).toMatchObject({ passed, failed, failures });
  });

  test("takes what passed alone as passed, and says so", () => {
    const tests = { passed: 5, failed: 1, failures: ["a.test.ts: b: slow"], files: ["a.test.ts"] };
    const alone = { passed: 3, failed: 0, failures: [], files: [] };
    expect(settle(tests, alone)).toEqual({ passed: 6, failed: 0, failures: ["passed alone only: a.test.ts: b: slow"] });
    expect(settle(tests, { ...alone, failed: 1 })).toBe(tests);
  });

  test("is a failure where vitest left no report", () => {
    expect(countTests(false, "")).toMatchObject({ passed: 0, failed: 1 });
  });
});
