import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng } from "assay";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkDemo } from "../../../scripts/check-demo.ts";

const folder = mkdtempSync(join(tmpdir(), "fraud-detection-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SMALL = [
  ...["--quick", "--trials", "3", "--cv", "2", "--workers", "2"],
  ...["--data", "examples/fraud-detection/german-credit.csv", "--label", "bad"],
];

const SURROGATE = [
  "Can the surrogate be believed?",
  "Which parameters matter",
  "What the surrogate expects along each parameter",
  "The two most important parameters together",
];

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--conditions=assay-source", "examples/fraud-detection/main.ts", ...args]);
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param watch is called with what was printed so far, each time there is more */
function ended(child: ChildProcess, watch?: (stdout: string) => void): Promise<Ended> {
  const texts = { stdout: "", stderr: "" };
  child.stdout!.on("data", (chunk) => {
    texts.stdout += chunk;
    watch?.(texts.stdout);
  });
  child.stderr!.on("data", (chunk) => {
    texts.stderr += chunk;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, ...texts })));
}

const run = (args: readonly string[]) => ended(start(args));

/** What a finished run left, without what depends on the clock. */
function written(out: string): { readonly report: string; readonly results: unknown } {
  const { times, ...results } = JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
  expect(times).toHaveLength(1);
  const report = readFileSync(join(out, "report.html"), "utf8").replace(
    /<tr><th scope="row">seconds of training<.*?<\/tr>/,
    "",
  );
  return { report, results };
}

describe("a small run", () => {
  const out = join(folder, "whole");
  let whole: Ended;
  beforeAll(async () => {
    whole = await run([...SMALL, "--out", out]);
  });

  test("ends with the comparison, what it says, and where the report is", () => {
    expect(whole.stderr).toBe("");
    expect(whole.code).toBe(0);
    expect(whole.stdout).toMatch(/The article's Bayesian optimisation: 3 trials\n {2}trial 0: value 0\.\d{4}/);
    expect(whole.stdout).toMatch(/trainings +16 +16 +3\n/);
    expect(whole.stdout).toMatch(/recall +\.\d{3} [\d.]+–[\d.]+ .* 0\.8400\n/);
    expect(whole.stdout).toMatch(/With 16 trainings each, on the same folds/);
    expect(whole.stdout).toContain(`Report: ${join(out, "report.html")}`);
    expect(whole.stdout.split("\n").filter((line) => line.length > 80 && !line.includes(out))).toEqual([]);
  });

  test("writes results that hold what the report says, and nothing half-written", () => {
    const { results } = written(out) as { results: { runs: { methods: Record<string, unknown>[] }[] } };
    expect(results.runs[0]!.methods.map(({ key, trainings }) => [key, trainings])).toEqual([
      ["bayes", 16],
      ["grid", 16],
      ["article", 3],
    ]);
    expect(readdirSync(out).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  test("writes a report with all of its parts and without a flaw", () => {
    const { report } = written(out);
    const headings = [...report.matchAll(/<h([23])[^>]*>([^<]*)</g)].map(([, , text]) => text);
    expect(headings).toEqual([
      "What was found",
      "The comparison",
      "On the test set, with 95 % intervals",
      "Confusion matrices",
      "ROC curves",
      "Precision–recall curves",
      "How soon",
      "Best so far, like for like",
      "Best so far in the article&#39;s search",
      "What was tried",
      ...["Bayesian optimisation, like for like", "Grid search", "The article&#39;s Bayesian optimisation"],
      ...["What the surrogate learned, like for like", ...SURROGATE],
      ...["What the surrogate learned in the article&#39;s search", ...SURROGATE],
      "The winners",
      "Learning curves",
      "How the numbers were made",
    ]);
    expect(report.match(/<details>/g)).toHaveLength(18);
    expect(checkDemo(out)).toEqual([]);
  });

  test("killed again and again ends with the same report, byte for byte apart from times", async () => {
    const killed = join(folder, "killed");
    const rng = createRng(1);
    let kills = 0;
    for (let left = 4 + rng.int(4); ; left = 4 + rng.int(4)) {
      // Killed after a random number of lines, so at a random point of the searches.
      const child = start([...SMALL, "--out", killed]);
      const { code } = await ended(child, (stdout) => {
        if (kills < 4 && stdout.split("\n").length > left) child.kill("SIGKILL");
      });
      if (code === 0) break;
      expect(existsSync(join(killed, "report.html"))).toBe(false);
      kills++;
    }
    expect(kills).toBe(4);
    expect(written(killed)).toEqual(written(out));
  });

  test("interrupted once finishes what runs, says how to go on, and goes on to the same report", async () => {
    const interrupted = join(folder, "interrupted");
    const child = start([...SMALL, "--out", interrupted]);
    let signalled = false;
    const first = await ended(child, (stdout) => {
      if (!signalled && /trial 1:/.test(stdout)) {
        signalled = true;
        child.kill("SIGINT");
      }
    });
    expect(first.code).toBe(130);
    expect(first.stdout).toContain("Finishing the trials that run");
    expect(first.stdout).toMatch(/To go on from here: npm run demo -- --quick .*--out/);
    expect(existsSync(join(interrupted, "report.html"))).toBe(false);
    const second = await run([...SMALL, "--out", interrupted]);
    expect(second.stdout).toMatch(/of them done before/);
    expect(written(interrupted)).toEqual(written(out));
  });
});

describe("a mistake", () => {
  const oneClass = join(folder, "one-class.csv");
  writeFileSync(oneClass, `a,b\n${Array.from({ length: 60 }, (_, row) => `${row},1`).join("\n")}\n`);

  test.each([
    ["a missing file", ["--data", join(folder, "none.csv"), "--label", "y"], /There is no file .* --data/],
    ["a label with one class", ["--data", oneClass, "--label", "b"], /exactly two classes, but has only "1"/],
    ["an unknown option", ["--trails", "3"], /Did you mean "--trials"/],
  ])("%s is told on one line, with exit code 2 and nothing written", async (_, args, message) => {
    const out = join(folder, "mistake");
    const { code, stdout, stderr } = await run([...args, "--out", out]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(existsSync(out)).toBe(false);
  });
});
