// `npm test`: every check there is, one after the other, going on after a failure. The last line is `N passed, N failed`,
// where each vitest test counts as one and so does each of the other checks. With arguments (`npm test -- test/space`) only
// vitest runs, with these arguments.

import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const scratch = mkdtempSync(join(tmpdir(), "assay-test-"));

/** How the examples that are programs with options are run here; the others run as they are. */
const QUICK: Record<string, readonly string[]> = {
  "examples/fraud-detection/main.ts": ["--quick", "--fresh", "--out", join(scratch, "fraud-detection")],
};

interface Tally {
  passed: number;
  failed: number;
}
const total: Tally = { passed: 0, failed: 0 };
const summary: string[] = [];

const filters = process.argv.slice(2);
if (filters.length === 0) {
  step("types", "tsc", ["--noEmit"]);
  step("types of the core, without Node's", "tsc", ["-p", "tsconfig.core.json"]);
  step("lint and format", "biome", ["check", "--error-on-warnings"]);
  step("layers", "node", ["scripts/check-layers.ts"]);
  step("walls", "node", ["scripts/check-walls.ts"]);
  step("exports", "node", ["scripts/check-exports.ts"]);
}
step(
  "vitest",
  "vitest",
  ["run", "--reporter=default", "--reporter=json", `--outputFile=${report()}`, ...filters],
  countTests,
);
if (filters.length === 0) {
  for (const file of globSync("examples/{*,*/main}.ts", { cwd: root }).sort()) {
    step(file, "node", ["--conditions=assay-source", file, ...(QUICK[file] ?? [])]);
  }
}
rmSync(scratch, { recursive: true });

console.log(`\n${summary.join("\n")}\n`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

function step(name: string, command: string, args: readonly string[], count = (ok: boolean): Tally => asOne(ok)): void {
  console.log(`\n── ${name}`);
  const start = performance.now();
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, PATH: [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter) },
  });
  if (error) console.error(`${command} did not start: ${error.message}`);
  const { passed, failed } = count(status === 0);
  total.passed += passed;
  total.failed += failed;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  summary.push(`${failed === 0 ? "ok    " : "FAILED"} ${name.padEnd(40)} ${seconds.padStart(7)} s`);
}

function asOne(ok: boolean): Tally {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

// A test file that could not be loaded has no tests to count, so it counts as one failure, as does whatever else made
// vitest fail without a failing test (an unhandled rejection, a crash before the report was written).
function countTests(ok: boolean): Tally {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report(), "utf8"));
    const unloaded = testResults.filter(
      (it: { status: string; assertionResults: unknown[] }) =>
        it.status === "failed" && it.assertionResults.length === 0,
    );
    const failed = numFailedTests + unloaded.length;
    return { passed: numPassedTests, failed: ok ? failed : Math.max(1, failed) };
  } catch {
    return asOne(false);
  }
}

function report(): string {
  return join(scratch, "vitest.json");
}
