// `npm test`: every check there is, one after the other, going on after a failure. The last line is `N passed, N failed`,
// where each vitest test counts as one and so does each of the other checks. With arguments (`npm test -- test/space`) only
// vitest runs, with these arguments.

import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";

interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What failed and why, a line each, to stand where the output ends: what ran before it may have been cut off. */
  readonly failures: readonly string[];
}

/** Tests, and the files of those that failed. */
interface Tests extends Tally {
  readonly files: readonly string[];
}

/** In so many files tests may fail because the machine is busy; more have another reason. */
const MOST_FILES_AGAIN = 3;

function runAll(root: string, filters: readonly string[]): void {
  const scratch = mkdtempSync(join(tmpdir(), "assay-test-"));
  const outcomes: (Tally & { readonly line: string })[] = [];
  const measure = (name: string, act: () => Tally) => {
    console.log(`\n── ${name}`);
    const start = performance.now();
    const tally = act();
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const line = `${tally.failed === 0 ? "ok    " : "FAILED"} ${name.padEnd(40)} ${seconds.padStart(7)} s`;
    outcomes.push({ ...tally, line: [line, ...tally.failures.map((failure) => `         ${failure}`)].join("\n") });
  };
  const step = (name: string, command: string, args: readonly string[]) =>
    measure(name, () => countAsOne(run(root, command, args)));
  let runs = 0;
  const vitest = (args: readonly string[]): Tests => {
    const report = join(scratch, `vitest-${runs++}.json`);
    const ok = run(root, "vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile=${report}`, ...args]);
    return countTests(ok, existsSync(report) ? readFileSync(report, "utf8") : "");
  };

  if (filters.length === 0) {
    step("types", "tsc", ["--noEmit"]);
    step("types of the package", "tsc", ["--noEmit", "-p", "tsconfig.build.json"]);
    step("types of the core, without Node's", "tsc", ["-p", "tsconfig.core.json"]);
    step("lint and format", "biome", ["check", "--error-on-warnings"]);
    step("layers", "node", ["scripts/check-layers.ts"]);
    step("walls", "node", ["scripts/check-walls.ts"]);
    step("exports", "node", ["scripts/check-exports.ts"]);
  }
  measure("vitest", () => {
    const tests = vitest(filters);
    if (tests.files.length === 0 || tests.files.length > MOST_FILES_AGAIN) return tests;
    console.log("\n── vitest, what failed again, alone");
    return settle(tests, vitest(["--maxWorkers=1", ...tests.files]));
  });
  if (filters.length === 0) {
    // Examples that are programs with options run in their short form; the others as they are.
    const short: Record<string, readonly string[]> = {
      "examples/fraud-detection/main.ts": ["--quick", "--fresh", "--out", join(scratch, "fraud-detection")],
    };
    for (const file of globSync("examples/{*,*/main}.ts", { cwd: root }).sort())
      step(file, "node", ["--conditions=assay-source", file, ...(short[file] ?? [])]);
  }
  rmSync(scratch, { recursive: true });

  const sum = (key: "passed" | "failed") => outcomes.reduce((total, outcome) => total + outcome[key], 0);
  console.log(`\n${outcomes.map(({ line }) => line).join("\n")}\n`);
  console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
  process.exitCode = sum("failed") > 0 ? 1 : 0;
}

function run(root: string, command: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
    env: { ...process.env, PATH: [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter) },
  });
  if (error) console.error(`${command} did not start: ${error.message}`);
  return status === 0;
}

function countAsOne(ok: boolean): Tally {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, failures: [] };
}

/** A test that fails beside others and passes alone depends on how busy the machine is: that is said, and counts as passed. */
export function settle(tests: Tests, alone: Tests): Tally {
  if (alone.failed > 0) return tests;
  const { passed, failed, failures } = tests;
  return { passed: passed + failed, failed: 0, failures: failures.map((failure) => `passed alone only: ${failure}`) };
}

/**
 * What vitest's JSON report counts. A test file that could not be loaded has no tests, so it counts as one failure, as does
 * whatever else made vitest fail without a failing test: an unhandled rejection, or a crash before the report was written.
 */
export function countTests(ok: boolean, report: string): Tests {
  if (report === "") return { passed: 0, failed: 1, failures: ["no report was written"], files: [] };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(report) as {
    numPassedTests: number;
    numFailedTests: number;
    testResults: {
      name: string;
      status: string;
      message: string;
      assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
    }[];
  };
  const unloaded = testResults.filter((it) => it.status === "failed" && it.assertionResults.length === 0);
  const failed = numFailedTests + unloaded.length;
  const failures = [
    ...unloaded.map(({ name, message }) => `${basename(name)}: ${firstLine(message)}`),
    ...testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === "failed")
        .map(
          ({ fullName, failureMessages }) => `${basename(name)}: ${fullName}: ${firstLine(failureMessages[0] ?? "")}`,
        ),
    ),
  ];
  if (!ok && failed === 0) failures.push("an error outside of the tests");
  const files = testResults.filter(({ status }) => status === "failed").map(({ name }) => name);
  return { passed: numPassedTests, failed: ok ? failed : Math.max(1, failed), failures, files };
}

function firstLine(message: string): string {
  return message.slice(0, 300).split("\n", 1)[0]!;
}

if (import.meta.main) runAll(resolve(import.meta.dirname, ".."), process.argv.slice(2));
