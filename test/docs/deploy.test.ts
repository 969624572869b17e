import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqlite } from "../../src/storage/sql/sqlite.ts";
import type { FrozenTrial } from "../../src/trial/trial.ts";
import { MAIN } from "../cli/cli.ts";

// The worker that each file of docs/deploy starts, with the words of that file, over a SQLite file in place of a server.
const SOURCE = resolve(import.meta.dirname, "../../docs/deploy");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "assay-deploy-"));
  cpSync(SOURCE, folder, { recursive: true });
  writeFileSync(
    join(folder, "assay"),
    `#!/bin/sh\nexec "${process.execPath}" --conditions=assay-source "${MAIN}" "$@"\n`,
    {
      mode: 0o755,
    },
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (file: string) => readFileSync(join(SOURCE, file), "utf8");

interface Ran {
  readonly code: number | null;
  readonly err: string;
}

/** Runs a command in the folder until it ends; `stop` is called with each piece of what it says. */
function run(command: string, args: readonly string[], stop?: (said: string, end: () => void) => void): Promise<Ran> {
  const child = spawn(command, args, {
    cwd: folder,
    env: {
      ...process.env,
      ASSAY_STORAGE: "kiln.db",
      STEP_MS: "5",
      PATH: `${folder}:${process.env.PATH}`,
      SLURM_ARRAY_TASK_ID: "3",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    stop?.(err, () => child.kill("SIGTERM"));
  });
  return new Promise((done) => child.on("close", (code) => done({ code, err })));
}

async function trials(): Promise<readonly FrozenTrial[]> {
  const storage = sqlite(join(folder, "kiln.db"));
  const found = await storage.trialsSince((await storage.findStudy("kiln"))!.id, 0);
  await storage.close();
  return found.trials;
}

/** A list in YAML's flow style, which is JSON here. */
function list(file: string, key: string): string[] {
  return JSON.parse(new RegExp(`^ +${key}: (\\[[^\\]]*\\])`, "m").exec(read(file))![1]!);
}

/** The words of a command with fewer trials, ports that are free, and a sampler that is quick. */
function small(words: readonly string[]): string[] {
  const other: Record<string, string> = { "--trials": "3", "--health": "127.0.0.1:0" };
  return [...words.map((word, i) => other[words[i - 1] ?? ""] ?? word), "--sampler", "random"];
}

describe("the files in docs/deploy start workers that", () => {
  test.each([
    ["compose.yaml", () => list("compose.yaml", "command")],
    ["job.yaml", () => list("job.yaml", "args")],
    [
      "assay-worker@.service",
      () => {
        const [, words] = /^ExecStart=\/opt\/kiln\/node_modules\/\.bin\/assay (.*)$/m.exec(
          read("assay-worker@.service"),
        )!;
        const filled = words!.replaceAll("%H", "oven").replaceAll("%i", "8101").replaceAll("/opt/kiln", folder);
        return filled.split(" ");
      },
    ],
  ])("%s: complete the study and end with 0", async (_, words) => {
    expect(words()[0]).toBe("worker");
    const { code, err } = await run("assay", small(words()));
    expect([code, err]).toEqual([0, expect.stringContaining("The study is complete. Trials here: 3 completed.")]);
    expect((await trials()).map(({ state }) => state)).toEqual(["completed", "completed", "completed"]);
  });

  test("worker.slurm: is one process with its shell, so that SIGTERM reaches the worker, which drains", async () => {
    writeFileSync(join(folder, "worker.slurm"), `${read("worker.slurm").trimEnd()} --sampler random\n`);
    const { code, err } = await run("bash", ["worker.slurm"], (said, end) => {
      if (said.includes("trial 1 began")) end();
    });
    expect([code, err]).toEqual([
      143,
      expect.stringContaining("SIGTERM: finishing the trials that run, for 100 s at most"),
    ]);
    for (const { state, attributes } of await trials()) {
      expect(["completed", "waiting"]).toContain(state);
      expect(attributes.worker).toMatch(/-0_3$/);
    }
  });

  test("are described as their programs want them", () => {
    const python = "import sys, yaml; [yaml.safe_load(open(file)) for file in sys.argv[1:]]";
    const parsed = spawnSync("python3", ["-c", python, "compose.yaml", "job.yaml"], { cwd: folder, encoding: "utf8" });
    if (parsed.error === undefined && !parsed.stderr.includes("No module named")) expect(parsed.stderr).toBe("");
    else console.log("python3 with yaml is not here, so compose.yaml and job.yaml were not parsed");

    expect(spawnSync("bash", ["-n", "worker.slurm"], { cwd: folder, encoding: "utf8" }).stderr).toBe("");
    const unit = read("assay-worker@.service").replaceAll("/opt/kiln/node_modules/.bin/assay", join(folder, "assay"));
    writeFileSync(join(folder, "assay-worker@8101.service"), unit);
    const verified = spawnSync("systemd-analyze", ["verify", join(folder, "assay-worker@8101.service")], {
      encoding: "utf8",
    });
    if (verified.error === undefined) expect([verified.status, verified.stderr]).toEqual([0, ""]);
    else console.log("systemd-analyze is not here, so assay-worker@.service was not verified");
  });
});
