import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createRng } from "assay";
import { afterAll, expect, test } from "vitest";
import { checkDemo } from "../../../scripts/check-demo.ts";

const folder = mkdtempSync(join(tmpdir(), "fraud-detection-tfjs-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the main job runs on TensorFlow.js", async () => {
  const rng = createRng(5);
  const rows = Array.from({ length: 64 }, () => [rng.normal(), rng.normal()]);
  const table = rows.map(([a, b]) => `${a},${b},${a! + b! + rng.normal() > 0 ? 1 : 0}`);
  const file = join(folder, "table.csv");
  writeFileSync(file, ["a,b,y", ...table].join("\n"));
  const size = ["--quick", "--trials", "2", "--cv", "2", "--workers", "1"];
  const out = join(folder, "out");
  const args = [...size, "--data", file, "--label", "y", "--backend", "tfjs", "--out", out];
  await promisify(execFile)(process.execPath, [
    "--conditions=assay-source",
    "examples/fraud-detection/main.ts",
    ...args,
  ]);
  const { options, runs } = JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
  expect(options.backend).toBe("tfjs");
  for (const { winner } of runs[0].methods) expect(winner.summary).toContain("dense_2 (Dense)");
  expect(checkDemo(out)).toEqual([]);
});
