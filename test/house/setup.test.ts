import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

// The script is run in a made-up repository, with a program in npm's place that writes down how it was called and
// "installs" what the lockfile names.
const fakeNpm = `
  const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
  writeFileSync("npm-calls.txt", process.argv.slice(2).join(" ") + "\\n", { flag: "a" });
  if (process.env.FAKE_NPM_FAILS) process.exit(1);
  mkdirSync("node_modules/node/bin", { recursive: true });
  if (!process.env.FAKE_NPM_NO_SCRIPTS) writeFileSync("node_modules/node/bin/node", "");
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
  delete lock.packages[""];
  delete lock.packages["node_modules/other-platform"];
  writeFileSync("node_modules/.package-lock.json", JSON.stringify(lock));
`;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "assay-setup-"));
  write("npm-cli.js", fakeNpm);
  writeLock({ node: "24.0.0", left: "1.0.0" });
  cpSync("scripts/setup.mjs", join(root, "scripts/setup.mjs"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("setup", () => {
  test("installs on a fresh clone and says so", () => {
    const run = setup();
    expect(run.stdout).toMatch(/^Installing dependencies .* node_modules is missing/);
    expect(run.status).toBe(0);
    expect(npmCalls()).toEqual(["ci --loglevel=error --no-audit --no-fund"]);
  });

  test("does nothing and prints nothing where everything is installed", () => {
    setup();
    const run = setup();
    expect([run.status, run.stdout, run.stderr]).toEqual([0, "", ""]);
    expect(npmCalls()).toHaveLength(1);
  });

  test.each([
    ["has another version", { node: "24.0.0", left: "1.0.1" }, "left is not what package-lock.json says"],
    ["has one more package", { node: "24.0.0", left: "1.0.0", right: "1.0.0" }, "right is not what"],
    ["has one package less", { node: "24.0.0" }, "node_modules/left is not in package-lock.json"],
  ])("installs again when the lockfile %s", (_, packages, reason) => {
    setup();
    writeLock(packages);
    const run = setup();
    expect(run.stdout).toContain(reason);
    expect(npmCalls()).toHaveLength(2);
    expect(setup().stdout).toBe("");
  });

  test("installs again after an interrupted install", () => {
    setup();
    rmSync(join(root, "node_modules/.package-lock.json"));
    expect(setup().stdout).toContain("missing or incomplete");
  });

  test("installs again when the pinned Node is gone", () => {
    setup();
    rmSync(join(root, "node_modules/node/bin/node"));
    expect(setup().stdout).toContain("the pinned Node is missing");
  });

  test("fails when npm fails", () => {
    const run = setup({ FAKE_NPM_FAILS: "1" });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain("`npm ci` failed");
  });

  test("says what to do when install scripts are off", () => {
    const run = setup({ FAKE_NPM_NO_SCRIPTS: "1" });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain("npm rebuild node --ignore-scripts=false");
  });

  test("refuses a repository without a lockfile", () => {
    rmSync(join(root, "package-lock.json"));
    const run = setup();
    expect(run.status).toBe(1);
    expect(run.stderr).toContain("package-lock.json is missing");
  });
});

function setup(env: Record<string, string> = {}): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["scripts/setup.mjs"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, npm_execpath: join(root, "npm-cli.js"), npm_node_execpath: process.execPath, ...env },
  });
}

function npmCalls(): string[] {
  return readFileSync(join(root, "npm-calls.txt"), "utf8").trim().split("\n");
}

function writeLock(versions: Record<string, string>): void {
  const packages: Record<string, object> = {
    "": {},
    "node_modules/other-platform": { version: "1.0.0", optional: true },
  };
  for (const [name, version] of Object.entries(versions)) packages[`node_modules/${name}`] = { version };
  write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages }));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
