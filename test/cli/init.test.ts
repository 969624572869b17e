import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readSpaceFile } from "../../src/cli/space-file.ts";
import { assay, MAIN, makeFolder } from "./cli.ts";

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("assay init", () => {
  test("writes a space and a command that work as they are", async () => {
    rmSync(join(folder, "space.json"));
    expect((await assay(folder, "init")).code).toBe(0);
    const space = await readSpaceFile(join(folder, "space.json"));
    const command = readFileSync(join(folder, "tune.sh"), "utf8");
    for (const { name } of space.dimensions) expect(command).toContain(`{${name}}`);
    expect(statSync(join(folder, "tune.sh")).mode & 0o111).not.toBe(0);

    // As the shell would read it, with a `python` that answers.
    writeFileSync(join(folder, "python"), '#!/bin/sh\necho "$@" >&2\necho \'{"val_recall": 0.5}\'\n', { mode: 0o755 });
    writeFileSync(join(folder, "assay"), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const args = spawnSync("./tune.sh", { cwd: folder, encoding: "utf8", env }).stdout.trim().split("\n");
    const script = args.map((it) => (it === "python" ? "./python" : it === "50" ? "3" : it));
    const { code, err } = await assay(folder, ...script);
    expect([code, err]).toEqual([0, expect.stringContaining("3 trials: 3 completed.")]);
    expect(readFileSync(join(folder, "assay.db.logs/trial-0000.err"), "utf8")).toMatch(
      /^train.py --lr 0\.\d+ --units \d0 /,
    );
  });

  test("overwrites nothing", async () => {
    const before = readFileSync(join(folder, "space.json"), "utf8");
    const { code, err } = await assay(folder, "init");
    expect([code, err]).toEqual([
      2,
      expect.stringContaining("space.json exists already in this folder, and nothing was written."),
    ]);
    expect(readFileSync(join(folder, "space.json"), "utf8")).toBe(before);
    expect(() => statSync(join(folder, "tune.sh"))).toThrow("ENOENT");
  });

  test("prints a helper for Python that needs nothing else", async () => {
    const { out } = await assay(folder, "init", "--python");
    expect(out).toContain("def report(step, value):");
    const found = spawnSync("python3", ["--version"]).status === 0;
    if (!found) return console.log("python3 is not here, so the helper was only read");
    const use = "report(3, 0.5)\nresult(val_recall=0.75, loss=2)\n";
    const { stdout } = spawnSync("python3", ["-I", "-c", out + use], { encoding: "utf8" });
    expect(stdout).toBe('{"step": 3, "value": 0.5}\n{"val_recall": 0.75, "loss": 2.0}\n');
  });
});

describe("assay --help", () => {
  test("documents exit codes and the protocol, and is there at once", async () => {
    const { code, out } = await assay(folder, "run", "--help");
    expect(code).toBe(0);
    for (const text of ["Exit codes:", '{"step": 3, "value": 0.5}', "--result-regex", "The first Ctrl-C"])
      expect(out).toContain(text);
    const others = ["worker", "workers", "watch", "sweep", "doctor", "repair", "study"];
    const helps = await Promise.all(others.map((command) => assay(folder, command, "--help")));
    for (const { out: help } of helps) expect(help).toMatch(/Examples:\n {2}(?:.|\n)*\nExit codes:\n {2}0 /);
    const all = [out, ...helps.map((help) => help.out)].join("").split("\n");
    expect(all.filter((line) => line.length > 80)).toEqual([]);
    expect((await assay(folder, "--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);

    const least = (...args: string[]) => {
      const times = Array.from({ length: 7 }, () => {
        const from = performance.now();
        spawnSync(process.execPath, args);
        return performance.now() - from;
      });
      return Math.min(...times);
    };
    // On a machine that is busy with other things, a multiple of what Node itself needs.
    expect(least("--conditions=assay-source", MAIN, "--help")).toBeLessThan(Math.max(150, 7 * least("-e", "0")));
  });
});
